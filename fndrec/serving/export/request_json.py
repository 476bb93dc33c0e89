"""Requests in the JSON of TF Serving's REST API."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import numpy as np


def request_json(signature_name: str, inputs: Mapping[str, Any]) -> str:
    """Writes a predict request with one object per row of the batch.

    Args:
        signature_name: Name of the signature.
        inputs: Arrays by input name.

    Returns:
        The request in one line of JSON.

    Example:

    >>> request_json("recommend", {"user_id": ["u7"], "k": [3]})
    '{"signature_name": "recommend", "instances": [{"user_id": "u7", "k": 3}]}'
    """
    columns = {
        name: [_plain(value) for value in np.asarray(array)]
        for name, array in inputs.items()
    }
    rows = [
        dict(zip(columns, row, strict=True))
        for row in zip(*columns.values(), strict=True)
    ]
    return json.dumps(
        {"signature_name": signature_name, "instances": rows},
        ensure_ascii=False,
    )


def _plain(value: Any) -> Any:
    """Converts a value for JSON; bytes take the form of the REST API."""
    if isinstance(value, bytes):
        return {"b64": base64.b64encode(value).decode("ascii")}
    if isinstance(value, np.ndarray):
        return [_plain(part) for part in value]
    if isinstance(value, np.generic):
        return value.item()
    return value
