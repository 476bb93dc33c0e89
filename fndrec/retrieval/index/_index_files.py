"""Reads and writes an index as a folder of arrays."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa

from fndrec.errors import DataError
from fndrec.files import atomic_folder
from fndrec.retrieval.index._contents import Contents
from fndrec.retrieval.index._growing import GrowingArray
from fndrec.retrieval.index._inverted_file import InvertedFile
from fndrec.retrieval.index._mutable_vocabulary import MutableVocabulary

LAYOUT = 1
HEADER_FILE = "index.json"
CELLS_FILE = "cells.faiss"


def save(
    folder: Path,
    vectors: np.ndarray,
    present: np.ndarray,
    outfits: MutableVocabulary,
    contents: Contents,
    inverted_file: InvertedFile | None,
) -> None:
    """Writes an index, see `OutfitIndex.save`."""
    foreign = folder.exists() and not (folder / HEADER_FILE).is_file()
    if foreign and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(
            f"{folder}: should be a new folder or the folder of an index. "
            "Received: something else"
        )
    arrays = {
        "vectors": vectors,
        "present": present,
        "outfit_items": contents.outfit_items.array,
        "item_category": contents.item_category.array,
        "in_stock": contents.in_stock.array,
        **_text_arrays("outfits", outfits),
        **_text_arrays("items", contents.items),
        **_text_arrays("categories", contents.categories),
    }
    header = {
        "layout": LAYOUT,
        "probes": None if inverted_file is None else inverted_file.probes,
    }
    with atomic_folder(folder) as draft:
        for name, array in arrays.items():
            np.save(draft / f"{name}.npy", array, allow_pickle=False)
        if inverted_file is not None:
            inverted_file.save(draft / CELLS_FILE)
        (draft / HEADER_FILE).write_text(json.dumps(header), encoding="utf-8")


def load(
    folder: Path,
) -> tuple[
    GrowingArray,
    GrowingArray,
    MutableVocabulary,
    Contents,
    InvertedFile | None,
]:
    """Opens an index, see `OutfitIndex.load`.

    Returns:
        Vectors, which rows are present, outfit ids, contents and inverted file.
    """
    try:
        header = json.loads((folder / HEADER_FILE).read_text(encoding="utf-8"))
        layout = header["layout"]
        if layout != LAYOUT:
            raise DataError(
                f"{folder}: layout {LAYOUT} was expected. Received: {layout}"
            )
        present = _open(folder, "present")
        contents = Contents(
            _open_vocabulary(folder, "items"),
            _open_vocabulary(folder, "categories"),
            _open(folder, "outfit_items"),
            _open(folder, "item_category"),
            _open(folder, "in_stock"),
        )
        vectors = _open(folder, "vectors")
        outfits = _open_vocabulary(folder, "outfits", present)
        if not len(vectors) == len(present) == len(outfits):
            raise ValueError("files of different lengths")
        inverted_file = None
        if header["probes"] is not None:
            inverted_file = InvertedFile.load(
                folder / CELLS_FILE, header["probes"]
            )
    except (DataError, ModuleNotFoundError):
        raise
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise DataError(
            f"{folder}: should be a folder that `OutfitIndex.save` wrote. "
            f"Received: {error}"
        ) from error
    return (
        GrowingArray(vectors),
        GrowingArray(present),
        outfits,
        contents,
        inverted_file,
    )


def _open(folder: Path, name: str) -> np.ndarray:
    # Changed pages are copied in memory; the file stays as it is.
    path = folder / f"{name}.npy"
    if np.load(path, mmap_mode="r", allow_pickle=False).size == 0:
        return np.load(path, allow_pickle=False)
    return np.asarray(np.load(path, mmap_mode="c", allow_pickle=False))


def _text_arrays(
    name: str, vocabulary: MutableVocabulary
) -> dict[str, np.ndarray]:
    """Returns the bytes of strings and their offsets, in Arrow's layout."""
    # The offsets of a large array go beyond 2 GB of text.
    array = vocabulary.array().cast(pa.large_string())
    _, starts, text = array.buffers()
    return {
        f"{name}-starts": np.frombuffer(starts, np.int64)[: len(array) + 1],
        f"{name}-text": np.frombuffer(text or b"", np.uint8),
    }


def _open_vocabulary(
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
