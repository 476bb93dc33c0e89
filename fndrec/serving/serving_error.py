"""A request that a server did not answer."""


class ServingError(RuntimeError):
    """A request that a server did not answer.

    Args:
        code: The status in gRPC's words, whatever the protocol, such as
            "INVALID_ARGUMENT", "UNAVAILABLE" or "DEADLINE_EXCEEDED".
        message: What the server said, or why it could not be reached.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
