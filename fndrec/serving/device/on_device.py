"""Exports models to devices without TensorFlow."""

import dataclasses
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

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
# Largest difference of a float file's embeddings from the model's.
TOLERANCE = 1e-4
# Least mean cosine of an 8-bit file's embeddings to the model's.
MIN_COSINE = 0.99


@dataclasses.dataclass(frozen=True)
class DeviceFile:
    """A file for a device, compared with the exported model.

    Attributes:
        name: Name of the file; None if it was not written, see `reason`.
        part: `"item_tower"`, `"aggregator"` or `"users"`.
        kind: `"litert"`, `"litert int8"` or `"onnx"`.
        bytes: Its size.
        difference: Largest absolute difference of its embeddings from the
            model's.
        cosine: Mean cosine of its embeddings to the model's.
        reason: Why the file was not written.
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
    """Writes item tower, aggregator and user table as files for small runtimes.

    Each file is a function from arrays to `embedding`, float32 `(batch, dim)`:

    - `item_tower` takes the inputs of the model: `image` uint8, `feature`
      float32, `category` and `id` int32. The last two are line numbers of
      `categories.txt` and `items.txt`, from 1, or 0 for an unknown one.
    - `aggregator` takes `item_embedding` float32 `(batch, slots, dim)`, with as
      many slots as the longest outfit of `data`, and `length` int32
      `(batch,)`.
    - `users` takes `user` int32 `(batch,)`: the line number of `users.txt`,
      from 1, or 0 for an unknown user.

    The score is the cosine of user and outfit divided by the temperature in
    `report.json`. For LiteRT, files with 8-bit weights are written too, if they
    are smaller and their embeddings are close to the model's. `report.json`
    says what share of each user's ten best outfits they keep.

    Args:
        model: A trained model that computes in float32.
        path: Folder to write; it should not exist.
        data: A data set on whose items and outfits the files are compared.
        runtimes: `"litert"`, `"onnx"` (extra `onnx`) or both.

    Returns:
        The files and how they compare with the model, as in `report.json`.

    Raises:
        ValueError: If the model has no vocabulary, has several anchors per
            user or computes in half precision, or a runtime is unknown.
        DataError: If `path` exists, `data` lacks an input of the model, or the
            embeddings of a float file differ from the model's.
        ModuleNotFoundError: If the extra is not installed.

    Example:

    >>> files = fndrec.serving.export_on_device(student, "device", data)
    >>> [file.name for file in files if file.kind == "litert"]
    ['item_tower.tflite', 'aggregator.tflite', 'users.tflite']
    """
    target = Path(path)
    _check_arguments(model, target, runtimes)
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
    # Raises if the data lacks an input, before anything is converted.
    parts = device_parts(model, data)
    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        named_errors(target),
        tempfile.TemporaryDirectory(dir=target.parent, prefix=".") as scratch,
    ):
        folder = Path(scratch) / "draft"
        folder.mkdir()
        files: list[DeviceFile] = []
        for part in parts:
            expected = np.asarray(part.function(*part.samples.values()))
            if "litert" in runtimes:
                files += _litert_files(model, part, expected, folder)
            if "onnx" in runtimes:
                onnx_path = folder / f"{part.name}.onnx"
                _onnx.convert(part, onnx_path)
                embeddings = _onnx.run(onnx_path, part.samples)
                files.append(
                    _float_file(part, "onnx", onnx_path, embeddings, expected)
                )
        for name, ids in vocabularies.items():
            write_lines(ids, folder / f"{name}.txt")
        best_kept = None
        if "litert" in runtimes:
            best_kept = int8_best_kept(model, data, folder)
        report = {
            "score": model.score.kind,
            "temperature": model.score.temperature,
            "int8_best_kept": best_kept,
            "files": [dataclasses.asdict(file) for file in files],
        }
        (folder / "report.json").write_text(
            json.dumps(report, indent=2) + "\n", encoding="utf-8"
        )
        folder.rename(target)
    return files


def _check_arguments(
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
    """Raises if the files of any model could not be written.

    Args:
        target: Folder to write.
        runtimes: The runtimes of the files.

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
    expected: np.ndarray,
    folder: Path,
) -> list[DeviceFile]:
    """Writes the LiteRT files of a part, the 8-bit one only if it is useful."""
    path = folder / f"{part.name}.tflite"
    converted = _litert.convert(part, model.variables, int8=False)
    path.write_bytes(converted)
    embeddings = _litert.run(converted, part.samples)
    float_file = _float_file(part, "litert", path, embeddings, expected)
    int8 = _litert.convert(part, model.variables, int8=True)
    difference, cosine = _compare(_litert.run(int8, part.samples), expected)
    name: str | None = None
    reason: str | None = None
    if len(int8) >= len(converted):
        reason = "not smaller: LiteRT leaves small tables of weights alone"
    elif not cosine >= MIN_COSINE:
        reason = f"a mean cosine below {MIN_COSINE}"
    else:
        name = f"{part.name}_int8.tflite"
        (folder / name).write_bytes(int8)
    int8_file = DeviceFile(
        name=name,
        part=part.name,
        kind="litert int8",
        bytes=len(int8),
        difference=difference,
        cosine=cosine,
        reason=reason,
    )
    return [float_file, int8_file]


def _float_file(
    part: DevicePart,
    kind: str,
    path: Path,
    embeddings: np.ndarray,
    expected: np.ndarray,
) -> DeviceFile:
    difference, cosine = _compare(embeddings, expected)
    if not difference <= TOLERANCE:
        raise DataError(
            f"{path.name}: embeddings within {TOLERANCE} of the model's were "
            f"expected. Received: a difference of {difference}"
        )
    return DeviceFile(
        name=path.name,
        part=part.name,
        kind=kind,
        bytes=path.stat().st_size,
        difference=difference,
        cosine=cosine,
    )


def _compare(
    embeddings: np.ndarray, expected: np.ndarray
) -> tuple[float, float]:
    """Returns the largest absolute difference and the mean cosine."""
    norms = np.linalg.norm(embeddings, axis=1)
    norms = norms * np.linalg.norm(expected, axis=1)
    cosines = (embeddings * expected).sum(axis=1) / np.maximum(norms, 1e-12)
    difference = float(np.abs(embeddings - expected).max())
    return difference, float(cosines.mean())
