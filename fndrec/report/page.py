"""Renders the page from its template."""

import math
from typing import Any

from fndrec.evaluation.user_values import Interval

TEMPLATE = "report.html.j2"


def render(**context: Any) -> str:
    """Renders the template. Values not marked as safe are escaped.

    Args:
        **context: What the template names.

    Returns:
        The page.
    """
    # Here, as it comes with the extra `report`.
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("fndrec.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=_number, interval=_interval)
    return environment.get_template(TEMPLATE).render(**context)


def _number(value: float, digits: int = 3) -> str:
    return "none" if not math.isfinite(value) else f"{value:.{digits}f}"


def _interval(found: Interval) -> str:
    return f"{_number(found.low)} to {_number(found.high)}"
