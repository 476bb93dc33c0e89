"""A server of an export with TF Serving's protocols."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

import grpc
import uvicorn

from fndrec.checks import integer, positive_float
from fndrec.errors import DataError
from fndrec.serving.server.grpc_api import services
from fndrec.serving.server.metrics import Metrics
from fndrec.serving.server.predictor import Predictor
from fndrec.serving.server.rest import application
from fndrec.serving.server.versions import Versions
from fndrec.serving.server.work_queue import WorkQueue

log = logging.getLogger(__name__)
DRAIN_SECONDS = 30


class Server:
    """Serves an export for development and tests. Use TF Serving in production.

    The server implements TF Serving's REST API and, of the gRPC API,
    `Predict`, `GetModelMetadata` and `GetModelStatus`. It serves one version of
    one model and does not batch requests.

    Args:
        export_dir: Folder of the versions, written by `export`.
        name: Name of the model in requests.
        host: Address to listen on. Every client that reaches it is served.
        port: Port of REST; 0 for any free port.
        grpc_port: Port of gRPC; 0 for any free port.
        workers: Number of requests that run in parallel; one per core by
            default.
        queue_size: Number of requests that may wait. Further requests are
            refused with 429 or `RESOURCE_EXHAUSTED`.
        max_request_bytes: Largest size of a request.
        poll_seconds: Seconds between checks for a new version.

    Raises:
        ValueError: If an argument is out of range.
        DataError: If the folder does not exist.

    Example:

    >>> with fndrec.serving.Server("export", port=0, grpc_port=0) as server:
    ...     client = fndrec.serving.Client(f"localhost:{server.grpc_port}")
    ...     client.recommend(["u007"], k=3)
    """

    def __init__(
        self,
        export_dir: str | Path,
        *,
        name: str = "fndrec",
        host: str = "127.0.0.1",
        port: int = 8501,
        grpc_port: int = 8500,
        workers: int | None = None,
        queue_size: int = 64,
        max_request_bytes: int = 64 * 2**20,
        poll_seconds: float = 1.0,
    ) -> None:
        if workers is None:
            workers = os.cpu_count() or 1
        for key, value, least in (
            ("port", port, 0),
            ("grpc_port", grpc_port, 0),
            ("workers", workers, 1),
            ("queue_size", queue_size, 0),
            ("max_request_bytes", max_request_bytes, 1),
        ):
            integer(key, value, least)
        poll_seconds = positive_float("poll_seconds", poll_seconds)
        self._folder = Path(export_dir)
        if not self._folder.is_dir():
            raise DataError(
                f"{self._folder}: should be a folder of versions. Received: "
                "no folder"
            )
        self.name = name
        self.host = host
        self.port = port
        self.grpc_port = grpc_port
        self._workers = workers
        self._queue_size = queue_size
        self._max_bytes = max_request_bytes
        self._poll_seconds = poll_seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread: threading.Thread | None = None

    def run(self, on_ready: Callable[[], None]) -> None:
        """Serves until SIGTERM or SIGINT, then finishes requests in progress.

        Args:
            on_ready: Function called when the server is ready.

        Raises:
            DataError: If no version loads.
            OSError: If a port is in use.
        """
        asyncio.run(self._serve(on_ready, signals=True))

    def start(self) -> None:
        """Serves in a thread, and returns when the server is ready.

        Raises:
            DataError: If no version loads.
            OSError: If a port is in use.
        """
        ready = threading.Event()
        failures: list[BaseException] = []

        def serve() -> None:
            try:
                asyncio.run(self._serve(ready.set, signals=False))
            except BaseException as error:
                failures.append(error)
            finally:
                ready.set()

        self._thread = threading.Thread(target=serve, name="fndrec-server")
        self._thread.start()
        ready.wait()
        if failures:
            self._thread.join()
            raise failures[0]

    def stop(self) -> None:
        """Stops the server that `start` started.

        Requests in progress are finished, unless they take longer than 30
        seconds.
        """
        if self._thread is None or self._loop is None or self._stop is None:
            return
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._thread = None

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    async def _serve(
        self, on_ready: Callable[[], None], *, signals: bool
    ) -> None:
        loop = self._loop = asyncio.get_running_loop()
        stop = self._stop = asyncio.Event()
        queue = WorkQueue(self._workers, self._queue_size)
        metrics = Metrics(lambda: queue.pending)
        versions = Versions(
            self._folder, self._max_bytes, metrics.version, metrics.failure
        )
        predictor = Predictor(
            self.name, versions, queue, metrics, self._max_bytes
        )
        grpc_server = grpc.aio.server(
            options=[
                ("grpc.max_receive_message_length", self._max_bytes),
                ("grpc.max_send_message_length", -1),
                # Otherwise a second server would silently share the port.
                ("grpc.so_reuseport", 0),
            ]
        )
        grpc_server.add_generic_rpc_handlers(services(predictor))
        try:
            with _listening(self.host, self.port) as rest_socket:
                self.port = rest_socket.getsockname()[1]
                self.grpc_port = _add_port(
                    grpc_server, self.host, self.grpc_port
                )
                await loop.run_in_executor(None, versions.refresh)
                self._check_loaded(versions)
                if signals:
                    for number in (signal.SIGTERM, signal.SIGINT):
                        loop.add_signal_handler(number, stop.set)
                rest = _Rest(
                    uvicorn.Config(
                        application(predictor),
                        lifespan="off",
                        log_config=None,
                        log_level="warning",
                        access_log=False,
                        timeout_graceful_shutdown=DRAIN_SECONDS,
                    )
                )
                await grpc_server.start()
                serving = asyncio.create_task(rest.serve(sockets=[rest_socket]))
                watching = asyncio.create_task(self._watch(versions))
                while not rest.started:
                    await asyncio.sleep(0.01)
                on_ready()
                await stop.wait()
                predictor.draining = True
                log.info("stopping: finishing requests in progress")
                watching.cancel()
                rest.should_exit = True
                await asyncio.gather(serving, grpc_server.stop(DRAIN_SECONDS))
        finally:
            await grpc_server.stop(None)
            running = queue.close(DRAIN_SECONDS)
            if running:
                log.error("stopped: %d requests are still running", running)

    def _check_loaded(self, versions: Versions) -> None:
        states = versions.states().values()
        if not any(state == "AVAILABLE" for state, _ in states):
            raise DataError(
                f"{self._folder}: should hold a version that loads, in a "
                "folder named by its number. Received: "
                f"{versions.failures() or 'no version'}"
            )

    async def _watch(self, versions: Versions) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._poll_seconds)
            try:
                await loop.run_in_executor(None, versions.refresh)
            except OSError as error:
                log.error("%s cannot be read: %s", self._folder, error)


class _Rest(uvicorn.Server):
    """A server that leaves signals to `Server`."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol, or asyncio leaves TCP_NODELAY off: 40 ms per answer.
    with socket.socket(
        family, socket.SOCK_STREAM, socket.IPPROTO_TCP
    ) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise OSError(f"{host}:{port}: {error.strerror}") from error
        yield listener


def _add_port(server: grpc.aio.Server, host: str, port: int) -> int:
    address = f"[{host}]" if ":" in host else host
    try:
        return server.add_insecure_port(f"{address}:{port}")
    except RuntimeError as error:
        raise OSError(f"{host}:{port}: cannot be bound") from error
