"""Converts functions to ONNX files and runs these."""

import warnings
from pathlib import Path

import numpy as np
import tensorflow as tf

from fndrec._keras_private import patch_tf2onnx
from fndrec.serving.device._device_parts import DevicePart

OPSET = 17


def convert(part: DevicePart, path: Path) -> None:
    """Converts a part to an ONNX file.

    Args:
        part: The part.
        path: File to write.
    """
    import tf2onnx

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        # Keras's own patch of tf2onnx for NumPy 2.
        patch_tf2onnx()
    graph = tf.function(
        lambda *inputs: {"embedding": part.function(*inputs)},
        input_signature=part.inputs,
        autograph=False,
    )
    tf2onnx.convert.from_function(
        graph,
        input_signature=part.inputs,
        opset=OPSET,
        output_path=str(path),
    )


def run(path: Path, inputs: dict[str, np.ndarray]) -> np.ndarray:
    """Runs an ONNX file.

    Args:
        path: The file.
        inputs: Arrays by input name.

    Returns:
        Float32 embeddings `(batch, dim)`.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(
        str(path), providers=["CPUExecutionProvider"]
    )
    embeddings: np.ndarray = session.run(["embedding"], inputs)[0]
    return embeddings
