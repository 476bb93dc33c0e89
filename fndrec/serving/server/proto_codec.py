"""Converts the protocol buffers of TF Serving to arrays and back."""

import math
from collections.abc import Mapping
from typing import TypeVar

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError, Message
from tensorflow.core.framework import tensor_pb2
from tensorflow_serving.apis import model_pb2, predict_pb2

from fndrec.serving.server.request_error import RequestError

DEFAULT_SIGNATURE = "serving_default"
Parsed = TypeVar("Parsed", bound=Message)


def parse(kind: type[Parsed], message: bytes) -> Parsed:
    """Parses a message.

    Args:
        kind: Class of the message.
        message: Its bytes.

    Returns:
        The message.

    Raises:
        RequestError: If the bytes are not a message of this class.
    """
    try:
        return kind.FromString(message)
    except DecodeError as error:
        raise RequestError(
            f"the request should be a {kind.__name__}. Received: "
            f"{len(message)} bytes of something else"
        ) from error


def signature_name_of(request: predict_pb2.PredictRequest) -> str:
    """Returns the name of the requested signature."""
    return request.model_spec.signature_name or DEFAULT_SIGNATURE


def arrays_of(
    request: predict_pb2.PredictRequest, max_bytes: int
) -> dict[str, np.ndarray]:
    """Converts the inputs of a request.

    Args:
        request: The request.
        max_bytes: Largest size of an array in memory.

    Returns:
        Arrays by input name.

    Raises:
        RequestError: If a tensor is malformed or too large.
    """
    return {
        name: _array(name, tensor, max_bytes)
        for name, tensor in request.inputs.items()
    }


def _array(
    name: str, tensor: tensor_pb2.TensorProto, max_bytes: int
) -> np.ndarray:
    try:
        dtype = tf.as_dtype(tensor.dtype)
        sides = [dim.size for dim in tensor.tensor_shape.dim]
        if tensor.tensor_shape.unknown_rank or min(sides, default=0) < 0:
            raise ValueError("an unknown shape")
        # A single value can fill a whole tensor, so that a small message can
        # request a large array.
        size = math.prod(sides) * max(dtype.size or 0, 1)
        if size > max_bytes:
            raise ValueError(
                f"the shape {tuple(sides)}, more than {max_bytes} bytes"
            )
        return tf.make_ndarray(tensor)
    except (TypeError, ValueError) as error:
        reason = str(error).split("\n")[0]
        raise RequestError(
            f"the input `{name}` should be a well-formed tensor. "
            f"Received: {reason}"
        ) from error


def response_of(
    outputs: Mapping[str, np.ndarray], model_spec: model_pb2.ModelSpec
) -> predict_pb2.PredictResponse:
    """Makes the answer to a request.

    Args:
        outputs: Arrays by output name.
        model_spec: The model, version and signature that answered.

    Returns:
        The message.
    """
    response = predict_pb2.PredictResponse()
    response.model_spec.CopyFrom(model_spec)
    for name, value in outputs.items():
        response.outputs[name].CopyFrom(tf.make_tensor_proto(value))
    return response
