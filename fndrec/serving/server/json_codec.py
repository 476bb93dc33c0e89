"""JSON of TF Serving's REST API to arrays and back.

Reference: https://www.tensorflow.org/tfx/serving/api_rest
"""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from fndrec.serving.server.proto_codec import DEFAULT_SIGNATURE
from fndrec.serving.server.request_error import RequestError
from fndrec.serving.server.signature import Signature

BASE64 = "b64"
BYTES_SUFFIX = "_bytes"


class JsonRequest(NamedTuple):
    """A request before its values are looked at.

    Attributes:
        signature_name: The signature asked for.
        by_rows: Whether values come row by row.
        values: What stands under `instances` or `inputs`.
    """

    signature_name: str
    by_rows: bool
    values: Any


def read_request(body: bytes) -> JsonRequest:
    """Reads the frame of a request.

    Args:
        body: The bytes of the request.

    Returns:
        The request.

    Raises:
        RequestError: If it is not such a request.
    """
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RequestError(
            f"the body should be JSON. Received: {error}"
        ) from error
    if not isinstance(found, dict):
        raise RequestError(
            "the body should be a JSON object. Received: "
            f"{type(found).__name__}"
        )
    name = found.get("signature_name") or DEFAULT_SIGNATURE
    if not isinstance(name, str):
        raise RequestError(
            f"`signature_name` should be a string. Received: {name!r}"
        )
    kinds = [kind for kind in ("instances", "inputs") if kind in found]
    if len(kinds) != 1:
        raise RequestError(
            "the body should have either `instances` (rows) or `inputs` "
            f"(columns). Received: {kinds or sorted(found)}"
        )
    return JsonRequest(name, kinds[0] == "instances", found[kinds[0]])


def arrays_of(
    request: JsonRequest, signature: Signature
) -> dict[str, np.ndarray]:
    """The inputs of a request.

    Args:
        request: The request.
        signature: The signature it asks for.

    Returns:
        An array for each input.

    Raises:
        RequestError: If a value does not fit.
    """
    columns = _columns_of_rows if request.by_rows else _columns
    values = columns(request.values, signature)
    signature.check_names(list(values))
    return {
        name: _array(name, value, signature.inputs[name].dtype)
        for name, value in values.items()
    }


def _columns(values: Any, signature: Signature) -> dict[str, Any]:
    if isinstance(values, dict) and not _is_base64(values):
        return values
    return {_only_input(signature): values}


def _columns_of_rows(rows: Any, signature: Signature) -> dict[str, Any]:
    if not isinstance(rows, list) or not rows:
        raise RequestError(
            "`instances` should be a list of one or more rows. Received: "
            f"{'an empty list' if rows == [] else type(rows).__name__}"
        )
    named = [isinstance(row, dict) and not _is_base64(row) for row in rows]
    if not any(named):
        return {_only_input(signature): rows}
    names = list(rows[named.index(True)])
    for number, row in enumerate(rows):
        if not named[number] or row.keys() != set(names):
            raise RequestError(
                f"row {number} of `instances` should have the inputs "
                f"{sorted(names)}, as the rows before it. Received: "
                f"{sorted(row) if named[number] else type(row).__name__}"
            )
    return {name: [row[name] for row in rows] for name in names}


def _only_input(signature: Signature) -> str:
    if len(signature.inputs) != 1:
        raise RequestError(
            f"the inputs of `{signature.name}` should be named: "
            f"{sorted(signature.inputs)}. Received: values without names"
        )
    [name] = signature.inputs
    return name


def _is_base64(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {BASE64}


def _array(name: str, value: Any, dtype: Any) -> np.ndarray:
    if dtype.name == "string":
        return _strings(name, value)
    expected = np.dtype(dtype.as_numpy_dtype)
    try:
        found = np.asarray(value)
    except ValueError as error:
        raise _ragged(name) from error
    if found.size == 0:
        return found.astype(expected)
    kinds = {"b": "b", "i": "iu", "u": "iu"}.get(expected.kind, "iuf")
    if found.dtype.kind not in kinds:
        raise RequestError(
            f"the input `{name}` should hold {dtype.name}. Received: "
            f"{_first(value)!r:.80}"
        )
    if expected.kind in "iu":
        limits = np.iinfo(expected)
        if found.min() < limits.min or found.max() > limits.max:
            raise RequestError(
                f"the input `{name}` should hold {dtype.name}, from "
                f"{limits.min} to {limits.max}. Received: {found.min()} to "
                f"{found.max()}"
            )
    return found.astype(expected)


def _strings(name: str, value: Any) -> np.ndarray:
    try:
        found = np.asarray(value, dtype=object)
    except ValueError as error:
        raise _ragged(name) from error
    flat = found.ravel()
    for i, element in enumerate(flat):
        if isinstance(element, str):
            try:
                flat[i] = element.encode()
            except UnicodeEncodeError as error:  # half of a surrogate pair
                raise RequestError(
                    f"the input `{name}` should hold Unicode text. "
                    f"Received: {element!r:.80}"
                ) from error
        elif _is_base64(element):
            flat[i] = _decode(name, element[BASE64])
        elif isinstance(element, list):
            raise _ragged(name)
        else:
            raise RequestError(
                f"the input `{name}` should hold strings or objects "
                f'{{"b64": ...}}. Received: {element!r:.80}'
            )
    return flat.reshape(found.shape)


def _decode(name: str, text: Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise RequestError(
            f"the input `{name}` should hold base64. Received: {text!r:.80}"
        ) from error


def _ragged(name: str) -> RequestError:
    return RequestError(
        f"the input `{name}` should be lists of the same length at each "
        "depth. Received: lists of several lengths"
    )


def _first(value: Any) -> Any:
    while isinstance(value, list):
        value = value[0]
    return value


def write_response(outputs: Mapping[str, np.ndarray], by_rows: bool) -> bytes:
    """The answer to a request.

    Args:
        outputs: An array for each output.
        by_rows: Whether the request came row by row.

    Returns:
        The bytes of the answer.

    Raises:
        RequestError: If the outputs have no rows in common.
    """
    columns = {name: _json(name, value) for name, value in outputs.items()}
    alone = len(columns) == 1
    if not by_rows:
        answer = next(iter(columns.values())) if alone else columns
        return json.dumps({"outputs": answer}).encode()
    lengths = {value.shape[:1] for value in outputs.values()}
    if len(lengths) != 1 or lengths == {()}:
        raise RequestError(
            "`instances` should be asked of a signature whose outputs have a "
            "row each. Received: one whose outputs differ; use `inputs`"
        )
    rows: list[Any] = list(zip(*columns.values(), strict=True))
    if alone:
        rows = [row[0] for row in rows]
    else:
        rows = [dict(zip(columns, row, strict=True)) for row in rows]
    return json.dumps({"predictions": rows}).encode()


def _json(name: str, value: np.ndarray) -> Any:
    if value.dtype != object:
        return value.tolist()
    flat = np.empty(value.size, object)
    for i, element in enumerate(value.ravel()):
        flat[i] = _text(element, name.endswith(BYTES_SUFFIX))
    return flat.reshape(value.shape).tolist()


def _text(element: bytes, as_bytes: bool) -> Any:
    if as_bytes:
        return {BASE64: base64.b64encode(element).decode()}
    return element.decode(errors="replace")
