"""What the server counts, for Prometheus."""

from collections.abc import Callable

import prometheus_client as prometheus

BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


class Metrics:
    """What the server counts, for Prometheus.

    Args:
        pending: Tells how many requests run or wait.
    """

    def __init__(self, pending: Callable[[], int]) -> None:
        # One for each server, as a process may have several.
        self._registry = prometheus.CollectorRegistry()
        self._requests = prometheus.Counter(
            "fndrec_requests",
            "Requests for predictions, by how they ended.",
            ("protocol", "signature", "code"),
            registry=self._registry,
        )
        self._seconds = prometheus.Histogram(
            "fndrec_request_seconds",
            "Seconds from a request read to its answer.",
            ("protocol", "signature"),
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._version = prometheus.Gauge(
            "fndrec_model_version",
            "The version that is served.",
            registry=self._registry,
        )
        self._failures = prometheus.Counter(
            "fndrec_version_failures",
            "Versions that failed to load.",
            registry=self._registry,
        )
        prometheus.Gauge(
            "fndrec_pending_requests",
            "Requests that run or wait.",
            registry=self._registry,
        ).set_function(pending)
        prometheus.ProcessCollector(registry=self._registry)

    def request(
        self, protocol: str, signature: str, code: str, seconds: float
    ) -> None:
        """Counts a request.

        Args:
            protocol: `rest` or `grpc`.
            signature: A signature that is served, or "" if none was found.
            code: How it ended, in gRPC's words.
            seconds: How long it took.
        """
        self._requests.labels(protocol, signature, code).inc()
        self._seconds.labels(protocol, signature).observe(seconds)

    def version(self, version: int) -> None:
        """Says which version is served."""
        self._version.set(version)

    def failure(self) -> None:
        """Counts a version that failed to load."""
        self._failures.inc()

    def text(self) -> bytes:
        """All of it, in Prometheus's text format."""
        return prometheus.generate_latest(self._registry)
