"""The one error of a request that cannot be answered."""

import grpc


class RequestError(Exception):
    """A request that cannot be answered, and why.

    Args:
        message: What was expected and what was received.
        code: The status, in gRPC's words; REST says the same as a number.
    """

    def __init__(
        self,
        message: str,
        code: grpc.StatusCode = grpc.StatusCode.INVALID_ARGUMENT,
    ) -> None:
        # Error texts of TensorFlow can hold a whole graph.
        super().__init__(message[:1000])
        self.code = code
