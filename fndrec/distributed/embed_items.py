"""Worker that embeds rows of a catalogue."""

import itertools
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from fndrec.distributed.exported import Exported
from fndrec.distributed.photo_file import read_inside, refusal

# Names of a signature's inputs in a catalogue, and what they hold there.
COLUMNS: dict[str, tuple[str, tuple[str, ...]]] = {
    "image_bytes": ("image", ("strings", "bytes")),
    "feature": ("feature", ("lists of floats",)),
    "category": ("category", ("strings",)),
    "item_id": ("item_id", ("strings",)),
}
READERS = 8


class EmbedItems:
    """Embeds rows of a catalogue with the signature `embed_items`.

    Photos are read ahead by threads while the model computes.

    Args:
        version: The SavedModel.
        photo_root: Folder that paths of photos start from.
        batch_size: Items embedded at once.
    """

    def __init__(
        self, version: Path, photo_root: Path, batch_size: int = 64
    ) -> None:
        self.model = Exported(version, "embed_items")
        self.photo_root = photo_root
        self.batch_size = batch_size

    @property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """Returns the required columns of the catalogue and their types."""
        found = dict([COLUMNS["item_id"]])
        found.update(COLUMNS[name] for name in self.model.inputs)
        return found

    def __call__(
        self, table: pa.Table
    ) -> tuple[pa.Table, list[dict[str, Any]]]:
        """Embeds rows of the catalogue.

        Args:
            table: Rows of the catalogue.

        Returns:
            `"item_id"` and `"embedding"` of all rows that can be embedded, in
            their order, and of each other one its `"row"` in the table, its
            `"id"` and the `"reason"`.
        """
        ids = table["item_id"].to_pylist()
        good: list[int] = []
        bad: list[dict[str, Any]] = []
        vectors = []
        for rows, inputs, reasons in self._batches(table):
            found = self.model(**inputs)
            for at, row in enumerate(rows):
                reason = reasons[at]
                if reason is None and not found["valid"][at]:
                    reason = self._reason(inputs, at)
                if reason is None:
                    good.append(row)
                else:
                    bad.append({"row": row, "id": ids[row], "reason": reason})
            usable = [reason is None for reason in reasons]
            vectors.append(found["embedding"][found["valid"] & usable])
        matrix = np.concatenate(vectors)
        embeddings = pa.FixedSizeListArray.from_arrays(
            pa.array(matrix.reshape(-1)), matrix.shape[1]
        )
        made = {
            "item_id": pa.array([ids[row] for row in good], pa.string()),
            "embedding": embeddings,
        }
        return pa.table(made), bad

    def _batches(
        self, table: pa.Table
    ) -> Iterator[tuple[range, dict[str, Any], list[str | None]]]:
        """Yields rows with their inputs, and the reason a row is refused."""
        starts = range(0, len(table), self.batch_size)
        with ThreadPoolExecutor(READERS) as readers:
            read = None
            if "image_bytes" in self.model.inputs:
                photos = table["image"]
                waiting: list[Any] = []
                ahead = iter(starts)

                def read_ahead(batches: int) -> None:
                    for start in itertools.islice(ahead, batches):
                        part = photos.slice(start, self.batch_size)
                        waiting.append(
                            [
                                readers.submit(self._photo, photo)
                                for photo in part.to_pylist()
                            ]
                        )

                read = read_ahead
                read(2)
            for start in starts:
                part = table.slice(start, self.batch_size)
                rows = range(start, start + len(part))
                reasons: list[str | None] = [None] * len(part)
                inputs = {
                    name: self._column(name, part, reasons)
                    for name in self.model.inputs
                    if name != "image_bytes"
                }
                if read is not None:
                    done = [future.result() for future in waiting.pop(0)]
                    read(1)
                    inputs["image_bytes"] = np.array(
                        [photo for photo, _ in done], dtype=object
                    )
                    for at, (_, reason) in enumerate(done):
                        reasons[at] = reasons[at] or reason
                yield rows, inputs, reasons

    def _photo(self, photo: str | bytes | None) -> tuple[bytes, str | None]:
        """Reads the bytes of a photo, or gives the reason why not."""
        if photo is None:
            return b"", "no photo"
        if isinstance(photo, bytes):
            return photo, None
        try:
            return read_inside(self.photo_root, photo), None
        except OSError as error:
            return b"", f"{photo}: {error.strerror or error}"

    def _column(
        self, name: str, part: pa.Table, reasons: list[str | None]
    ) -> np.ndarray:
        values = part[COLUMNS[name][0]].to_pylist()
        if name != "feature":
            # What is not known has a place of its own in the model.
            return np.array([value or "" for value in values], dtype=object)
        width = int(self.model.inputs[name].shape[1])
        made = np.zeros((len(values), width), np.float32)
        for at, value in enumerate(values):
            size = 0 if value is None else len(value)
            if size == width and None not in value:
                made[at] = value
            else:
                reasons[at] = f"feature: {width} floats expected, got {size}"
        return made

    def _reason(self, inputs: dict[str, Any], at: int) -> str:
        """Returns the reason why the model refused a row."""
        if "feature" in inputs and not np.isfinite(inputs["feature"][at]).all():
            return "feature: not finite"
        return refusal(inputs["image_bytes"][at])


def root_of(catalogue: Path) -> Path:
    """Returns the default folder of photos: that of the catalogue."""
    return Path(os.path.abspath(catalogue)).parent
