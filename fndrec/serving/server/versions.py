"""Loads the newest version of an export."""

import gc
import logging
import weakref
from collections.abc import Callable
from pathlib import Path

import grpc

from fndrec.serving.server.request_error import RequestError
from fndrec.serving.server.servable import Servable

log = logging.getLogger(__name__)


class Versions:
    """Watches the versions of an export and serves the newest that loads.

    A new version is served once it is loaded and warmed up. Requests in
    progress keep the version that they started with. A version that fails to
    load is reported and tried again when its files change; until then the
    version before it is served. If the newest version is removed, the newest
    remaining one is served.

    Args:
        folder: Folder that contains the versions, in folders named by their
            numbers.
        max_bytes: Largest size of a warm-up request.
        on_change: Function called with the number of a newly served version.
        on_failure: Function called when a version fails to load.
    """

    def __init__(
        self,
        folder: Path,
        max_bytes: int,
        on_change: Callable[[int], None],
        on_failure: Callable[[], None],
    ) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._on_change = on_change
        self._on_failure = on_failure
        self._current: Servable | None = None
        self._loading: int | None = None
        self._retired: weakref.ref[Servable] | None = None
        self._failed: dict[int, tuple[object, str]] = {}

    def get(self, version: int | None = None) -> Servable:
        """Returns the served version.

        Args:
            version: Its expected number; any by default.

        Returns:
            The loaded version.

        Raises:
            RequestError: If no version or another version is served.
        """
        current = self._current
        if current is None:
            raise RequestError(
                "no version is loaded yet", grpc.StatusCode.UNAVAILABLE
            )
        if version is not None and version != current.version:
            raise RequestError(
                f"the version should be {current.version}, the served one. "
                f"Received: version {version}",
                grpc.StatusCode.NOT_FOUND,
            )
        return current

    def states(self) -> dict[int, tuple[str, str]]:
        """Returns TF Serving's state of each version, and its error."""
        states = {
            version: ("END", error)
            for version, (_, error) in self._failed.copy().items()
        }
        # Another thread loads versions, so each attribute is read once.
        loading, current = self._loading, self._current
        if loading is not None:
            states[loading] = ("LOADING", "")
        if current is not None:
            states[current.version] = ("AVAILABLE", "")
        return states

    def refresh(self) -> None:
        """Checks the folder, and loads a new version if there is one."""
        if self._retired is not None and self._retired() is None:
            # Its last request has ended. TensorFlow's objects are large and
            # contain reference cycles.
            self._retired = None
            gc.collect()
        fingerprints = self._fingerprints()
        for version, (fingerprint, _) in list(self._failed.items()):
            if fingerprints.get(version) != fingerprint:
                del self._failed[version]
        for version in sorted(fingerprints, reverse=True):
            if self._current and version == self._current.version:
                return
            if version not in self._failed:
                self._load(version, fingerprints[version])
                if version not in self._failed:
                    return

    def _load(self, version: int, fingerprint: object) -> None:
        self._loading = version
        try:
            servable = Servable(self._folder / str(version))
            count = servable.warm_up(self._max_bytes)
        # Whatever the error, the version before it remains served.
        except Exception as error:
            reason = str(error).strip().split("\n")[0][:1000]
            log.error("version %d failed to load: %s", version, reason)
            self._failed[version] = (fingerprint, reason)
            self._on_failure()
        else:
            if self._current is not None:
                self._retired = weakref.ref(self._current)
            self._current = servable
            log.info(
                "serving version %d after %d warm-up requests", version, count
            )
            self._on_change(version)
        finally:
            self._loading = None

    def failures(self) -> str:
        """Returns the errors of the versions that failed to load."""
        return "; ".join(
            f"version {version}: {error}"
            for version, (_, error) in sorted(self._failed.items())
        )

    def _fingerprints(self) -> dict[int, object]:
        """Returns a value per version that changes when its files change."""
        fingerprints: dict[int, object] = {}
        for path in self._folder.iterdir():
            if path.name.isdecimal() and path.is_dir():
                fingerprints[int(path.name)] = sorted(
                    (str(file), *_stamp(file)) for file in path.rglob("*")
                )
        return fingerprints


def _stamp(path: Path) -> tuple[int, int]:
    try:
        stat = path.stat()
    except OSError:  # removed in the meantime
        return -1, -1
    return stat.st_mtime_ns, stat.st_size
