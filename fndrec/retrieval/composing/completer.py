"""The best items to complete an outfit with."""

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
from fndrec.retrieval.composing.limit import Limit, slack


@dataclass(frozen=True)
class Completion:
    """An item that completes an outfit.

    Attributes:
        user_id: The user.
        item_id: The item.
        item_ids: The outfit with it; it is the last.
        score: The outfit's score; higher is better.
        known: Whether the model knows the user; if not, the score is that
            of the cold-start user.
    """

    user_id: str
    item_id: str
    item_ids: tuple[str, ...]
    score: float
    known: bool


class OutfitCompleter:
    """Finds the best items to complete outfits with.

    Exact: the outfit is scored with each item that may be added. The vectors
    of the items are computed once, when it is made, so that a question costs
    the aggregator on these sets alone: thousands of items in milliseconds.
    Fill-in-the-blank is the question with given `choices`.

    Args:
        model: A trained model.
        data: The shop, with photos loaded if the model looks at them.
        item_vectors: `model.embed_items(data)` if it is at hand.

    Raises:
        ValueError: If `item_vectors` are not one an item.
        DataError: If the data lacks what the model looks at.

    Example:

    >>> completer = fndrec.OutfitCompleter(student, data)
    >>> outfit = data.outfit_item_ids(0)
    >>> for found in completer.complete(["u007"], [outfit[:2]], "shoes")[0]:
    ...     print(found.item_id, found.score)
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
        """The `k` best items for each partial outfit.

        Args:
            user_ids: A user for each outfit; one not known gets the
                cold-start vector.
            outfits: Ids of the items of each partial outfit; perhaps none.
            category: Category, or group, of the wanted item, or `None` for
                any: one for all or one for each.
            k: How many items; fewer come back if there are fewer.
            choices: Ids of the only items to choose from, for each outfit;
                those of the category by default.
            exclude_items: Ids of items that may not be added.
            limits: Limits on the completed outfits.

        Returns:
            For each outfit the completions, best first; items of equal score
            in the order of `data.items`. No item stands twice in an outfit.

        Raises:
            ValueError: If `k` is not positive or the arguments differ in
                length.
            DataError: If an item or category is not known, or no item is
                left for an outfit.
        """
        k = positive_int("k", k)
        ids("user_ids", user_ids)
        ids("outfits", outfits)
        data = self._scorer.data
        wanted: list[str | None] = (
            [category] * len(outfits)
            if category is None or isinstance(category, str)
            else list(category)
        )
        for name, value in (
            ("outfits", outfits),
            ("category", wanted),
            ("choices", outfits if choices is None else choices),
        ):
            if len(value) != len(user_ids):
                raise ValueError(
                    f"`{name}` should be one for each of the {len(user_ids)} "
                    f"`user_ids`. Received: {len(value)}"
                )
        banned = item_rows(data, exclude_items, "exclude_items")
        allowed = allowed_items(data, limits, banned)
        given = [
            item_rows(data, items, "outfits", once=True) for items in outfits
        ]
        pools = []
        for i, rows in enumerate(given):
            check_items(data, rows, limits, "outfits")
            pool = allowed & slot_items(data, wanted[i], "category")
            pool[rows] = False
            if choices is not None:
                chosen = np.zeros(data.num_items, bool)
                chosen[item_rows(data, choices[i], "choices")] = True
                pool &= chosen
            found = np.flatnonzero(pool)
            for limit in limits:
                found = found[_fits(limit, rows, found)]
            if not len(found):
                raise DataError(self._empty(wanted[i], limits, user_ids[i]))
            pools.append(found.astype(np.int32))
        vectors, known = self._scorer.users(user_ids)
        return [
            self._best(user_id, vectors[i], bool(known[i]), rows, pool, k)
            for i, (user_id, rows, pool) in enumerate(
                zip(user_ids, given, pools, strict=True)
            )
        ]

    def _empty(
        self, category: str | None, limits: Sequence[Limit], user_id: str
    ) -> str:
        of = "any category" if category is None else f"category {category!r}"
        kept = "".join(f", with the {limit}" for limit in limits)
        return (
            f"{self._scorer.data.name}: an item of {of} that may complete "
            f"the outfit of {user_id!r}{kept} was expected. Received: none "
            "that is left"
        )

    def _best(
        self,
        user_id: str,
        vector: np.ndarray,
        known: bool,
        given: np.ndarray,
        pool: np.ndarray,
        k: int,
    ) -> list[Completion]:
        data = self._scorer.data
        sets = np.empty((len(pool), len(given) + 1), np.int32)
        sets[:, :-1] = given
        sets[:, -1] = pool
        scores = self._scorer.scores(vector, sets)
        names = tuple(data.items.take(given))
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


def _fits(limit: Limit, given: np.ndarray, added: np.ndarray) -> np.ndarray:
    """Which items keep a limit, added to given ones."""
    if limit.of == "each":
        return np.ones(len(added), bool)
    total = limit.values[given].sum() + limit.values[added]
    room = slack(total)
    return (total >= limit.least - room) & (total <= limit.most + room)
