"""TF Serving's gRPC API, from the client's side."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from fndrec.serving.client._transport import Endpoint
from fndrec.serving.serving_error import ServingError


class GrpcTransport:
    """TF Serving's gRPC API, from the client's side.

    Args:
        endpoint: Where the server is.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        options = [
            ("grpc.max_send_message_length", endpoint.max_message_bytes),
            ("grpc.max_receive_message_length", endpoint.max_message_bytes),
            # A server that starts again is to be found soon.
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 2000),
            # Who tries again, and when, is decided in one place.
            ("grpc.enable_retries", 0),
        ]
        if endpoint.tls:
            self._channel = grpc.secure_channel(
                endpoint.address, _credentials(endpoint), options
            )
        else:
            self._channel = grpc.insecure_channel(endpoint.address, options)
        self._predict = prediction_service_pb2_grpc.PredictionServiceStub(
            self._channel
        ).Predict
        self._status = model_service_pb2_grpc.ModelServiceStub(
            self._channel
        ).GetModelStatus

    def predict(
        self, signature: str, inputs: Mapping[str, np.ndarray], seconds: float
    ) -> dict[str, np.ndarray]:
        """Calls a signature."""
        request = predict_pb2.PredictRequest()
        self._name(request.model_spec)
        request.model_spec.signature_name = signature
        for name, value in inputs.items():
            dtype = tf.string if value.dtype == object else None
            request.inputs[name].CopyFrom(tf.make_tensor_proto(value, dtype))
        size = request.ByteSize()
        if size > self._endpoint.max_message_bytes:
            raise ServingError(
                "RESOURCE_EXHAUSTED",
                f"the request has {size} bytes, of at most "
                f"{self._endpoint.max_message_bytes}; see `max_message_bytes`",
            )
        response = _answer(self._predict, request, seconds)
        return {
            name: _array(tensor) for name, tensor in response.outputs.items()
        }

    def status(self, seconds: float) -> dict[int, str]:
        """Asks for the states of the versions."""
        request = get_model_status_pb2.GetModelStatusRequest()
        self._name(request.model_spec)
        response = _answer(self._status, request, seconds)
        state = get_model_status_pb2.ModelVersionStatus.State
        return {
            version.version: state.Name(version.state)
            for version in response.model_version_status
        }

    def close(self) -> None:
        """Closes the channel."""
        self._channel.close()

    def _name(self, spec: Any) -> None:
        spec.name = self._endpoint.model
        if self._endpoint.version is not None:
            spec.version.value = self._endpoint.version


def _answer(method: Any, request: Any, seconds: float) -> Any:
    try:
        return method(request, timeout=seconds)
    except grpc.RpcError as error:
        raise ServingError(error.code().name, error.details()) from error


def _array(tensor: Any) -> np.ndarray:
    found = tf.make_ndarray(tensor)
    if found.dtype != object:
        return found
    words = [word.decode() for word in found.ravel()]
    return np.array(words, np.str_).reshape(found.shape)


def _credentials(endpoint: Endpoint) -> Any:
    return grpc.ssl_channel_credentials(
        _read(endpoint.root_certificates),
        _read(endpoint.private_key),
        _read(endpoint.certificate),
    )


def _read(path: str | Path | None) -> bytes | None:
    return None if path is None else Path(path).read_bytes()
