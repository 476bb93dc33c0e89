"""Loads models from files."""

import json
import zipfile
from pathlib import Path
from typing import Any

import keras

from fndrec.errors import DataError
from fndrec.models.outfit_encoder import VERSION_FILE, VOCABULARY_FILE
from fndrec.models.recommender import OutfitRecommender
from fndrec.version import MODEL_FORMAT, __version__


def load_model(path: str | Path) -> Any:
    """Loads a model that `model.save` wrote, with its vocabulary.

    Keras's safe mode stays on, so a file runs no code of its own.

    Args:
        path: A `.keras` file.

    Returns:
        An `FNDTeacher`, an `FNDStudent` or another `OutfitRecommender`.

    Raises:
        DataError: If the file is no `.keras` file, holds another kind of
            model, or was written by a version whose files differ.

    Example:

    >>> model = fndrec.load_model("student.keras")
    """
    _check_format(Path(path))
    try:
        model = keras.saving.load_model(path)
    except Exception as error:  # A broken file can raise anything.
        reason = " ".join(str(error).split())
        raise DataError(
            f"{path}: should be a `.keras` file of a model of fndrec. "
            f"Received: {reason[:500] or type(error).__name__}"
        ) from error
    if not isinstance(model, OutfitRecommender):
        raise DataError(
            f"{path}: should hold a model of fndrec. "
            f"Received: {type(model).__name__}"
        )
    return model


def _check_format(path: Path) -> None:
    """Raises if another version wrote the file, in another layout.

    A file that is no archive, or none of fndrec, is left to Keras.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            known = {f"assets/{VERSION_FILE}", f"assets/{VOCABULARY_FILE}"}
            if not known & set(names):
                return
            about: Any = {}
            if f"assets/{VERSION_FILE}" in names:
                about = json.loads(archive.read(f"assets/{VERSION_FILE}"))
    except (OSError, ValueError, zipfile.BadZipFile):
        return
    if not isinstance(about, dict):
        about = {}
    if about.get("format") != MODEL_FORMAT:
        writer = about.get("version", "a version before 0.2.0")
        raise DataError(
            f"{path}: should be written by a version of fndrec whose files "
            f"fndrec {__version__} reads. Received: a file of {writer}; train "
            "the model anew, or use the version that wrote it"
        )
