"""How much the server takes on, and how it stops."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import urllib3
from hand_made import GO, write

from fndrec.serving import Client, Server, ServingError

Protocol = Literal["grpc", "rest"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export")
    write(folder / "1", shift=1.0)
    return folder


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    with Server(folder, port=0, grpc_port=0, workers=1, queue_size=1) as server:
        yield server


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """While it is empty, those who wait for it wait."""
    gate = tmp_path / "gate"
    gate.write_text("")
    return gate


def wait(client: Client, gate: Path) -> float:
    found = client.predict("wait", {"path": np.array([str(gate)], object)})
    return float(found["version"][0])


def number(client: Client) -> float:
    found = client.predict("number", {"word": np.array(["3"], object)})
    # Over REST, an only output comes without its name.
    [value] = found.values()
    return float(value[0])


def pending(server: Server) -> float:
    path = f"http://127.0.0.1:{server.port}/monitoring/prometheus/metrics"
    text = urllib3.request("GET", path).data.decode()
    return float(text.split("\nfndrec_pending_requests ")[1].split()[0])


def until(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it did not happen")


def test_a_full_queue_refuses(server: Server, gate: Path) -> None:
    with (
        Client(f"127.0.0.1:{server.grpc_port}") as by_grpc,
        Client(f"127.0.0.1:{server.port}", "rest") as by_rest,
        ThreadPoolExecutor(2) as pool,
    ):
        taken = [pool.submit(wait, by_grpc, gate) for _ in range(2)]
        until(lambda: pending(server) == 2)
        for client in (by_grpc, by_rest):
            with pytest.raises(ServingError, match="busy") as raised:
                number(client)
            assert raised.value.code == "RESOURCE_EXHAUSTED"
            # What takes no thread is answered.
            assert client.status() == {1: "AVAILABLE"}
        gate.write_text(GO)
        assert [one.result() for one in taken] == [1.0, 1.0]
        assert number(by_grpc) == number(by_rest) == 4.0


def test_who_goes_away_leaves_the_queue(server: Server, gate: Path) -> None:
    address = f"127.0.0.1:{server.grpc_port}"
    with (
        Client(address) as patient,
        Client(address, timeout=0.2) as hasty,
        ThreadPoolExecutor(1) as pool,
    ):
        taken = pool.submit(wait, patient, gate)
        until(lambda: pending(server) == 1)
        with pytest.raises(ServingError) as raised:
            number(hasty)
        assert raised.value.code == "DEADLINE_EXCEEDED"
        until(lambda: pending(server) == 1)
        gate.write_text(GO)
        assert taken.result() == 1.0


@pytest.mark.parametrize("protocol", ["grpc", "rest"])
def test_what_is_in_flight_is_answered_before_it_stops(
    folder: Path, gate: Path, protocol: Protocol
) -> None:
    server = Server(folder, port=0, grpc_port=0)
    server.start()
    port = server.grpc_port if protocol == "grpc" else server.port
    health = f"http://127.0.0.1:{server.port}/health"
    with (
        Client(f"127.0.0.1:{port}", protocol, retries=0) as client,
        ThreadPoolExecutor(1) as pool,
    ):
        taken = pool.submit(wait, client, gate)
        until(lambda: pending(server) == 1)
        stopping = threading.Thread(target=server.stop)
        stopping.start()

        def is_closed() -> bool:
            try:
                urllib3.request("GET", health, retries=False)
            except urllib3.exceptions.HTTPError:
                return True
            return False

        until(is_closed)
        with pytest.raises(ServingError) as raised:
            number(Client(f"127.0.0.1:{port}", protocol, retries=0))
        assert raised.value.code == "UNAVAILABLE"
        assert not taken.done()
        gate.write_text(GO)
        assert taken.result() == 1.0
        stopping.join(30)
        assert not stopping.is_alive()


@pytest.mark.parametrize(
    "argument",
    [
        {"port": -1},
        {"grpc_port": -1},
        {"workers": 0},
        {"queue_size": -1},
        {"max_request_bytes": 0},
        {"poll_seconds": 0},
        {"poll_seconds": float("nan")},
    ],
    ids=str,
)
def test_arguments(folder: Path, argument: dict[str, Any]) -> None:
    [(name, value)] = argument.items()
    with pytest.raises(ValueError, match=f"`{name}` .*{name}={value}"):
        Server(folder, **argument)


def test_a_port_that_is_taken(server: Server, folder: Path) -> None:
    ports: dict[str, int]
    for ports in (
        {"port": server.port, "grpc_port": 0},
        {"port": 0, "grpc_port": server.grpc_port},
    ):
        port = max(ports.values())
        with pytest.raises(OSError, match=f"127.0.0.1:{port}"):
            Server(
                folder, port=ports["port"], grpc_port=ports["grpc_port"]
            ).start()


def test_a_request_that_does_not_end_does_not_keep_the_server(
    folder: Path,
    gate: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("fndrec.serving.server.server.DRAIN_SECONDS", 0.1)
    with ThreadPoolExecutor(1) as pool:
        with Server(folder, port=0, grpc_port=0) as server:
            client = Client(f"127.0.0.1:{server.grpc_port}", retries=0)
            waiting = pool.submit(wait, client, gate)
            until(lambda: pending(server) == 1)
        # The server is gone, though the graph runs until it may go on.
        with pytest.raises(ServingError):
            waiting.result()
        gate.write_text(GO)
    assert "stopped: 1 requests are still running" in caplog.text
