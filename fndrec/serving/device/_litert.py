"""Converts functions to LiteRT files and runs these."""

import warnings

import keras
import numpy as np
import tensorflow as tf

from fndrec.serving.device._device_parts import DevicePart

BATCH = 32


def convert(
    part: DevicePart, variables: list[keras.Variable], int8: bool
) -> bytes:
    """Converts a part to a LiteRT file.

    Args:
        part: The part.
        variables: The variables of the model.
        int8: Whether to store weights in 8 bits. Activations are quantized
            dynamically, so no calibration is needed.

    Returns:
        The content of the file.
    """
    names = [spec.name for spec in part.inputs]

    def function(**inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"embedding": part.function(*[inputs[name] for name in names])}

    graph = tf.function(function, autograph=False)
    # If given the model itself, the converter silently loses its weights.
    holder = tf.Module()
    holder.weights = [variable.value for variable in variables]
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
    """Runs a LiteRT file.

    Args:
        converted: The content of the file.
        inputs: Arrays by input name.

    Returns:
        Float32 embeddings `(batch, dim)`.
    """
    with warnings.catch_warnings():
        # The warning recommends a separate package for the interpreter.
        warnings.filterwarnings("ignore", r"\s*Warning: tf.lite.Interpreter")
        interpreter = tf.lite.Interpreter(model_content=converted)
    signature = interpreter.get_signature_runner()
    count = len(next(iter(inputs.values())))
    parts = [
        signature(**{k: v[start : start + BATCH] for k, v in inputs.items()})
        for start in range(0, count, BATCH)
    ]
    return np.concatenate([part["embedding"] for part in parts])
