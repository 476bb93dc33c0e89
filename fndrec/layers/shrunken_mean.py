"""User vectors from liked outfits, in closed form."""

from typing import Any

from keras import ops

from fndrec.layers.outfit_score import OutfitScore

# Likes that the cold-start vector counts as in `shrunken_mean`.
PRIOR_LIKES = 4.0


def shrunken_mean(
    outfits: Any,
    present: Any,
    cold: Any,
    score: OutfitScore,
    prior: Any = PRIOR_LIKES,
) -> Any:
    """Returns the mean direction of liked outfits, shrunk to a prior.

    This is the posterior mode of the user's direction if likes follow a von
    Mises-Fisher distribution around it, and users another one around the
    cold-start vector: `prior` is the ratio of the two concentrations. If a
    user has several anchors, a like moves the anchors it is nearest to.

    Args:
        outfits: Unit vectors `(batch, likes, dim)`.
        present: Bools `(batch, likes)`, false where there is no like.
        cold: The cold-start user `(dim,)` or `(anchors, dim)`.
        score: The model's score, whose temperature softens "nearest".
        prior: Likes that the cold-start vector counts as.

    Returns:
        Float32 unit vectors `(batch, dim)` or `(batch, anchors, dim)`; the
        cold-start user where there are no likes.
    """
    outfits = ops.cast(outfits, "float32")
    weight = ops.cast(present, "float32")
    if len(cold.shape) == 1:
        total = ops.sum(weight[:, :, None] * outfits, axis=1)
        return ops.normalize(prior * cold[None] + total, axis=-1)
    cosines = ops.matmul(outfits, ops.transpose(cold))
    share = ops.softmax(cosines / score.temperature, axis=-1)
    total = ops.einsum("blk,bld->bkd", weight[:, :, None] * share, outfits)
    return ops.normalize(prior * cold[None] + total, axis=-1)
