"""A model that computes in another precision."""

from typing import TypeVar

import keras

from fndrec.checks import one_of
from fndrec.models import OutfitRecommender

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")

Model = TypeVar("Model", bound=OutfitRecommender)


def with_precision(model: Model, precision: str) -> Model:
    """A copy of a model that computes in another precision.

    Weights, user vectors and scores stay in float32; what the towers and the
    aggregator compute in between is of 16 bits in the mixed precisions.

    Args:
        model: A trained model.
        precision: `"float32"`, `"mixed_bfloat16"` or `"mixed_float16"`.

    Returns:
        The copy, not compiled; the model itself is left as it is.

    Raises:
        ValueError: If `precision` is none of these, or `"mixed_float16"` for
            a model of 8-bit weights, which Keras does not compute in it.

    Example:

    >>> half = fndrec.serving.with_precision(student, "mixed_bfloat16")
    >>> fndrec.compare({"float32": student, "bfloat16": half}, data)
    """
    check_precision(precision)
    copy = type(model).from_config(model.get_config())
    copy.set_weights(model.get_weights())
    copy.vocabulary = model.vocabulary
    for layer in copy._flatten_layers():
        # Such as `int8_from_float32` of a quantized layer, which stays so.
        mode, of, _ = layer.dtype_policy.name.rpartition("_from_")
        layer.dtype_policy = keras.dtype_policies.get(mode + of + precision)
    return copy


def check_precision(precision: str) -> None:
    """Raises if a precision is not known."""
    one_of("precision", precision, PRECISIONS)
