"""Each like against the candidates that a data set comes with."""

import dataclasses
from collections.abc import Mapping
from typing import ClassVar

from fndrec.data import OutfitData
from fndrec.evaluation.candidates import Candidates
from fndrec.evaluation.protocols.candidate_ranking import (
    COLUMNS,
    CandidateRanking,
)


@dataclasses.dataclass(frozen=True, eq=False)
class FixedCandidates:
    """Ranks what files say: the same negatives and blanks for everyone.

    Args:
        candidates: The likes, negatives and blanks.
        name: Name of the protocol.
        source: Where the files come from.

    Example:

    >>> drawn = fndrec.evaluation.Candidates.of(data, "test", seed=7)
    >>> fixed = fndrec.evaluation.FixedCandidates(drawn)
    >>> fndrec.evaluate(model, data, "test", protocol=fixed)
    """

    candidates: Candidates
    name: str = "fixed"
    source: str = "the files of the data set"

    columns: ClassVar[Mapping[str, str]] = COLUMNS
    baselines: ClassVar[bool] = True

    def prepare(
        self, data: OutfitData, split: str, seed: int
    ) -> CandidateRanking:
        """Takes the candidates as they are; a seed changes nothing."""
        negatives = self.candidates.outfits.shape[1] - 1
        return CandidateRanking(
            self.candidates, f"each against {negatives} negatives ({self.name})"
        )
