"""A request on its way to a signature."""

from collections.abc import Callable

from fndrec.serving.server.servable import Servable
from fndrec.serving.server.signature import Signature


class Call:
    """A request on its way to a signature.

    Args:
        servable: Finds a version by the name of the model and its number.
        max_bytes: Limit of an input.
    """

    def __init__(
        self,
        servable: Callable[[str, int | None], Servable],
        max_bytes: int,
    ) -> None:
        self._servable = servable
        self._found: Servable | None = None
        self.max_bytes = max_bytes
        self.signature_name = ""
        self.version = 0

    def signature(
        self, name: str, version: int | None, signature_name: str
    ) -> Signature:
        """Finds what is asked for.

        Args:
            name: Name of the model.
            version: Number of the version; `None` for that which is served.
            signature_name: Name of the signature.

        Returns:
            The signature.

        Raises:
            RequestError: If there is none such.
        """
        # Held until the request ends: so long its version is in use.
        self._found = self._servable(name, version)
        found = self._found.signature(signature_name)
        # Only names that are known: callers must not fill the metrics.
        self.signature_name = signature_name
        self.version = self._found.version
        return found
