"""`fndrec serve` in a process of its own."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import urllib3

MEMORY = re.compile(r"^process_resident_memory_bytes (\S+)$", re.M)


class ServerProcess:
    """`fndrec serve` in a process of its own.

    Args:
        export_dir: Folder of the versions.
        log: File for what it prints.
        port: Port of REST; gRPC has the next.
        limit_mb: Limit of a request.
    """

    def __init__(
        self, export_dir: Path, log: Path, port: int, limit_mb: int
    ) -> None:
        self.rest = f"127.0.0.1:{port}"
        self.grpc = f"127.0.0.1:{port + 1}"
        self._words = [
            *(sys.executable, "-m", "fndrec", "serve", str(export_dir)),
            *("--port", str(port), "--grpc-port", str(port + 1)),
            *("--max-request-mb", str(limit_mb)),
        ]
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, patience: float = 180) -> float:
        """Starts it, and waits until it answers.

        Args:
            patience: Seconds to wait.

        Returns:
            Seconds that it took.
        """
        begun = time.monotonic()
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                self._words, stdout=log, stderr=log
            )
        while self._process.poll() is None:
            if self._get("/health") is not None:
                return time.monotonic() - begun
            if time.monotonic() - begun > patience:
                break
            time.sleep(0.05)
        raise RuntimeError(f"it did not start: see {self._log}")

    def kill(self) -> None:
        """`kill -9`."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def terminate(self) -> int:
        """Asks it to stop.

        Returns:
            Its exit status.
        """
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(60)

    def memory(self) -> float:
        """Resident memory in MB, by its own metrics; -1 if it is silent."""
        text = self._get("/monitoring/prometheus/metrics")
        found = MEMORY.search(text or "")
        return float(found[1]) / 2**20 if found else -1.0

    def _get(self, path: str) -> str | None:
        try:
            answer = urllib3.request(
                "GET", f"http://{self.rest}{path}", retries=False, timeout=10
            )
        except urllib3.exceptions.HTTPError:
            return None
        return answer.data.decode() if answer.status == 200 else None
