"""The versions of an export, of which the newest that loads is served."""

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
    """The versions of an export, of which the newest that loads is served.

    A version takes over when it is loaded and warmed; requests in flight
    keep the one they began with. One that fails is reported, and tried again
    when its files change; the one before it stays. If the newest is taken
    away, the newest of those left takes over.

    Args:
        folder: Where versions are, in folders named by their numbers.
        max_bytes: Limit of a warm-up request.
        on_change: Called with the number of a version that takes over.
        on_failure: Called when a version fails to load.
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
        """The version that is served.

        Args:
            version: Its number, if the caller asks for one.

        Returns:
            The version.

        Raises:
            RequestError: If another is served.
        """
        current = self._current
        if current is None:
            raise RequestError(
                "no version is loaded yet", grpc.StatusCode.UNAVAILABLE
            )
        if version is not None and version != current.version:
            raise RequestError(
                f"the version should be {current.version}, which is served. "
                f"Received: version {version}",
                grpc.StatusCode.NOT_FOUND,
            )
        return current

    def states(self) -> dict[int, tuple[str, str]]:
        """State of each version, in TF Serving's words, and its error."""
        found = {
            version: ("END", error)
            for version, (_, error) in self._failed.copy().items()
        }
        # Another thread loads: each is read once.
        loading, current = self._loading, self._current
        if loading is not None:
            found[loading] = ("LOADING", "")
        if current is not None:
            found[current.version] = ("AVAILABLE", "")
        return found

    def refresh(self) -> None:
        """Looks at the folder, and loads what shall be served."""
        if self._retired is not None and self._retired() is None:
            # Its last request has ended. What TensorFlow made of it is full
            # of cycles, and large.
            self._retired = None
            gc.collect()
        prints = self._fingerprints()
        for version, (before, _) in list(self._failed.items()):
            if prints.get(version) != before:
                del self._failed[version]
        for version in sorted(prints, reverse=True):
            if self._current and version == self._current.version:
                return
            if version not in self._failed:
                self._load(version, prints[version])
                if version not in self._failed:
                    return

    def _load(self, version: int, fingerprint: object) -> None:
        self._loading = version
        try:
            servable = Servable(self._folder / str(version))
            count = servable.warm_up(self._max_bytes)
        # Whatever is wrong with it, the version before it is to stay.
        except Exception as error:
            reason = str(error).strip().split("\n")[0][:1000]
            log.error("version %d failed to load: %s", version, reason)
            self._failed[version] = (fingerprint, reason)
            self._on_failure()
        else:
            if self._current is not None:
                self._retired = weakref.ref(self._current)
            self._current = servable
            log.info("version %d is served, %d warm-ups", version, count)
            self._on_change(version)
        finally:
            self._loading = None

    def failures(self) -> str:
        """What is wrong with the versions that failed."""
        return "; ".join(
            f"version {version}: {error}"
            for version, (_, error) in sorted(self._failed.items())
        )

    def _fingerprints(self) -> dict[int, object]:
        """What changes when a file of a version does."""
        found: dict[int, object] = {}
        for path in self._folder.iterdir():
            if path.name.isdecimal() and path.is_dir():
                found[int(path.name)] = sorted(
                    (str(file), *_stamp(file)) for file in path.rglob("*")
                )
        return found


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:  # taken away meanwhile
        return -1, -1
    return found.st_mtime_ns, found.st_size
