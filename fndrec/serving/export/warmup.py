"""Requests that TF Serving replays before it serves a version."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from fndrec.serving.export.signatures import Signature

FILE = "tf_serving_warmup_requests"
BATCHES = (1, 4, 16, 64)
"""Batch sizes of the records, and those that TF Serving pads batches to."""


def write_warmup(
    path: Path, model_name: str, signatures: Iterable[Signature]
) -> None:
    """Writes requests for each signature and batch size.

    A server that replays them has loaded, placed and tuned everything that the
    first requests would otherwise wait for.

    Args:
        path: File to write, `assets.extra/tf_serving_warmup_requests` of a
            version.
        model_name: Name of the model on the server.
        signatures: The signatures.

    Example:

    >>> write_warmup(extra / FILE, "fndrec", signatures)
    """
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature in signatures:
            for batch in BATCHES:
                request = predict_request(
                    model_name, signature.name, signature.example(batch)
                )
                # PredictionLog.predict_log = 6, PredictLog.request = 1.
                writer.write(_field(6, _field(1, request)))


def predict_request(
    model_name: str, signature_name: str, inputs: Mapping[str, Any]
) -> bytes:
    """Serializes a `tensorflow.serving.PredictRequest`.

    It is written by hand because exporting needs the package of these messages
    for nothing else, and the package pins TensorFlow and protobuf.

    Args:
        model_name: Name of the model on the server.
        signature_name: Name of the signature.
        inputs: Arrays by input name.

    Returns:
        The bytes of the message.
    """
    # ModelSpec.name = 1, ModelSpec.signature_name = 3.
    spec = _field(1, model_name.encode()) + _field(3, signature_name.encode())
    entries = b""
    for name, value in inputs.items():
        # A map is a repeated message with the fields key = 1, value = 2.
        tensor = tf.make_tensor_proto(np.asarray(value))
        entry = _field(1, name.encode())
        entry += _field(2, tensor.SerializeToString())
        entries += _field(2, entry)
    # PredictRequest.model_spec = 1, PredictRequest.inputs = 2.
    return _field(1, spec) + entries


def _field(number: int, content: bytes) -> bytes:
    """Encodes a protobuf field of bytes or of a message."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    parts.append(value)
    return bytes(parts)
