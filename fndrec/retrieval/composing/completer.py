"""Completes outfits with the best items."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from fndrec.checks import ids, positive_int
from fndrec.data import OutfitData
from fndrec.errors import DataError
from fndrec.models import OutfitRecommender
from fndrec.retrieval.composing._set_scorer import SetScorer
from fndrec.retrieval.composing._slots import (
    allowed_items,
    check_items,
    item_rows,
    slot_items,
)
from fndrec.retrieval.composing.limit import Limit, sum_excess


@dataclass(frozen=True)
class Completion:
    """An item that completes an outfit.

    Attributes:
        user_id: The user.
        item_id: The item.
        item_ids: The completed outfit; the new item is the last.
        score: The outfit's score; higher is better.
        known: Whether the model knows the user. The score of an unknown user
            is that of the cold-start user.
    """

    user_id: str
    item_id: str
    item_ids: tuple[str, ...]
    score: float
    known: bool


class OutfitCompleter:
    """Finds the best items to complete outfits with.

    The search is exact: the outfit is scored with each item that may be added.
    The items are embedded once, by the constructor, so that a query costs only
    the aggregator: thousands of items in milliseconds. Fill-in-the-blank is a
    query with `choices`.

    Args:
        model: A trained model.
        data: The shop, with photos loaded if the model takes photos.
        item_vectors: `model.embed_items(data)`; computed by default.

    Raises:
        ValueError: If `item_vectors` does not have one row per item.
        DataError: If the data lacks an input of the model.

    Example:

    >>> completer = fndrec.OutfitCompleter(student, data)
    >>> outfit = data.outfit_item_ids(0)
    >>> for best in completer.complete(["u007"], [outfit[:2]], "shoes")[0]:
    ...     print(best.item_id, best.score)
    """

    def __init__(
        self,
        model: OutfitRecommender,
        data: OutfitData,
        item_vectors: np.ndarray | None = None,
    ) -> None:
        self._scorer = SetScorer(model, data, item_vectors)

    def complete(
        self,
        user_ids: Sequence[str],
        outfits: Sequence[Sequence[str]],
        category: str | Sequence[str | None] | None = None,
        k: int = 10,
        *,
        choices: Sequence[Sequence[str]] | None = None,
        exclude_items: Collection[str] = (),
        limits: Sequence[Limit] = (),
    ) -> list[list[Completion]]:
        """Finds the `k` best items for each partial outfit.

        Args:
            user_ids: One user per outfit; an unknown user gets the cold-start
                vector.
            outfits: Ids of the items of each partial outfit, which may be
                empty.
            category: Category or group of the new item, or `None` for any
                item; one for all outfits or one per outfit.
            k: Number of items; fewer are returned if there are fewer.
            choices: Ids of the items to choose from, one list per outfit; all
                items of the category by default.
            exclude_items: Ids of items that may not be added.
            limits: Limits on the completed outfits.

        Returns:
            The completions of each outfit, best first. Items of equal score are
            in the order of `data.items`. An outfit contains no item twice.

        Raises:
            ValueError: If `k` is not positive or the arguments differ in
                length.
            DataError: If an item or category is unknown, or no item is left
                for an outfit.
        """
        k = positive_int("k", k)
        ids("user_ids", user_ids)
        ids("outfits", outfits)
        data = self._scorer.data
        categories: list[str | None] = (
            [category] * len(outfits)
            if category is None or isinstance(category, str)
            else list(category)
        )
        for name, value in (
            ("outfits", outfits),
            ("category", categories),
            ("choices", outfits if choices is None else choices),
        ):
            if len(value) != len(user_ids):
                raise ValueError(
                    f"`{name}` should be one for each of the {len(user_ids)} "
                    f"`user_ids`. Received: {len(value)}"
                )
        excluded = item_rows(data, exclude_items, "exclude_items")
        allowed = allowed_items(data, limits, excluded)
        partials = [
            item_rows(data, items, "outfits", distinct=True)
            for items in outfits
        ]
        pools = []
        for i, rows in enumerate(partials):
            check_items(data, rows, limits, "outfits")
            mask = allowed & slot_items(data, categories[i], "category")
            mask[rows] = False
            if choices is not None:
                chosen = np.zeros(data.num_items, bool)
                chosen[item_rows(data, choices[i], "choices")] = True
                mask &= chosen
            pool = np.flatnonzero(mask)
            for limit in limits:
                if limit.of == "sum":
                    totals = limit.values[rows].sum() + limit.values[pool]
                    pool = pool[sum_excess(limit, totals) == 0]
            if not len(pool):
                raise DataError(
                    self._no_item_message(categories[i], limits, user_ids[i])
                )
            pools.append(pool.astype(np.int32))
        vectors, known = self._scorer.users(user_ids)
        return [
            self._rank_items(user_id, vectors[i], bool(known[i]), rows, pool, k)
            for i, (user_id, rows, pool) in enumerate(
                zip(user_ids, partials, pools, strict=True)
            )
        ]

    def _no_item_message(
        self, category: str | None, limits: Sequence[Limit], user_id: str
    ) -> str:
        kind = "any category" if category is None else f"category {category!r}"
        conditions = "".join(f", with the {limit}" for limit in limits)
        return (
            f"{self._scorer.data.name}: an item of {kind} that may complete "
            f"the outfit of {user_id!r}{conditions} was expected. "
            "Received: none"
        )

    def _rank_items(
        self,
        user_id: str,
        vector: np.ndarray,
        known: bool,
        partial: np.ndarray,
        pool: np.ndarray,
        k: int,
    ) -> list[Completion]:
        data = self._scorer.data
        sets = np.empty((len(pool), len(partial) + 1), np.int32)
        sets[:, :-1] = partial
        sets[:, -1] = pool
        scores = self._scorer.scores(vector, sets)
        names = tuple(data.items.take(partial))
        return [
            Completion(
                user_id=user_id,
                item_id=data.items[int(pool[row])],
                item_ids=(*names, data.items[int(pool[row])]),
                score=float(scores[row]),
                known=known,
            )
            for row in np.argsort(-scores, kind="stable")[:k]
        ]
