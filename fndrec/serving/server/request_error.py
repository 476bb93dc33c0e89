"""The error of a request that cannot be answered."""

import grpc


class RequestError(Exception):
    """Raised when a request cannot be answered.

    Args:
        message: What was expected and what was received.
        code: The gRPC status; REST converts it to an HTTP status.
    """

    def __init__(
        self,
        message: str,
        code: grpc.StatusCode = grpc.StatusCode.INVALID_ARGUMENT,
    ) -> None:
        # Messages of TensorFlow can contain a whole graph.
        super().__init__(message[:1000])
        self.code = code
