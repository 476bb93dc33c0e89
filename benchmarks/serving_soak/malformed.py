"""Bad requests, each of which is to be refused as the caller's error."""

import json
from collections.abc import Callable

import grpc
import numpy as np
import tensorflow as tf
import urllib3
from tensorflow_serving.apis import predict_pb2

METHOD = "/tensorflow.serving.PredictionService/Predict"
# Too large a message never reaches a gRPC service: gRPC itself refuses it.
REFUSALS = ("INVALID_ARGUMENT", "NOT_FOUND", "RESOURCE_EXHAUSTED")


def rest_bodies(limit: int) -> dict[str, tuple[str, bytes]]:
    """Bad bodies by kind, each with the path it is sent to.

    Args:
        limit: Limit of a request in bytes.

    Returns:
        Path and body.
    """
    here = "/v1/models/fndrec:predict"

    def call(signature: str, **inputs: object) -> tuple[str, bytes]:
        asked = {"signature_name": signature, "inputs": inputs}
        return here, json.dumps(asked).encode()

    good = call("recommend", user_id=["a"], k=[1])[1]
    return {
        "no JSON": (here, b'{"inputs": '),
        "no object": (here, b"[1, 2]"),
        "deep": (here, b"[" * 100_000),
        "unknown signature": call("no_such", user_id=["a"]),
        "unknown model": ("/v1/models/other:predict", good),
        "unknown version": ("/v1/models/fndrec/versions/99:predict", good),
        "unknown input": call("recommend", user_id=["a"], k=[1], z=[1]),
        "missing input": call("recommend", user_id=["a"]),
        "wrong type": call("recommend", user_id=["a"], k=["one"]),
        "wrong rank": call("recommend", user_id=[["a"]], k=[1]),
        "two batches": call("recommend", user_id=["a", "b"], k=[1]),
        "ragged": call("recommend", user_id=["a", ["b"]], k=[1, 2]),
        "out of range": call("recommend", user_id=["a"], k=[2**40]),
        "no base64": call(
            "embed_items", image_bytes=[{"b64": "%"}], category=["top"]
        ),
        "too large": (here, b" " * (limit + 1)),
    }


def grpc_messages(limit: int) -> dict[str, bytes]:
    """Bad messages by kind.

    Args:
        limit: Limit of a request in bytes.

    Returns:
        Bytes that are sent as a `PredictRequest`.
    """

    def call(
        signature: str = "recommend", model: str = "fndrec", **inputs: object
    ) -> predict_pb2.PredictRequest:
        request = predict_pb2.PredictRequest()
        request.model_spec.name = model
        request.model_spec.signature_name = signature
        for name, value in inputs.items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
        return request

    users, k = np.array(["a"], object), np.array([1], np.int32)
    version = call(user_id=users, k=k)
    version.model_spec.version.value = 99
    short = call(user_id=users, k=k)
    short.inputs["k"].tensor_content = b"123"
    # Few bytes that stand for 4 GB.
    bomb = call(user_id=users, k=k)
    bomb.inputs["k"].tensor_shape.dim[0].size = 2**30
    made = {
        "unknown signature": call("no_such", user_id=users),
        "unknown model": call(model="other", user_id=users, k=k),
        "unknown version": version,
        "unknown input": call(user_id=users, k=k, z=k),
        "missing input": call(user_id=users),
        "wrong type": call(user_id=users, k=k.astype("float32")),
        "wrong rank": call(user_id=users, k=k[None]),
        "two batches": call(user_id=users, k=np.repeat(k, 2)),
        "short tensor": short,
        "huge tensor": bomb,
        "too large": call(user_id=np.array([b" " * limit], object), k=k),
    }
    return {
        "no message": b"\xff" * 100,
        **{kind: one.SerializeToString() for kind, one in made.items()},
    }


def rest_sender(
    address: str, limit: int
) -> list[tuple[str, Callable[[], str]]]:
    """Kinds of bad requests over REST, each with what sends it.

    Args:
        address: `host:port`.
        limit: Limit of a request in bytes.

    Returns:
        Kinds and functions that give the status.
    """
    pool = urllib3.PoolManager(maxsize=4)

    def sender(path: str, body: bytes) -> Callable[[], str]:
        def send() -> str:
            answer = pool.request(
                "POST", f"http://{address}{path}", body=body, retries=False
            )
            assert "error" in json.loads(answer.data)
            return str(answer.status)

        return send

    return [
        (f"REST: {kind}", sender(path, body))
        for kind, (path, body) in rest_bodies(limit).items()
    ]


def grpc_sender(
    address: str, limit: int
) -> list[tuple[str, Callable[[], str]]]:
    """Kinds of bad requests over gRPC, each with what sends it.

    Args:
        address: `host:port`.
        limit: Limit of a request in bytes.

    Returns:
        Kinds and functions that give the status.
    """
    channel = grpc.insecure_channel(address)
    method = channel.unary_unary(METHOD)

    def sender(message: bytes) -> Callable[[], str]:
        def send() -> str:
            try:
                method(message, timeout=60)
            except grpc.RpcError as error:
                return str(error.code().name)
            return "OK"

        return send

    return [
        (f"gRPC: {kind}", sender(message))
        for kind, message in grpc_messages(limit).items()
    ]


def is_refusal(status: str) -> bool:
    """Whether a status says that the request was at fault."""
    return status in REFUSALS or (len(status) == 3 and status.startswith("4"))
