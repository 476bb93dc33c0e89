"""The state of a request for a prediction."""

from collections.abc import Callable

from fndrec.serving.server.servable import Servable
from fndrec.serving.server.signature import Signature


class Call:
    """A request for a prediction, with the signature that answers it.

    Args:
        find_servable: Function from the name of a model and the number of a
            version to the loaded version.
        max_bytes: Largest size of an input.
    """

    def __init__(
        self,
        find_servable: Callable[[str, int | None], Servable],
        max_bytes: int,
    ) -> None:
        self._find_servable = find_servable
        self._servable: Servable | None = None
        self.max_bytes = max_bytes
        self.signature_name = ""
        self.version = 0

    def signature(
        self, name: str, version: int | None, signature_name: str
    ) -> Signature:
        """Finds a signature.

        Args:
            name: Name of the model.
            version: Number of the version; `None` for the served one.
            signature_name: Name of the signature.

        Returns:
            The signature.

        Raises:
            RequestError: If there is no such signature.
        """
        # The reference keeps the version loaded until the request ends.
        self._servable = self._find_servable(name, version)
        signature = self._servable.signature(signature_name)
        # Set only for known names: callers must not fill the metrics.
        self.signature_name = signature_name
        self.version = self._servable.version
        return signature
