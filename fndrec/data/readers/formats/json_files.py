"""JSON files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fndrec.data.readers.checks.source import check_file
from fndrec.errors import DataError


def load_json(path: Path, encodings: Sequence[str] = ("utf-8-sig",)) -> Any:
    """Reads a JSON file.

    Args:
        path: The file.
        encodings: Encodings to try, in this order.

    Raises:
        DataError: If the file is missing or not valid JSON.
    """
    check_file(path)
    contents = path.read_bytes()
    problem: ValueError | RecursionError | None = None
    for encoding in encodings:
        try:
            return json.loads(contents.decode(encoding))
        except UnicodeDecodeError as error:
            problem = problem or error
        except (ValueError, RecursionError) as error:
            problem = error
            break
    raise DataError(
        f"{path}: a JSON file was expected. Received: {problem}"
    ) from None


def text_id(value: Any) -> str | None:
    """Returns an id as a string, None if it is no string or integer."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value)
