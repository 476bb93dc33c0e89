"""Loads models from files."""

from pathlib import Path
from typing import Any

import keras

from fndrec.errors import DataError
from fndrec.models.recommender import OutfitRecommender


def load_model(path: str | Path) -> Any:
    """Loads a model that `model.save` wrote, with its vocabulary.

    Keras's safe mode stays on, so a file runs no code of its own.

    Args:
        path: A `.keras` file.

    Returns:
        An `FNDTeacher`, an `FNDStudent` or another `OutfitRecommender`.

    Raises:
        DataError: If the file is no `.keras` file, or holds another kind of
            model.

    Example:

    >>> model = fndrec.load_model("student.keras")
    """
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
