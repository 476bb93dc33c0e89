"""Why outfits are recommended."""

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
# What readers take by default; a data set of longer outfits has its own.
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
    """Why outfits have the score they have for a user.

    Three views of each: what the score loses with each item left out, how
    much the pooling of the outfit looks at each item, and which of the
    user's liked outfits, of any split, are nearest to it. Only items of
    these outfits are embedded, so the size of the catalogue costs nothing.

    Where an outfit has one item only, nothing is left without it. It is then
    compared with what the score is for the cosine 0: that of an outfit which
    tells nothing of the user.

    Args:
        model: A trained model.
        data: The data set.
        user_id: The user; one the model does not know is scored as the
            cold-start user, one the data does not know likes nothing.
        outfit_ids: Outfits of the data set.
        item_sets: In place of `outfit_ids`, any sets of known items.
        nearest: How many liked outfits are told; the outfit itself, or
            another of the same items, is not among them.

    Returns:
        An explanation for each outfit, in the order given.

    Raises:
        DataError: If an outfit or item is not known, or a set is empty,
            too long or names an item twice.
        ValueError: If both or neither of `outfit_ids` and `item_sets` are
            given, `nearest` is negative, or the model's aggregator is no
            `SetTransformer`.

    Example:

    >>> best = fndrec.recommend(model, data, ["u007"], k=3)[0]
    >>> for why in fndrec.explain(
    ...     model, data, "u007", [found.outfit_id for found in best]
    ... ):
    ...     print(why.item_ids, why.contribution, why.attention)
    """
    nearest = non_negative_int("nearest", nearest)
    if outfit_ids is not None:
        ids("outfit_ids", outfit_ids)
    for row, item_set in enumerate(item_sets or ()):
        ids(f"item_sets[{row}]", item_set)
    if not isinstance(model.aggregator, SetTransformer):
        raise ValueError(
            "`model` should have a `SetTransformer` as aggregator, which "
            "tells its attention. "
            f"Received: {type(model.aggregator).__name__}"
        )
    sets = given_sets(data, outfit_ids, item_sets)
    if not sets:
        return []
    model, data = align(model, data)
    liked = liked_rows(data, user_id)
    whole = padded(sets)
    liked_sets = data.outfit_items[liked]
    items, (whole_at, liked_at, less_at) = distinct_items_of(
        whole, liked_sets, padded(left_out(sets))
    )
    table = model.embed_items(data, items)
    index = data.vocabulary.users.rows([user_id]) + 1
    user = model.encode_users(index)

    vectors = model.embed_outfits(table, whole_at)
    cosine = np.asarray(model.score.cosine(user, vectors))[0]
    # What is left of one item, nothing, has no direction: its cosine is 0.
    left = np.zeros(len(less_at), np.float32)
    some = (less_at >= 0).any(axis=1)
    less = model.embed_outfits(table, less_at[some])
    left[some] = np.asarray(model.score.cosine(user, less))[0]
    score, left_score = (
        np.asarray(model.score.from_cosine(values)) for values in (cosine, left)
    )
    _, attention = model.aggregator(
        table, whole_at, return_attention_scores=True
    )
    attention = np.asarray(attention)
    near = vectors @ model.embed_outfits(table, liked_at).T
    one, other = set_ids(whole, liked_sets)
    same = one[:, None] == other[None]

    explanations = []
    end = 0
    for i, rows in enumerate(sets):
        start, end = end, end + len(rows)
        others = np.flatnonzero(~same[i])
        order = others[np.argsort(-near[i, others], kind="stable")[:nearest]]
        explanations.append(
            Explanation(
                user_id=user_id,
                known=bool(index[0] > 0),
                outfit_id=None if outfit_ids is None else outfit_ids[i],
                item_ids=tuple(data.items.take(rows)),
                categories=categories_of(data, rows),
                score=float(score[i]),
                contribution=score[i] - left_score[start:end],
                head_attention=attention[i, :, : len(rows)],
                liked=tuple(
                    LikedOutfit(
                        outfit_id=data.outfits[int(liked[j])],
                        item_ids=tuple(data.outfit_item_ids(int(liked[j]))),
                        cosine=float(near[i, j]),
                    )
                    for j in order
                ),
                num_liked=len(others),
            )
        )
    return explanations


def given_sets(
    data: OutfitData,
    outfit_ids: Sequence[str] | None,
    item_sets: Sequence[Sequence[str]] | None,
) -> list[IntArray]:
    """Item rows of each outfit that was asked for.

    Args:
        data: The data set.
        outfit_ids: As in `explain`.
        item_sets: As in `explain`.

    Returns:
        An int32 array `(items,)` for each.

    Raises:
        DataError: As in `explain`.
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
    most = max(MAX_ITEMS, data.num_slots)
    if not 1 <= len(item_ids) <= most:
        raise DataError(
            f"A set of `item_sets` should have 1 to {most} items. "
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


def left_out(sets: Sequence[IntArray]) -> list[IntArray]:
    """Each set without each of its items in turn."""
    return [np.delete(rows, i) for rows in sets for i in range(len(rows))]


def padded(sets: Sequence[IntArray]) -> IntArray:
    """Sets as an int32 array `(sets, slots)`, -1 padding."""
    width = max(max(len(rows) for rows in sets), 1)
    table = np.full((len(sets), width), -1, np.int32)
    for row, items in zip(table, sets, strict=True):
        row[: len(items)] = items
    return table


def categories_of(data: OutfitData, rows: IntArray) -> tuple[str, ...] | None:
    """Names of the categories of items; None if the data has none."""
    if data.categories is None or data.item_category is None:
        return None
    return tuple(data.categories.take(data.item_category[rows]))
