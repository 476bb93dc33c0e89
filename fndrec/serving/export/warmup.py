"""Records that TF Serving replays before it answers."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from fndrec.serving.export.signatures import Signature

FILE = "tf_serving_warmup_requests"
BATCHES = (1, 4, 16, 64)
"""Batch sizes of the records, and those that batching fills up to."""


def write_warmup(
    path: Path, model_name: str, signatures: Iterable[Signature]
) -> None:
    """Writes requests of each signature in each batch size.

    A server that has replayed them has loaded, placed and tuned what the
    first requests would otherwise wait for.

    Args:
        path: The file, `assets.extra/tf_serving_warmup_requests` of a version.
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
    """A `tensorflow.serving.PredictRequest`, serialised.

    Written by hand, as the package of these messages would be needed for
    nothing else, and pins TensorFlow's and protobuf's versions.

    Args:
        model_name: Name of the model on the server.
        signature_name: Name of the signature.
        inputs: Arrays by the names of the inputs.

    Returns:
        The bytes of the message.
    """
    # ModelSpec.name = 1, ModelSpec.signature_name = 3.
    spec = _field(1, model_name.encode()) + _field(3, signature_name.encode())
    entries = b""
    for name, value in inputs.items():
        # A map is a repeated message of a key, 1, and a value, 2.
        tensor = _tensor(value).SerializeToString()
        entries += _field(2, _field(1, name.encode()) + _field(2, tensor))
    # PredictRequest.model_spec = 1, PredictRequest.inputs = 2.
    return _field(1, spec) + entries


def _tensor(value: Any) -> Any:
    array = np.asarray(value)
    # A proto of strings that are cut short to one would be misread.
    dtype = tf.string if array.dtype == object else None
    return tf.make_tensor_proto(array, dtype=dtype)


def _field(number: int, content: bytes) -> bytes:
    """A field of bytes or of a message in protobuf's encoding."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    parts.append(value)
    return bytes(parts)
