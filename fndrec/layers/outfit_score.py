"""Scores of outfits for users."""

from typing import Any

import keras
from keras import ops

from fndrec.checks import one_of, positive_float

SCORES = ("cosine", "squared_distance")
ANCHORS = ("attention", "max")


@keras.saving.register_keras_serializable("fndrec")
class OutfitScore(keras.layers.Layer):
    """Score of outfits for a user in the user-outfit space.

    `"cosine"` is `cos(e_u, e_o) / temperature`, `"squared_distance"` is
    `-|e_u - e_o|^2 / temperature`. Scores are float32 under every policy.

    For a user with several anchors, the cosine with an outfit is the largest
    one of the anchors (`"max"`), or their mean weighted by the softmax of
    `cosine / temperature` (`"attention"`), from which all anchors learn.

    Args:
        kind: `"cosine"` or `"squared_distance"`.
        temperature: Positive float, divides the similarity.
        anchors: `"attention"` or `"max"`.
        **kwargs: Passed to `keras.layers.Layer`.

    Call arguments:
        users: Unit vectors `(batch, dim)`, or of anchors
            `(batch, anchors, dim)`.
        outfits: Unit vectors `(batch, candidates, dim)`.

    Returns:
        Float32 tensor `(batch, candidates)`.

    Raises:
        ValueError: If `kind` or `anchors` is not known or `temperature` not
            positive.

    Example:

    >>> score = fndrec.layers.OutfitScore("cosine", temperature=0.1)
    >>> score(np.array([[1.0, 0.0]]), np.array([[[1.0, 0.0], [0.0, 1.0]]]))
    <tf.Tensor: shape=(1, 2), ... [[10., 0.]]>
    """

    def __init__(
        self,
        kind: str = "cosine",
        temperature: float = 0.1,
        anchors: str = "attention",
        **kwargs: Any,
    ) -> None:
        # A small temperature would magnify the error of a cosine in half
        # precision.
        super().__init__(autocast=False, **kwargs)
        self.kind = one_of("kind", kind, SCORES)
        self.anchors = one_of("anchors", anchors, ANCHORS)
        self.temperature = positive_float("temperature", temperature)

    def build(self, input_shape: Any = None) -> None:
        self.built = True

    def call(self, users: Any, outfits: Any) -> Any:
        return self.from_cosine(self.cosine(users, outfits))

    def cosine(self, users: Any, outfits: Any) -> Any:
        """Returns cosines of users and outfits.

        Args:
            users: Unit vectors `(batch, dim)` or `(batch, anchors, dim)`.
            outfits: Unit vectors of each user's candidates `(batch,
                candidates, dim)`, or of the candidates of all users
                `(candidates, dim)`.

        Returns:
            Float32 tensor `(batch, candidates)`.
        """
        users = ops.cast(users, "float32")
        outfits = ops.cast(outfits, "float32")
        several = len(users.shape) == 3
        if len(outfits.shape) == 2:
            cosines = ops.matmul(users, ops.transpose(outfits))
        elif several:
            cosines = ops.matmul(users, ops.transpose(outfits, (0, 2, 1)))
        else:
            users = ops.expand_dims(users, axis=1)
            cosines = ops.sum(users * outfits, axis=-1)
        if not several:
            return cosines
        if self.anchors == "max":
            return ops.max(cosines, axis=1)
        weights = ops.softmax(cosines / self.temperature, axis=1)
        return ops.sum(weights * cosines, axis=1)

    def from_cosine(self, cosine: Any) -> Any:
        """Returns scores from cosines of any shape."""
        if self.kind == "squared_distance":
            # |u - o|^2 = 2 - 2 cos(u, o) for unit vectors.
            cosine = 2.0 * cosine - 2.0
        return cosine / self.temperature

    def compute_output_shape(
        self, users_shape: Any, outfits_shape: Any
    ) -> tuple[Any, ...]:
        return tuple(outfits_shape[:-1])

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.update(
            {
                "kind": self.kind,
                "temperature": self.temperature,
                "anchors": self.anchors,
            }
        )
        return config
