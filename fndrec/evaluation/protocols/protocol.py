"""Interfaces of evaluation protocols."""

from collections.abc import Mapping
from typing import Protocol as Interface

from fndrec.data import OutfitData
from fndrec.evaluation.scorer import Scorer
from fndrec.evaluation.user_values import UserValues


class Ranking(Interface):
    """The likes of a split and their competitors.

    Attributes:
        likes: Number of likes that are ranked.
        against: What against, in words.
    """

    @property
    def likes(self) -> int: ...

    @property
    def against(self) -> str: ...

    def measure(self, scorer: Scorer) -> dict[str, UserValues]:
        """Returns the metrics of one scorer, user by user."""


class Protocol(Interface):
    """An evaluation protocol: the likes, their competitors and the metrics.

    Attributes:
        name: Its name.
        source: Who measured so before.
        columns: Heads of the metrics, by their keys.
        baselines: Whether counts can be measured so, too.
    """

    @property
    def name(self) -> str: ...

    @property
    def source(self) -> str: ...

    @property
    def columns(self) -> Mapping[str, str]: ...

    @property
    def baselines(self) -> bool: ...

    def prepare(self, data: OutfitData, split: str, seed: int) -> Ranking:
        """Draws the competitors once, for all scorers.

        Args:
            data: The data set.
            split: Name of the split.
            seed: Seed of the draws.

        Returns:
            The ranking.

        Raises:
            DataError: If there is no such split, or no like to rank in it.
        """
