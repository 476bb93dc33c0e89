"""The client side of TF Serving's gRPC API."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import tensorflow as tf
from google.protobuf.message import Message
from tensorflow.core.framework import tensor_pb2
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from fndrec.serving.client._transport import Endpoint
from fndrec.serving.serving_error import ServingError


class GrpcTransport:
    """Calls TF Serving's gRPC API.

    Args:
        endpoint: Address and options of the server.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        options = [
            ("grpc.max_send_message_length", endpoint.max_message_bytes),
            ("grpc.max_receive_message_length", endpoint.max_message_bytes),
            # Reconnect soon after a restart of the server.
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 2000),
            # Retries are made in `_retry.py`.
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
        self._set_model(request.model_spec)
        request.model_spec.signature_name = signature
        for name, value in inputs.items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
        size = request.ByteSize()
        if size > self._endpoint.max_message_bytes:
            raise ServingError(
                "RESOURCE_EXHAUSTED",
                f"the request has {size} bytes, of at most "
                f"{self._endpoint.max_message_bytes}; see `max_message_bytes`",
            )
        response = _call(self._predict, request, seconds)
        return {
            name: _array(tensor) for name, tensor in response.outputs.items()
        }

    def status(self, seconds: float) -> dict[int, str]:
        """Returns the state of each version."""
        request = get_model_status_pb2.GetModelStatusRequest()
        self._set_model(request.model_spec)
        response = _call(self._status, request, seconds)
        state = get_model_status_pb2.ModelVersionStatus.State
        return {
            version.version: state.Name(version.state)
            for version in response.model_version_status
        }

    def close(self) -> None:
        """Closes the channel."""
        self._channel.close()

    def _set_model(self, spec: model_pb2.ModelSpec) -> None:
        spec.name = self._endpoint.model
        if self._endpoint.version is not None:
            spec.version.value = self._endpoint.version


def _call(
    method: grpc.UnaryUnaryMultiCallable, request: Message, seconds: float
) -> Any:
    try:
        return method(request, timeout=seconds)
    except grpc.RpcError as error:
        raise ServingError(error.code().name, error.details()) from error


def _array(tensor: tensor_pb2.TensorProto) -> np.ndarray:
    array = tf.make_ndarray(tensor)
    if array.dtype != object:
        return array
    strings = [value.decode() for value in array.ravel()]
    return np.array(strings, np.str_).reshape(array.shape)


def _credentials(endpoint: Endpoint) -> grpc.ChannelCredentials:
    return grpc.ssl_channel_credentials(
        _read(endpoint.root_certificates),
        _read(endpoint.private_key),
        _read(endpoint.certificate),
    )


def _read(path: str | Path | None) -> bytes | None:
    return None if path is None else Path(path).read_bytes()
