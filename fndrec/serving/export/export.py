"""SavedModels that need TensorFlow alone."""

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
from fndrec.serving.export._served import ServedModel
from fndrec.serving.export.operator_files import (
    MODEL_NAME,
    write_operator_files,
)
from fndrec.serving.export.precision import check_precision, with_precision
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
    """Writes a model as a SavedModel, in the layout TF Serving watches.

    The SavedModel loads where there is TensorFlow alone. Ids go in and come
    out as strings; a user not known gets the cold-start vector and
    `known=False`. Its signatures, dynamic in the batch and in the slots, are
    described in docs/serve/export.md and in `assets.extra/README.md` of the
    version: `serving_default` (and the same as `score_photos` where the model
    looks at photos), `embed_items`, `embed_outfits_from_embeddings` and
    `score_outfits_from_embeddings`; with `data`, whose items and outfits are
    baked in, also `embed_outfits`, `score_outfits`, `recommend`,
    `recommend_filtered`, `recommend_for_likes` and `complete`.

    With the version come requests to warm a server up with, and in `path`,
    unless they are there, the files that TF Serving is started with.

    Args:
        model: A trained model.
        path: Folder of the versions.
        data: A data set whose items and outfits are baked in.
        version: Number of the version; by default one more than the highest
            in `path`.
        index: Ids of the outfits of `data` to recommend from; all by default.
        precision: `"float32"`, `"mixed_bfloat16"` or `"mixed_float16"`, what
            the SavedModel computes in; by default as the model does. Inputs
            and outputs are float32 in all.

    Returns:
        The path of the SavedModel, `path/version`.

    Raises:
        ValueError: If the model does not know the ids of its users, or knows
            them by what they liked and there is no `data`, `version` is not
            positive, `precision` is not known, or `index` is empty
            or given without `data`.
        DataError: If the version is there already, `data` lacks what the
            model looks at or an outfit of `index`, `index` names one twice,
            or an id cannot be a line of a text file.

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
        check_precision(precision)
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
    target = folder / str(_version(folder, version))
    above = folder
    while not above.exists():
        above = above.parent
    # Hidden and renamed at the end: TF Serving never sees half a version.
    with (
        _file_errors(target),
        tempfile.TemporaryDirectory(dir=above, prefix=".") as scratch,
    ):
        made = Path(scratch) / "version"
        _write(model, data, index, made, Path(scratch))
        folder.mkdir(parents=True, exist_ok=True)
        write_operator_files(folder)
        if version is None:
            # Another export may have been quicker.
            target = folder / str(_version(folder, None))
        made.rename(target)
    return target


@contextlib.contextmanager
def _file_errors(target: Path) -> Iterator[None]:
    """Turns what TensorFlow says of a disk into an error of the system's."""
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


def _version(folder: Path, version: int | None) -> int:
    """The number to write."""
    if version is None:
        found = [int(p.name) for p in folder.glob("*") if p.name.isdecimal()]
        return max(found, default=0) + 1
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
    # Plain attributes of the archive would not be saved.
    # What makes users of likes may be of another model.
    for resource in (model, model.likes_model(), served.tables, catalogue):
        if resource is not None:
            archive.track(resource)
    signatures = signatures_of(served)
    # Without XLA, which a server on CPUs has to be allowed, and without
    # AutoGraph, which nothing here needs and which takes time.
    # What goes by two names is traced once.
    functions = {
        one.function: tf.function(
            one.function,
            input_signature=[one.inputs],
            jit_compile=False,
            autograph=False,
        )
        for one in signatures
    }
    for one in signatures:
        archive.add_endpoint(one.name, functions[one.function])
    archive.write_out(str(path), verbose=False)
    extra = path / "assets.extra"
    extra.mkdir()
    write_warmup(extra / FILE, MODEL_NAME, signatures)
    write_version_readme(extra, MODEL_NAME, signatures)
