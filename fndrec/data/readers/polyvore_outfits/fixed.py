"""The fixed candidates of Polyvore Outfits."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from fndrec.data.fixed_candidates import CandidateKind, FixedCandidates
from fndrec.data.outfit_data import OnError, OutfitData
from fndrec.data.readers.checks.fixed_rows import FixedSource, fixed_candidates
from fndrec.data.readers.checks.source import SPLITS
from fndrec.data.readers.polyvore_outfits.files import (
    SPLIT_FILES,
    USER,
    PolyvoreOutfitsFiles,
    load_list,
)
from fndrec.errors import DataError


def read_polyvore_outfits_fixed(
    folder: str | os.PathLike[str],
    data: OutfitData,
    on_error: OnError = "raise",
    *,
    variant: str | None = None,
) -> dict[str, FixedCandidates]:
    """Reads compatibility and fill-in-the-blank questions, see `read_fixed`.

    `compatibility_*.txt` gives `negatives_*`. Each outfit with label 1 is
    ranked against equally many outfits with label 0, in the order of the
    file. There is only one user, whose AUC is the AUC over all of them.
    `fill_in_blank_*.json` gives `fitb_*`. The right answer, which belongs to
    the same set as the question, is put first.

    Args:
        folder: As in `read_polyvore_outfits`.
        data: The data set that `read_polyvore_outfits` read there.
        on_error: "drop" drops questions with items that `data` lacks.
        variant: As in `read_polyvore_outfits`.

    Raises:
        DataError: If a file cannot be read.
    """
    files = PolyvoreOutfitsFiles(Path(folder), variant)
    items = _items_by_token(files)
    sources: dict[str, FixedSource] = {}
    for split in SPLITS:
        path = files.folder / f"compatibility_{split}.txt"
        if path.exists():
            sources[f"negatives_{split}"] = _compatibility(path, items)
        path = files.folder / f"fill_in_blank_{split}.json"
        if path.exists():
            sources[f"fitb_{split}"] = _blanks(path, items)
    return {
        name: fixed_candidates(source, data, on_error)
        for name, source in sources.items()
    }


def _items_by_token(files: PolyvoreOutfitsFiles) -> dict[str, str]:
    """Returns item ids by token, set and index, such as `199244701_1`."""
    return {
        f"{outfit}_{index}": item
        for split, name in SPLIT_FILES.items()
        if (files.folder / name).is_file()
        for outfit, items in files.outfits(split)
        for item, index in items
    }


def _compatibility(path: Path, items: Mapping[str, str]) -> FixedSource:
    outfits: dict[str, list[list[str]]] = {"1": [], "0": []}
    rows: list[int] = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: lines with a label and items were expected. "
            f"Received: {error}"
        ) from None
    for row, line in enumerate(lines, 1):
        label, *tokens = line.split() or [""]
        if label not in outfits or not tokens:
            raise DataError(
                f"{path}, line {row}: 1 or 0 and then items were expected. "
                f"Received: {line[:100]!r}"
            )
        place = f"{path}, line {row}"
        outfits[label].append([_item(token, items, place) for token in tokens])
        if label == "1":
            rows.append(row)
    ratio, rest = divmod(len(outfits["0"]), max(len(rows), 1))
    if rest or not ratio:
        raise DataError(
            f"{path}: the same number of lines with label 0 was expected for "
            f"each line with label 1. Received: {len(rows)} lines with label "
            f"1 and {len(outfits['0'])} with label 0"
        )
    groups = [
        [liked, *outfits["0"][ratio * number : ratio * (number + 1)]]
        for number, liked in enumerate(outfits["1"])
    ]
    return _source(path, "negatives", groups, [f"line {row}" for row in rows])


def _blanks(path: Path, items: Mapping[str, str]) -> FixedSource:
    groups: list[list[list[str]]] = []
    count = None
    for row, entry in enumerate(load_list(path), 1):
        place = f"{path}, row {row}"
        question, answers = entry.get("question"), entry.get("answers")
        position = entry.get("blank_position")
        if (
            not isinstance(question, list)
            or not isinstance(answers, list)
            or not isinstance(position, int)
            or not question
            or not 1 <= position <= len(question) + 1
        ):
            raise DataError(
                f"{place}: an object with lists `question` and `answers` and "
                "`blank_position`, from 1 to one more than the length of "
                f"`question`, was expected. Received: {str(entry)[:150]}"
            )
        outfit = _set_of(question[0])
        right = [answer for answer in answers if _set_of(answer) == outfit]
        wrong = [answer for answer in answers if _set_of(answer) != outfit]
        count = count or len(answers)
        if len(right) != 1 or not wrong or len(answers) != count:
            raise DataError(
                f"{place}: {max(count, 2)} answers were expected, one of them "
                f"of set {outfit}. Received: {answers}"
            )
        present = [_item(token, items, place) for token in question]
        groups.append(
            [
                [
                    *present[: position - 1],
                    _item(answer, items, place),
                    *present[position - 1 :],
                ]
                for answer in right + wrong
            ]
        )
    rows = [f"row {row + 1}" for row in range(len(groups))]
    return _source(path, "blanks", groups, rows)


def _set_of(token: object) -> str:
    return str(token).rsplit("_", 1)[0]


def _item(token: object, items: Mapping[str, str], place: str) -> str:
    item = items.get(str(token))
    if item is None:
        raise DataError(
            f"{place}: set and index of an item in {', '.join(SPLIT_FILES)} "
            f"were expected. Received: {token!r}"
        )
    return item


def _source(
    path: Path,
    kind: CandidateKind,
    groups: list[list[list[str]]],
    places: list[str],
) -> FixedSource:
    flat = [outfit for group in groups for outfit in group]
    lengths = np.array([len(outfit) for outfit in flat], int)
    names = pa.array([item for outfit in flat for item in outfit], pa.string())
    encoded = names.dictionary_encode()
    used = np.arange(lengths.max(initial=1)) < lengths[:, None]
    outfits = np.full(used.shape, -1, np.int64)
    outfits[used] = encoded.indices.to_numpy()
    candidates = len(groups[0]) if groups else 1
    return FixedSource(
        source=str(path),
        kind=kind,
        users=pa.array([USER] * len(groups), pa.string()),
        item_ids=encoded.dictionary,
        outfits=outfits.reshape(len(groups), candidates, -1),
        place=lambda row: f"{path}, {places[row]}",
    )
