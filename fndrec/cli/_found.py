"""Output of a command: a table, a picture and the record of the run."""

import argparse
import contextlib
import csv
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fndrec.cli._run import RunRecord
from fndrec.data import OutfitData
from fndrec.errors import DataError
from fndrec.files import atomic_path
from fndrec.plots import outfit_sheet

# A picture of more rows is too large for what shows pictures.
SHEET_ROWS = 40


@dataclasses.dataclass(frozen=True)
class ResultRow:
    """One row of the results.

    Attributes:
        heading: What it was found for: a user or a query.
        rank: Its place, from 1, among what was found for it.
        item_ids: The items of the outfit found.
        score: Its score; higher is better.
        columns: More columns of the table by name, the same ones in each row.
        note: A line for the picture.
    """

    heading: str
    rank: int
    item_ids: Sequence[str]
    score: float
    columns: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    note: str = ""


def add_out_argument(parser: argparse.ArgumentParser) -> None:
    """Adds the argument `--out`."""
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder for the table and, where photos are known, the picture",
    )


def check_out(out: Path) -> None:
    """Checks before long work that `--out` can be a folder."""
    if out.exists() and not out.is_dir():
        raise DataError(f"{out}: should be a folder. Received: a file")


def write_found(
    args: argparse.Namespace,
    record: RunRecord,
    data: OutfitData,
    rows: Sequence[ResultRow],
    heading: str = "user_id",
    queries: Mapping[str, Sequence[str]] | None = None,
    draw: Callable[[Path], None] | None = None,
    **results: Any,
) -> None:
    """Writes `COMMAND.csv`, `COMMAND.png` and `run.json` to `args.out`.

    The table has the columns `heading`, rank, item_ids joined by `;`, score,
    and the rows' own. The picture is drawn if photos are loaded, of the first
    rows if there are many; one of an earlier run goes if none is drawn now.
    All or none of table and picture are replaced.

    Args:
        args: The parsed arguments: `command` and `out`.
        record: The record of the run.
        data: The data set; the picture shows its photos.
        rows: What was found; rows of one heading follow one another.
        heading: Name of the column of the headings.
        queries: Items drawn above the rows of a heading, such as those of a
            query outfit.
        draw: Draws a picture of its own, with photos or without, in place
            of a row of photos an outfit.
        **results: What `run.json` says beside the number of rows.
    """
    folder, name = args.out, args.command
    picture = folder / f"{name}.png"
    drawn = bool(rows) and (draw is not None or data.store is not None)
    with contextlib.ExitStack() as files:
        if drawn:
            # First what can fail.
            sheet = files.enter_context(atomic_path(picture))
            if draw is None:
                outfit_sheet(data, _sheet_rows(rows, queries or {}), sheet)
            else:
                draw(sheet)
        table = files.enter_context(atomic_path(folder / f"{name}.csv"))
        _write_table(table, rows, heading)
    if not drawn:
        picture.unlink(missing_ok=True)
    record.save(folder, metrics={"rows": len(rows), **results})
    print(f"{len(rows):,} rows are in {folder / name}.csv")
    if draw is not None and drawn:
        print(f"The picture is {picture}")
    elif drawn:
        shown = min(len(rows), SHEET_ROWS)
        of_them = "they" if shown == len(rows) else f"the first {shown}"
        print(f"{of_them} are drawn in {picture}".capitalize())


def _write_table(path: Path, rows: Sequence[ResultRow], heading: str) -> None:
    more = list(rows[0].columns) if rows else []
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([heading, "rank", "item_ids", "score", *more])
        for row in rows:
            if list(row.columns) != more:
                raise ValueError(
                    f"`rows` should have the same columns: {more}. "
                    f"Received: {list(row.columns)}"
                )
            writer.writerow(
                [
                    row.heading,
                    row.rank,
                    ";".join(row.item_ids),
                    f"{row.score:.8g}",
                    *row.columns.values(),
                ]
            )


def _sheet_rows(
    rows: Sequence[ResultRow], queries: Mapping[str, Sequence[str]]
) -> list[tuple[str, Sequence[str]]]:
    """Returns the labels and items of the rows of the picture."""
    drawn: list[tuple[str, Sequence[str]]] = []
    last = None
    for row in rows[:SHEET_ROWS]:
        if row.heading != last and row.heading in queries:
            drawn.append((row.heading, queries[row.heading]))
        last = row.heading
        label = f"{row.heading}\n{row.rank}: {row.score:.2f}"
        drawn.append((f"{label}\n{row.note}".rstrip(), row.item_ids))
    return drawn
