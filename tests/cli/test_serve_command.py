"""`fndrec serve`, in a process of its own."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from fndrec.cli import main
from fndrec.serving import Client


@pytest.fixture(scope="module")
def export_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SavedModel that adds one."""
    folder = tmp_path_factory.mktemp("export")
    model = tf.Module()
    add = tf.function(lambda x: {"y": x + 1})
    signature = add.get_concrete_function(
        tf.TensorSpec((None,), tf.float32, "x")
    )
    tf.saved_model.save(
        model, str(folder / "1"), signatures={"serving_default": signature}
    )
    return folder


@pytest.fixture(scope="module")
def ports() -> tuple[int, int]:
    """Two that are free, to be used again by who comes after."""
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
    ):
        return one.getsockname()[1], two.getsockname()[1]


@contextmanager
def serving(
    export_dir: Path, ports: tuple[int, int]
) -> Iterator[subprocess.Popen[str]]:
    words = [
        *(sys.executable, "-m", "fndrec", "serve", str(export_dir)),
        *("--port", str(ports[0]), "--grpc-port", str(ports[1])),
    ]
    with subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def ask(ports: tuple[int, int]) -> None:
    with (
        Client(f"localhost:{ports[0]}", "rest") as by_rest,
        Client(f"localhost:{ports[1]}") as by_grpc,
    ):
        inputs = {"x": np.array([1.5], np.float32)}
        for client in (by_rest, by_grpc):
            [found] = client.predict("serving_default", inputs).values()
            assert found.tolist() == [2.5]


def read_until(process: subprocess.Popen[str], words: str) -> str:
    assert process.stdout is not None
    seen = ""
    for line in process.stdout:
        seen += line
        if words in line:
            return seen
    raise AssertionError(seen)


def test_serve(export_dir: Path, ports: tuple[int, int]) -> None:
    with serving(export_dir, ports) as process:
        said = read_until(process, "REST at")
        assert "in production serve this folder with TF Serving" in said
        assert f"http://127.0.0.1:{ports[0]}/v1/models/fndrec" in said
        assert f"gRPC at 127.0.0.1:{ports[1]}" in said
        ask(ports)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert process.stdout is not None
        assert "Traceback" not in process.stdout.read()


@pytest.mark.slow
def test_it_serves_again_after_a_kill(
    export_dir: Path, ports: tuple[int, int]
) -> None:
    for _ in range(2):
        with serving(export_dir, ports) as process:
            read_until(process, "REST at")
            ask(ports)
            process.send_signal(signal.SIGKILL)
            process.wait(60)


def test_bad_input(
    export_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "7").mkdir()
    for folder, named in (
        (tmp_path / "none", "none: should be a folder"),
        (tmp_path, "version 7"),
    ):
        assert (
            main(["serve", str(folder), "--port", "0", "--grpc-port", "0"]) == 2
        )
        error = capsys.readouterr().err
        assert error.startswith("fndrec serve: error: ")
        assert named in error
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["serve", str(export_dir), "--port", port]) == 2
        assert f"127.0.0.1:{port}" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["serve", str(export_dir), "--port", "65536"])
    assert "below 65536" in capsys.readouterr().err


def test_help_says_what_it_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["serve", "--help"])
    assert "production is TF Serving" in capsys.readouterr().out
