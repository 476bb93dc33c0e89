"""Converts the JSON of TF Serving's REST API to arrays and back.

Reference: https://www.tensorflow.org/tfx/serving/api_rest
"""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from fndrec.serving.server.proto_codec import DEFAULT_SIGNATURE
from fndrec.serving.server.request_error import RequestError
from fndrec.serving.server.signature import Signature

BASE64 = "b64"
BYTES_SUFFIX = "_bytes"


class JsonRequest(NamedTuple):
    """A request whose values have not been converted.

    Attributes:
        signature_name: Name of the requested signature.
        by_rows: Whether the values are given row by row.
        values: The value of `instances` or `inputs`.
    """

    signature_name: str
    by_rows: bool
    values: Any


def read_request(body: bytes) -> JsonRequest:
    """Parses a request without converting its values.

    Args:
        body: The bytes of the request.

    Returns:
        The request.

    Raises:
        RequestError: If the body is not a valid request.
    """
    try:
        request = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RequestError(
            f"the body should be JSON. Received: {error}"
        ) from error
    if not isinstance(request, dict):
        raise RequestError(
            "the body should be a JSON object. Received: "
            f"{type(request).__name__}"
        )
    name = request.get("signature_name") or DEFAULT_SIGNATURE
    if not isinstance(name, str):
        raise RequestError(
            f"`signature_name` should be a string. Received: {name!r}"
        )
    keys = [key for key in ("instances", "inputs") if key in request]
    if len(keys) != 1:
        raise RequestError(
            "the body should have either `instances` (rows) or `inputs` "
            f"(columns). Received: {keys or sorted(request)}"
        )
    return JsonRequest(name, keys[0] == "instances", request[keys[0]])


def arrays_of(
    request: JsonRequest, signature: Signature
) -> dict[str, np.ndarray]:
    """Converts the values of a request.

    Args:
        request: The request.
        signature: The requested signature.

    Returns:
        Arrays by input name.

    Raises:
        RequestError: If a value does not fit its input.
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
                f"{sorted(names)}, like the rows before it. Received: "
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


def _array(name: str, value: Any, dtype: tf.DType) -> np.ndarray:
    if dtype.name == "string":
        return _strings(name, value)
    expected = np.dtype(dtype.as_numpy_dtype)
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise _ragged(name) from error
    if array.size == 0:
        return array.astype(expected)
    kinds = {"b": "b", "i": "iu", "u": "iu"}.get(expected.kind, "iuf")
    if array.dtype.kind not in kinds:
        raise RequestError(
            f"the input `{name}` should hold {dtype.name}. Received: "
            f"{_first(value)!r:.80}"
        )
    if expected.kind in "iu":
        limits = np.iinfo(expected)
        if array.min() < limits.min or array.max() > limits.max:
            raise RequestError(
                f"the input `{name}` should hold {dtype.name}, from "
                f"{limits.min} to {limits.max}. Received: {array.min()} to "
                f"{array.max()}"
            )
    return array.astype(expected)


def _strings(name: str, value: Any) -> np.ndarray:
    try:
        array = np.asarray(value, dtype=object)
    except ValueError as error:
        raise _ragged(name) from error
    flat = array.ravel()
    for i, element in enumerate(flat):
        if isinstance(element, str):
            try:
                flat[i] = element.encode()
            except UnicodeEncodeError as error:  # half a surrogate pair
                raise RequestError(
                    f"the input `{name}` should hold Unicode text. "
                    f"Received: {element!r:.80}"
                ) from error
        elif _is_base64(element):
            flat[i] = _decode_base64(name, element[BASE64])
        elif isinstance(element, list):
            raise _ragged(name)
        else:
            raise RequestError(
                f"the input `{name}` should hold strings or objects "
                f'{{"b64": ...}}. Received: {element!r:.80}'
            )
    return flat.reshape(array.shape)


def _decode_base64(name: str, text: Any) -> bytes:
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
    """Writes the answer to a request.

    Args:
        outputs: Arrays by output name.
        by_rows: Whether the values of the request were given row by row.

    Returns:
        The bytes of the answer.

    Raises:
        RequestError: If the outputs do not have the same number of rows.
    """
    columns = {
        name: _to_json(value, as_bytes=name.endswith(BYTES_SUFFIX))
        for name, value in outputs.items()
    }
    single = len(columns) == 1
    if not by_rows:
        answer = next(iter(columns.values())) if single else columns
        return json.dumps({"outputs": answer}).encode()
    lengths = {value.shape[:1] for value in outputs.values()}
    if len(lengths) != 1 or lengths == {()}:
        raise RequestError(
            "`instances` requires a signature with one output row per "
            "instance. Received: outputs that differ in length; use `inputs`"
        )
    rows: list[Any] = list(zip(*columns.values(), strict=True))
    if single:
        rows = [row[0] for row in rows]
    else:
        rows = [dict(zip(columns, row, strict=True)) for row in rows]
    return json.dumps({"predictions": rows}).encode()


def _to_json(value: np.ndarray, as_bytes: bool) -> Any:
    if value.dtype != object:
        return value.tolist()
    flat = np.empty(value.size, object)
    for i, element in enumerate(value.ravel()):
        flat[i] = (
            {BASE64: base64.b64encode(element).decode()}
            if as_bytes
            else element.decode(errors="replace")
        )
    return flat.reshape(value.shape).tolist()
