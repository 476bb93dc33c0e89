"""Functions as LiteRT files."""

import warnings
from typing import Any

import numpy as np
import tensorflow as tf

from fndrec.serving.device._device_parts import DevicePart

BATCH = 32


def convert(part: DevicePart, variables: list[Any], int8: bool) -> bytes:
    """A part as a LiteRT file.

    Args:
        part: The part.
        variables: The variables of the model.
        int8: Whether weights are kept in 8 bits; activations are quantised
            while they are computed with, so nothing has to be calibrated.

    Returns:
        The content of the file.
    """
    names = [spec.name for spec in part.inputs]

    def function(**inputs: Any) -> dict[str, Any]:
        return {"embedding": part.function(*[inputs[name] for name in names])}

    graph = tf.function(function, autograph=False)
    # Given the model itself, the converter loses its weights silently.
    holder = tf.Module()
    holder.weights = [one.value for one in variables]
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [
            graph.get_concrete_function(
                **{spec.name: spec for spec in part.inputs}
            )
        ],
        holder,
    )
    if int8:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converted: bytes = converter.convert()
    return converted


def run(converted: bytes, inputs: dict[str, np.ndarray]) -> np.ndarray:
    """What a LiteRT file gives.

    Args:
        converted: The content of the file.
        inputs: Arrays by the names of the inputs.

    Returns:
        Float32 array `(batch, dim)`.
    """
    with warnings.catch_warnings():
        # It points to a package of its own for devices without TensorFlow.
        warnings.filterwarnings("ignore", r"\s*Warning: tf.lite.Interpreter")
        interpreter = tf.lite.Interpreter(model_content=converted)
    signature = interpreter.get_signature_runner()
    count = len(next(iter(inputs.values())))
    parts = [
        signature(**{k: v[start : start + BATCH] for k, v in inputs.items()})
        for start in range(0, count, BATCH)
    ]
    return np.concatenate([part["embedding"] for part in parts])
