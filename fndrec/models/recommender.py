"""What teacher and student have in common."""

import dataclasses
import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from fndrec import _tfrs
from fndrec.data import ModelVocabulary, OutfitData
from fndrec.data.item_sets import distinct_items_of
from fndrec.errors import DataError
from fndrec.layers import (
    FeatureTower,
    IdEmbedding,
    ImageTower,
    ItemTower,
    OutfitScore,
    SetTransformer,
    UserEmbedding,
)
from fndrec.losses import SoftmaxRanking
from fndrec.metrics import UserAUC
from fndrec.models.candidates import candidate_cosines, exclude, liked_first

VOCABULARY_FILE = "vocabulary.json"
# What the towers call the size of what they look at.
SIZES = {"feature": "num_features", "image": "image_size"}


@dataclasses.dataclass
class Compiled:
    """What `compile` was given: not part of the model, hence not tracked."""

    loss: Any
    metrics: list[Any]
    trackers: dict[str, Any]
    shared_negatives: bool = True


@keras.saving.register_keras_serializable("fndrec")
class OutfitRecommender(_tfrs.Model):
    """Users and outfits as unit vectors in one space: a `tfrs.Model`.

    Each distinct item of a batch is encoded once by the item tower; outfits
    are sets of positions on the axis of the distinct items; the aggregator
    makes a vector of each set, and the score compares it with the user's.
    A model is a pure function of its batch, and is built when constructed.

    Most users call `FNDTeacher.from_data` or `FNDStudent.from_data`.

    Args:
        item_tower: An `ItemTower`.
        aggregator: A `SetTransformer` or any layer called as
            `aggregator(items, outfits, training=...)`.
        user_embedding: A `UserEmbedding`.
        score: An `OutfitScore`.
        **kwargs: Passed to `keras.Model`.

    Call arguments:
        batch: Dictionary with `"user"` int `(batch,)`, `"outfits"` int
            `(batch, candidates, slots)` of positions on the item axis, -1
            where a slot is empty, and `"items"`, the content of the distinct
            items, as `ItemTower` takes it.
        training: Whether the layers behave as in training.

    Returns:
        Float32 scores `(batch, candidates)`.

    Example:

    >>> model = fndrec.FNDTeacher.from_data(data)
    >>> model.compile(keras.optimizers.Adam(1e-3))
    >>> model.fit(data.batches("train", 64), epochs=10)

    Reference: Kim et al. 2021, the user-outfit space.
    """

    def __init__(
        self,
        item_tower: ItemTower,
        aggregator: SetTransformer,
        user_embedding: UserEmbedding,
        score: OutfitScore,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        # Keras would turn XLA on by itself: slower on CPUs, and the number
        # of distinct items differs from batch to batch.
        self.jit_compile = False
        self.item_tower = item_tower
        self.aggregator = aggregator
        self.user_embedding = user_embedding
        self.score = score
        self.vocabulary: ModelVocabulary | None = None
        self._compiled = Compiled(SoftmaxRanking(), [], {})
        for layer in self._parts():
            if not layer.built:
                layer.build(None)
        self.built = True

    def _parts(self) -> list[Any]:
        return [
            self.item_tower,
            self.aggregator,
            self.user_embedding,
            self.score,
        ]

    # ----------------------------------------------------------- making one

    @staticmethod
    def parts_for(
        data: OutfitData,
        *,
        dim: int,
        backbone: Any = "alexnet",
        width: float,
        weights: str | None = None,
        num_blocks: int = 2,
        num_heads: int = 4,
        dropout: float = 0.1,
        use_id: bool | None = None,
        score: str = "cosine",
        temperature: float | None = None,
        unknown_rate: float = 0.05,
        seed: int = 0,
    ) -> dict[str, Any]:
        """The layers of a model for what `data` knows of its items.

        Args:
            data: The data set: its photos (if loaded), features, categories,
                ids and users decide on the towers.
            dim: Width of the user-outfit space.
            backbone: Network of the photos, see `ImageTower`.
            width: Factor on AlexNet's filters, see `ImageTower`.
            weights: Pretrained weights, see `ImageTower`.
            num_blocks: Self-attention blocks of the aggregator.
            num_heads: Attention heads of the aggregator.
            dropout: Dropout rate of the towers of photos and features.
            use_id: Whether each item has a vector of its own. By default
                only where nothing else is known of the items, as such a
                vector says nothing of items never seen, and learns few likes
                by heart.
            score: Kind of score, see `OutfitScore`.
            temperature: Temperature of the score; `0.8 / sqrt(dim)` by
                default. Cosines of random unit vectors spread by
                `1 / sqrt(dim)`: a temperature that does not follow makes the
                softmax of a narrow model too sharp to learn from.
            unknown_rate: Share of ids hidden in training, see `IdEmbedding`.
            seed: Seed of all weights.

        Returns:
            Keyword arguments for the constructor.
        """
        if temperature is None:
            temperature = 0.8 / dim**0.5
        known = data.vocabulary
        towers: dict[str, Any] = {}
        if data.store is not None:
            towers["image"] = ImageTower(
                dim,
                data.store.size,
                backbone,
                width,
                weights,
                dropout=dropout,
                seed=seed,
                name="image",
            )
        if data.features is not None:
            towers["feature"] = FeatureTower(
                data.features.shape[1],
                dim,
                dropout=dropout,
                seed=seed,
                name="feature",
            )
        if known.categories is not None:
            towers["category"] = IdEmbedding(
                len(known.categories), dim, 0.0, seed=seed, name="category"
            )
        if use_id is None:
            use_id = not towers
        if use_id:
            towers["id"] = IdEmbedding(
                len(known.items),
                dim,
                unknown_rate,
                seed=seed + 1,
                name="id",
            )
        return {
            "item_tower": ItemTower(dim, **towers, name="item_tower"),
            "aggregator": SetTransformer(
                dim,
                num_blocks,
                num_heads,
                seed=seed,
                name="aggregator",
            ),
            "user_embedding": UserEmbedding(
                len(known.users),
                dim,
                unknown_rate,
                seed=seed + 2,
                name="user_embedding",
            ),
            "score": OutfitScore(score, temperature, name="score"),
        }

    # ------------------------------------------------------------- encoding

    def encode_items(
        self, items: dict[str, Any], training: bool = False
    ) -> Any:
        """Item vectors `(items, dim)` from the content of the items."""
        return self.item_tower(items, training=training)

    def encode_outfits(
        self, item_vectors: Any, outfits: Any, training: bool = False
    ) -> Any:
        """Unit vectors `(..., dim)` of outfits `(..., slots)`."""
        vectors = self.aggregator(item_vectors, outfits, training=training)
        return ops.normalize(ops.cast(vectors, "float32"), axis=-1)

    def encode_users(self, users: Any, training: bool = False) -> Any:
        """Unit vectors `(batch, dim)` of users `(batch,)`."""
        return self.user_embedding(users, training=training)

    def call(self, batch: dict[str, Any], training: bool = False) -> Any:
        _, users, outfits = self._encode(batch, training)
        return self.score(users, outfits)

    # ------------------------------------------------------------- training

    def compile(
        self,
        optimizer: Any = "adam",
        loss: Any = None,
        metrics: Sequence[Any] | None = None,
        *,
        shared_negatives: bool = True,
        **kwargs: Any,
    ) -> None:
        """Configures the model for training.

        Args:
            optimizer: A Keras optimizer.
            loss: A Keras loss of labels and scores `(batch, candidates)`;
                `SoftmaxRanking` by default.
            metrics: Keras metrics of labels and scores
                `(batch, candidates)`, or `UserAUC`.
            shared_negatives: Whether in training the candidates of the
                batch's other users stand against a like too. It costs next
                to nothing, as they are encoded anyway. Those of the same
                user's other likes never do.
            **kwargs: Passed to `keras.Model.compile`:
                `steps_per_execution`, `run_eagerly`, `auto_scale_loss`, and
                `jit_compile`, which is off by default, see `__init__`.
        """
        kwargs.setdefault("jit_compile", False)
        super().compile(optimizer=optimizer, **kwargs)
        self._compiled = Compiled(
            keras.losses.get(loss) if loss is not None else SoftmaxRanking(),
            list(metrics or ()),
            {name: keras.metrics.Mean(name) for name in self._loss_names()},
            shared_negatives,
        )

    def fit(self, x: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Trains the model, see `keras.Model.fit`.

        Args:
            x: Batches from `data.batches`, which are shuffled already.
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
        return super().fit(x, *args, **kwargs)

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
            "shared_negatives": self._compiled.shared_negatives,
        }

    def compile_from_config(self, config: dict[str, Any]) -> None:
        restore = keras.saving.deserialize_keras_object
        self.compile(**{key: restore(value) for key, value in config.items()})
        self.optimizer.build(self.trainable_variables)

    def compute_loss(
        self, inputs: dict[str, Any], training: bool = False
    ) -> Any:
        """The loss of a batch, as `tfrs.Model` asks for it.

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
        """Items, users and outfits of a batch."""
        items = self.encode_items(batch["items"], training=training)
        outfits = self.encode_outfits(
            items, batch["outfits"], training=training
        )
        users = self.encode_users(batch["user"], training=training)
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
        return self._compiled.loss(
            liked_first(scores),
            scores,
            sample_weight=inputs.get("sample_weight"),
        )

    def _training_scores(
        self, inputs: dict[str, Any], users: Any, outfits: Any
    ) -> Any:
        """Scores in the layout of `candidate_cosines`."""
        shared = self._compiled.shared_negatives
        cosines = candidate_cosines(users, outfits, shared)
        return exclude(self.score.from_cosine(cosines), inputs["user"], shared)

    def _total_loss(self, data: Any, training: bool) -> Any:
        """Loss and regularisation; keeps their mean over the epoch.

        `tfrs.Model` reports the last batch's loss.
        """
        x, _, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        if sample_weight is not None:
            x = {**x, "sample_weight": sample_weight}
        loss = self.compute_loss(x, training=training)
        for regularization in self.losses:
            loss = loss + ops.sum(ops.cast(regularization, "float32"))
        size = ops.cast(ops.shape(x["user"])[0], "float32")
        self._compiled.trackers["loss"].update_state(loss, sample_weight=size)
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

    # ----------------------------------------------------- whole catalogues

    @cached_property
    def _encode_items_graph(self) -> Any:
        return tf.function(self.encode_items, reduce_retracing=True)

    @cached_property
    def _score_graph(self) -> Any:
        def score(users: Any, item_vectors: Any, outfits: Any) -> Any:
            return self.score(
                self.encode_users(users),
                self.encode_outfits(item_vectors, outfits),
            )

        return tf.function(score, reduce_retracing=True)

    @cached_property
    def _encode_outfits_graph(self) -> Any:
        return tf.function(self.encode_outfits, reduce_retracing=True)

    def _check_content(self, data: OutfitData) -> None:
        found = data.content(np.zeros(0, np.int32))
        for key, tower in self.item_tower.towers.items():
            if key not in found:
                raise DataError(
                    f"{data.name}: items with `{key}` were expected, which "
                    "the model looks at. Received: items with "
                    f"{sorted(set(found) - {'row', 'id'})}"
                )
            size = getattr(tower, SIZES.get(key, ""), None)
            if size is not None and found[key].shape[1] != size:
                raise DataError(
                    f"{data.name}: `{key}` of size {size} was expected, as "
                    "in the model's training. Received: size "
                    f"{found[key].shape[1]}"
                )

    def embed_items(
        self,
        data: OutfitData,
        rows: np.ndarray | None = None,
        batch_size: int = 256,
    ) -> np.ndarray:
        """Item vectors of the catalogue, each item encoded once.

        Args:
            data: The data set.
            rows: Rows of the wanted items; all by default.
            batch_size: Items encoded at once.

        Returns:
            Float32 array `(rows, dim)`.

        Raises:
            DataError: If the data lacks what the model looks at.
        """
        self._check_content(data)
        if rows is None:
            rows = np.arange(data.num_items, dtype=np.int32)
        vectors = np.zeros((len(rows), self.item_tower.dim), np.float32)
        keys = self.item_tower.towers.keys()
        for start in range(0, len(rows), batch_size):
            part = slice(start, start + batch_size)
            content = {
                key: tf.convert_to_tensor(value)
                for key, value in data.content(rows[part], keys).items()
            }
            vectors[part] = tf.cast(
                self._encode_items_graph(content), tf.float32
            ).numpy()
        return vectors

    def embed_outfits(
        self,
        item_vectors: np.ndarray,
        outfits: np.ndarray,
        batch_size: int = 4096,
    ) -> np.ndarray:
        """Unit vectors of outfits of known items.

        Args:
            item_vectors: `(items, dim)`, from `embed_items`.
            outfits: `(outfits, slots)` rows of `item_vectors`, -1 padding.
            batch_size: Outfits encoded at once.

        Returns:
            Float32 array `(outfits, dim)`.
        """
        table = tf.convert_to_tensor(item_vectors)
        parts = [
            self._encode_outfits_graph(
                table, tf.convert_to_tensor(outfits[i : i + batch_size])
            ).numpy()
            for i in range(0, len(outfits), batch_size)
        ]
        if not parts:
            return np.zeros((0, self.aggregator.dim), np.float32)
        return np.concatenate(parts)

    def score_sets(
        self, data: OutfitData, users: np.ndarray, outfits: np.ndarray
    ) -> np.ndarray:
        """Scores of candidate outfits, each distinct item embedded once.

        Args:
            data: The data set, as the model sees it.
            users: `(rows,)` user indices, 0 for the cold-start user.
            outfits: `(rows, candidates, slots)` item rows of `data`, -1
                padding.

        Returns:
            Float32 array `(rows, candidates)`.
        """
        rows, (positions,) = distinct_items_of(outfits)
        return self.score_outfits(
            users, self.embed_items(data, rows), positions
        )

    def score_outfits(
        self,
        users: np.ndarray,
        item_vectors: np.ndarray,
        outfits: np.ndarray,
        batch_size: int = 1024,
    ) -> np.ndarray:
        """Scores of candidate outfits of known items, in large batches.

        Args:
            users: `(rows,)` user indices, 0 for the cold-start user.
            item_vectors: `(items, dim)`, from `embed_items`.
            outfits: `(rows, candidates, slots)` rows of `item_vectors`, -1
                padding.
            batch_size: Rows scored at once.

        Returns:
            Float32 array `(rows, candidates)`.
        """
        table = tf.convert_to_tensor(item_vectors)
        scores = np.zeros(outfits.shape[:2], np.float32)
        for start in range(0, len(users), batch_size):
            part = slice(start, start + batch_size)
            scores[part] = self._score_graph(
                tf.convert_to_tensor(users[part]),
                table,
                tf.convert_to_tensor(outfits[part]),
            ).numpy()
        return scores

    # --------------------------------------------------------------- saving

    def build(self, input_shape: Any = None) -> None:
        self.built = True

    def get_build_config(self) -> dict[str, Any] | None:
        return None

    def get_config(self) -> dict[str, Any]:
        serialize = keras.saving.serialize_keras_object
        return {
            "name": self.name,
            # Else a model loaded and compiled anew would not scale its loss.
            "dtype": keras.dtype_policies.serialize(self.dtype_policy),
            "item_tower": serialize(self.item_tower),
            "aggregator": serialize(self.aggregator),
            "user_embedding": serialize(self.user_embedding),
            "score": serialize(self.score),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        config = dict(config)
        for key in ("item_tower", "aggregator", "user_embedding", "score"):
            config[key] = keras.saving.deserialize_keras_object(config[key])
        return cls(**config)

    def save_assets(self, dir_path: str) -> None:
        """Keeps the ids the model knows inside the `.keras` file."""
        if self.vocabulary is not None:
            Path(dir_path, VOCABULARY_FILE).write_text(
                json.dumps(self.vocabulary.to_json_dict()), encoding="utf-8"
            )

    def load_assets(self, dir_path: str) -> None:
        path = Path(dir_path, VOCABULARY_FILE)
        if path.exists():
            self.vocabulary = ModelVocabulary.from_json_dict(
                json.loads(path.read_text(encoding="utf-8"))
            )
