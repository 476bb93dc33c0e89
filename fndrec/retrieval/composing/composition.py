"""New outfits, and how sure it is that they are the best."""

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
        optimal: Whether every outfit that the template allows was looked at,
            so that these are proven to be the best.
        bound: No outfit scores higher. If `optimal` it is the best score,
            else what a cosine of 1 would score.
        space: Number of ways to fill the slots.
        visited: Number of sets that were scored, parts of outfits among them.
        sampled: Number of admissible outfits drawn at random, each as likely
            as another, among those that were scored.

    Example:

    >>> found = composer.compose("u007", ["top", "bottom", "shoes"])
    >>> found.outfits[0].item_ids, found.optimal, found.gap
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
        """How far the best outfit can be from the optimum: 0 if optimal."""
        return self.bound - self.outfits[0].score

    @property
    def visited_share(self) -> float:
        """Share of the space that was scored."""
        return self.visited / self.space

    def better_share(self, confidence: float = 0.95) -> float:
        """Share of the ways to fill the slots that may score higher.

        What was found scores no less than each of the n outfits drawn at
        random. If a share p scores higher than the best of these, all n
        missed it, which has the probability `(1 - p) ** n`.

        Args:
            confidence: How sure the bound is, over the draws.

        Returns:
            The bound: 0 if optimal, 1 without a random outfit.

        Raises:
            ValueError: If `confidence` is not between 0 and 1.
        """
        confidence = fraction("confidence", confidence, zero=False, one=False)
        if self.optimal:
            return 0.0
        if not self.sampled:
            return 1.0
        return float(1.0 - (1.0 - confidence) ** (1.0 / self.sampled))
