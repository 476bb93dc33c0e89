"""Explains the scores of outfits."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fndrec.checks import ids, non_negative_int
from fndrec.data import OutfitData
from fndrec.data.item_sets import distinct_items_of, set_ids
from fndrec.errors import DataError
from fndrec.layers import SetTransformer
from fndrec.models import OutfitRecommender, align
from fndrec.retrieval.explaining.explanation import Explanation, LikedOutfit
from fndrec.retrieval.recommend import liked_rows

IntArray = npt.NDArray[np.int32]
# The default limit of the readers; a data set can allow longer outfits.
MAX_ITEMS = 8


def explain(
    model: OutfitRecommender,
    data: OutfitData,
    user_id: str,
    outfit_ids: Sequence[str] | None = None,
    *,
    item_sets: Sequence[Sequence[str]] | None = None,
    nearest: int = 3,
) -> list[Explanation]:
    """Explains the scores of outfits for a user.

    An explanation has three parts: the drop of the score when each item is
    left out, the attention of the pooling to each item, and the nearest
    outfits that the user likes in any split. Only the items of these outfits
    are embedded, so the cost does not grow with the catalogue.

    An outfit of a single item is compared with the score of cosine 0, the
    cosine of an outfit that says nothing about the user.

    Args:
        model: A trained model.
        data: The data set.
        user_id: The user. A user unknown to the model is scored as the
            cold-start user; a user unknown to the data has no likes.
        outfit_ids: Outfits of the data set.
        item_sets: Sets of known items, in place of `outfit_ids`.
        nearest: Number of liked outfits to return. Outfits of the same items
            as the explained one do not count.

    Returns:
        One explanation per outfit, in the given order.

    Raises:
        DataError: If an outfit or item is unknown, or a set is empty, too long
            or names an item twice.
        ValueError: If both or neither of `outfit_ids` and `item_sets` are
            given, `nearest` is negative, or the aggregator of the model is not
            a `SetTransformer`.

    Example:

    >>> best = fndrec.recommend(model, data, ["u007"], k=3)[0]
    >>> for explanation in fndrec.explain(
    ...     model, data, "u007", [outfit.outfit_id for outfit in best]
    ... ):
    ...     print(explanation.item_ids, explanation.contribution)
    """
    nearest = non_negative_int("nearest", nearest)
    if outfit_ids is not None:
        ids("outfit_ids", outfit_ids)
    for row, item_set in enumerate(item_sets or ()):
        ids(f"item_sets[{row}]", item_set)
    if not isinstance(model.aggregator, SetTransformer):
        raise ValueError(
            "`model` should have a `SetTransformer` as aggregator, which "
            "returns its attention. "
            f"Received: {type(model.aggregator).__name__}"
        )
    sets = requested_sets(data, outfit_ids, item_sets)
    if not sets:
        return []
    model, data = align(model, data)
    liked = liked_rows(data, user_id)
    outfits = _padded(sets)
    liked_outfits = data.outfit_items[liked]
    without_one = [
        np.delete(rows, i) for rows in sets for i in range(len(rows))
    ]
    items, (positions, liked_positions, reduced_positions) = distinct_items_of(
        outfits, liked_outfits, _padded(without_one)
    )
    item_vectors = model.embed_items(data, items)
    index = data.vocabulary.users.rows([user_id]) + 1
    user = model.encode_users(index)

    vectors = model.embed_outfits(item_vectors, positions)
    cosine = np.asarray(model.score.cosine(user, vectors))[0]
    # An empty set has no direction: its cosine is 0.
    reduced_cosine = np.zeros(len(reduced_positions), np.float32)
    filled = (reduced_positions >= 0).any(axis=1)
    reduced = model.embed_outfits(item_vectors, reduced_positions[filled])
    reduced_cosine[filled] = np.asarray(model.score.cosine(user, reduced))[0]
    score, reduced_score = (
        np.asarray(model.score.from_cosine(values))
        for values in (cosine, reduced_cosine)
    )
    _, attention = model.aggregator(
        item_vectors, positions, return_attention_scores=True
    )
    attention = np.asarray(attention)
    similarity = vectors @ model.embed_outfits(item_vectors, liked_positions).T
    set_id, liked_set_id = set_ids(outfits, liked_outfits)
    same = set_id[:, None] == liked_set_id[None]

    explanations = []
    end = 0
    for i, rows in enumerate(sets):
        start, end = end, end + len(rows)
        others = np.flatnonzero(~same[i])
        order = np.argsort(-similarity[i, others], kind="stable")[:nearest]
        explanations.append(
            Explanation(
                user_id=user_id,
                known=bool(index[0] > 0),
                outfit_id=None if outfit_ids is None else outfit_ids[i],
                item_ids=tuple(data.items.take(rows)),
                categories=categories_of(data, rows),
                score=float(score[i]),
                contribution=score[i] - reduced_score[start:end],
                head_attention=attention[i, :, : len(rows)],
                liked=tuple(
                    LikedOutfit(
                        outfit_id=data.outfits[int(liked[j])],
                        item_ids=tuple(data.outfit_item_ids(int(liked[j]))),
                        cosine=float(similarity[i, j]),
                    )
                    for j in others[order]
                ),
                num_liked=len(others),
            )
        )
    return explanations


def requested_sets(
    data: OutfitData,
    outfit_ids: Sequence[str] | None,
    item_sets: Sequence[Sequence[str]] | None,
) -> list[IntArray]:
    """Returns the item rows of the outfits that `explain` was asked for.

    Args:
        data: The data set.
        outfit_ids: See `explain`.
        item_sets: See `explain`.

    Returns:
        One int32 array `(items,)` per outfit.

    Raises:
        DataError: See `explain`.
        ValueError: If both or neither are given.
    """
    if (outfit_ids is None) == (item_sets is None):
        raise ValueError(
            "Either `outfit_ids` or `item_sets` should be given. "
            f"Received: {'neither' if outfit_ids is None else 'both'}"
        )
    if outfit_ids is not None:
        outfits = data.outfits.rows(list(outfit_ids))
        unknown = np.flatnonzero(outfits < 0)
        if len(unknown):
            raise DataError(
                f"`outfit_ids` should name outfits of {data.name}. "
                f"Received: {outfit_ids[unknown[0]]!r}"
            )
        return [row[row >= 0] for row in data.outfit_items[outfits]]
    assert item_sets is not None
    return [_item_rows(data, list(item_ids)) for item_ids in item_sets]


def _item_rows(data: OutfitData, item_ids: list[str]) -> IntArray:
    limit = max(MAX_ITEMS, data.num_slots)
    if not 1 <= len(item_ids) <= limit:
        raise DataError(
            f"A set of `item_sets` should have 1 to {limit} items. "
            f"Received: {len(item_ids)} items"
            + (f", the first {item_ids[0]!r}" if item_ids else "")
        )
    rows = data.items.rows(item_ids)
    for i, (item_id, row) in enumerate(zip(item_ids, rows, strict=True)):
        if row < 0:
            raise DataError(
                f"`item_sets` should name items of {data.name}. "
                f"Received: {item_id!r}"
            )
        if row in rows[:i]:
            raise DataError(
                "A set of `item_sets` should name each item once. "
                f"Received: {item_id!r} more than once"
            )
    return rows


def _padded(sets: Sequence[IntArray]) -> IntArray:
    """Returns sets as an int32 array `(sets, slots)`, -1 padding."""
    width = max(max(len(rows) for rows in sets), 1)
    table = np.full((len(sets), width), -1, np.int32)
    for row, items in zip(table, sets, strict=True):
        row[: len(items)] = items
    return table


def categories_of(data: OutfitData, rows: IntArray) -> tuple[str, ...] | None:
    """Returns the categories of items, or None if the data has none."""
    if data.categories is None or data.item_category is None:
        return None
    return tuple(data.categories.take(data.item_category[rows]))
