"""The interface between the client and its protocols."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from fndrec.checks import positive_int


@dataclass(frozen=True)
class Endpoint:
    """The address of a server and the options of the connection.

    Args:
        address: `host:port`.
        model: Name of the model.
        version: Number of the version; `None` for the newest.
        max_message_bytes: Largest size of a message in either direction.
        tls: Whether to encrypt the connection.
        root_certificates: PEM file of the trusted root certificates; `None`
            for those of the system.
        certificate: PEM file of the client's certificate.
        private_key: PEM file of the certificate's key.

    Raises:
        ValueError: If an argument is invalid.
    """

    address: str
    model: str
    version: int | None
    max_message_bytes: int
    tls: bool
    root_certificates: str | Path | None
    certificate: str | Path | None
    private_key: str | Path | None

    def __post_init__(self) -> None:
        host, _, port = self.address.rpartition(":")
        if not host or not port.isdecimal() or "/" in host:
            raise ValueError(
                "`address` should be 'host:port', such as 'localhost:8500'. "
                f"Received: address={self.address!r}"
            )
        for key in ("version", "max_message_bytes"):
            value = getattr(self, key)
            if value is not None:
                positive_int(key, value)
        for key in ("root_certificates", "certificate", "private_key"):
            path = getattr(self, key)
            if path is not None and not self.tls:
                raise ValueError(
                    f"`{key}` should be given with `tls=True`. Received: "
                    f"{key}='{path}', tls=False"
                )
            if path is not None and not Path(path).is_file():
                raise ValueError(
                    f"`{key}` should be a file. Received: {key}='{path}'"
                )
        if (self.certificate is None) != (self.private_key is None):
            raise ValueError(
                "`certificate` and `private_key` should be given together. "
                f"Received: certificate={self.certificate!r}, "
                f"private_key={self.private_key!r}"
            )


class Transport(Protocol):
    """A protocol. Its methods make a single attempt."""

    def predict(
        self, signature: str, inputs: Mapping[str, np.ndarray], seconds: float
    ) -> dict[str, np.ndarray]:
        """Calls a signature."""

    def status(self, seconds: float) -> dict[int, str]:
        """Returns the state of each version."""

    def close(self) -> None:
        """Closes connections."""
