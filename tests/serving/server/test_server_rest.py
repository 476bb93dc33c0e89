"""Requests over REST, as TF Serving documents them."""

import http.client
import json
import math
import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3
from hand_made import write

from fndrec.serving import Server

LIMIT = 2**18
HERE = "/v1/models/shop:predict"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("export")
    write(folder / "4")
    with Server(
        folder, name="shop", port=0, grpc_port=0, max_request_bytes=LIMIT
    ) as server:
        yield server


def ask(
    server: Server, method: str, path: str, body: Any = None
) -> tuple[int, Any]:
    if not isinstance(body, bytes | None):
        body = json.dumps(body).encode()
    answer = urllib3.request(
        method, f"http://127.0.0.1:{server.port}{path}", body=body
    )
    assert answer.headers["content-type"] == "application/json"
    return answer.status, json.loads(answer.data)


def predict(server: Server, signature: str, **body: Any) -> Any:
    body["signature_name"] = signature
    status, answer = ask(server, "POST", HERE, body)
    assert status == 200, answer
    return answer


def test_rows(server: Server) -> None:
    rows = [{"user_id": "anna", "k": 1}, {"user_id": "nobody", "k": 0}]
    assert predict(server, "recommend", instances=rows) == {
        "predictions": [
            {"outfit_id": ["o0", "o1"], "score": [4.0, 3.0], "known": True},
            {"outfit_id": ["o0", "o1"], "score": [6.0, 5.0], "known": False},
        ]
    }


def test_columns(server: Server) -> None:
    columns = {"user_id": ["anna", "nobody"], "k": [1, 0]}
    assert predict(server, "recommend", inputs=columns) == {
        "outputs": {
            "outfit_id": [["o0", "o1"], ["o0", "o1"]],
            "score": [[4.0, 3.0], [6.0, 5.0]],
            "known": [True, False],
        }
    }


def test_the_default_signature(server: Server) -> None:
    image = [[[[[10, 20, 30]] * 4] * 4] * 2]
    status, found = ask(
        server, "POST", HERE, {"inputs": {"image": image, "length": [3]}}
    )
    assert (status, found) == (200, {"outputs": [60.0]})


def test_an_only_input_needs_no_name(server: Server) -> None:
    assert predict(server, "number", instances=["3", "4.5"]) == {
        "predictions": [3.0, 4.5]
    }
    assert predict(server, "number", instances=[{"b64": "Nw=="}]) == {
        "predictions": [7.0]
    }
    assert predict(server, "number", inputs=["3"]) == {"outputs": [3.0]}


def test_each_type(server: Server) -> None:
    columns = {
        "flag": [True, False],
        "level": [1, 2.5],
        "raw": [{"b64": "/w=="}, "ü"],
    }
    assert predict(server, "echo", inputs=columns) == {
        "outputs": {
            "flag": [True, False],
            "level": [1.0, 2.5],
            # An output whose name says so comes as bytes.
            "raw_bytes": [{"b64": "/w=="}, {"b64": "w7w="}],
            "raw": ["\ufffd", "ü"],
        }
    }
    columns = {"flag": [], "level": [], "raw": []}
    assert predict(server, "echo", inputs=columns)["outputs"]["raw"] == []
    found = predict(
        server,
        "echo",
        inputs={"flag": [True], "level": [math.inf], "raw": [""]},
    )
    assert found["outputs"]["level"] == [math.inf]


def test_a_version_by_its_number(server: Server) -> None:
    body = {"signature_name": "number", "instances": ["3"]}
    path = "/v1/models/shop/versions/4:predict"
    assert ask(server, "POST", path, body)[0] == 200


def named(signature: str, **inputs: Any) -> dict[str, Any]:
    return {"signature_name": signature, "inputs": inputs}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b"\xff\xfe\x00", "JSON"),
        (b"[" * 50_000, "JSON"),
        (b"9" * 5000, "JSON"),
        ([1], "object. Received: list"),
        ({}, "either `instances`"),
        ({"instances": [], "inputs": []}, "either `instances`"),
        ({"signature_name": 3, "inputs": []}, "Received: 3"),
        (named("no_such"), "'recommend'.*Received: 'no_such'"),
        (named("recommend", user_id=["a"]), r"Received: \['user_id'\]"),
        (named("recommend", user_id=["a"], k=[1], z=1), "'z'"),
        (named("recommend", user_id=["a"], k=["1"]), "`k` .*int32.*'1'"),
        (named("recommend", user_id=["a"], k=[1.5]), "`k` .*int32.*1.5"),
        (named("recommend", user_id=["a"], k=[True]), "`k` .*int32.*True"),
        (named("recommend", user_id=["a"], k=[None]), "`k` .*int32.*None"),
        (named("recommend", user_id=["a"], k=[2**31]), "`k` .*2147483648"),
        (named("recommend", user_id=["a"], k=[2**70]), "`k` .*int32"),
        (named("recommend", user_id=["a"], k=[[1]]), r"\(\?,\).*\(1, 1\)"),
        (named("recommend", user_id=["a"], k=1), r"\(\?,\).*\(\)"),
        (named("recommend", user_id=["a"], k=[1, 2]), "same batch"),
        (named("recommend", user_id=["a"], k=[1, [2]]), "`k` .*same length"),
        (named("recommend", user_id=[["a"], "b"], k=[1]), "same length"),
        (named("recommend", user_id=[1], k=[1]), "`user_id` .*strings.*1"),
        (named("recommend", user_id=["\ud800"], k=[1]), "Unicode"),
        (named("number", word=[{"b64": "%"}]), "base64.*'%'"),
        (named("number", word=[{"b64": 1}]), "base64.*1"),
        (named("number", word=[{"b65": ""}]), "strings.*b65"),
        (named("number", word=["seven"]), "`number` cannot.*seven"),
        (
            named(
                "serving_default", image=[[[[[300] * 3] * 4] * 4]], length=[1]
            ),
            "`image` .*uint8.*300",
        ),
        (
            named("serving_default", image=[[[[[3] * 3] * 4] * 5]], length=[1]),
            r"\(\?, \?, 4, 4, 3\).*\(1, 1, 5, 4, 3\)",
        ),
        (named("echo", flag=[1], level=[1], raw=[""]), "`flag` .*bool.*1"),
        ({"signature_name": "number", "instances": []}, "an empty list"),
        ({"signature_name": "number", "instances": "3"}, "Received: str"),
        ({"signature_name": "recommend", "instances": ["a"]}, "named"),
        ({"signature_name": "recommend", "inputs": ["a"]}, "named"),
        (
            {
                "signature_name": "recommend",
                "instances": [{"user_id": "a", "k": 1}, {"user_id": "b"}],
            },
            r"row 1 .*Received: \['user_id'\]",
        ),
        (
            {"signature_name": "number", "instances": [{"word": "1"}, "2"]},
            "row 1 .*Received: str",
        ),
        ({"signature_name": "count", "instances": ["a"]}, "use `inputs`"),
    ],
    ids=lambda value: "" if isinstance(value, str) else None,
)
def test_a_bad_request(server: Server, body: Any, words: str) -> None:
    status, found = ask(server, "POST", HERE, body)
    assert status == 400
    assert list(found) == ["error"]
    assert re.search(words, found["error"], re.S), found["error"]


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("POST", "/v1/models/other:predict", 404, "'other'"),
        ("POST", "/v1/models/shop/versions/5:predict", 404, "version 5"),
        ("POST", "/v1/models/shop/versions/x:predict", 400, "'x'"),
        ("POST", "/v1/models/shop:classify", 405, "classify"),
        ("GET", "/v1/models/shop:predict", 405, ":predict (POST)"),
        ("GET", "/v1/models/shop/versions/1:predict", 405, "(POST)"),
        ("GET", "/v1/models/other", 404, "'other'"),
        ("GET", "/v1/models/shop/versions/5", 404, "version 5"),
        ("GET", "/v1/models/shop/versions/²", 400, "²"),
        ("GET", f"/v1/models/shop/versions/{10**30}/metadata", 400, "10000"),
        ("GET", "/v1/models/shop/versions/5/metadata", 404, "version 5"),
        ("GET", "/v2", 404, "/v2"),
        ("DELETE", "/v1/models/shop", 405, "DELETE"),
    ],
)
def test_a_bad_path(
    server: Server, method: str, path: str, status: int, words: str
) -> None:
    body = {"signature_name": "number", "instances": ["3"]}
    found = ask(server, method, path, body if method == "POST" else None)
    assert found[0] == status
    assert words in found[1]["error"]


def test_a_request_that_is_too_large(server: Server) -> None:
    status, found = ask(server, "POST", HERE, b" " * (LIMIT + 1))
    assert status == 413
    assert str(LIMIT) in found["error"]
    # One whose length is not said beforehand.
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("POST", HERE, iter([b" " * 1000] * (LIMIT // 1000 + 1)))
    assert connection.getresponse().status == 413
    connection.close()
    exactly = json.dumps({"signature_name": "number", "instances": ["3"]})
    assert ask(server, "POST", HERE, exactly.ljust(LIMIT).encode())[0] == 200


def test_mutated_requests_are_answered_or_refused(server: Server) -> None:
    body = json.dumps(named("recommend", user_id=["anna"], k=[2])).encode()
    rng = random.Random(0)  # noqa: S311
    seen = set()
    for _ in range(300):
        mutated = bytearray(body)
        for _ in range(rng.randint(1, 3)):
            mutated[rng.randrange(len(mutated))] = rng.randrange(32, 256)
        seen.add(ask(server, "POST", HERE, bytes(mutated))[0])
    assert seen == {200, 400}


def test_status(server: Server) -> None:
    expected = {
        "model_version_status": [
            {
                "version": "4",
                "state": "AVAILABLE",
                "status": {"error_code": "OK", "error_message": ""},
            }
        ]
    }
    assert ask(server, "GET", "/v1/models/shop") == (200, expected)
    assert ask(server, "GET", "/v1/models/shop/versions/4") == (200, expected)


def test_metadata(server: Server) -> None:
    status, found = ask(server, "GET", "/v1/models/shop/metadata")
    assert status == 200
    assert found["model_spec"] == {
        "name": "shop",
        "version": "4",
        "signature_name": "",
    }
    signatures = found["metadata"]["signature_def"]["signature_def"]
    assert sorted(signatures) == [
        *("count", "echo", "number", "recommend", "serving_default", "wait")
    ]
    image = signatures["serving_default"]["inputs"]["image"]
    assert image["dtype"] == "DT_UINT8"
    sides = [dim["size"] for dim in image["tensor_shape"]["dim"]]
    assert sides == ["-1", "-1", "4", "4", "3"]


def test_health_and_metrics(server: Server) -> None:
    predict(server, "count", inputs=["a"])
    root = f"http://127.0.0.1:{server.port}"
    assert urllib3.request("GET", f"{root}/health").status == 200
    answer = urllib3.request("GET", f"{root}/monitoring/prometheus/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    lines = answer.data.decode().splitlines()
    assert "fndrec_model_version 4.0" in lines
    assert "fndrec_pending_requests 0.0" in lines
    counted = 'fndrec_requests_total{code="%s",protocol="rest",signature="%s"}'
    assert counted % ("OK", "count") + " 1.0" in lines
    # A name that is not served would fill the metrics.
    assert not any("no_such" in line for line in lines)
