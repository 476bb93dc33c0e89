"""The item tower with 8-bit weights, for phones."""

import dataclasses
import warnings
from typing import Any

import numpy as np
import tensorflow as tf

from fndrec.data import OutfitData
from fndrec.data.item_sets import distinct_items
from fndrec.evaluation.candidates import Candidates
from fndrec.evaluation.costs.work import item_content
from fndrec.evaluation.user_metrics import user_metrics
from fndrec.models import OutfitRecommender

BATCH = 32


@dataclasses.dataclass(frozen=True)
class Int8Tower:
    """Size, work and error of a LiteRT item tower with 8-bit weights.

    Attributes:
        bytes: Size of the LiteRT file.
        cosine: Mean cosine of its item vectors to the float ones.
        auc: AUC with its item vectors, aggregator and users in float.
        reason: Why there is none; the others are then None.
    """

    bytes: int | None = None
    cosine: float | None = None
    auc: float | None = None
    reason: str | None = None


def int8_tower(
    model: OutfitRecommender, data: OutfitData, candidates: Candidates
) -> Int8Tower:
    """Converts the item tower to 8-bit weights and measures the loss.

    Weights are quantised, activations only while they are computed with
    (LiteRT's dynamic range), so no data is needed for calibration.

    Args:
        model: The model.
        data: The data set, as the model sees it.
        candidates: Outfits, whose items are embedded and which are ranked.

    Returns:
        The result, with a reason in place of numbers if LiteRT does not take
        the tower.

    Example:

    >>> int8_tower(student, data, Candidates.from_data(data, "valid")).cosine
    0.9999

    Reference: Jacob et al. 2018, Quantization and Training of Neural Networks
    for Efficient Integer-Arithmetic-Only Inference.
    """
    sets = candidates.outfits
    rows = distinct_items(sets)
    exact = model.embed_items(data, rows)
    try:
        converted = convert(model, data)
        vectors = embed(converted, model, data, rows)
    except Exception as error:  # whatever the converter does not know
        return Int8Tower(reason=_reason(error))
    catalogue = np.zeros((data.num_items, exact.shape[1]), np.float32)
    catalogue[rows] = vectors
    users = data.user_index[candidates.user]
    scores = model.score_outfits(users, catalogue, sets)
    return Int8Tower(
        bytes=len(converted),
        cosine=_mean_cosine(vectors, exact),
        auc=user_metrics(candidates.user, scores)["auc"],
    )


def convert(model: OutfitRecommender, data: OutfitData) -> bytes:
    """Converts the item tower to a LiteRT model with 8-bit weights.

    Args:
        model: The model.
        data: The data set, as the model sees it.

    Returns:
        The content of the file, for batches of any size.

    Raises:
        ValueError: If the tower computes in half precision.
    """
    precision = model.item_tower.compute_dtype
    if precision != "float32":
        # The converter would say so of each operation, on many pages.
        raise ValueError(f"LiteRT takes float32 only, the tower is {precision}")
    content = item_content(model, data, np.arange(0))
    signature = {
        key: tf.TensorSpec((None, *value.shape[1:]), value.dtype, key)
        for key, value in content.items()
    }
    function = tf.function(model.encode_items)
    # Given the model itself, the converter loses its weights and says nothing.
    holder = tf.Module()
    holder.weights = [one.value for one in model.item_tower.variables]
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [function.get_concrete_function(signature)], holder
    )
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converted: bytes = converter.convert()
    return converted


def embed(
    converted: bytes,
    model: OutfitRecommender,
    data: OutfitData,
    rows: np.ndarray,
) -> np.ndarray:
    """Embeds items with a converted tower.

    Args:
        converted: The LiteRT file.
        model: The model it was made of.
        data: The data set, as the model sees it.
        rows: Rows of the wanted items.

    Returns:
        Float32 array `(rows, dim)`.

    Raises:
        ValueError: If a vector is not finite.
    """
    with warnings.catch_warnings():
        # It points to a package of its own for devices without TensorFlow.
        warnings.filterwarnings("ignore", r"\s*Warning: tf.lite.Interpreter")
        interpreter = tf.lite.Interpreter(model_content=converted)
    run = interpreter.get_signature_runner()
    parts: list[Any] = []
    for start in range(0, len(rows), BATCH):
        content = item_content(model, data, rows[start : start + BATCH])
        parts.extend(run(**content).values())
    vectors = np.concatenate(parts).astype(np.float32)
    if not np.isfinite(vectors).all():
        raise ValueError(
            "The converted tower gives vectors that are not finite"
        )
    return vectors


def _reason(error: Exception) -> str:
    """The first line of an error message."""
    text = str(error).strip() or type(error).__name__
    # What the converter says follows a trace of the graph.
    return text.split("error: ", 1)[-1].splitlines()[0]


def _mean_cosine(left: np.ndarray, right: np.ndarray) -> float:
    length = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    return float(((left * right).sum(axis=1) / (length + 1e-12)).mean())
