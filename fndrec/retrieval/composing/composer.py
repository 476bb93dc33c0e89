"""The best new outfits for a user."""

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from fndrec.checks import ids, integer, non_negative_int, positive_int
from fndrec.data import OutfitData
from fndrec.errors import DataError
from fndrec.models import OutfitRecommender
from fndrec.retrieval.composing._outfit_space import Constraint, OutfitSpace
from fndrec.retrieval.composing._set_scorer import SetScorer
from fndrec.retrieval.composing._slots import (
    allowed_items,
    assign,
    check_items,
    item_rows,
    slot_items,
)
from fndrec.retrieval.composing._starts import Starts
from fndrec.retrieval.composing._surrogate import slot_features
from fndrec.retrieval.composing._surrogate_search import (
    START,
    Search,
    best_beside,
)
from fndrec.retrieval.composing.composition import ComposedOutfit, Composition
from fndrec.retrieval.composing.limit import Limit


class OutfitComposer:
    """Finds the best new outfits among all that a template allows.

    Where these are few, each is scored: what is found is then proven to be
    the best. Where they are many, outfits are drawn at random, a surrogate of
    the score is fitted to them, and what it promises most of is scored next,
    round by round: see docs/recommend/compose.md. The answer says how far it
    can be from the best.

    Args:
        model: A trained model.
        data: The shop, with photos loaded if the model looks at them.
        item_vectors: `model.embed_items(data)` if it is at hand.
        exhaustive: Most outfits that are all scored.
        budget: Most outfits that are scored where there are more.
        seed: Seed of the random outfits.

    Raises:
        ValueError: If an argument is out of its range.
        DataError: If the data lacks what the model looks at.

    Example:

    >>> composer = fndrec.OutfitComposer(student, data)
    >>> budget = fndrec.Limit("price", price, most=120)
    >>> found = composer.compose(
    ...     "u007", ["top", "bottom", "shoes"], k=3, limits=[budget],
    ...     max_shared=1)
    >>> found.outfits[0].item_ids, found.optimal, found.gap
    """

    def __init__(
        self,
        model: OutfitRecommender,
        data: OutfitData,
        item_vectors: np.ndarray | None = None,
        *,
        exhaustive: int = 150_000,
        budget: int = 6_000,
        seed: int = 0,
    ) -> None:
        self.exhaustive = non_negative_int("exhaustive", exhaustive)
        self.budget = integer("budget", budget, 100)
        self.seed = seed
        self._scorer = SetScorer(model, data, item_vectors)

    def compose(
        self,
        user: str | npt.NDArray[np.float32],
        template: Sequence[str | None],
        k: int = 1,
        *,
        must: Collection[str] = (),
        exclude_items: Collection[str] = (),
        limits: Sequence[Limit] = (),
        constraint: Constraint | None = None,
        max_shared: int | None = None,
        new: bool = True,
    ) -> Composition:
        """The `k` best outfits for a user.

        Args:
            user: Id of the user, one not known gets the cold-start vector; or
                a unit vector `(dim,)`.
            template: For each item of the outfit the name of its category, or
                of its group, or `None` for any item.
            k: How many outfits.
            must: Ids of items that are in each outfit; each takes a slot of
                the template.
            exclude_items: Ids of items that are in none.
            limits: Limits on what is known of the items.
            constraint: A function from item rows, an int32 array `(outfits,
                items)` in any order of the items, to a bool array
                `(outfits,)`: which are allowed.
            max_shared: Most items that two of the outfits may have in common,
                those of `must` not counted. Each outfit is the best of those
                that may stand beside the ones before. By default they only
                need to differ.
            new: Whether outfits of the catalogue are left out.

        Returns:
            A `Composition`, of fewer outfits if there are no more.

        Raises:
            ValueError: If `k` is not positive, `max_shared` negative, or
                `template` empty, or a limit, the constraint or a vector
                is of a wrong shape.
            DataError: If a name or id is not known, a slot has no item left,
                or no outfit that is allowed was found.
        """
        k = positive_int("k", k)
        if max_shared is not None:
            max_shared = non_negative_int("max_shared", max_shared)
        space, order = self._space(
            template, must, exclude_items, limits, constraint, new
        )
        vector, name, known = self._user(user)
        starts = Starts(
            space,
            max(self.exhaustive, 1),
            max(50, int(START * self.budget)),
            np.random.default_rng(self.seed),
        )
        if not len(starts.outfits):
            raise DataError(self._none(starts, limits, constraint, new))

        def score(sets: np.ndarray) -> np.ndarray:
            return self._scorer.scores(vector, sets)

        if starts.complete:
            filled = starts.outfits
            scores = score(space.whole(filled)).astype(np.float64)
            best = best_beside(filled, scores, k, max_shared)
        else:
            search = Search(
                space,
                [
                    slot_features(self._scorer.item_vectors[pool])
                    for pool in space.pools
                ],
                score,
                self.budget,
            )
            search.run(starts.outfits, k, max_shared)
            filled, scores = search.filled, search.scores
            best = search.best(k, max_shared)
        limit = float(self._scorer.model.score.from_cosine(1.0))
        return Composition(
            user_id=name,
            known=known,
            outfits=tuple(
                ComposedOutfit(
                    tuple(
                        self._scorer.data.items.take(
                            space.whole(filled[row : row + 1])[0][order]
                        )
                    ),
                    float(scores[row]),
                )
                for row in best
            ),
            optimal=starts.complete,
            bound=float(scores[best[0]]) if starts.complete else limit,
            space=space.size,
            visited=len(scores),
            sampled=starts.sampled,
        )

    def _user(
        self, user: str | npt.NDArray[np.float32]
    ) -> tuple[np.ndarray, str | None, bool]:
        if isinstance(user, str):
            vectors, known = self._scorer.users([user])
            return vectors[0], user, bool(known[0])
        vector = np.asarray(user, np.float32)
        width = self._scorer.model.aggregator.dim
        if vector.shape != (width,) or not np.isclose(
            np.linalg.norm(vector), 1.0, atol=1e-3
        ):
            raise ValueError(
                f"`user` should be an id or a unit vector of shape ({width},)."
                f" Received: shape={vector.shape}, "
                f"length={np.linalg.norm(vector):.4g}"
            )
        return vector, None, True

    def _space(
        self,
        template: Sequence[str | None],
        must: Collection[str],
        exclude_items: Collection[str],
        limits: Sequence[Limit],
        constraint: Constraint | None,
        new: bool,
    ) -> tuple[OutfitSpace, list[int]]:
        """The outfits, and where the item of each slot stands in them."""
        data = self._scorer.data
        if not len(ids("template", template)):
            raise ValueError(
                "`template` should be a list of one category or more. "
                f"Received: template={template!r}"
            )
        slots = [slot_items(data, entry, "template") for entry in template]
        given = item_rows(data, must, "must", once=True)
        banned = item_rows(data, exclude_items, "exclude_items")
        for row in given:
            if row in banned:
                raise DataError(
                    "`must` and `exclude_items` should name different items. "
                    f"Received: {data.items[int(row)]!r} in both"
                )
        check_items(data, given, limits, "must")
        # A slot that takes little first: it leaves others the most.
        narrow = sorted(range(len(slots)), key=lambda i: int(slots[i].sum()))
        taken = assign([[i for i in narrow if slots[i][r]] for r in given])
        if taken is None:
            raise DataError(
                "The items of `must` should each fit a slot of `template` of "
                f"its own. Received: must={data.items.take(given)}, template="
                f"{list(template)}"
            )
        allowed = allowed_items(data, limits, banned)
        allowed[given] = False
        free = [i for i in range(len(slots)) if i not in taken]
        pools = []
        for i in free:
            pool = np.flatnonzero(slots[i] & allowed).astype(np.int32)
            if not len(pool):
                what = "any category" if template[i] is None else template[i]
                raise DataError(
                    f"{data.name}: items of {what!r}, slot {i + 1} of "
                    "`template`, were expected that are in neither `must` nor "
                    "`exclude_items` and keep the limits on each item. "
                    f"Received: none of {int(slots[i].sum())}"
                )
            pools.append(pool)
        space = OutfitSpace(
            data, given, pools, limits, constraint, new, self.seed
        )
        space.check_sums(data)
        at = {slot: place for place, slot in enumerate([*free, *taken])}
        return space, [at[i] for i in range(len(slots))]

    def _none(
        self,
        starts: Starts,
        limits: Sequence[Limit],
        constraint: Constraint | None,
        new: bool,
    ) -> str:
        asked = [str(limit) for limit in limits]
        if constraint is not None:
            asked.append("`constraint`")
        if new:
            asked.append("outfits that are new (`new=True`)")
        tried = "all" if starts.all_looked_at else "some"
        return (
            f"{self._scorer.data.name}: an outfit that keeps what was asked "
            f"for was expected: {', '.join(asked) or 'distinct items'}. "
            f"Received: none among {tried} of {starts.space.size:,} ways to "
            f"fill the template, of which {starts.looked_at:,} were looked at"
        )
