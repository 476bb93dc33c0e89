"""What a client needs of a protocol."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from fndrec.checks import positive_int


@dataclass(frozen=True)
class Endpoint:
    """Where a server is and how to speak to it.

    Args:
        address: `host:port`.
        model: Name of the model.
        version: Number of the version; `None` for the newest.
        max_message_bytes: Limit of a message, in each direction.
        tls: Whether to encrypt.
        root_certificates: PEM file of who vouches for the server; `None` for
            those of the system.
        certificate: PEM file that says who the client is.
        private_key: PEM file of the certificate's key.

    Raises:
        ValueError: If an argument is not as above.
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
    """A protocol: one try, and no second."""

    def predict(
        self, signature: str, inputs: Mapping[str, np.ndarray], seconds: float
    ) -> dict[str, np.ndarray]:
        """Calls a signature."""

    def status(self, seconds: float) -> dict[int, str]:
        """Asks for the states of the versions."""

    def close(self) -> None:
        """Closes connections."""
