"""The client side of TF Serving's REST API."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from fndrec.serving.client._transport import Endpoint
from fndrec.serving.serving_error import ServingError

CODES = {
    400: "INVALID_ARGUMENT",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    413: "RESOURCE_EXHAUSTED",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
# Types of outputs, which JSON does not tell: 1 may be a float.
DTYPES: dict[str, Any] = {
    "score": np.float32,
    "embedding": np.float32,
    "known": np.bool_,
    "valid": np.bool_,
    "outfit_id": np.str_,
}
CONNECTIONS = 16


class RestTransport:
    """Calls TF Serving's REST API.

    Args:
        endpoint: Address and options of the server.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._limit = endpoint.max_message_bytes
        self._path = f"/v1/models/{endpoint.model}"
        if endpoint.version is not None:
            self._path += f"/versions/{endpoint.version}"
        tls = {
            "ca_certs": endpoint.root_certificates,
            "cert_file": endpoint.certificate,
            "key_file": endpoint.private_key,
        }
        options = {key: str(path) for key, path in tls.items() if path}
        if endpoint.tls:
            options["cert_reqs"] = "REQUIRED"
        self._pool = urllib3.connection_from_url(
            f"{'https' if endpoint.tls else 'http'}://{endpoint.address}",
            maxsize=CONNECTIONS,
            **options,
        )

    def predict(
        self, signature: str, inputs: Mapping[str, np.ndarray], seconds: float
    ) -> dict[str, np.ndarray]:
        """Calls a signature."""
        body = json.dumps(
            {
                "signature_name": signature,
                "inputs": {
                    name: _json(name, value) for name, value in inputs.items()
                },
            }
        ).encode()
        if len(body) > self._limit:
            raise ServingError(
                "RESOURCE_EXHAUSTED",
                f"the request has {len(body)} bytes, of at most "
                f"{self._limit}; see `max_message_bytes`",
            )
        answer = self._request("POST", f"{self._path}:predict", seconds, body)
        outputs = answer["outputs"]
        if not isinstance(outputs, dict):
            # A single output is sent without its name.
            outputs = {"outputs": outputs}
        return {
            name: np.asarray(value, DTYPES.get(name))
            for name, value in outputs.items()
        }

    def status(self, seconds: float) -> dict[int, str]:
        """Returns the state of each version."""
        answer = self._request("GET", self._path, seconds)
        return {
            int(version["version"]): version["state"]
            for version in answer["model_version_status"]
        }

    def close(self) -> None:
        """Closes connections."""
        self._pool.close()

    def _request(
        self, method: str, path: str, seconds: float, body: bytes | None = None
    ) -> dict[str, Any]:
        try:
            response = self._pool.urlopen(
                method,
                path,
                body,
                {"Content-Type": "application/json"},
                retries=False,
                timeout=urllib3.Timeout(seconds),
                preload_content=False,
            )
            with response:
                content = response.read(self._limit + 1)
                if len(content) <= self._limit:
                    # A connection that is read to the end can be reused.
                    response.read()
        except NewConnectionError as error:
            raise ServingError("UNAVAILABLE", str(error)) from error
        except (ConnectTimeoutError, ReadTimeoutError) as error:
            raise ServingError("DEADLINE_EXCEEDED", str(error)) from error
        except SSLError as error:
            raise ServingError("UNAUTHENTICATED", str(error)) from error
        except HTTPError as error:  # the connection broke
            raise ServingError("UNAVAILABLE", str(error)) from error
        if len(content) > self._limit:
            raise ServingError(
                "RESOURCE_EXHAUSTED",
                f"the answer has more than {self._limit} bytes; see "
                "`max_message_bytes`",
            )
        return _parse(response.status, content)


def _parse(status: int, body: bytes) -> dict[str, Any]:
    """Returns the JSON object of an answer, or raises its error."""
    try:
        answer = json.loads(body)
    except ValueError:  # from a proxy, or not TF Serving at all
        answer = None
    if status == 200 and isinstance(answer, dict):
        return answer
    message = answer.get("error") if isinstance(answer, dict) else None
    text = body[:200].decode(errors="replace")
    raise ServingError(
        CODES.get(status, "INTERNAL"),
        message or f"HTTP status {status}: {text}",
    )


def _json(name: str, value: np.ndarray) -> Any:
    if value.ndim > 1 and not len(value):
        raise ValueError(
            f"`{name}` should have at least one row with REST, since JSON has "
            f"no empty lists of lists. Received: shape={value.shape}; "
            "use protocol='grpc'"
        )
    if value.dtype != object:
        return value.tolist()
    flat = np.empty(value.size, object)
    for i, element in enumerate(value.ravel()):
        is_bytes = isinstance(element, bytes)
        flat[i] = (
            {"b64": base64.b64encode(element).decode()} if is_bytes else element
        )
    return flat.reshape(value.shape).tolist()
