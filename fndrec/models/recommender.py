"""Base class of teacher and student."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from fndrec.layers import ItemTower, MeanPool, OutfitScore, SetTransformer
from fndrec.losses import SoftmaxRanking
from fndrec.metrics import UserAUC
from fndrec.models import replicas
from fndrec.models.candidate_scores import (
    candidate_cosines,
    liked_first,
    training_scores,
)
from fndrec.models.catalogue_encoder import CatalogueEncoder
from fndrec.models.model_parts import Users, parts_for


@dataclasses.dataclass
class Compiled:
    """Arguments of `compile`. Keras must not track them."""

    loss: Any
    metrics: list[Any]
    trackers: dict[str, Any]
    in_batch_negatives: bool = True


@keras.saving.register_keras_serializable("fndrec")
class OutfitRecommender(CatalogueEncoder):
    """Users and outfits as unit vectors in one space: a `tfrs.Model`.

    Each distinct item of a batch is encoded once by the item tower; outfits
    are sets of positions on the axis of the distinct items; the aggregator
    makes a vector of each set, and the score compares it with the user's.
    A model is a pure function of its batch, and is built when constructed.

    Most users call `FNDTeacher.from_data` or `FNDStudent.from_data`.

    Args:
        item_tower: An `ItemTower`.
        aggregator: A `SetTransformer`, `MeanPool`, `CodePool`, or any layer
            called as `aggregator(items, outfits, training=...)` that has a
            `dim`.
        user_embedding: A `UserEmbedding`, `UserAnchors`, `UserCodes`, or a
            `UserHistoryEncoder`, with which users are known by what they
            liked alone.
        score: An `OutfitScore`.
        **kwargs: Passed to `keras.Model`.

    Call arguments:
        batch: Dictionary with `"user"` int `(batch,)`, `"outfits"` int
            `(batch, candidates, slots)` of positions on the item axis, -1
            where a slot is empty, and `"items"`, the content of the distinct
            items, as `ItemTower` takes it. With a `UserHistoryEncoder` also
            `"liked"` and `"history"`, see `data.batches(history=...)`.
        training: Whether the layers behave as in training.

    Returns:
        Float32 scores `(batch, candidates)`.

    Example:

    >>> model = fndrec.FNDTeacher.from_data(data)
    >>> model.compile(keras.optimizers.Adam(1e-3))
    >>> model.fit(data.batches("train", 64), epochs=10)

    Reference: Kim et al. 2021, the user-outfit space.
    """

    parts_for = staticmethod(parts_for)

    def __init__(
        self,
        item_tower: ItemTower,
        aggregator: SetTransformer | MeanPool,
        user_embedding: Users,
        score: OutfitScore,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            item_tower, aggregator, user_embedding, score, **kwargs
        )
        self._compiled = Compiled(SoftmaxRanking(), [], {})

    def call(self, batch: dict[str, Any], training: bool = False) -> Any:
        _, users, outfits = self._encode(batch, training)
        return self.score(users, outfits)

    def compile(
        self,
        optimizer: Any = "adam",
        loss: Any = None,
        metrics: Sequence[Any] | None = None,
        *,
        in_batch_negatives: bool = True,
        **kwargs: Any,
    ) -> None:
        """Configures the model for training.

        Compile again after a layer was changed, as by `enable_lora`: graphs
        that were traced before go on with the layer as it was.

        Args:
            optimizer: A Keras optimizer.
            loss: A Keras loss of labels and scores `(batch, candidates)`;
                `SoftmaxRanking` by default.
            metrics: Keras metrics of labels and scores
                `(batch, candidates)`, or `UserAUC`.
            in_batch_negatives: Whether in training the candidates of the
                batch's other users stand against a like too. It costs next
                to nothing, as they are encoded anyway. Those of the same
                user's other likes never do. If users share outfits, batches
                should tell how often each is drawn, see
                `data.batches(sampling_probability=True)`: popular outfits
                are else pushed away because they are drawn often.
            **kwargs: Passed to `keras.Model.compile`:
                `steps_per_execution`, `run_eagerly`, `auto_scale_loss`, and
                `jit_compile`, which is off by default, see `__init__`.
        """
        kwargs.setdefault("jit_compile", False)
        self._forget_graphs()
        super().compile(optimizer=optimizer, **kwargs)
        self._compiled = Compiled(
            keras.losses.get(loss) if loss is not None else SoftmaxRanking(),
            list(metrics or ()),
            {name: keras.metrics.Mean(name) for name in self._loss_names()},
            in_batch_negatives,
        )

    def fit(self, x: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Trains the model, see `keras.Model.fit`.

        Args:
            x: Batches from `data.batches`, which are shuffled already, or
                from `fndrec.distribute` under a strategy.
            *args: Passed on.
            **kwargs: Passed on.

        Returns:
            A `keras.callbacks.History`.
        """
        # Keras warns that it cannot shuffle a dataset, unless told not to.
        kwargs.setdefault("shuffle", False)
        if self.compiled and not self.optimizer.built:
            # Left to the first step, it has the step traced a second time.
            with self.distribute_strategy.scope():
                self.optimizer.build(self.trainable_variables)
        with replicas.synchronized_norms(self):
            return super().fit(x, *args, **kwargs)

    def get_metrics_result(self) -> dict[str, Any]:
        return replicas.readable(super().get_metrics_result())

    def _loss_names(self) -> list[str]:
        return ["loss"]

    @property
    def metrics(self) -> list[Any]:
        return [*self._compiled.trackers.values(), *self._compiled.metrics]

    def get_compile_config(self) -> dict[str, Any]:
        if not self.compiled:
            return {}
        serialize = keras.saving.serialize_keras_object
        return {
            "optimizer": serialize(self.optimizer),
            "loss": serialize(self._compiled.loss),
            "metrics": [serialize(m) for m in self._compiled.metrics],
            "in_batch_negatives": self._compiled.in_batch_negatives,
        }

    def compile_from_config(self, config: dict[str, Any]) -> None:
        restore = keras.saving.deserialize_keras_object
        self.compile(**{key: restore(value) for key, value in config.items()})
        self.optimizer.build(self.trainable_variables)

    def compute_loss(
        self, inputs: dict[str, Any], training: bool = False
    ) -> Any:
        """Computes the loss of a batch, see `tfrs.Model`.

        Args:
            inputs: The batch; `"sample_weight"` `(batch,)` is optional.
            training: Whether the layers behave as in training.

        Returns:
            Scalar float32 loss, regularisation left out.
        """
        _, users, outfits = self._encode(inputs, training)
        self._update_metrics(inputs, users, outfits)
        return self._ranking_loss(inputs, users, outfits, training)

    def _encode(
        self, batch: dict[str, Any], training: bool
    ) -> tuple[Any, Any, Any]:
        """Encodes the items, users and outfits of a batch."""
        replicas.check_share(batch)
        items = self.encode_items(batch["items"], training=training)
        items = replicas.gathered(items, batch)
        outfits = self.encode_outfits(
            items, batch["outfits"], training=training
        )
        if not self.knows_users_by_likes:
            users = self.encode_users(batch["user"], training=training)
            return items, users, outfits
        if "history" not in batch:
            raise ValueError(
                "This model knows users by the outfits they liked, which "
                "batches bring along: `data.batches(..., history=7)`. "
                f"Received: a batch of {sorted(batch)}"
            )
        liked = self.encode_outfits(items, batch["liked"], training=training)
        liked = replicas.gathered_if_any(liked, batch)
        users = self.user_embedding(liked, batch["history"], training=training)
        return items, users, outfits

    def _update_metrics(
        self, inputs: dict[str, Any], users: Any, outfits: Any
    ) -> None:
        scores = self.score(users, outfits)
        labels = liked_first(scores)
        weight = inputs.get("sample_weight")
        for metric in self._compiled.metrics:
            if isinstance(metric, UserAUC):
                metric.update_state(
                    labels, scores, inputs["user"], sample_weight=weight
                )
            else:
                metric.update_state(labels, scores, sample_weight=weight)

    def _ranking_loss(
        self,
        inputs: dict[str, Any],
        users: Any,
        outfits: Any,
        training: bool,
    ) -> Any:
        scores = (
            self._training_scores(inputs, users, outfits)
            if training
            else self.score(users, outfits)
        )
        return replicas.mean_loss(
            self._compiled.loss, liked_first(scores), scores, inputs
        )

    def _training_scores(
        self, inputs: dict[str, Any], users: Any, outfits: Any
    ) -> Any:
        """Computes scores in the layout of `candidate_cosines`."""
        in_batch = self._compiled.in_batch_negatives
        every = replicas.gathered(outfits, inputs) if in_batch else None
        cosines = candidate_cosines(users, outfits, in_batch, self.score, every)
        return training_scores(
            self.score.from_cosine(cosines), inputs, in_batch
        )

    def _track(self, name: str, value: Any, inputs: dict[str, Any]) -> None:
        """Updates the epoch's mean of a part of the loss."""
        self._compiled.trackers[name].update_state(
            replicas.total(value, inputs),
            sample_weight=replicas.num_likes(inputs),
        )

    def _total_loss(self, data: Any, training: bool) -> Any:
        """Adds regularization to the loss; updates the epoch's mean.

        `tfrs.Model` reports the last batch's loss.
        """
        x, _, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        if sample_weight is not None:
            x = {**x, "sample_weight": sample_weight}
        loss = self.compute_loss(x, training=training)
        for regularization in self.losses:
            term = ops.sum(ops.cast(regularization, "float32"))
            loss = loss + replicas.part_of_all(term, x)
        self._track("loss", loss, x)
        return loss

    def train_step(self, data: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            loss = self._total_loss(data, training=True)
            # `tfrs.Model` leaves this out, and float16 then hardly trains.
            scaled = self.optimizer.scale_loss(loss)
        weights = self.trainable_weights
        gradients = tape.gradient(scaled, weights)
        self.optimizer.apply_gradients(zip(gradients, weights, strict=True))
        return self.get_metrics_result()

    def test_step(self, data: Any) -> dict[str, Any]:
        self._total_loss(data, training=False)
        # Parts of the loss that only training has would read 0.
        parts = self._compiled.trackers.keys() - {"loss"}
        results = self.get_metrics_result()
        return {k: v for k, v in results.items() if k not in parts}
