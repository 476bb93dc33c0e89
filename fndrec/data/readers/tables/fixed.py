"""Fixed candidates in the package's own tables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fndrec.data.fixed_candidates import CandidateKind, FixedCandidates
from fndrec.data.outfit_data import OnError, OutfitData
from fndrec.data.readers.checks.fixed_rows import FixedSource, fixed_candidates
from fndrec.data.readers.checks.row_checks import RowChecks, cell
from fndrec.data.readers.checks.source import (
    as_text,
    id_lists,
    list_lengths,
    placed,
    source_table,
    split_ids,
)
from fndrec.data.readers.tables.csv import read_csv_file
from fndrec.data.readers.tables.parquet import read_parquet_file
from fndrec.files import atomic_path

_COLUMNS = {
    "blanks": ("user_id", "item_ids", "blank", "wrong_ids"),
    "negatives": ("user_id", "item_ids", "negatives"),
}


def read_table_fixed(
    folder: str | os.PathLike[str],
    data: OutfitData,
    on_error: OnError = "raise",
) -> dict[str, FixedCandidates]:
    """Reads `fitb_*`, `negatives_*` and `hard_*`, see `read_fixed`.

    Args:
        folder: The folder of the tables. `fitb_*` may be CSV or Parquet, the
            others are Parquet.
        data: The data set read from that folder.
        on_error: "drop" drops unusable rows.

    Raises:
        DataError: If a row cannot be used.
    """
    root = Path(folder)
    paths = {
        path.stem: path
        for pattern in ("fitb_*.csv", "[fnh]*_*.parquet")
        for path in sorted(root.glob(pattern))
        if path.stem.startswith(("fitb_", "negatives_", "hard_"))
    }
    return {
        name: fixed_candidates(
            (_blanks if name.startswith("fitb_") else _negatives)(
                path, on_error
            ),
            data,
            on_error,
        )
        for name, path in sorted(paths.items())
    }


def write_fixed(
    fixed: Mapping[str, FixedCandidates], data: OutfitData, folder: Path
) -> None:
    """Writes candidates to Parquet files that `read_fixed` reads.

    Args:
        fixed: The candidates by name, as `read_fixed` returns them.
        data: The data set that their rows refer to.
        folder: The folder to write to.
    """
    for name, candidates in fixed.items():
        outfits = candidates.outfits
        columns = {
            "user_id": pa.array(data.users.take(candidates.user)),
            "item_ids": id_lists(data.items.ids, outfits[:, 0]),
        }
        if candidates.kind == "blanks":
            slot = np.any(outfits != outfits[:, :1], axis=1).argmax(axis=-1)
            rows = np.arange(len(outfits))
            filled = outfits[rows, :, slot]
            columns["blank"] = pa.array(data.items.take(filled[:, 0]))
            columns["wrong_ids"] = id_lists(data.items.ids, filled[:, 1:])
        else:
            negatives = outfits[:, 1:]
            count = negatives.shape[1]
            columns["negatives"] = pa.ListArray.from_arrays(
                pa.array(np.arange(len(outfits) + 1) * count, pa.int32()),
                id_lists(
                    data.items.ids, negatives.reshape(-1, outfits.shape[2])
                ),
            )
        with atomic_path(folder / f"{name}.parquet") as draft:
            pq.write_table(pa.table(columns), draft)


def _blanks(path: Path, on_error: OnError) -> FixedSource:
    columns = _COLUMNS["blanks"]
    if path.suffix == ".csv":
        table = source_table(str(path), read_csv_file(path, columns, columns))
    else:
        table = read_parquet_file(path, columns, columns)
    checks = RowChecks(str(path), table.num_rows, on_error)
    outfits, _, item_ids = _lists(table.columns["item_ids"], str(path))
    wrong, wrong_count, wrong_ids = _lists(
        table.columns["wrong_ids"], str(path)
    )
    blank_ids = table.text("blank")
    ids = pa.chunked_array([item_ids, wrong_ids, blank_ids]).unique()
    outfits = _rows(outfits, item_ids, ids)
    wrong = _rows(wrong, wrong_ids, ids)
    blank = pc.index_in(blank_ids, ids).to_numpy(zero_copy_only=False)
    is_blank = outfits == blank[:, None]
    checks.reject(
        is_blank.sum(axis=1) != 1,
        "blank",
        "should be one of the items of `item_ids`",
        cell(blank_ids),
    )
    count = _check_counts(checks, "wrong_ids", wrong_count)
    keep = checks.keep
    outfits, slot = outfits[keep], is_blank[keep].argmax(axis=1)
    filled = np.repeat(outfits[:, None], 1 + count, axis=1)
    filled[np.arange(len(outfits)), 1:, slot] = wrong[keep, :count]
    return _source(path, "blanks", table.text("user_id"), ids, filled, keep)


def _negatives(path: Path, on_error: OnError) -> FixedSource:
    columns = _COLUMNS["negatives"]
    table = read_parquet_file(path, columns, columns)
    checks = RowChecks(str(path), table.num_rows, on_error)
    liked, _, liked_ids = _lists(table.columns["item_ids"], str(path))
    groups = table.columns["negatives"]
    count = _check_counts(checks, "negatives", list_lengths(groups))
    keep = checks.keep
    flat = pc.list_flatten(groups.filter(pa.array(keep)))
    negatives, _, negative_ids = _lists(flat, str(path))
    ids = pa.chunked_array([liked_ids, negative_ids]).unique()
    slots = max(liked.shape[1], negatives.shape[1])
    liked = _pad(_rows(liked, liked_ids, ids)[keep], slots)
    negatives = _pad(_rows(negatives, negative_ids, ids), slots)
    negatives = negatives.reshape(len(liked), count, slots)
    outfits = np.concatenate([liked[:, None], negatives], axis=1)
    users = table.text("user_id")
    return _source(path, "negatives", users, ids, outfits, keep)


def _check_counts(checks: RowChecks, column: str, counts: np.ndarray) -> int:
    """Rejects rows with another number of candidates than the first row."""
    first = int(counts[checks.keep][0]) if checks.keep.any() else 1
    checks.reject(
        (counts != first) | (counts == 0),
        column,
        f"should have {max(first, 1)} entries, as the first row does",
        lambda row: int(counts[row]),
    )
    return first


def _source(
    path: Path,
    kind: CandidateKind,
    users: pa.StringArray,
    item_ids: pa.StringArray,
    outfits: np.ndarray,
    keep: np.ndarray,
) -> FixedSource:
    return FixedSource(
        source=str(path),
        kind=kind,
        users=users.filter(pa.array(keep)),
        item_ids=item_ids,
        outfits=outfits,
        place=placed(str(path), np.flatnonzero(keep)),
    )


def _lists(
    column: pa.Array, source: str
) -> tuple[np.ndarray, np.ndarray, pa.StringArray]:
    """Returns positions in the flat ids, lengths, and the flat ids.

    The positions are padded with -1.
    """
    if not pa.types.is_list(column.type):
        column = split_ids(as_text(column, source, "item_ids"))
    lengths = list_lengths(column)
    flat = as_text(pc.list_flatten(column), source, "item_ids")
    width = int(lengths.max(initial=1))
    used = np.arange(width) < lengths[:, None]
    positions = np.full(used.shape, -1, np.int64)
    positions[used] = np.arange(len(flat))
    return positions, lengths, flat


def _rows(
    positions: np.ndarray, flat: pa.StringArray, ids: pa.StringArray
) -> np.ndarray:
    """Returns the rows in `ids` of the flat ids at some positions."""
    # Position -1, padding, selects the last entry.
    rows = np.append(pc.index_in(flat, ids).to_numpy(), -1)
    return rows[positions].astype(np.int64)


def _pad(rows: np.ndarray, slots: int) -> np.ndarray:
    width = ((0, 0), (0, slots - rows.shape[1]))
    return np.pad(rows, width, constant_values=-1)
