"""Versions that come, go and fail while requests are answered."""

import gc
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from hand_made import GO, record, write

from fndrec import DataError
from fndrec.serving import Client, Server, ServingError
from fndrec.serving.server.servable import Servable


@pytest.fixture
def folder(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path / "export"
    folder.mkdir()
    # What is no version is left alone.
    (folder / "models.config").write_text("")
    (folder / "notes").mkdir()
    write(folder / "1", shift=1.0)
    return folder


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    with Server(folder, port=0, grpc_port=0, poll_seconds=0.05) as server:
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(f"127.0.0.1:{server.grpc_port}") as client:
        yield client


def version(client: Client) -> float:
    found = client.predict("number", {"word": np.array(["0"], object)})
    return float(found["value"][0])


def until(client: Client, number: int, state: str) -> None:
    for _ in range(2000):
        if client.status().get(number) == state:
            return
        time.sleep(0.02)
    raise AssertionError(f"version {number} did not become {state}")


def test_a_new_version_fails_no_request(
    folder: Path, server: Server, client: Client
) -> None:
    made = write(folder.parent / "2", shift=2.0)
    stop = threading.Event()

    def ask(protocol: Literal["grpc", "rest"], port: int) -> list[float]:
        seen = []
        with Client(f"127.0.0.1:{port}", protocol, retries=0) as asking:
            while not stop.is_set():
                found = asking.predict(
                    "count", {"word": np.array(["a"], object)}
                )
                assert found["count"] == 1
                found = asking.predict(
                    "recommend",
                    {
                        "user_id": np.array(["u"], object),
                        "k": np.array([1], np.int32),
                    },
                )
                # Of a user whose id has one letter.
                seen.append(float(found["score"][0, 0]) - 1)
        return seen

    with ThreadPoolExecutor(2) as pool:
        asking = [
            pool.submit(ask, "grpc", server.grpc_port),
            pool.submit(ask, "rest", server.port),
        ]
        time.sleep(0.2)
        made.rename(folder / "2")
        until(client, 2, "AVAILABLE")
        time.sleep(0.2)
        stop.set()
        for one in asking:
            seen = one.result()
            assert set(seen) == {1.0, 2.0}
            assert seen == sorted(seen)
    assert client.status() == {2: "AVAILABLE"}


def test_what_is_in_flight_ends_on_the_version_it_began_on(
    folder: Path, client: Client, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    gate.write_text("")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(
            client.predict, "wait", {"path": np.array([str(gate)], object)}
        )
        write(folder / "2", shift=2.0)
        until(client, 2, "AVAILABLE")
        assert version(client) == 2.0
        assert not waiting.done()
        gate.write_text(GO)
        assert waiting.result()["version"].tolist() == [1.0]
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if loaded(folder) == [2]:
            return
        time.sleep(0.1)
    raise AssertionError("the version before is kept in memory")


def loaded(folder: Path) -> list[int]:
    """The versions of the folder that are in memory."""
    return [
        found.version
        for found in gc.get_objects()
        if isinstance(found, Servable) and found.path.parent == folder
    ]


def test_a_version_that_fails_is_reported_until_it_is_mended(
    folder: Path, server: Server, client: Client
) -> None:
    whole = write(folder.parent / "3", shift=3.0)
    # As a copy that was not atomic.
    shutil.copytree(
        whole, folder / "3", ignore=shutil.ignore_patterns("variables*")
    )
    until(client, 3, "END")
    assert client.status() == {1: "AVAILABLE", 3: "END"}
    assert version(client) == 1.0
    with pytest.raises(ServingError) as raised:
        version(Client(f"127.0.0.1:{server.grpc_port}", version=3))
    assert raised.value.code == "NOT_FOUND"
    shutil.copytree(whole / "variables", folder / "3" / "variables")
    until(client, 3, "AVAILABLE")
    assert version(client) == 3.0


def test_the_one_before_comes_back_if_the_newest_is_taken_away(
    folder: Path, client: Client
) -> None:
    write(folder / "2", shift=2.0)
    until(client, 2, "AVAILABLE")
    (folder / "2").rename(folder / "notes" / "2")
    until(client, 1, "AVAILABLE")
    assert version(client) == 1.0
    # With none left, what is loaded is served.
    (folder / "1").rename(folder / "notes" / "1")
    time.sleep(0.2)
    assert version(client) == 1.0


def test_warm_up(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    good = record("number", {"word": ["7"]})
    write(folder / "2", shift=2.0, warmup=(good, good))
    bad = record("number", {"word": ["seven"]})
    write(folder / "3", shift=3.0, warmup=(good, bad))
    write(folder / "4", shift=4.0, warmup=(b"\xff",))
    with (
        Server(folder, port=0, grpc_port=0) as server,
        Client(f"127.0.0.1:{server.grpc_port}") as client,
    ):
        assert client.status() == {4: "END", 3: "END", 2: "AVAILABLE"}
        assert version(client) == 2.0
    assert "serving version 2 after 2 warm-up requests" in caplog.text
    expected = "record 2 should be a request that the model can answer"
    assert expected in caplog.text
    assert "record 1 should be" in caplog.text


def test_a_folder_without_a_version_that_loads(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such"):
        Server(tmp_path / "no such")
    (tmp_path / "notes").mkdir()
    with pytest.raises(DataError, match="Received: no version"):
        Server(tmp_path, port=0, grpc_port=0).start()
    (tmp_path / "7").mkdir()
    with pytest.raises(DataError, match="Received: version 7: "):
        Server(tmp_path, port=0, grpc_port=0).start()
