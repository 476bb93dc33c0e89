"""The server answers the curl commands of docs/serve/serving.md."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import fndrec
from fndrec.serving import Server

PAGE = Path(fndrec.__file__).parent.parent / "docs" / "serve" / "serving.md"
URL = "http://localhost:8501/"


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl")
def test_curl(server_of_export: Server, exported: Path, tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    blocks = [
        block
        for block in re.findall(r"^```bash\n(.*?)^```$", text, re.S | re.M)
        if "curl " in block
    ]
    (tmp_path / "export").symlink_to(exported.parent)
    answers = 0
    port = str(server_of_export.port)
    for block in blocks:
        assert URL in block
        done = subprocess.run(
            ["bash", "-c", block.replace("8501", port)],  # noqa: S607
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        rest = done.stdout.strip()
        while rest:
            answer, end = json.JSONDecoder().raw_decode(rest)
            assert "error" not in answer
            rest = rest[end:].strip()
            answers += 1
    assert answers == text.count("curl -s")
