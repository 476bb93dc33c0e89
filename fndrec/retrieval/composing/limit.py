"""Limits on numbers of the items of an outfit, such as price or stock."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from fndrec.checks import one_of

# Relative error of sums by rounding.
SLACK = 1e-9


@dataclass(frozen=True, eq=False)
class Limit:
    """A limit on a number of each item.

    It holds either for the sum over the items of an outfit, such as the price,
    or for each item, such as the stock. An item whose number is not finite,
    because it is unknown, is in no outfit.

    Args:
        name: Its name, for messages.
        values: One number per item, in the order of `data.items`.
        least: The least value allowed.
        most: The greatest value allowed.
        of: `"sum"` for the sum over the items, `"each"` for each item.

    Raises:
        ValueError: If `values` is not one number per item, `least` is above
            `most`, or `of` is unknown.

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
        # Written so that NaN fails.
        if not self.least <= self.most:
            raise ValueError(
                f"`least` of the limit {self.name!r} should be at most "
                f"`most`. Received: least={self.least}, most={self.most}"
            )
        one_of("of", self.of, ("sum", "each"))

    def __str__(self) -> str:
        bounds = []
        if self.least > -np.inf:
            bounds.append(f"at least {self.least:g}")
        if self.most < np.inf:
            bounds.append(f"at most {self.most:g}")
        return f"{self.of} of {self.name!r} {' and '.join(bounds) or 'known'}"


def slack(total: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Returns how far rounding can carry sums past a limit.

    Args:
        total: The sums.

    Returns:
        Float64 array of the same shape.
    """
    return SLACK * np.maximum(1.0, np.abs(total))


def sum_excess(
    limit: Limit, totals: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Returns by how much sums break a limit, 0 where they keep it.

    Args:
        limit: A limit on sums.
        totals: Float64 array of the sums of outfits.

    Returns:
        Float64 array of the same shape.
    """
    excess = np.maximum(totals - limit.most, limit.least - totals)
    return np.where(excess > slack(totals), excess, 0.0)
