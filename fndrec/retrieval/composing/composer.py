"""Composes new outfits for a user."""

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
    RANDOM_SHARE,
    SurrogateSearch,
    select_best,
)
from fndrec.retrieval.composing.composition import ComposedOutfit, Composition
from fndrec.retrieval.composing.limit import Limit


class OutfitComposer:
    """Finds the best new outfits among those that a template allows.

    If these are few, all are scored, and the result is proven to be the best.
    If they are many, a random sample is scored and a surrogate of the score is
    fitted to it. Round by round, the outfits with the highest estimates are
    scored and added to the sample, see docs/recommend/compose.md. The result
    says how far it can be from the optimum.

    Args:
        model: A trained model.
        data: The shop, with photos loaded if the model takes photos.
        item_vectors: `model.embed_items(data)`; computed by default.
        exhaustive: Largest number of outfits that are all scored.
        budget: Number of outfits that are scored if there are more.
        seed: Seed of the random outfits.

    Raises:
        ValueError: If an argument is out of its range.
        DataError: If the data lacks an input of the model.

    Example:

    >>> composer = fndrec.OutfitComposer(student, data)
    >>> budget = fndrec.Limit("price", price, most=120)
    >>> best = composer.compose(
    ...     "u007", ["top", "bottom", "shoes"], k=3, limits=[budget],
    ...     max_shared=1)
    >>> best.outfits[0].item_ids, best.optimal, best.gap
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
        self.seed = non_negative_int("seed", seed)
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
        """Finds the `k` best outfits for a user.

        Args:
            user: Id of the user, or a unit vector `(dim,)`. An unknown user
                gets the cold-start vector.
            template: Category or group of each item of the outfit, or `None`
                for any item.
            k: Number of outfits.
            must: Ids of items that every outfit contains; each takes a slot of
                the template.
            exclude_items: Ids of items that no outfit contains.
            limits: Limits on numbers of the items, such as prices.
            constraint: Function from item rows, an int32 array `(outfits,
                items)` with the items in any order, to the mask of the allowed
                outfits, a bool array `(outfits,)`.
            max_shared: Number of items that two of the outfits may share, at
                most, not counting those of `must`. Each outfit is then the
                best of those that fit the outfits before it. By default the
                outfits only need to differ.
            new: Whether to leave out outfits of the catalogue.

        Returns:
            A `Composition`, with fewer outfits if there are no more.

        Raises:
            ValueError: If `k` is not positive, `max_shared` is negative,
                `template` is empty, or a limit, the result of the constraint
                or a vector has a wrong shape.
            DataError: If a name or id is unknown, a slot has no item left, or
                no allowed outfit was found.
        """
        k = positive_int("k", k)
        if max_shared is not None:
            max_shared = non_negative_int("max_shared", max_shared)
        space, order = self._outfit_space(
            template, must, exclude_items, limits, constraint, new
        )
        vector, user_id, known = self._user(user)
        starts = Starts(
            space,
            max(self.exhaustive, 1),
            max(50, int(RANDOM_SHARE * self.budget)),
            np.random.default_rng(self.seed),
        )
        if not len(starts.outfits):
            raise DataError(
                self._no_outfit_message(starts, limits, constraint, new)
            )

        def score(sets: np.ndarray) -> np.ndarray:
            return self._scorer.scores(vector, sets)

        if starts.complete:
            filled = starts.outfits
            scores = score(space.item_sets(filled)).astype(np.float64)
        else:
            search = SurrogateSearch(
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
        best = select_best(filled, scores, k, max_shared)
        limit = float(self._scorer.model.score.from_cosine(1.0))
        return Composition(
            user_id=user_id,
            known=known,
            outfits=tuple(
                ComposedOutfit(
                    tuple(
                        self._scorer.data.items.take(
                            space.item_sets(filled[row : row + 1])[0][order]
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
        """Returns the vector and id of a user, and whether it is known."""
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

    def _outfit_space(
        self,
        template: Sequence[str | None],
        must: Collection[str],
        exclude_items: Collection[str],
        limits: Sequence[Limit],
        constraint: Constraint | None,
        new: bool,
    ) -> tuple[OutfitSpace, list[int]]:
        """Returns the outfit space, and each slot's position in its outfits."""
        data = self._scorer.data
        if not len(ids("template", template)):
            raise ValueError(
                "`template` should be a list of one category or more. "
                f"Received: template={template!r}"
            )
        slots = [slot_items(data, entry, "template") for entry in template]
        fixed = item_rows(data, must, "must", distinct=True)
        excluded = item_rows(data, exclude_items, "exclude_items")
        for row in fixed:
            if row in excluded:
                raise DataError(
                    "`must` and `exclude_items` should name different items. "
                    f"Received: {data.items[int(row)]!r} in both"
                )
        check_items(data, fixed, limits, "must")
        # Slots with few candidates first, which leaves the others free.
        narrow = sorted(range(len(slots)), key=lambda i: int(slots[i].sum()))
        occupied = assign([[i for i in narrow if slots[i][r]] for r in fixed])
        if occupied is None:
            raise DataError(
                "Each item of `must` should fit a different slot of "
                f"`template`. Received: must={data.items.take(fixed)}, "
                f"template={list(template)}"
            )
        allowed = allowed_items(data, limits, excluded)
        allowed[fixed] = False
        free = [i for i in range(len(slots)) if i not in occupied]
        pools = []
        for i in free:
            pool = np.flatnonzero(slots[i] & allowed).astype(np.int32)
            if not len(pool):
                kind = "any category" if template[i] is None else template[i]
                raise DataError(
                    f"{data.name}: items of {kind!r}, slot {i + 1} of "
                    "`template`, were expected that are in neither `must` nor "
                    "`exclude_items` and keep the limits on each item. "
                    f"Received: none of {int(slots[i].sum())}"
                )
            pools.append(pool)
        space = OutfitSpace(
            data, fixed, pools, limits, constraint, new, self.seed
        )
        space.check_sums(data)
        positions = {slot: i for i, slot in enumerate([*free, *occupied])}
        return space, [positions[i] for i in range(len(slots))]

    def _no_outfit_message(
        self,
        starts: Starts,
        limits: Sequence[Limit],
        constraint: Constraint | None,
        new: bool,
    ) -> str:
        conditions = [str(limit) for limit in limits]
        if constraint is not None:
            conditions.append("`constraint`")
        if new:
            conditions.append("new outfits (`new=True`)")
        checked = "all" if starts.all_checked else "some"
        return (
            f"{self._scorer.data.name}: an outfit that meets the conditions "
            f"was expected: {', '.join(conditions) or 'distinct items'}. "
            f"Received: none among {checked} of {starts.space.size:,} ways to "
            f"fill the template, of which {starts.num_checked:,} were checked"
        )
