"""A value and where it probably lies."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Interval:
    """A value and where it probably lies.

    Attributes:
        value: The value.
        low: Lower end of the interval of 95%.
        high: Upper end.
    """

    value: float
    low: float
    high: float
