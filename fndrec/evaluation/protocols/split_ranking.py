"""A split whose likes are ranked once the model is known."""

import dataclasses

from fndrec.data import OutfitData


@dataclasses.dataclass(frozen=True)
class SplitRanking:
    """What a ranking that draws for each model keeps until then.

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
        """Likes of the split: where users have to be new, fewer are ranked."""
        return len(self.data.likes(self.split))
