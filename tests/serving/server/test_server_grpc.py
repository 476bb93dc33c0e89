"""Requests over gRPC, with the stubs of tensorflow-serving-api."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import numpy as np
import pytest
import tensorflow as tf
from hand_made import request, write
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    prediction_service_pb2_grpc,
)

from fndrec.serving import Server

LIMIT = 2**18


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("export")
    write(folder / "4")
    with (
        Server(folder, port=0, grpc_port=0, max_request_bytes=LIMIT) as server,
        grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel,
    ):
        yield channel


@pytest.fixture(scope="module")
def stub(channel: Any) -> Any:
    return prediction_service_pb2_grpc.PredictionServiceStub(channel)


def recommend() -> Any:
    return request(
        "recommend", {"user_id": ["anna"], "k": np.array([1], np.int32)}
    )


def error_of(call: Callable[[], Any]) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as raised:
        call()
    return raised.value.code(), raised.value.details()


def test_predict(stub: Any) -> None:
    found = stub.Predict(recommend())
    assert found.model_spec.name == "fndrec"
    assert found.model_spec.signature_name == "recommend"
    assert found.model_spec.version.value == 4
    outputs = {k: tf.make_ndarray(v) for k, v in found.outputs.items()}
    assert {k: v.tolist() for k, v in outputs.items()} == {
        "outfit_id": [[b"o0", b"o1"]],
        "score": [[4.0, 3.0]],
        "known": [True],
    }


def test_the_default_signature_and_an_empty_batch(stub: Any) -> None:
    image = np.zeros((0, 2, 4, 4, 3), np.uint8)
    found = stub.Predict(
        request("", {"image": image, "length": np.zeros(0, np.int32)})
    )
    assert found.model_spec.signature_name == "serving_default"
    assert tf.make_ndarray(found.outputs["score"]).shape == (0,)


def test_a_filter_of_outputs_and_a_version(stub: Any) -> None:
    asked = recommend()
    asked.output_filter.append("score")
    asked.model_spec.version.value = 4
    assert list(stub.Predict(asked).outputs) == ["score"]


def change(**changes: Any) -> Any:
    """A good request with something else in it."""
    made = recommend()
    for name, value in changes.items():
        if value is None:
            del made.inputs[name]
        else:
            made.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    return made


def spoilt(spoil: Callable[[Any], Any]) -> Any:
    made = recommend()
    spoil(made)
    return made


INVALID, MISSING = (
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
)


@pytest.mark.parametrize(
    ("asked", "code", "words"),
    [
        (request("no_such", {}), INVALID, "'no_such'"),
        (request("recommend", {}, "other"), MISSING, "'other'"),
        (change(k=None), INVALID, "Received: ['user_id']"),
        (change(z=1), INVALID, "'z'"),
        (change(k=[1.0]), INVALID, "`k` should be int32. Received: float32"),
        (change(k=["1"]), INVALID, "Received: string"),
        (change(k=np.array([[1]], np.int32)), INVALID, "(1, 1)"),
        (change(k=np.array([1, 2], np.int32)), INVALID, "same batch"),
        (request("number", {"word": ["seven"]}), INVALID, "string: seven"),
        (
            spoilt(lambda r: r.output_filter.append("no_such")),
            INVALID,
            "'no_such'",
        ),
        (
            spoilt(lambda r: setattr(r.model_spec.version, "value", 5)),
            MISSING,
            "version 5",
        ),
        (
            spoilt(lambda r: setattr(r.model_spec, "version_label", "best")),
            INVALID,
            "'best'",
        ),
        (
            spoilt(lambda r: setattr(r.inputs["k"], "tensor_content", b"123")),
            INVALID,
            "`k` should be a well-formed tensor",
        ),
        (
            spoilt(lambda r: setattr(r.inputs["k"], "dtype", 99)),
            INVALID,
            "`k` should be a well-formed tensor",
        ),
        # Some bytes that stand for 4 GB.
        (
            spoilt(
                lambda r: setattr(
                    r.inputs["k"].tensor_shape.dim[0], "size", 2**30
                )
            ),
            INVALID,
            "(1073741824,)",
        ),
        (
            spoilt(
                lambda r: setattr(r.inputs["k"].tensor_shape.dim[0], "size", -1)
            ),
            INVALID,
            "unknown shape",
        ),
    ],
)
def test_a_bad_request(
    stub: Any, asked: Any, code: grpc.StatusCode, words: str
) -> None:
    found = error_of(lambda: stub.Predict(asked))
    assert found[0] == code
    assert words in found[1]


def test_bytes_that_are_no_message(channel: Any) -> None:
    predict = channel.unary_unary(
        "/tensorflow.serving.PredictionService/Predict"
    )
    code, words = error_of(lambda: predict(b"\xff\xff"))
    assert code == INVALID
    assert "PredictRequest" in words


def test_a_message_that_is_too_large(stub: Any) -> None:
    asked = change(user_id=["x" * LIMIT])
    code, _ = error_of(lambda: stub.Predict(asked))
    assert code == grpc.StatusCode.RESOURCE_EXHAUSTED


def test_mutated_messages_are_answered_or_refused(channel: Any) -> None:
    predict = channel.unary_unary(
        "/tensorflow.serving.PredictionService/Predict"
    )
    message = recommend().SerializeToString()
    rng = random.Random(0)  # noqa: S311
    seen = set()
    for _ in range(500):
        mutated = bytearray(message)
        for _ in range(rng.randint(1, 3)):
            mutated[rng.randrange(len(mutated))] = rng.randrange(256)
        try:
            predict(bytes(mutated), timeout=30)
            seen.add(grpc.StatusCode.OK)
        except grpc.RpcError as error:
            seen.add(error.code())
    assert seen == {grpc.StatusCode.OK, INVALID, MISSING}


def test_what_is_not_served(stub: Any) -> None:
    asked = classification_pb2.ClassificationRequest()
    code, _ = error_of(lambda: stub.Classify(asked))
    assert code == grpc.StatusCode.UNIMPLEMENTED


def test_metadata(stub: Any) -> None:
    asked = get_model_metadata_pb2.GetModelMetadataRequest()
    asked.model_spec.name = "fndrec"
    code, words = error_of(lambda: stub.GetModelMetadata(asked))
    assert (code, "signature_def" in words) == (INVALID, True)
    asked.metadata_field.append("signature_def")
    found = stub.GetModelMetadata(asked)
    assert found.model_spec.version.value == 4
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert found.metadata["signature_def"].Unpack(signatures)
    score = signatures.signature_def["recommend"].outputs["score"]
    assert score.dtype == tf.float32.as_datatype_enum


def test_status(channel: Any) -> None:
    stub = model_service_pb2_grpc.ModelServiceStub(channel)
    asked = get_model_status_pb2.GetModelStatusRequest()
    asked.model_spec.name = "fndrec"
    [found] = stub.GetModelStatus(asked).model_version_status
    assert found.version == 4
    assert found.state == get_model_status_pb2.ModelVersionStatus.AVAILABLE
    asked.model_spec.version.value = 5
    assert error_of(lambda: stub.GetModelStatus(asked))[0] == MISSING
