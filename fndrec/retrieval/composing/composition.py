"""Composed outfits, with bounds on how good others can be."""

from dataclasses import dataclass

from fndrec.checks import fraction


@dataclass(frozen=True)
class ComposedOutfit:
    """A new outfit.

    Attributes:
        item_ids: Its items, in the order of the template.
        score: Its score; higher is better.
    """

    item_ids: tuple[str, ...]
    score: float


@dataclass(frozen=True)
class Composition:
    """The best outfits found for a user.

    Attributes:
        user_id: The user; `None` if a vector was given.
        known: Whether the model knows the user.
        outfits: The outfits, best first.
        optimal: Whether all outfits that the template allows were scored, which
            proves that these are the best.
        bound: Upper bound on the score of any outfit: the best score if
            `optimal`, else the score of cosine 1.
        space: Number of ways to fill the slots.
        visited: Number of outfits that were scored.
        sampled: Number of admissible outfits among these that were drawn
            uniformly at random.

    Example:

    >>> best = composer.compose("u007", ["top", "bottom", "shoes"])
    >>> best.outfits[0].item_ids, best.optimal, best.gap
    """

    user_id: str | None
    known: bool
    outfits: tuple[ComposedOutfit, ...]
    optimal: bool
    bound: float
    space: int
    visited: int
    sampled: int

    @property
    def gap(self) -> float:
        """Upper bound on what the optimum scores more; 0 if optimal."""
        return self.bound - self.outfits[0].score

    @property
    def visited_share(self) -> float:
        """Share of the ways to fill the slots that were scored."""
        return self.visited / self.space

    def better_share(self, confidence: float = 0.95) -> float:
        """Bounds the share of the admissible fillings that score higher.

        The best outfit scores at least as high as each of n random outfits. If
        a share p of all outfits scored higher, all n draws would miss them with
        probability `(1 - p) ** n`.

        Args:
            confidence: Probability, over the draws, that the bound holds.

        Returns:
            The upper bound: 0 if optimal, 1 without random outfits.

        Raises:
            ValueError: If `confidence` is not between 0 and 1.
        """
        confidence = fraction("confidence", confidence, zero=False, one=False)
        if self.optimal:
            return 0.0
        if not self.sampled:
            return 1.0
        return float(1.0 - (1.0 - confidence) ** (1.0 / self.sampled))
