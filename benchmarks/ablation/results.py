"""Results of the runs."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.ablation.runs import Run
from benchmarks.ablation.variant import Variant
from benchmarks.common.statistics import Difference, paired_difference

FloatArray = npt.NDArray[np.float64]


class Results:
    """Records of runs that have been done.

    Args:
        out: Folder of the study.
    """

    def __init__(self, out: Path) -> None:
        self.out = out

    def record(self, run: Run) -> dict[str, Any]:
        """The record of a run that has been done."""
        found = run.record(self.out)
        if found is None:
            raise LookupError(
                f"{run.records(self.out).path}: no record of {run}"
            )
        return found

    def valid_auc(
        self, variant: Variant, on: Mapping[str, Sequence[int]]
    ) -> float:
        """Mean AUC on `valid`, worlds counting alike.

        Args:
            variant: The variant.
            on: Seeds by world.
        """
        by_world = [
            np.mean(
                [
                    self.record(Run(world, variant, seed))["valid_auc"]
                    for seed in seeds
                ]
            )
            for world, seeds in on.items()
        ]
        return float(np.mean(by_world))

    def best(
        self,
        variants: Iterable[Variant],
        on: Mapping[str, Sequence[int]],
        number: int = 1,
    ) -> list[Variant]:
        """The variants of the highest AUC on `valid`, best first."""
        return sorted(
            variants, key=lambda variant: -self.valid_auc(variant, on)
        )[:number]

    def by_user(
        self, variant: Variant, world: str, seeds: Sequence[int], key: str
    ) -> FloatArray:
        """AUCs `(seeds, users)` on likes that no choice has seen."""
        rows = [
            self.record(Run(world, variant, seed, final=True))[key]
            for seed in seeds
        ]
        return np.array(rows, np.float64)

    def difference(
        self,
        first: Variant,
        second: Variant,
        worlds: Sequence[str],
        seeds: Sequence[int],
        key: str,
    ) -> Difference:
        """The paired difference of two variants."""
        return paired_difference(
            [self.by_user(first, world, seeds, key) for world in worlds],
            [self.by_user(second, world, seeds, key) for world in worlds],
        )
