"""POG, also known as Alibaba iFashion."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fndrec.checks import positive_int
from fndrec.data.outfit_data import OnError, OutfitData
from fndrec.data.readers.checks.build import build, check_arguments
from fndrec.data.readers.checks.row_checks import cell, to_bools
from fndrec.data.readers.checks.source import Source, SourceTable, check_folder
from fndrec.data.readers.formats.growing_ids import GrowingIds
from fndrec.data.readers.formats.line_stream import (
    LineStream,
    empty,
    joined,
)
from fndrec.data.readers.formats.split_likes import split_likes

logger = logging.getLogger("fndrec.data")
ScalarT = TypeVar("ScalarT", bound=np.generic)

OUTFITS, USERS, ITEMS = "outfit_data.txt", "user_data.txt", "item_data.txt"


def read_pog(
    folder: str | os.PathLike[str],
    on_error: OnError = "raise",
    max_slots: int = 9,
    *,
    valid: float = 0.1,
    test: float = 0.1,
    seed: int = 0,
    min_likes: int = 1,
) -> OutfitData:
    """Reads the three files of POG.

    ```text
    outfit_data.txt    outfit_id,item_id;item_id;...        1,013,136 lines
    user_data.txt      user_id,item_id;item_id;...,outfit_id  19,191,117
    item_data.txt      item_id,cate_id,pic_url,title          4,747,039
    ```

    The files have neither header nor quotes, and a title may contain commas.
    A line of `user_data.txt` is a click on an outfit after clicks on items.
    It is read as a like; the items are ignored. Repeated clicks on an outfit
    are one like. Items in no outfit are left out.

    The files are read in blocks. In memory, a line of `user_data.txt` takes
    16 bytes, and the id of each user is stored once.

    Args:
        folder: The folder of the three files.
        on_error: As in `read_csv`.
        max_slots: As in `read_csv`. Published outfits have 3 to 9 items.
        valid: Share of each user's likes for valid, rounded down. There is no
            published split.
        test: As `valid`, for test.
        seed: Seed of the split.
        min_likes: Users with fewer likes are left out. Published studies keep
            users with tens of likes.

    Returns:
        The data set; categories are the values of `cate_id`.

    Raises:
        DataError: If a file is missing, a line has too few fields, an outfit
            or an item is unknown, or as in `read_csv`.

    Example:

    >>> data = fndrec.data.read_pog("pog", min_likes=60)

    Reference: Chen et al. 2019, POG: Personalized Outfit Generation for
    Fashion Recommendation at Alibaba iFashion, KDD;
    https://github.com/wenyuer/POG.
    """
    check_arguments(on_error, max_slots)
    min_likes = positive_int("min_likes", min_likes)
    root = Path(folder)
    check_folder(root)
    users = LineStream(
        root / USERS,
        ("user_id", "item_ids", "outfit_id"),
        ("user_id", "outfit_id"),
        on_error,
    )
    items = LineStream(
        root / ITEMS,
        ("item_id", "cate_id", "pic_url", "title"),
        ("item_id", "cate_id"),
        on_error,
    )
    outfits = _outfits(root / OUTFITS, on_error)
    return build(
        Source(
            name=root.resolve().name,
            items=_items(items, outfits),
            outfits=outfits,
            likes=_likes(users, outfits, min_likes, (valid, test, seed)),
            photo_root=None,
        ),
        on_error,
        max_slots,
    )


def _outfits(path: Path, on_error: OnError) -> SourceTable:
    stream = LineStream(
        path, ("outfit_id", "item_ids"), ("outfit_id", "item_ids"), on_error
    )
    blocks = list(stream)
    lines = _concatenated([block.line for block in blocks], np.int64)
    return _table(stream, joined(blocks, stream), lines)


def _items(stream: LineStream, outfits: SourceTable) -> SourceTable:
    """Returns the items in any outfit. Users only clicked on the others."""
    lists = pc.split_pattern(outfits.columns["item_ids"], ";")
    used = pc.unique(pc.list_flatten(lists))
    blocks = [
        block.kept(
            to_bools(pc.is_in(block.fields["item_id"], value_set=used))
            # Items without an id stay and are reported.
            | empty(block.fields["item_id"])
        )
        for block in stream
    ]
    columns = joined(blocks, stream)
    columns["category"] = columns.pop("cate_id")
    lines = _concatenated([block.line for block in blocks], np.int64)
    return _table(stream, columns, lines)


def _likes(
    stream: LineStream,
    outfits: SourceTable,
    min_likes: int,
    division: tuple[float, float, int],
) -> dict[str, SourceTable]:
    outfit_ids = outfits.columns["outfit_id"]
    # Arrow would hash all outfits again for each block.
    row_of = {name: row for row, name in enumerate(outfit_ids.to_pylist())}
    users = GrowingIds()
    liked, lines = [], []
    for block in stream:
        values = block.fields["outfit_id"]
        encoded = values.dictionary_encode()
        distinct = [row_of.get(n, -1) for n in encoded.dictionary.to_pylist()]
        rows = np.array(distinct, np.int32)[encoded.indices.to_numpy()]
        keep = stream.reject(
            block,
            rows < 0,
            "outfit_id",
            f"should name an outfit of {outfits.source}",
            cell(values),
        )
        block, rows = block.kept(keep), rows[keep]
        names = block.fields["user_id"]
        keep = stream.reject(
            block,
            empty(names),
            "user_id",
            "should not be empty",
            cell(names),
        )
        users.add(block.kept(keep).fields["user_id"])
        liked.append(rows[keep])
        lines.append(block.line[keep])
    user, outfit, line = _distinct(
        users.codes(),
        _concatenated(liked, np.int32),
        _concatenated(lines, np.int64),
    )
    if min_likes > 1:
        keep = np.bincount(user)[user] >= min_likes
        logger.info(
            "%s: left out %d likes of users with fewer than %d",
            stream.path,
            np.sum(~keep),
            min_likes,
        )
        user, outfit, line = user[keep], outfit[keep], line[keep]
    return {
        split: _table(
            stream,
            {
                "user_id": _named(user[rows], users.ids),
                "outfit_id": _named(outfit[rows], outfit_ids),
            },
            line[rows],
        )
        for split, rows in split_likes(user, *division).items()
    }


def _distinct(
    user: npt.NDArray[np.int32],
    outfit: npt.NDArray[np.int32],
    line: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Returns the first line of each user and outfit, in order of lines."""
    key = user.astype(np.int64) << 32 | outfit
    first = np.sort(np.unique(key, return_index=True)[1])
    return user[first], outfit[first], line[first]


def _table(
    stream: LineStream,
    columns: dict[str, pa.Array],
    line: npt.NDArray[np.int64],
) -> SourceTable:
    return SourceTable(
        str(stream.path),
        columns,
        lambda row: stream.place(int(line[row])),
    )


def _named(codes: npt.NDArray[np.int32], names: pa.Array) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes), names)


def _concatenated(
    arrays: list[npt.NDArray[ScalarT]], dtype: type[ScalarT]
) -> npt.NDArray[ScalarT]:
    return np.concatenate([np.zeros(0, dtype), *arrays])
