"""Exports models as SavedModels that need only TensorFlow."""

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import keras
import tensorflow as tf

from fndrec.checks import positive_int
from fndrec.data import OutfitData
from fndrec.errors import DataError
from fndrec.files import named_errors
from fndrec.models import OutfitRecommender, align
from fndrec.serving.export._catalogue import Catalogue, index_rows
from fndrec.serving.export._served_model import ServedModel
from fndrec.serving.export.operator_files import (
    MODEL_NAME,
    write_operator_files,
)
from fndrec.serving.export.precision import with_precision
from fndrec.serving.export.signatures import signatures_of
from fndrec.serving.export.version_readme import write_version_readme
from fndrec.serving.export.warmup import FILE, write_warmup


def export(
    model: OutfitRecommender,
    path: str | Path,
    data: OutfitData | None = None,
    version: int | None = None,
    *,
    index: Sequence[str] | None = None,
    precision: str | None = None,
) -> Path:
    """Writes a model as a SavedModel in the layout that TF Serving watches.

    Loading the SavedModel requires only TensorFlow. Ids are strings in inputs
    and outputs. An unknown user gets the cold-start vector and `known=False`.
    The batch and the number of slots are dynamic in all signatures, which
    docs/serve/export.md and `assets.extra/README.md` of the version describe:

    - `serving_default`, also named `score_photos` if the model takes photos,
      `embed_items`, `embed_outfits_from_embeddings` and
      `score_outfits_from_embeddings`;
    - with `data`, whose items and outfits are baked in, also `embed_outfits`,
      `score_outfits`, `recommend`, `recommend_filtered`,
      `recommend_for_likes` and `complete`.

    The version contains warm-up requests for a server. The files that TF
    Serving is started with are written to `path` unless they exist.

    Args:
        model: A trained model.
        path: Folder of the versions.
        data: A data set whose items and outfits are baked in.
        version: Number of the version; by default one more than the highest
            in `path`.
        index: Ids of the outfits of `data` to recommend from; all by default.
        precision: Precision of the SavedModel, `"float32"`,
            `"mixed_bfloat16"` or `"mixed_float16"`; that of the model by
            default. Inputs and outputs are always float32.

    Returns:
        The path of the SavedModel, `path/version`.

    Raises:
        ValueError: If the model has no vocabulary, computes users from their
            likes and `data` is missing, `version` is not positive,
            `precision` is unknown, or `index` is empty or given without
            `data`.
        DataError: If the version exists, `data` lacks an input of the model or
            an outfit of `index`, `index` names an outfit twice, or an id
            cannot be a line of a text file.

    Example:

    >>> path = fndrec.export(student, "export", data=data)
    >>> loaded = tf.saved_model.load(path)
    >>> loaded.signatures["recommend"](
    ...     user_id=tf.constant(["u007"]), k=tf.constant([3]))["outfit_id"]
    """
    if model.vocabulary is None:
        raise ValueError(
            "`model` should know the ids of its users. Received: a model "
            "whose `vocabulary` is None; make it with `from_data`"
        )
    if model.knows_users_by_likes and data is None:
        raise ValueError(
            "`data` should be given for a model that knows users by what "
            "they liked: its train likes make the users. Received: data=None"
        )
    if precision is not None:
        model = with_precision(model, precision)
    if data is not None:
        index_rows(data, index)
        model, data = align(model, data)
    elif index is not None:
        raise ValueError(
            "`index` should be given with `data`, whose outfits it names. "
            "Received: data=None"
        )
    folder = Path(path)
    target = folder / str(_version_number(folder, version))
    ancestor = folder
    while not ancestor.exists():
        ancestor = ancestor.parent
    # Hidden, and renamed at the end: TF Serving never sees half a version.
    with (
        _file_errors(target),
        tempfile.TemporaryDirectory(dir=ancestor, prefix=".") as scratch,
    ):
        draft = Path(scratch) / "version"
        _write(model, data, index, draft, Path(scratch))
        folder.mkdir(parents=True, exist_ok=True)
        write_operator_files(folder)
        if version is None:
            # Another export may have finished first.
            target = folder / str(_version_number(folder, None))
        draft.rename(target)
    return target


@contextlib.contextmanager
def _file_errors(target: Path) -> Iterator[None]:
    """Converts TensorFlow's errors about the disk to `OSError`."""
    try:
        with named_errors(target):
            yield
    except (
        tf.errors.ResourceExhaustedError,
        tf.errors.PermissionDeniedError,
        tf.errors.FailedPreconditionError,
        tf.errors.UnknownError,
    ) as error:
        reason = " ".join(str(error.message).split())
        raise OSError(f"{target}: cannot be written: {reason[:300]}") from error


def _version_number(folder: Path, version: int | None) -> int:
    """Returns the number of the version to write."""
    if version is None:
        versions = [int(p.name) for p in folder.glob("*") if p.name.isdecimal()]
        return max(versions, default=0) + 1
    version = positive_int("version", version)
    target = folder / str(version)
    if target.exists():
        raise DataError(
            f"{target}: should not exist yet. Received: version={version}"
        )
    return version


def _write(
    model: OutfitRecommender,
    data: OutfitData | None,
    index: Sequence[str] | None,
    path: Path,
    scratch: Path,
) -> None:
    catalogue = None
    if data is not None:
        catalogue = Catalogue(model, data, index, scratch)
    served = ServedModel(model, catalogue, scratch)
    archive = keras.export.ExportArchive()
    # Only tracked resources are saved. The layers that compute users from likes
    # may belong to another model.
    for resource in (model, model.likes_model(), served.tables, catalogue):
        if resource is not None:
            archive.track(resource)
    signatures = signatures_of(served)
    # Without XLA, which servers on CPUs do not allow by default, and without
    # AutoGraph, which takes time and is not needed. A function that has two
    # names is traced once.
    functions = {
        signature.function: tf.function(
            signature.function,
            input_signature=[signature.inputs],
            jit_compile=False,
            autograph=False,
        )
        for signature in signatures
    }
    for signature in signatures:
        archive.add_endpoint(signature.name, functions[signature.function])
    archive.write_out(str(path), verbose=False)
    extra = path / "assets.extra"
    extra.mkdir()
    write_warmup(extra / FILE, MODEL_NAME, signatures)
    write_version_readme(extra, MODEL_NAME, signatures)
