"""The best outfits for users of several anchors."""

import dataclasses
from collections.abc import Collection, Sequence

import numpy as np

from fndrec.layers import OutfitScore
from fndrec.retrieval.index.outfit_filter import OutfitFilter
from fndrec.retrieval.index.outfit_index import OutfitIndex
from fndrec.retrieval.index.outfit_match import OutfitMatch

# Outfits that are looked at first for each one that is asked for, and how many
# more each time that they do not do.
MORE = 4


def search_anchors(
    index: OutfitIndex,
    score: OutfitScore,
    users: np.ndarray,
    k: int,
    where: OutfitFilter | None,
    exclude_outfits: Sequence[Collection[str]] | None,
) -> list[list[OutfitMatch]]:
    """The `k` best outfits for each user of several anchors.

    As exact as the index: the cosine of a user, a mean or the largest of the
    anchors', is no larger than the largest, so that what no anchor has among
    its nearest lies below the last of these.

    Args:
        index: The outfits.
        score: The score of the model.
        users: Unit vectors `(users, anchors, dim)`.
        k: How many, at most as many as the index has.
        where: What outfits must be like.
        exclude_outfits: For each user ids of outfits not to be found.

    Returns:
        For each user the outfits, best first, each with the user's cosine.
    """
    if exclude_outfits is None:
        exclude_outfits = [()] * len(users)
    return [
        _search(index, score, anchors, k, where, refused)
        for anchors, refused in zip(users, exclude_outfits, strict=True)
    ]


def _search(
    index: OutfitIndex,
    score: OutfitScore,
    anchors: np.ndarray,
    k: int,
    where: OutfitFilter | None,
    refused: Collection[str],
) -> list[OutfitMatch]:
    size = k
    while True:
        size = min(MORE * size, len(index))
        found = index.search(
            anchors, size, where=where, exclude_outfits=[refused] * len(anchors)
        )
        near = {match.outfit_id: match for each in found for match in each}
        if not near:
            return []
        vectors = index.vectors(list(near))
        cosines = np.asarray(score.cosine(anchors[None], vectors))[0]
        best = [
            dataclasses.replace(match, cosine=cosine)
            for match, cosine in zip(
                near.values(), cosines.tolist(), strict=True
            )
        ]
        best.sort(key=lambda match: -match.cosine)
        if all(len(each) < size for each in found) or size == len(index):
            return best[:k]
        # One has all that it was to find, so there are `k` at least.
        beyond = max(each[-1].cosine for each in found)
        if best[k - 1].cosine >= beyond:
            return best[:k]
