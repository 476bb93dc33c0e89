"""Ranks each like against sampled negatives."""

import dataclasses
from collections.abc import Mapping
from typing import ClassVar

from fndrec.checks import integer, positive_int
from fndrec.data import OutfitData
from fndrec.evaluation.candidates import FITB_CHOICES, Candidates
from fndrec.evaluation.protocols.candidate_ranking import (
    COLUMNS,
    CandidateRanking,
)

LU_2019 = (
    "Lu et al. 2019, Learning Binary Code for Personalized Fashion "
    "Recommendation, section 5"
)


@dataclasses.dataclass(frozen=True)
class SampledNegatives:
    """Ranks each like against sampled negatives, and fills in blanks.

    Args:
        negatives: Negatives of each like.
        sampling: Kind of the negatives, see `NegativeSampler`; by default
            `"hard"` where users share outfits, else `"catalogue"`.
        choices: Choices of each blank, the true one among them.
        name: Name of the protocol.
        source: Who measured so before.

    Raises:
        ValueError: If `negatives` is not positive, or there are fewer
            than two `choices`.

    Example:

    >>> twenty = fndrec.evaluation.SampledNegatives(20, "hard")
    >>> fndrec.evaluate(model, data, "test", protocol=twenty)

    Reference: Lu et al. 2019, section 5.
    """

    negatives: int = 10
    sampling: str | Mapping[str, float] | None = None
    choices: int = FITB_CHOICES
    name: str = "sampled negatives"
    source: str = LU_2019

    columns: ClassVar[Mapping[str, str]] = COLUMNS
    baselines: ClassVar[bool] = True

    def __post_init__(self) -> None:
        positive_int("negatives", self.negatives)
        integer("choices", self.choices, 2)

    def prepare(
        self, data: OutfitData, split: str, seed: int
    ) -> CandidateRanking:
        """Draws the candidates, see `Candidates.from_data`."""
        drawn = Candidates.from_data(
            data, split, self.negatives, self.sampling, seed, self.choices
        )
        return CandidateRanking(
            drawn,
            f"each against {self.negatives} negatives ({drawn.sampling})",
        )
