"""The best outfits for users of several anchors."""

import dataclasses
from collections.abc import Collection, Sequence

import numpy as np

from fndrec.layers import OutfitScore
from fndrec.retrieval.index.outfit_filter import OutfitFilter
from fndrec.retrieval.index.outfit_index import OutfitIndex
from fndrec.retrieval.index.outfit_match import OutfitMatch

# The first search asks for this many times `k` outfits per anchor. Where these
# do not suffice, each further search multiplies the number again.
GROWTH = 4


def search_anchors(
    index: OutfitIndex,
    score: OutfitScore,
    users: np.ndarray,
    k: int,
    where: OutfitFilter | None,
    exclude_outfits: Sequence[Collection[str]] | None,
) -> list[list[OutfitMatch]]:
    """Finds the `k` best outfits for each user of several anchors.

    The result is as exact as the index. The cosine of a user, which is the mean
    or the maximum over the anchors, is at most the largest of the anchors'
    cosines. An outfit that is among the nearest of no anchor therefore scores
    no higher than the last of these.

    Args:
        index: The outfits.
        score: The score of the model.
        users: Unit vectors `(users, anchors, dim)`.
        k: Number of outfits, at most as many as the index has.
        where: Conditions that the outfits must meet.
        exclude_outfits: Ids of outfits to leave out, one collection per user.

    Returns:
        The outfits of each user, best first, with the user's cosines.
    """
    if exclude_outfits is None:
        exclude_outfits = [()] * len(users)
    return [
        _search_user(index, score, anchors, k, where, excluded)
        for anchors, excluded in zip(users, exclude_outfits, strict=True)
    ]


def _search_user(
    index: OutfitIndex,
    score: OutfitScore,
    anchors: np.ndarray,
    k: int,
    where: OutfitFilter | None,
    excluded: Collection[str],
) -> list[OutfitMatch]:
    size = k
    while True:
        size = min(GROWTH * size, len(index))
        nearest = index.search(
            anchors,
            size,
            where=where,
            exclude_outfits=[excluded] * len(anchors),
        )
        candidates = {
            match.outfit_id: match for matches in nearest for match in matches
        }
        if not candidates:
            return []
        vectors = index.vectors(list(candidates))
        cosines = np.asarray(score.cosine(anchors[None], vectors))[0]
        ranked = [
            dataclasses.replace(match, cosine=cosine)
            for match, cosine in zip(
                candidates.values(), cosines.tolist(), strict=True
            )
        ]
        ranked.sort(key=lambda match: -match.cosine)
        exhausted = all(len(matches) < size for matches in nearest)
        if exhausted or size == len(index):
            return ranked[:k]
        # Some anchor has all `size` outfits, so there are at least `k`.
        bound = max(matches[-1].cosine for matches in nearest)
        if ranked[k - 1].cosine >= bound:
            return ranked[:k]
