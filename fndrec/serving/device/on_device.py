"""Models for devices that have no TensorFlow."""

import dataclasses
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fndrec.checks import ids
from fndrec.data import OutfitData
from fndrec.errors import DataError
from fndrec.extras import require
from fndrec.files import named_errors
from fndrec.layers import UserAnchors
from fndrec.models import OutfitRecommender, align
from fndrec.serving.device import _litert, _onnx
from fndrec.serving.device._device_parts import DevicePart, device_parts
from fndrec.serving.device._int8_ranking import int8_best_kept
from fndrec.serving.id_files import check_lines, write_lines

RUNTIMES = ("litert", "onnx")
# Of float files, to what the model itself gives; of 8-bit ones, the mean
# cosine below which there is no file.
TOLERANCE = 1e-4
LEAST_COSINE = 0.99


@dataclasses.dataclass(frozen=True)
class DeviceFile:
    """One file for a device, compared with the model it was made of.

    Attributes:
        name: Name of the file; None if there is none, see `reason`.
        part: `"item_tower"`, `"aggregator"` or `"users"`.
        kind: `"litert"`, `"litert int8"` or `"onnx"`.
        bytes: Its size.
        difference: Largest absolute difference of an embedding.
        cosine: Mean cosine of embeddings to the model's.
        reason: Why there is no file.
    """

    name: str | None
    part: str
    kind: str
    bytes: int | None = None
    difference: float | None = None
    cosine: float | None = None
    reason: str | None = None


def export_on_device(
    model: OutfitRecommender,
    path: str | Path,
    data: OutfitData,
    runtimes: Sequence[str] = RUNTIMES,
) -> list[DeviceFile]:
    """Writes item tower, aggregator and users as files for small runtimes.

    Each is a function from arrays to `embedding`, float32 `(batch, dim)`:

    - `item_tower`: what the model looks at, `image` uint8, `feature` float32,
      `category` and `id` int32, the line in `categories.txt` or `items.txt`
      counted from 1, 0 for one not known.
    - `aggregator`: `item_embedding` float32 `(batch, slots, dim)`, as many
      slots as the longest outfit of `data` has, and `length` int32 `(batch,)`.
    - `users`: `user` int32 `(batch,)`, the line in `users.txt` counted from
      1, 0 for one not known.

    The cosine of user and outfit, divided by the temperature in `report.json`,
    is the score. For LiteRT there are files with 8-bit weights too, where
    they are smaller and hold the results; `report.json` says what share of
    each user's ten best outfits they keep.

    Args:
        model: A trained model, which computes in float32.
        path: Folder to write; it should not exist.
        data: A data set, whose items and outfits the files are compared on.
        runtimes: `"litert"`, `"onnx"` (the extra `onnx`) or both.

    Returns:
        What was written, and how it compares; also in `report.json`.

    Raises:
        ValueError: If the model does not know its users, has several anchors
            a user or computes in half precision, or a runtime is not known.
        DataError: If `path` exists, `data` lacks what the model looks at, or
            a float file does not give what the model gives.
        ModuleNotFoundError: If the extra is not installed.

    Example:

    >>> files = fndrec.serving.export_on_device(student, "device", data)
    >>> [file.name for file in files if file.kind == "litert"]
    ['item_tower.tflite', 'aggregator.tflite', 'users.tflite']
    """
    target = Path(path)
    _check(model, target, runtimes)
    model, data = align(model, data)
    assert model.vocabulary is not None
    vocabularies = {"users": model.vocabulary.users}
    if "category" in model.item_tower.towers:
        assert model.vocabulary.categories is not None
        vocabularies["categories"] = model.vocabulary.categories
    if "id" in model.item_tower.towers:
        vocabularies["items"] = model.vocabulary.items
    for name, names in vocabularies.items():
        check_lines(names, name)
    # What the data lacks is found here, before anything is converted.
    parts = device_parts(model, data)
    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        named_errors(target),
        tempfile.TemporaryDirectory(dir=target.parent, prefix=".") as scratch,
    ):
        folder = Path(scratch) / "made"
        folder.mkdir()
        files: list[DeviceFile] = []
        for part in parts:
            exact = np.asarray(part.function(*part.samples.values()))
            if "litert" in runtimes:
                files += _litert_files(model, part, exact, folder)
            if "onnx" in runtimes:
                name = f"{part.name}.onnx"
                _onnx.convert(part, folder / name)
                found = _onnx.run(folder / name, part.samples)
                files.append(
                    _float_file(part, "onnx", folder / name, found, exact)
                )
        for name, ids in vocabularies.items():
            write_lines(ids, folder / f"{name}.txt")
        kept = None
        if "litert" in runtimes:
            kept = int8_best_kept(model, data, folder)
        _write_report(model, files, kept, folder / "report.json")
        folder.rename(target)
    return files


def _check(
    model: OutfitRecommender, target: Path, runtimes: Sequence[str]
) -> None:
    if model.vocabulary is None:
        raise ValueError(
            "`model` should know the ids of its users. Received: a model "
            "whose `vocabulary` is None; make it with `from_data`"
        )
    if isinstance(model.user_embedding, UserAnchors):
        raise ValueError(
            "`model` should have one vector for each user, whose cosine with "
            "an outfit is the score. Received: a model of "
            f"{model.user_embedding.num_anchors} anchors a user"
        )
    precision = model.item_tower.compute_dtype
    if precision != "float32":
        raise ValueError(
            "`model` should compute in float32, see `with_precision`. "
            f"Received: a model that computes in {precision}"
        )
    if not ids("runtimes", runtimes) or not set(runtimes) <= set(RUNTIMES):
        raise ValueError(
            f"`runtimes` should be of {RUNTIMES}. "
            f"Received: runtimes={runtimes!r}"
        )
    check_target(target, runtimes)


def check_target(target: Path, runtimes: Sequence[str]) -> None:
    """Raises if the files cannot be written, whatever the model.

    Args:
        target: Folder to write.
        runtimes: What the files are for.

    Raises:
        DataError: If the folder exists.
        ModuleNotFoundError: If an extra is not installed.
    """
    if target.exists():
        raise DataError(f"{target}: should not exist yet")
    if "onnx" in runtimes:
        for package in ("tf2onnx", "onnxruntime"):
            require(package, "onnx", "The export to ONNX")


def _litert_files(
    model: OutfitRecommender,
    part: DevicePart,
    exact: np.ndarray,
    folder: Path,
) -> list[DeviceFile]:
    path = folder / f"{part.name}.tflite"
    converted = _litert.convert(part, model.variables, int8=False)
    path.write_bytes(converted)
    found = _litert.run(converted, part.samples)
    whole = _float_file(part, "litert", path, found, exact)
    small = _litert.convert(part, model.variables, int8=True)
    found = _litert.run(small, part.samples)
    compared: dict[str, Any] = {
        "part": part.name,
        "kind": "litert int8",
        "bytes": len(small),
        **_compared(found, exact),
    }
    if len(small) >= len(converted):
        reason = "not smaller: LiteRT leaves small tables of weights alone"
    elif not compared["cosine"] >= LEAST_COSINE:
        reason = f"a mean cosine below {LEAST_COSINE}"
    else:
        path = folder / f"{part.name}_int8.tflite"
        path.write_bytes(small)
        return [whole, DeviceFile(name=path.name, **compared)]
    return [whole, DeviceFile(name=None, reason=reason, **compared)]


def _float_file(
    part: DevicePart,
    kind: str,
    path: Path,
    found: np.ndarray,
    exact: np.ndarray,
) -> DeviceFile:
    compared = _compared(found, exact)
    if not compared["difference"] <= TOLERANCE:
        raise DataError(
            f"{path.name}: embeddings within {TOLERANCE} of the model's were "
            f"expected. Received: a difference of {compared['difference']}"
        )
    return DeviceFile(
        name=path.name,
        part=part.name,
        kind=kind,
        bytes=path.stat().st_size,
        difference=compared["difference"],
        cosine=compared["cosine"],
    )


def _compared(found: np.ndarray, exact: np.ndarray) -> dict[str, float]:
    length = np.linalg.norm(found, axis=1) * np.linalg.norm(exact, axis=1)
    cosine = (found * exact).sum(axis=1) / np.maximum(length, 1e-12)
    return {
        "difference": float(np.abs(found - exact).max()),
        "cosine": float(cosine.mean()),
    }


def _write_report(
    model: OutfitRecommender,
    files: list[DeviceFile],
    int8_best_kept: float | None,
    path: Path,
) -> None:
    report = {
        "score": model.score.kind,
        "temperature": model.score.temperature,
        "int8_best_kept": int8_best_kept,
        "files": [dataclasses.asdict(file) for file in files],
    }
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
