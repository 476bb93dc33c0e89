"""The error of a request to a server."""


class ServingError(RuntimeError):
    """Raised when a server does not answer a request.

    Args:
        code: The gRPC name of the status, for either protocol, such as
            "INVALID_ARGUMENT", "UNAVAILABLE" or "DEADLINE_EXCEEDED".
        message: The server's message, or why the server was not reached.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
