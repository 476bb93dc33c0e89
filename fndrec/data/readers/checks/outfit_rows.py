"""Checks of the outfits table."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fndrec.data.outfit_data import IntArray, OnError
from fndrec.data.readers.checks.row_checks import RowChecks, cell, to_bools
from fndrec.data.readers.checks.source import (
    Source,
    SourceTable,
    as_text,
    is_lists,
    list_lengths,
    split_ids,
)
from fndrec.data.vocabulary import Vocabulary


def check_outfits(
    source: Source, items: Vocabulary, on_error: OnError, max_slots: int
) -> tuple[Vocabulary, IntArray]:
    """Checks the outfits table and returns the usable outfits.

    Returns:
        The outfit ids, and an int32 array `(outfits, slots)` of item rows,
        padded with -1.

    Raises:
        DataError: If a row cannot be used (with `on_error="raise"`).
    """
    table = source.outfits
    checks = RowChecks(table.source, table.num_rows, on_error, table.place)
    ids = table.text("outfit_id")
    checks.reject_bad_ids("outfit_id", ids)
    lists, lengths, names = _item_lists(table)
    checks.drop_copies(ids, pc.binary_join(lists, ";"))
    checks.reject_repeated("outfit_id", ids)
    received = cell(table.columns["item_ids"])
    checks.reject(
        lengths == 0, "item_ids", "should name at least one item", received
    )
    checks.reject(
        lengths > max_slots,
        "item_ids",
        f"should name at most {max_slots} items (`max_slots`)",
        received,
    )
    # The remaining outfits are short, so the matrix stays narrow.
    names = names.filter(pa.array(np.repeat(checks.keep, lengths)))
    lengths = np.where(checks.keep, lengths, 0)
    slots = np.arange(lengths.max(initial=1)) < lengths[:, None]
    empty = np.zeros(slots.shape, np.bool_)
    empty[slots] = to_bools(pc.equal(names, ""), null=True)
    checks.reject(
        np.any(empty, axis=1), "item_ids", "should hold no empty id", received
    )
    matrix = np.full(slots.shape, -1, np.int32)
    matrix[slots] = items.rows(names)
    unknown = slots & (matrix < 0)
    starts = np.cumsum(lengths) - lengths

    def first_unknown(row: int) -> object:
        return names[int(starts[row] + unknown[row].argmax())].as_py()

    usable = "" if on_error == "raise" else " that were kept"
    checks.reject(
        np.any(unknown, axis=1),
        "item_ids",
        f"should name items of {source.items.source}{usable}",
        first_unknown,
    )
    ordered = np.sort(matrix, axis=1)
    repeated = (ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)

    def first_repeated(row: int) -> object:
        return items[int(ordered[row, 1:][repeated[row]][0])]

    checks.reject(
        np.any(repeated, axis=1),
        "item_ids",
        "should name each item once",
        first_repeated,
    )
    matrix = matrix[checks.keep]
    longest = int(lengths[checks.keep].max(initial=1))
    return (
        Vocabulary(checks.kept(ids)),
        np.ascontiguousarray(matrix[:, :longest]),
    )


def _item_lists(
    table: SourceTable,
) -> tuple[pa.ListArray, npt.NDArray[np.integer], pa.StringArray]:
    """Returns the item ids per outfit, their number, and all ids in a row."""
    lists = table.columns["item_ids"]
    if pa.types.is_fixed_size_list(lists.type):
        lists = lists.cast(pa.list_(lists.type.value_type))
    if not is_lists(lists):
        lists = split_ids(table.text("item_ids"))
    names = as_text(pc.list_flatten(lists), table.source, "item_ids")
    # Integer ids cannot be joined.
    as_strings = lists.cast(pa.list_(pa.string()))
    return as_strings, list_lengths(lists), names
