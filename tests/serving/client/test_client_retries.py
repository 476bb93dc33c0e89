"""When a client tries again, and when not."""

import http.server
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hand_made import write

from fndrec.serving import Client, Server, ServingError
from fndrec.serving.client._retry import call

Protocol = Literal["grpc", "rest"]
both = pytest.mark.parametrize("protocol", ["grpc", "rest"])


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def failing(codes: list[str]) -> tuple[Any, list[float]]:
    """Something that fails with one code after the other, then succeeds."""
    given: list[float] = []

    def attempt(left: float) -> str:
        given.append(left)
        if len(given) <= len(codes):
            raise ServingError(codes[len(given) - 1], "no")
        return "answer"

    return attempt, given


def test_tries_while_unavailable() -> None:
    attempt, given = failing(["UNAVAILABLE"] * 3)
    assert call(attempt, 30, 3) == "answer"
    assert len(given) == 4
    # Of one time for all tries, the pauses are gone: half of 0.1, 0.2, 0.4
    # at the least.
    assert 30 >= given[0] > given[3]
    assert given[0] - given[3] >= 0.35


@pytest.mark.parametrize(
    "code", ["INVALID_ARGUMENT", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED"]
)
def test_other_errors_are_final(code: str) -> None:
    attempt, given = failing(["UNAVAILABLE", code])
    with pytest.raises(ServingError, match=code):
        call(attempt, 30, 9)
    assert len(given) == 2


def test_tries_end() -> None:
    attempt, given = failing(["UNAVAILABLE"] * 9)
    with pytest.raises(ServingError, match="UNAVAILABLE"):
        call(attempt, 30, 2)
    assert len(given) == 3
    # A pause that would outlast the time is not begun.
    attempt, given = failing(["UNAVAILABLE"] * 9)
    with pytest.raises(ServingError, match="UNAVAILABLE"):
        call(attempt, 0.01, 9)
    assert len(given) == 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export")
    write(folder / "1")
    return folder


@both
def test_a_server_that_comes_late(folder: Path, protocol: Protocol) -> None:
    port = free_port()
    server = Server(
        folder,
        port=port if protocol == "rest" else 0,
        grpc_port=port if protocol == "grpc" else 0,
    )
    late = threading.Timer(0.3, server.start)
    late.start()
    try:
        with Client(
            f"127.0.0.1:{port}", protocol, timeout=60, retries=99
        ) as client:
            assert client.recommend(["anna"], 1).score.tolist() == [[4.0]]
            # And one that goes and comes back.
            server.stop()
            with Server(
                folder,
                port=port if protocol == "rest" else 0,
                grpc_port=port if protocol == "grpc" else 0,
            ):
                assert client.recommend(["eva"], 1).score.tolist() == [[3.0]]
    finally:
        late.join()
        server.stop()


@both
def test_nobody_there(protocol: Protocol) -> None:
    with (
        Client(f"127.0.0.1:{free_port()}", protocol, retries=1) as client,
        pytest.raises(ServingError) as raised,
    ):
        client.recommend(["anna"], 1)
    assert raised.value.code == "UNAVAILABLE"


@both
def test_a_server_that_is_silent(protocol: Protocol) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        begun = time.monotonic()
        with (
            Client(address, protocol, timeout=0.3, retries=0) as client,
            pytest.raises(ServingError) as raised,
        ):
            client.recommend(["anna"], 1)
    assert raised.value.code in ("DEADLINE_EXCEEDED", "UNAVAILABLE")
    assert time.monotonic() - begun < 20


class Odd(http.server.BaseHTTPRequestHandler):
    """Answers what it is told to."""

    answers: list[tuple[int, bytes]]
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        status, body = self.answers.pop(0)
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Is silent."""


@pytest.fixture
def odd() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Odd) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_statuses_of_rest(odd: str) -> None:
    good = {"outputs": {"score": [1], "word": ["a"]}}
    with Client(odd, "rest", retries=1) as client:
        Odd.answers = [(503, b'{"error": "later"}')]
        Odd.answers.append((200, json.dumps(good).encode()))
        found = client.predict("any", {"k": np.array([1])})
        assert found["score"].dtype == np.float32
        assert found["word"].tolist() == ["a"]
        for answers, code, words in (
            ([(503, b"")] * 2, "UNAVAILABLE", "503"),
            ([(429, b'{"error": "busy"}')], "RESOURCE_EXHAUSTED", "busy"),
            ([(418, b"<html>")], "INTERNAL", "418: <html>"),
            ([(200, b"<html>")], "INTERNAL", "200: <html>"),
            ([(404, b"[]")], "NOT_FOUND", "404"),
        ):
            Odd.answers = list(answers)
            with pytest.raises(ServingError, match=words) as raised:
                client.predict("any", {"k": np.array([1])})
            assert raised.value.code == code
            assert not Odd.answers
