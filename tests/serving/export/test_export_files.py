"""The files that TF Serving is started with."""

import os
import subprocess
from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from fndrec.serving.export.operator_files import (
    MODEL_NAME,
    write_operator_files,
)
from fndrec.serving.export.warmup import BATCHES


def test_the_list_of_models_parses(exported: Path) -> None:
    folder = exported.parent
    models = text_format.Parse(
        (folder / "models.config").read_text(),
        model_server_config_pb2.ModelServerConfig(),
    )
    [config] = models.model_config_list.config
    assert config.name == MODEL_NAME
    assert config.base_path == f"/models/{MODEL_NAME}"


def test_batching(exported: Path) -> None:
    # The package has no proto of these.
    lines = (exported.parent / "batching_parameters.txt").read_text()
    words = [
        line for line in lines.splitlines() if line and not line.startswith("#")
    ]
    sizes = [
        int(line.split(": ")[1])
        for line in words
        if line.startswith("allowed_batch_sizes: ")
    ]
    assert sizes == sorted(BATCHES)
    # TF Serving refuses other parameters.
    assert f"max_batch_size {{ value: {sizes[-1]} }}" in words
    assert "pad_variable_length_inputs: true" in words


@pytest.mark.parametrize("kind", ["cpu", "gpu"])
def test_docker_run(exported: Path, tmp_path: Path, kind: str) -> None:
    """The script, run from elsewhere with a `docker` that shows its words."""
    docker = tmp_path / "docker"
    docker.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    docker.chmod(0o755)
    folder = exported.parent
    done = subprocess.run(
        [str(folder / f"docker_run_{kind}.sh"), "--more"],
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    words = done.stdout.splitlines()
    assert words[:2] == ["run", "--rm"]
    assert f"{folder}:/models/{MODEL_NAME}:ro" in words
    assert ("--gpus" in words) == (kind == "gpu")
    assert words[-1] == "--more"
    for word in words:
        if "_file=" in word:
            name = Path(word.split("=")[1])
            assert name.parent == Path(f"/models/{MODEL_NAME}")
            assert (folder / name.name).is_file()


def test_an_operators_changes_stay(tmp_path: Path) -> None:
    write_operator_files(tmp_path)
    (tmp_path / "models.config").write_text("# mine\n")
    (tmp_path / "monitoring.config").unlink()
    write_operator_files(tmp_path)
    assert (tmp_path / "models.config").read_text() == "# mine\n"
    assert (tmp_path / "monitoring.config").is_file()
