"""Protocol buffers of TF Serving to arrays and back."""

import math
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError, Message
from tensorflow_serving.apis import predict_pb2

from fndrec.serving.server.request_error import RequestError

DEFAULT_SIGNATURE = "serving_default"
Parsed = TypeVar("Parsed", bound=Message)


def parse(kind: type[Parsed], message: bytes) -> Parsed:
    """Reads a message.

    Args:
        kind: Class of the message.
        message: Its bytes.

    Returns:
        The message.

    Raises:
        RequestError: If the bytes are not such a message.
    """
    try:
        return kind.FromString(message)
    except DecodeError as error:
        raise RequestError(
            f"the request should be a {kind.__name__}. Received: "
            f"{len(message)} bytes that are none"
        ) from error


def signature_name_of(request: predict_pb2.PredictRequest) -> str:
    """The name of the signature that a request asks for."""
    return request.model_spec.signature_name or DEFAULT_SIGNATURE


def arrays_of(
    request: predict_pb2.PredictRequest, max_bytes: int
) -> dict[str, np.ndarray]:
    """The inputs of a request.

    Args:
        request: The request.
        max_bytes: Limit of an array in memory.

    Returns:
        An array for each input.

    Raises:
        RequestError: If a tensor is not well formed.
    """
    return {
        name: _array(name, tensor, max_bytes)
        for name, tensor in request.inputs.items()
    }


def _array(name: str, tensor: Any, max_bytes: int) -> np.ndarray:
    try:
        dtype = tf.as_dtype(tensor.dtype)
        sides = [dim.size for dim in tensor.tensor_shape.dim]
        if tensor.tensor_shape.unknown_rank or min(sides, default=0) < 0:
            raise ValueError("a shape that is not known")
        # One value stands for a whole tensor: few bytes can ask for many.
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
    outputs: Mapping[str, np.ndarray], model_spec: Any
) -> predict_pb2.PredictResponse:
    """The answer to a request.

    Args:
        outputs: An array for each output.
        model_spec: What answered.

    Returns:
        The message.
    """
    response = predict_pb2.PredictResponse()
    response.model_spec.CopyFrom(model_spec)
    for name, value in outputs.items():
        response.outputs[name].CopyFrom(tf.make_tensor_proto(value))
    return response
