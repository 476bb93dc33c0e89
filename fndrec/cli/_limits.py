"""Limits on columns of `items.csv`."""

import argparse
import math

import numpy as np

from fndrec.data import OutfitData
from fndrec.data.readers.tables.csv import read_csv_file
from fndrec.errors import DataError
from fndrec.retrieval import Limit

KINDS = {
    "sum_max": ("sum", "most"),
    "sum_min": ("sum", "least"),
    "each_max": ("each", "most"),
    "each_min": ("each", "least"),
}


def add_limit_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments that limit the items of an outfit."""
    for name, (of, end) in KINDS.items():
        whose = "of an outfit together" if of == "sum" else "each"
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=_column_limit,
            action="append",
            default=[],
            metavar="COLUMN=NUMBER",
            help=f"what the items {whose} may have at {end} of a column of "
            "items.csv, such as price or stock; may be given again",
        )


def _column_limit(text: str) -> tuple[str, float]:
    column, _, number = text.rpartition("=")
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not column or not math.isfinite(value):
        raise argparse.ArgumentTypeError(
            f"expected COLUMN=NUMBER, received {text!r}"
        )
    return column, value


def limits_of(args: argparse.Namespace, data: OutfitData) -> list[Limit]:
    """Returns the requested limits.

    Args:
        args: The parsed arguments.
        data: The data set.

    Returns:
        The limits; an item whose cell is empty keeps none.

    Raises:
        DataError: If there is no `items.csv`, no such column in it, or
            a cell is no number.
    """
    asked = [
        (column, of, end, value)
        for name, (of, end) in KINDS.items()
        for column, value in getattr(args, name)
    ]
    if not asked:
        return []
    path = args.data_dir / "items.csv"
    columns = list(dict.fromkeys(column for column, *_ in asked))
    table = read_csv_file(path, ["item_id", *columns])
    # Rows that could not be used may have been dropped.
    rows = data.items.rows(table["item_id"].combine_chunks())
    values = {}
    for column in columns:
        found = np.full(data.num_items, np.nan)
        cells = table[column].to_pylist()
        for number, (row, cell) in enumerate(zip(rows, cells, strict=True), 1):
            if row >= 0 and cell:
                try:
                    found[row] = float(cell)
                except ValueError:
                    raise DataError(
                        f"{path}, row {number}: `{column}` should be a "
                        f"number. Received: {cell!r}"
                    ) from None
        values[column] = found
    return [
        Limit(column, values[column], of=of, **{end: value})  # type: ignore[arg-type]
        for column, of, end, value in asked
    ]
