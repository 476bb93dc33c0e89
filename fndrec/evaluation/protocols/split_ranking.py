"""A split whose ranking depends on the model."""

import dataclasses

from fndrec.data import OutfitData


@dataclasses.dataclass(frozen=True)
class SplitRanking:
    """Base of rankings that draw their candidates per model.

    Args:
        data: The data set.
        split: Name of the split.
        seed: Seed of the draws.
    """

    data: OutfitData
    split: str
    seed: int

    @property
    def likes(self) -> int:
        """Number of likes of the split; of new users only, fewer are ranked."""
        return len(self.data.likes(self.split))
