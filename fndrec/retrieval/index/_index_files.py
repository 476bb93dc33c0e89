"""An index as a folder of arrays."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from fndrec.errors import DataError
from fndrec.files import atomic_folder
from fndrec.retrieval.index._contents import Contents
from fndrec.retrieval.index._growing import GrowingArray
from fndrec.retrieval.index._inverted_file import InvertedFile
from fndrec.retrieval.index._mutable_vocabulary import MutableVocabulary

LAYOUT = 1
ABOUT = "index.json"
CELLS = "cells.faiss"


def save(
    folder: Path,
    vectors: np.ndarray,
    present: np.ndarray,
    names: MutableVocabulary,
    contents: Contents,
    cells: InvertedFile | None,
) -> None:
    """Writes an index; see `OutfitIndex.save`."""
    other = folder.exists() and not (folder / ABOUT).is_file()
    if other and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(
            f"{folder}: should be a new folder or one of an index. "
            "Received: something else"
        )
    arrays = {
        "vectors": vectors,
        "present": present,
        "outfit_items": contents.outfit_items.array,
        "item_category": contents.item_category.array,
        "in_stock": contents.in_stock.array,
        **_text("outfits", names),
        **_text("items", contents.items),
        **_text("categories", contents.categories),
    }
    about = {
        "layout": LAYOUT,
        "probes": None if cells is None else cells.probes,
    }
    with atomic_folder(folder) as draft:
        for name, array in arrays.items():
            np.save(draft / f"{name}.npy", array, allow_pickle=False)
        if cells is not None:
            cells.save(draft / CELLS)
        (draft / ABOUT).write_text(json.dumps(about), encoding="utf-8")


def load(folder: Path) -> tuple[Any, ...]:
    """Opens an index: vectors, present, names, contents, cells."""
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        layout = about["layout"]
        if layout != LAYOUT:
            raise DataError(
                f"{folder}: layout {LAYOUT} was expected. Received: {layout}"
            )
        present = _open(folder, "present")
        contents = Contents(
            _names(folder, "items"),
            _names(folder, "categories"),
            _open(folder, "outfit_items"),
            _open(folder, "item_category"),
            _open(folder, "in_stock"),
        )
        vectors = _open(folder, "vectors")
        names = _names(folder, "outfits", present)
        if not len(vectors) == len(present) == len(names):
            raise ValueError("files of different lengths")
        cells = None
        if about["probes"] is not None:
            cells = InvertedFile.load(folder / CELLS, about["probes"])
    except DataError:
        raise
    except ModuleNotFoundError:
        raise
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise DataError(
            f"{folder}: should be a folder that `OutfitIndex.save` wrote. "
            f"Received: {error}"
        ) from error
    return (
        GrowingArray(vectors),
        GrowingArray(present),
        names,
        contents,
        cells,
    )


def _open(folder: Path, name: str) -> np.ndarray:
    # Pages that are changed are copied; the file stays as it is.
    path = folder / f"{name}.npy"
    if np.load(path, mmap_mode="r", allow_pickle=False).size == 0:
        return np.load(path, allow_pickle=False)
    return np.asarray(np.load(path, mmap_mode="c", allow_pickle=False))


def _text(name: str, names: MutableVocabulary) -> dict[str, np.ndarray]:
    """Strings as their bytes and where each begins, as Arrow keeps them."""
    # A large array counts beyond 2 GB of text.
    array = names.array().cast(pa.large_string())
    _, starts, text = array.buffers()
    return {
        f"{name}-starts": np.frombuffer(starts, np.int64)[: len(array) + 1],
        f"{name}-text": np.frombuffer(text or b"", np.uint8),
    }


def _names(
    folder: Path, name: str, present: np.ndarray | None = None
) -> MutableVocabulary:
    starts = _open(folder, f"{name}-starts")
    text = _open(folder, f"{name}-text")
    array = pa.LargeStringArray.from_buffers(
        len(starts) - 1, pa.py_buffer(starts), pa.py_buffer(text)
    )
    array.validate(full=True)
    return MutableVocabulary(
        array, np.ones(len(array), bool) if present is None else present
    )
