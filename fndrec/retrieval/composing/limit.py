"""What the items of an outfit may cost, weigh or have in stock."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from fndrec.checks import one_of

# How far, in parts of a sum of floats, rounding may carry it past a limit.
SLACK = 1e-9


@dataclass(frozen=True, eq=False)
class Limit:
    """A limit on a number that is known of each item.

    Either on the sum over the items of an outfit, such as its price, or on
    each item, such as what is in stock. An item whose number is not finite,
    as it is not known, stands in no outfit.

    Args:
        name: Its name, for messages.
        values: A number of each item, in the order of `data.items`.
        least: What it should be at the least.
        most: What it should be at the most.
        of: `"sum"` for the sum over the items, `"each"` for each item.

    Raises:
        ValueError: If `values` is not one number an item, `least` is above
            `most`, or `of` is not known.

    Example:

    >>> budget = fndrec.Limit("price", price, most=100)
    >>> in_stock = fndrec.Limit("stock", stock, least=1, of="each")
    """

    name: str
    values: npt.NDArray[np.float64] = field(repr=False)
    least: float = -np.inf
    most: float = np.inf
    of: Literal["sum", "each"] = "sum"

    def __post_init__(self) -> None:
        try:
            values = np.asarray(self.values, np.float64)
        except (TypeError, ValueError):
            values = np.zeros((0, 0))
        if values.ndim != 1:
            raise ValueError(
                f"`values` of the limit {self.name!r} should be one number an "
                f"item. Received: values={self.values!r:.80}"
            )
        object.__setattr__(self, "values", values)
        # So written that it holds for NaN too.
        if not self.least <= self.most:
            raise ValueError(
                f"`least` of the limit {self.name!r} should be at most "
                f"`most`. Received: least={self.least}, most={self.most}"
            )
        one_of("of", self.of, ("sum", "each"))

    def __str__(self) -> str:
        ends = []
        if self.least > -np.inf:
            ends.append(f"at least {self.least:g}")
        if self.most < np.inf:
            ends.append(f"at most {self.most:g}")
        words = " and ".join(ends) or "known"
        return f"{self.of} of {self.name!r} {words}"


def slack(total: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """How far sums may lie past a limit by rounding alone.

    Args:
        total: The sums.

    Returns:
        float64 array of their shape.
    """
    return SLACK * np.maximum(1.0, np.abs(total))
