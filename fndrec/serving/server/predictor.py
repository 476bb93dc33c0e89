"""Answers requests for predictions of either protocol."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

import grpc

from fndrec.serving.server.call import Call
from fndrec.serving.server.metrics import Metrics
from fndrec.serving.server.request_error import RequestError
from fndrec.serving.server.servable import Servable
from fndrec.serving.server.versions import Versions
from fndrec.serving.server.work_queue import WorkQueue

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")


class Predictor:
    """Finds the version for a request, runs the request and counts it.

    Args:
        name: Name of the model.
        versions: Its versions.
        queue: Queue that runs requests.
        metrics: Metrics that count requests.
        max_bytes: Largest size of a request.
    """

    def __init__(
        self,
        name: str,
        versions: Versions,
        queue: WorkQueue,
        metrics: Metrics,
        max_bytes: int,
    ) -> None:
        self.name = name
        self.versions = versions
        self.metrics = metrics
        self.max_bytes = max_bytes
        self.draining = False
        self._queue = queue

    def servable(self, name: str, version: int | None) -> Servable:
        """Finds a version of the model.

        Args:
            name: Name of the model.
            version: Number of the version; `None` for the served one.

        Returns:
            The loaded version.

        Raises:
            RequestError: If the version is not served.
        """
        self.check_name(name)
        return self.versions.get(version)

    def check_name(self, name: str) -> None:
        """Raises if a request names another model.

        Args:
            name: Name of the model.

        Raises:
            RequestError: If it is not the served model.
        """
        if name != self.name:
            raise RequestError(
                f"the model should be {self.name!r}, which is served. "
                f"Received: {name!r}",
                grpc.StatusCode.NOT_FOUND,
            )

    async def predict(
        self, protocol: str, answer: Callable[[Call], Answer]
    ) -> Answer:
        """Answers a request in a thread of the queue.

        Args:
            protocol: `rest` or `grpc`.
            answer: Function that reads the request, calls the signature and
                writes the answer.

        Returns:
            The answer.

        Raises:
            RequestError: If the request cannot be answered.
        """
        start = time.perf_counter()
        call = Call(self.servable, self.max_bytes)
        code = grpc.StatusCode.OK
        try:
            return await self._queue.run(lambda: answer(call))
        except RequestError as error:
            code = error.code
            raise
        except Exception as error:
            code = grpc.StatusCode.INTERNAL
            log.exception("a request failed")
            raise RequestError(
                f"the server failed: {type(error).__name__}", code
            ) from error
        except BaseException:  # the caller disconnected
            code = grpc.StatusCode.CANCELLED
            raise
        finally:
            self.metrics.request(
                protocol,
                call.signature_name,
                code.name,
                time.perf_counter() - start,
            )
