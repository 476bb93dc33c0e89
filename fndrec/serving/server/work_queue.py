"""Threads with a bounded queue."""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import grpc

from fndrec.serving.server.request_error import RequestError

Result = TypeVar("Result")


class WorkQueue:
    """Runs functions in threads with a bounded queue.

    Args:
        workers: Number of threads.
        queue_size: Number of functions that may wait for a thread.
    """

    def __init__(self, workers: int, queue_size: int) -> None:
        self._pool = ThreadPoolExecutor(workers, "predict")
        self._limit = workers + queue_size
        self._lock = threading.Lock()
        self._pending = 0

    @property
    def pending(self) -> int:
        """Number of running and waiting functions."""
        return self._pending

    async def run(self, function: Callable[[], Result]) -> Result:
        """Runs a function in a thread.

        Args:
            function: The function.

        Returns:
            Its result.

        Raises:
            RequestError: If the queue is full.
        """
        with self._lock:
            if self._pending >= self._limit:
                raise RequestError(
                    f"the server is busy: {self._pending} requests are running "
                    "or waiting, and no more are accepted",
                    grpc.StatusCode.RESOURCE_EXHAUSTED,
                )
            self._pending += 1
        future = self._pool.submit(function)
        # Not when the caller disconnects: the thread may still be running.
        future.add_done_callback(self._done)
        return await asyncio.wrap_future(future)

    def _done(self, _: Future[Result]) -> None:
        with self._lock:
            self._pending -= 1

    def close(self, seconds: float) -> int:
        """Accepts no more functions, and waits for those that are running.

        Args:
            seconds: Seconds to wait, at most. A call of TensorFlow cannot be
                interrupted.

        Returns:
            The number of functions that are still running.
        """
        self._pool.shutdown(wait=False, cancel_futures=True)
        end = time.monotonic() + seconds
        while self._pending and time.monotonic() < end:
            time.sleep(0.01)
        return self._pending
