"""TF Serving's REST API, from the client's side."""

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
# JSON does not say: 1 may be a float.
DTYPES: dict[str, Any] = {
    "score": np.float32,
    "embedding": np.float32,
    "known": np.bool_,
    "valid": np.bool_,
    "outfit_id": np.str_,
}
CONNECTIONS = 16


class RestTransport:
    """TF Serving's REST API, from the client's side.

    Args:
        endpoint: Where the server is.
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
        given = {key: str(path) for key, path in tls.items() if path}
        if endpoint.tls:
            given["cert_reqs"] = "REQUIRED"
        self._pool = urllib3.connection_from_url(
            f"{'https' if endpoint.tls else 'http'}://{endpoint.address}",
            maxsize=CONNECTIONS,
            **given,
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
        found = self._ask("POST", f"{self._path}:predict", seconds, body)
        outputs = found["outputs"]
        if not isinstance(outputs, dict):
            # The only output of a signature comes without its name.
            outputs = {"outputs": outputs}
        return {
            name: np.asarray(value, DTYPES.get(name))
            for name, value in outputs.items()
        }

    def status(self, seconds: float) -> dict[int, str]:
        """Asks for the states of the versions."""
        found = self._ask("GET", self._path, seconds)
        return {
            int(version["version"]): version["state"]
            for version in found["model_version_status"]
        }

    def close(self) -> None:
        """Closes connections."""
        self._pool.close()

    def _ask(
        self, method: str, path: str, seconds: float, body: bytes | None = None
    ) -> Any:
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
                found = response.read(self._limit + 1)
                if len(found) <= self._limit:
                    # What is read to the end can be used again.
                    response.read()
        except NewConnectionError as error:
            raise ServingError("UNAVAILABLE", str(error)) from error
        except (ConnectTimeoutError, ReadTimeoutError) as error:
            raise ServingError("DEADLINE_EXCEEDED", str(error)) from error
        except SSLError as error:
            raise ServingError("UNAUTHENTICATED", str(error)) from error
        except HTTPError as error:  # the connection broke
            raise ServingError("UNAVAILABLE", str(error)) from error
        if len(found) > self._limit:
            raise ServingError(
                "RESOURCE_EXHAUSTED",
                f"the answer has more than {self._limit} bytes; see "
                "`max_message_bytes`",
            )
        return _read(response.status, found)


def _read(status: int, body: bytes) -> Any:
    try:
        found = json.loads(body)
    except ValueError:  # of a proxy, or no TF Serving at all
        found = None
    if status == 200 and isinstance(found, dict):
        return found
    said = found.get("error") if isinstance(found, dict) else None
    raise ServingError(
        CODES.get(status, "INTERNAL"),
        said or f"HTTP status {status}: {body[:200].decode(errors='replace')}",
    )


def _json(name: str, value: np.ndarray) -> Any:
    if value.ndim > 1 and not len(value):
        raise ValueError(
            f"`{name}` should have a row or more with REST, as JSON has no "
            f"empty lists of lists. Received: shape={value.shape}; "
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
