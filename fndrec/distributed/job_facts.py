"""Identity of a job."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fndrec.checks import positive_int
from fndrec.distributed.parts import Part


def about_job(
    kind: str, version: Path, parts: Sequence[Part], **more: Any
) -> dict[str, Any]:
    """Returns all that the results of a job depend on.

    Args:
        kind: What is done.
        version: The SavedModel.
        parts: All parts.
        **more: Arguments that the results depend on.

    Returns:
        A dictionary that JSON can hold. Files are known by their size and
        time of change.
    """
    digest = hashlib.sha256()
    for path in sorted({part.path for part in parts}):
        facts = os.stat(path)
        digest.update(f"{path} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    for part in parts:
        digest.update(f"{part}\n".encode())
    return {
        "job": kind,
        "model": str(version),
        "parts": len(parts),
        "input": digest.hexdigest()[:16],
        **more,
    }


def check_sizes(**sizes: int) -> None:
    """Checks that all sizes are positive integers."""
    for name, size in sizes.items():
        positive_int(name, size)
