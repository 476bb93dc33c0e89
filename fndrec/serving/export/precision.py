"""Copies of a model that compute in another precision."""

from typing import TypeVar

import keras

from fndrec._keras_private import flat_layers
from fndrec.checks import one_of
from fndrec.models import OutfitRecommender

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")

Model = TypeVar("Model", bound=OutfitRecommender)


def with_precision(model: Model, precision: str) -> Model:
    """Returns a copy of a model that computes in another precision.

    Weights, user vectors and scores stay in float32. In the mixed precisions
    the towers and the aggregator compute in 16 bits.

    Args:
        model: A trained model.
        precision: `"float32"`, `"mixed_bfloat16"` or `"mixed_float16"`.

    Returns:
        The copy, not compiled. The model itself does not change.

    Raises:
        ValueError: If `precision` is unknown, or is `"mixed_float16"` for a
            model of 8-bit weights, which Keras does not support.

    Example:

    >>> half = fndrec.serving.with_precision(student, "mixed_bfloat16")
    >>> fndrec.compare({"float32": student, "bfloat16": half}, data)
    """
    one_of("precision", precision, PRECISIONS)
    copy = type(model).from_config(model.get_config())
    copy.set_weights(model.get_weights())
    copy.vocabulary = model.vocabulary
    for layer in flat_layers(copy):
        # A quantized layer, such as `int8_from_float32`, remains quantized.
        mode, of, _ = layer.dtype_policy.name.rpartition("_from_")
        layer.dtype_policy = keras.dtype_policies.get(mode + of + precision)
    return copy
