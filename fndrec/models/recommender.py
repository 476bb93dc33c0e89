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
from fndrec.data import ModelVocabulary, OutfitData, Vocabulary
from fndrec.data.item_sets import distinct_items_of
from fndrec.errors import DataError
from fndrec.layers import (
    CodePool,
    FeatureTower,
    IdEmbedding,
    ImageTower,
    ItemTower,
    MeanPool,
    OutfitScore,
    SetTransformer,
    UserAnchors,
    UserCodes,
    UserEmbedding,
    UserHistoryEncoder,
)
from fndrec.losses import SoftmaxRanking
from fndrec.metrics import UserAUC
from fndrec.models import replicas
from fndrec.models.candidates import candidate_cosines, exclude, liked_first
from fndrec.models.users_by_likes import (
    PRIOR_LIKES,
    shrunken_mean,
    vectors_of_likes,
    with_likes,
)

VOCABULARY_FILE = "vocabulary.json"
AGGREGATORS = ("set_transformer", "mean", "codes")
USERS = ("table", "history", "anchors", "codes")
Users = UserEmbedding | UserAnchors | UserCodes | UserHistoryEncoder
# Of a user encoder that begins with a table: chosen on `wardrobe`, for users
# held out, where 14 and 56 are hardly worse.
SHRINKAGE = 28.0
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

    def __init__(
        self,
        item_tower: ItemTower,
        aggregator: SetTransformer | MeanPool,
        user_embedding: Users,
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
        # A function, as a model would be tracked as a part of this one.
        self._encode_likes: Any = None
        for layer in self._parts():
            if not layer.built:
                # Without a shape, not with `None`: `summary` asks for the
                # output of each shape that it is told.
                layer.build()
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
        aggregator: str = "set_transformer",
        users: str = "table",
        num_anchors: int = 4,
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
            aggregator: `"set_transformer"`; `"mean"`, the plain mean of the
                items, see `MeanPool`; or `"codes"`, that of their binary
                codes, see `CodePool`.
            users: `"table"`, a vector each; `"history"`, computed from
                the outfits they liked, see `UserHistoryEncoder`;
                `"anchors"`, several vectors each, see `UserAnchors`; or
                `"codes"`, a binary code each, see `UserCodes`.
            num_anchors: Vectors of each user of `"anchors"`.
            seed: Seed of all weights.

        Returns:
            Keyword arguments for the constructor.

        Raises:
            ValueError: If an argument is out of its range.
        """
        for name, value, known_values in (
            ("users", users, USERS),
            ("aggregator", aggregator, AGGREGATORS),
        ):
            if value not in known_values:
                raise ValueError(
                    f"`{name}` should be one of {known_values}. "
                    f"Received: {name}={value!r}"
                )
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
        made: dict[str, Any] = {"seed": seed + 2, "name": "user_embedding"}
        made["unknown_rate"] = unknown_rate
        user_embedding: Users
        if users == "history":
            user_embedding = UserHistoryEncoder(dim, num_heads, **made)
        elif users == "anchors":
            user_embedding = UserAnchors(
                len(known.users), dim, num_anchors, **made
            )
        else:
            table = UserCodes if users == "codes" else UserEmbedding
            user_embedding = table(len(known.users), dim, **made)
        pool: SetTransformer | MeanPool
        if aggregator == "set_transformer":
            pool = SetTransformer(
                dim, num_blocks, num_heads, seed=seed, name="aggregator"
            )
        else:
            mean = MeanPool if aggregator == "mean" else CodePool
            pool = mean(dim, name="aggregator")
        return {
            "item_tower": ItemTower(dim, **towers, name="item_tower"),
            "aggregator": pool,
            "user_embedding": user_embedding,
            "score": OutfitScore(score, temperature, name="score"),
        }

    def knows(self, data: OutfitData) -> ModelVocabulary:
        """What this model knows by name once it is trained on `data`.

        Without users, if they are known by what they liked alone.
        """
        known = data.vocabulary
        if self.knows_users_by_likes:
            known = dataclasses.replace(known, users=Vocabulary([]))
        return known

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
        """Users `(batch,)` as unit vectors.

        Args:
            users: User indices `(batch,)`, 0 for the cold-start user.
            training: Whether the layer behaves as in training.

        Returns:
            Float32 `(batch, dim)`, or `(batch, anchors, dim)` of anchors.

        Raises:
            ValueError: If users are known by what they liked alone.
        """
        if self.knows_users_by_likes:
            raise ValueError(
                "This model knows users by the outfits they liked alone. "
                "`model.with_likes(data)` has a row for each. Received: "
                "users by index"
            )
        return self.user_embedding(users, training=training)

    @property
    def knows_users_by_likes(self) -> bool:
        """Whether users have no row: they are what they liked."""
        return isinstance(self.user_embedding, UserHistoryEncoder)

    # No property, as Keras looks for what to save in the values of those.
    def origin(self) -> "OutfitRecommender":
        """The model whose `encode_likes` this one uses: see `with_likes`."""
        made: OutfitRecommender | None = getattr(
            self._encode_likes, "__self__", None
        )
        return self if made is None else made

    def encode_likes(
        self, outfits: Any, present: Any, prior_likes: Any = PRIOR_LIKES
    ) -> Any:
        """Users from the vectors of outfits they liked; nothing is trained.

        By the `UserHistoryEncoder` where there is one; else in closed form,
        as the mean of the likes drawn to the cold-start user, see
        `shrunken_mean`.

        Args:
            outfits: Unit vectors `(batch, likes, dim)`.
            present: Bools `(batch, likes)`, false where there is no like.
            prior_likes: As many likes as the cold-start user counts for in
                the closed form; a `UserHistoryEncoder` has learned it.

        Returns:
            As `encode_users`; the cold-start user where there are no likes.
        """
        if self._encode_likes is not None:
            return self._encode_likes(outfits, present, prior_likes)
        if not self.knows_users_by_likes:
            cold = self.encode_users(np.zeros(1, np.int32))[0]
            return shrunken_mean(
                outfits, present, cold, self.score, prior_likes
            )
        batch, likes = ops.shape(outfits)[:2]
        at = ops.reshape(ops.arange(batch * likes), (batch, likes))
        return self.user_embedding(
            ops.reshape(outfits, (-1, self.aggregator.dim)),
            ops.where(present, at, -1),
        )

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

    def _maybe_symbolic_build(self, *_: Any, **__: Any) -> None:
        """Nothing, as a model is built when constructed.

        Keras's own would read a batch, and under a strategy fails on it.
        """

    def get_metrics_result(self) -> dict[str, Any]:
        return replicas.readable(super().get_metrics_result())

    def _get_metrics_result_or_logs(self, logs: Any) -> Any:
        # Of the whole batch, where those of a step are of a share; Keras's
        # own keeps these where a step leaves some out, as `test_step` does.
        found = self.get_metrics_result()
        return {key: found[key] for key in logs or {}}

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
        """Scores in the layout of `candidate_cosines`."""
        shared = self._compiled.shared_negatives
        every = replicas.gathered(outfits, inputs) if shared else None
        cosines = candidate_cosines(users, outfits, shared, self.score, every)
        return exclude(
            self.score.from_cosine(cosines),
            inputs["user"],
            shared,
            replicas.all_users(inputs),
        )

    def _track(self, name: str, value: Any, inputs: dict[str, Any]) -> None:
        """Keeps the mean over the epoch of a part of the loss."""
        self._compiled.trackers[name].update_state(
            replicas.total(value, inputs),
            sample_weight=replicas.num_likes(inputs),
        )

    def _total_loss(self, data: Any, training: bool) -> Any:
        """Loss and regularisation; keeps their mean over the epoch.

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

    # ----------------------------------------------------- whole catalogues

    @cached_property
    def _encode_items_graph(self) -> Any:
        return tf.function(self.encode_items, reduce_retracing=True)

    @cached_property
    def _score_graph(self) -> Any:
        def score(users: Any, item_vectors: Any, outfits: Any) -> Any:
            return self.score(users, self.encode_outfits(item_vectors, outfits))

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
            users: `(rows,)` user indices, 0 for the cold-start user, or
                floats, the vectors of the users.
            item_vectors: `(items, dim)`, from `embed_items`.
            outfits: `(rows, candidates, slots)` rows of `item_vectors`, -1
                padding.
            batch_size: Rows scored at once.

        Returns:
            Float32 array `(rows, candidates)`.
        """
        table = tf.convert_to_tensor(item_vectors)
        scores = np.zeros(outfits.shape[:2], np.float32)
        ready = np.issubdtype(users.dtype, np.floating)
        for start in range(0, len(users), batch_size):
            part = slice(start, start + batch_size)
            user = tf.convert_to_tensor(users[part])
            scores[part] = self._score_graph(
                user if ready else self.encode_users(user),
                table,
                tf.convert_to_tensor(outfits[part]),
            ).numpy()
        return scores

    # ------------------------------------------------------- users by likes

    @cached_property
    def _encode_likes_graph(self) -> Any:
        def encode(outfits: Any, likes: Any, prior_likes: Any) -> Any:
            vectors = ops.take(outfits, ops.maximum(likes, 0), axis=0)
            return self.encode_likes(vectors, likes >= 0, prior_likes)

        return tf.function(encode, reduce_retracing=True)

    def embed_likes(
        self,
        outfit_vectors: np.ndarray,
        likes: np.ndarray,
        prior_likes: float = PRIOR_LIKES,
    ) -> np.ndarray:
        """Users from outfits they liked, as `encode_likes` does.

        Args:
            outfit_vectors: `(outfits, dim)`, from `embed_outfits`.
            likes: `(users, likes)` rows of `outfit_vectors`, -1 padding.
            prior_likes: See `encode_likes`.

        Returns:
            Float32 array `(users, dim)`, or `(users, anchors, dim)`.

        Raises:
            ValueError: If `prior_likes` is not positive.
        """
        if not prior_likes > 0:
            raise ValueError(
                "`prior_likes` should be a positive float. "
                f"Received: prior_likes={prior_likes}"
            )
        if not len(outfit_vectors):
            # A row to look at, though no one does.
            outfit_vectors = np.zeros((1, self.aggregator.dim), np.float32)
        return self._encode_likes_graph(
            tf.convert_to_tensor(outfit_vectors),
            tf.convert_to_tensor(likes),
            # A tensor, as each number would be traced anew.
            tf.constant(prior_likes, tf.float32),
        ).numpy()

    def user_vectors(self, data: OutfitData) -> np.ndarray:
        """The cold-start user, and all users known by name.

        Args:
            data: The data set, as the model sees it. Where users are known
                by what they liked, the likes in train count.

        Returns:
            Float32 array `(users + 1, dim)`, or `(users + 1, anchors, dim)`.
        """
        users = len(data.vocabulary.users) + 1
        if not self.knows_users_by_likes:
            return np.asarray(self.encode_users(np.arange(users)))
        return vectors_of_likes(self, data)

    def with_likes(self, data: OutfitData) -> "OutfitRecommender":
        """This model with a row for each user who likes something in train.

        A user who has a row already keeps it; the row of another is computed
        from the likes, without any training, see `encode_likes`. So a model
        trained before a user came knows that user, and one that knows users
        by what they liked becomes one that can be asked by name.

        Args:
            data: The data set, with photos loaded if the model looks at them.

        Returns:
            A model that shares all layers with this one but that of the
            users; it is not compiled.

        Raises:
            DataError: If the data lacks what the model looks at.

        Example:

        >>> fndrec.recommend(model.with_likes(data), data, ["new user"])
        """
        return with_likes(self, data)

    def by_history(self) -> Self:
        """A copy of this model that knows users by what they liked.

        Its `UserHistoryEncoder` begins as the closed form of `encode_likes`,
        and is shrunk to it where likes are few. Trained on for some epochs,
        at the rate that the table learned at, it is better than one trained
        from the start: a user vector of one's own tells the towers more than
        few likes do, and is needed no more afterwards.

        Returns:
            The copy, not compiled. It learns from batches with histories.

        Raises:
            ValueError: If users of this model are no table.

        Example:

        >>> model = teacher.by_history()
        >>> model.compile(keras.optimizers.AdamW(3e-3))
        >>> model.fit(data.batches("train", 256, history=15), epochs=6)
        """
        users = self.user_embedding
        if not isinstance(users, UserEmbedding):
            raise ValueError(
                "`by_history` should be asked of a model made with "
                "`users='table'`. Received: users by "
                f"{type(users).__name__}"
            )
        encoder = UserHistoryEncoder(
            users.dim,
            # One that has no attention has no heads to follow.
            getattr(self.aggregator, "num_heads", 4),
            unknown_rate=users.unknown_rate,
            centred=False,
            shrinkage=SHRINKAGE,
            seed=users.seed,
            name=users.name,
            dtype=users.dtype_policy,
        )
        encoder.build()
        encoder.cold.assign(np.asarray(self.encode_users(np.zeros(1, int)))[0])
        encoder.prior.assign(np.full(encoder.num_heads, np.log(PRIOR_LIKES)))
        config = self.get_config()
        config["user_embedding"] = keras.saving.serialize_keras_object(encoder)
        copy = type(self).from_config(config)
        for name in ("item_tower", "aggregator", "projection", "score"):
            if getattr(self, name, None) is not None:
                getattr(copy, name).set_weights(
                    getattr(self, name).get_weights()
                )
        copy.user_embedding.set_weights(encoder.get_weights())
        if self.vocabulary is not None:
            copy.vocabulary = dataclasses.replace(
                self.vocabulary, users=Vocabulary([])
            )
        return copy

    def share(self, model: "OutfitRecommender") -> None:
        """Uses what another model of the same layers makes of likes."""
        self._encode_likes = model.origin().encode_likes
        # What does not depend on users is traced once.
        for graph in ("_encode_items", "_encode_outfits", "_score"):
            name = f"{graph}_graph"
            self.__dict__[name] = getattr(model, name)

    def seeing(
        self, data: OutfitData
    ) -> "tuple[OutfitRecommender, OutfitData]":
        """This model ready for users by name, and `data` as it sees it.

        Args:
            data: The data set.

        Returns:
            The model, or `with_likes` of it where users are known by what
            they liked alone; and the data with the model's vocabulary.
        """
        model = self.with_likes(data) if self.knows_users_by_likes else self
        if model.vocabulary is not None:
            data = data.with_vocabulary(model.vocabulary)
        return model, data

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
