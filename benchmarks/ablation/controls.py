"""Controls: changes of the z-score that show why distillation helps."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from fndrec.data.synthetic.synthetic_truth import SyntheticTruth
from fndrec.models.teacher_targets import TeacherTargets

# Times any alpha of the study: no weight in a softmax, and finite.
REMOVED = -1e4


def reversed_sign(z: Any) -> Any:
    """False negatives pushed harder: the negative control."""
    return -z


def centred(z: Any) -> Any:
    """Only differences among the negatives of a like are left."""
    return z - tf.reduce_mean(z[:, 1:], axis=1, keepdims=True)


def permuted(z: Any) -> Any:
    """The same values, each given to a random negative of the like."""
    order = tf.argsort(tf.random.stateless_uniform(tf.shape(z), _seed(z)))
    return tf.gather(z, order, batch_dims=1)


def softened_only(z: Any) -> Any:
    """False negatives are pushed less; nothing is pushed more."""
    return tf.minimum(z, 0.0)


def pushed_only(z: Any) -> Any:
    """Sure negatives are pushed more; nothing is pushed less."""
    return tf.maximum(z, 0.0)


def removed(z: Any) -> Any:
    """Removes what the teacher calls a false negative."""
    return tf.where(z < 0.0, REMOVED, 0.0)


CONTROLS: dict[str, Callable[[Any], Any]] = {
    "reversed": reversed_sign,
    "centred": centred,
    "permuted": permuted,
    "softened_only": softened_only,
    "pushed_only": pushed_only,
    "removed": removed,
}
ORACLE = "oracle"


def _seed(z: Any) -> Any:
    """A seed that differs from batch to batch and follows from it."""
    return tf.cast(
        tf.stack([tf.reduce_sum(z), tf.reduce_sum(z * z)]) * 1e3, tf.int32
    )


class ControlledTargets(TeacherTargets):
    """Knowledge whose distance_zscore, once clipped, is tampered with.

    Args:
        targets: The targets.
        control: One of `CONTROLS`.
        clip: Limit of the distance_zscore.
    """

    def __init__(
        self, targets: TeacherTargets, control: str, clip: float | None
    ) -> None:
        super().__init__(
            targets.model,
            targets.item_vectors,
            targets.user_vectors,
            targets.radius,
            targets.deviation,
        )
        self._control = CONTROLS[control]
        self._clip = clip

    def distance_zscore(
        self, batch: dict[str, Any], in_batch: bool = False
    ) -> Any:
        z = super().distance_zscore(batch, in_batch)
        if self._clip is not None:
            z = tf.clip_by_value(z, -self._clip, self._clip)
        return self._control(z)


class OracleTargets:
    """Knows the truth: false negatives are removed, others left alone.

    Args:
        truth: What the users truly like, by the rows of the data.
        user_index: `(users,)` the model's index of each user.
    """

    def __init__(self, truth: SyntheticTruth, user_index: Any) -> None:
        row = tf.math.invert_permutation(
            tf.concat([[0], tf.convert_to_tensor(user_index)], axis=0)
        )
        self.row = tf.maximum(row - 1, 0)
        self.attributes, self.taste, self.harmony, self.threshold = (
            tf.constant(array, tf.float32)
            for array in (
                truth.attributes,
                truth.taste,
                truth.harmony,
                truth.threshold,
            )
        )

    def distance_zscore(
        self, batch: dict[str, Any], in_batch: bool = False
    ) -> Any:
        """`REMOVED` for what is truly liked, else 0."""
        outfits = batch["outfits"]
        present = tf.cast(outfits >= 0, tf.float32)[..., None]
        rows = tf.gather(batch["items"]["row"], tf.maximum(outfits, 0))
        values = tf.gather(self.attributes, rows) * present
        size = tf.reduce_sum(present, axis=2)
        total = tf.reduce_sum(values, axis=2)
        pairs = 0.5 * (total**2 - tf.reduce_sum(values**2, axis=2))
        alone = total / tf.sqrt(size)
        together = pairs / tf.sqrt(tf.maximum(size * (size - 1.0) / 2.0, 1.0))
        user = tf.gather(self.row, batch["user"])
        taste = tf.gather(self.taste, user)
        harmony = tf.gather(self.harmony, user)
        own = tf.einsum("bca,ba->bc", alone, taste)
        own += tf.einsum("bca,ba->bc", together, harmony)
        if in_batch:
            flat = (-1, alone.shape[-1])
            every = tf.matmul(taste, tf.reshape(alone, flat), transpose_b=True)
            every += tf.matmul(
                harmony, tf.reshape(together, flat), transpose_b=True
            )
            own = tf.concat([own, every], axis=1)
        liked = own > tf.gather(self.threshold, user)[:, None]
        return tf.where(liked, REMOVED, 0.0)
