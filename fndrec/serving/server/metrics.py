"""The metrics of the server, for Prometheus."""

from collections.abc import Callable

import prometheus_client as prometheus

BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


class Metrics:
    """The metrics of a server, for Prometheus.

    Args:
        pending: Function that returns the number of running and waiting
            requests.
    """

    def __init__(self, pending: Callable[[], int]) -> None:
        # One registry per server, since a process may have several.
        self._registry = prometheus.CollectorRegistry()
        self._requests = prometheus.Counter(
            "fndrec_requests",
            "Requests for predictions by their final status.",
            ("protocol", "signature", "code"),
            registry=self._registry,
        )
        self._seconds = prometheus.Histogram(
            "fndrec_request_seconds",
            "Seconds from reading a request to its answer.",
            ("protocol", "signature"),
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._version = prometheus.Gauge(
            "fndrec_model_version",
            "The served version.",
            registry=self._registry,
        )
        self._failures = prometheus.Counter(
            "fndrec_version_failures",
            "Versions that failed to load.",
            registry=self._registry,
        )
        prometheus.Gauge(
            "fndrec_pending_requests",
            "Running and waiting requests.",
            registry=self._registry,
        ).set_function(pending)
        prometheus.ProcessCollector(registry=self._registry)

    def request(
        self, protocol: str, signature: str, code: str, seconds: float
    ) -> None:
        """Counts a request.

        Args:
            protocol: `rest` or `grpc`.
            signature: Name of the signature, or "" if it is unknown.
            code: Final status, by its gRPC name.
            seconds: Duration of the request.
        """
        self._requests.labels(protocol, signature, code).inc()
        self._seconds.labels(protocol, signature).observe(seconds)

    def version(self, version: int) -> None:
        """Sets the served version."""
        self._version.set(version)

    def failure(self) -> None:
        """Counts a version that failed to load."""
        self._failures.inc()

    def text(self) -> bytes:
        """Returns all metrics in Prometheus's text format."""
        return prometheus.generate_latest(self._registry)
