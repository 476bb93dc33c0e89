"""What is published installs anywhere, and works there."""

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def run(*words: object, cwd: Path, **environment: str) -> str:
    variables = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONPATH", "VIRTUAL_ENV")
    }
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env={**variables, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_the_wheel_passes_the_demo_in_a_clean_place(tmp_path: Path) -> None:
    made = tmp_path / "dist"
    # The wheel is built from the sdist, so that this has all that it needs.
    run(sys.executable, "-m", "build", "--outdir", made, ROOT, cwd=tmp_path)
    (wheel,), (sdist,) = made.glob("*.whl"), made.glob("*.tar.gz")
    inside = set(zipfile.ZipFile(wheel).namelist())
    assert {"fndrec/py.typed", "fndrec/cli/main.py"} <= inside
    assert any(name.endswith("licenses/LICENSE") for name in inside)
    assert {name.split("/")[0].split("-")[0] for name in inside} == {"fndrec"}
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[-1] for name in archive.getnames()}
    assert {"README.md", "pyproject.toml", "fndrec/py.typed"} <= names

    run(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    python = tmp_path / "venv" / "bin" / "python"
    versions = ROOT / "requirements" / "newest.txt"
    run(
        *(python, "-m", "pip", "install", "--quiet", "-c", versions, wheel),
        cwd=tmp_path,
    )
    place = run(
        *(python, "-c", "import fndrec; print(fndrec.__file__)"),
        cwd=tmp_path,
        TF_CPP_MIN_LOG_LEVEL="3",
    )
    assert Path(place.strip()).is_relative_to(tmp_path / "venv")
    run(
        python.with_name("fndrec"),
        *("demo", "--out", "demo", "--users", 20, "--epochs", 2),
        cwd=tmp_path,
        TF_CPP_MIN_LOG_LEVEL="3",
    )
    record = json.loads((tmp_path / "demo" / "run.json").read_text())
    assert set(record["steps"]) >= {"teacher", "student", "export", "serve"}
    assert (tmp_path / "demo" / "best_outfits.png").stat().st_size > 10_000
