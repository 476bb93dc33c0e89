"""Photos decoded once, into one array on disk."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import sys
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from filelock import FileLock, Timeout
from tqdm import tqdm

from fndrec.checks import positive_int
from fndrec.data.photos.decode import read_photo
from fndrec.data.photos.photo_files import PhotoFiles, open_photos, photo_states
from fndrec.errors import DataError

logger = logging.getLogger("fndrec.data")

PixelArray = npt.NDArray[np.uint8]

LAYOUT = 1
"""Part of each store's key. Raise it when pixels or layout change."""

CHUNK = 256
"""Photos between two records of progress, the most that a kill can cost."""


class ImageStore:
    """Photos of one size in one array on disk.

    `build` decodes each photo once. Later runs open the array immediately and
    read only the photos they need. The memory of the process does not grow
    with the number of photos: only the page cache of the operating system
    keeps them.

    Args:
        path: The `.npy` file of a store.

    Attributes:
        path: The file. It stays readable after it has been deleted.
        size: Height and width of the photos.

    Raises:
        DataError: If the file is not an image store.

    Example:

    >>> store = ImageStore.build(["images/a.jpg"], Path("shop"), size=64)
    >>> store.gather(np.array([0, 0])).shape
    (2, 64, 64, 3)
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = os.open(path, os.O_RDONLY)
            weakref.finalize(self, os.close, self._file)
            # Not kept: a memory map would add all reads to the process's own
            # memory.
            array = np.load(path, mmap_mode="r", allow_pickle=False)
            shape, start = array.shape, array.offset
        except (OSError, ValueError, EOFError, AttributeError) as error:
            raise DataError(
                f"{path} cannot be read as an image store ({error}). Delete it "
                "to have it built again."
            ) from error
        if (
            array.dtype != np.uint8
            or shape[1:] != (*shape[1:2] * 2, 3)
            or not array.flags.c_contiguous
        ):
            raise DataError(
                f"{path} should hold uint8 photos (photos, size, size, 3) in C "
                f"order. Received: {array.dtype} {shape}, strides "
                f"{array.strides}"
            )
        self.path = path
        self.size: int = shape[1]
        self._count: int = shape[0]
        self._start: int = start

    def __reduce__(self) -> tuple[type[ImageStore], tuple[Path]]:
        # File descriptors are not valid in other processes.
        return ImageStore, (self.path,)

    @classmethod
    def build(
        cls,
        paths: Sequence[str] | pa.Array,
        root: Path,
        size: int,
        cache_dir: Path | None = None,
        progress: bool | None = None,
        workers: int | None = None,
    ) -> ImageStore:
        """Opens the store of some photos, and builds it first if necessary.

        The key of a store covers the paths, file sizes and modification
        times of its photos. A changed, added or removed photo therefore leads
        to a new store, which replaces the old one. A build that was killed is
        resumed. Of concurrent runs, one builds the store and the others wait.

        Args:
            paths: The photos, relative to `root`.
            root: Folder of the photos.
            size: Height and width to which photos are stretched.
            cache_dir: Folder for stores, with a subfolder per root. By
                default `.fndrec` in `root`, or `$FNDREC_CACHE` or
                `~/.cache/fndrec` if `root` is read-only.
            progress: Whether to show a progress bar instead of logging. By
                default a bar is shown on a terminal.
            workers: Number of photos decoded in parallel. By default one per
                CPU.

        Returns:
            The store; photo i is `paths[i]`.

        Raises:
            DataError: If a photo cannot be read, or the disk is too full.
        """
        size = positive_int("size", size)
        names = _names(paths)
        name = f"photos-{size}-{_key(names, root, size)}.npy"
        folder = _folder(root, cache_dir, name)
        path = folder / name
        if not path.exists():
            try:
                folder.mkdir(parents=True, exist_ok=True)
                with _locked(folder / f"photos-{size}.lock"):
                    if not path.exists():
                        with open_photos(root) as files:
                            read = partial(_read, root, files)
                            _build(path, names, read, size, progress, workers)
                        _remove_others(path, size)
            except OSError as error:
                raise DataError(
                    f"The image store cannot be written: {error}. Another "
                    "folder can be set by `cache_dir` or $FNDREC_CACHE."
                ) from error
        return cls(path)

    def __len__(self) -> int:
        return self._count

    def gather(self, rows: npt.NDArray[np.integer]) -> PixelArray:
        """Reads photos.

        Args:
            rows: Integer array `(photos,)` of rows, in any order.

        Returns:
            uint8 array `(photos, size, size, 3)`.

        Raises:
            IndexError: If a row is not in the store.
            DataError: If the file has been truncated since it was opened.
        """
        wrong = (rows < 0) | (rows >= self._count)
        if wrong.any():
            raise IndexError(
                f"`rows` should be from 0 to {self._count - 1}. Received: "
                f"{rows[wrong][0]}"
            )
        photos = np.empty((len(rows), self.size, self.size, 3), np.uint8)
        length = self.size * self.size * 3
        buffer = photos.reshape(-1).data
        for position, row in enumerate(rows.tolist()):
            photo = buffer[position * length : (position + 1) * length]
            # Reads at an explicit offset can share the file between threads
            # and forks.
            read = os.preadv(self._file, [photo], self._start + row * length)
            if read != length:
                raise DataError(
                    f"{self.path} ends before photo {row} of {self._count}. "
                    "Delete it to have it built again."
                )
        return photos

    def __repr__(self) -> str:
        return f"ImageStore({len(self)} photos of {self.size} px, {self.path})"


def unreadable_photos(
    paths: Sequence[str] | pa.Array,
    root: Path,
    progress: bool | None = None,
    workers: int | None = None,
) -> dict[int, str]:
    """Returns the photos that `ImageStore.build` would refuse.

    It decodes all photos, because only decoding reveals damage.

    Args:
        paths: The photos, relative to `root`.
        root: Folder of the photos.
        progress: As in `ImageStore.build`.
        workers: As in `ImageStore.build`.

    Returns:
        The reasons by row of `paths`.

    Example:

    >>> unreadable_photos(["no.jpg"], Path("shop"))
    {0: 'shop/no.jpg: No such file or directory'}
    """
    names = _names(paths)

    def problem(row: int) -> str | None:
        try:
            _read(root, files, names[row], 8)
        except DataError as error:
            return str(error)
        return None

    with open_photos(root) as files:
        return {
            row: reason
            for chunk in _chunks(
                problem, range(len(names)), "Checking photos", progress, workers
            )
            for row, reason in chunk
            if reason is not None
        }


def _read(root: Path, files: PhotoFiles, name: str, size: int) -> PixelArray:
    file = files(name)
    if isinstance(file, Path):
        return read_photo(file, size)
    return read_photo(root / name, size, file)


def _build(
    path: Path,
    names: list[str],
    read: Callable[[str, int], PixelArray],
    size: int,
    progress: bool | None,
    workers: int | None,
) -> None:
    """Decodes all photos into a file beside `path`, then renames it."""
    _remove_others(path, size, unfinished=True)
    part, marks = path.with_suffix(".part"), path.with_suffix(".done")
    if not _resumable(part, marks, len(names)):
        _allocate(part, marks, (len(names), size, size, 3))
    failures = _decode(part, marks, names, read, size, progress, workers)
    if failures:
        raise DataError(
            f"{len(failures)} of {len(names)} photos cannot be read. The "
            f"first: {failures[0]}"
        )
    os.replace(part, path)
    marks.unlink()


def _decode(
    part: Path,
    marks: Path,
    names: list[str],
    read: Callable[[str, int], PixelArray],
    size: int,
    progress: bool | None,
    workers: int | None,
) -> list[str]:
    """Decodes the photos not marked as done and returns the failures."""
    pixels: np.memmap = np.load(part, mmap_mode="r+", allow_pickle=False)
    done = np.memmap(marks, np.uint8, mode="r+", shape=len(names))

    def decode(row: int) -> str | None:
        try:
            pixels[row] = read(names[row], size)
        except DataError as error:
            return str(error)
        return None

    rows = np.flatnonzero(done == 0).tolist()
    failures = []
    for chunk in _chunks(decode, rows, "Decoding photos", progress, workers):
        failures += [reason for _, reason in chunk if reason is not None]
        pixels.flush()  # photos must be on disk before they are marked done
        done[[row for row, reason in chunk if reason is None]] = 1
        done.flush()
    return failures


def _resumable(part: Path, marks: Path, count: int) -> bool:
    """Returns whether the work of an earlier run can be resumed.

    The marks are written after the space of `part` has been allocated, so
    their presence implies it.
    """
    return part.exists() and marks.exists() and marks.stat().st_size == count


def _allocate(part: Path, marks: Path, shape: tuple[int, ...]) -> None:
    """Allocates all disk space now; a write to a full disk would crash."""
    needed = int(np.prod(shape, dtype=np.int64)) + shape[0] + 4096
    part.unlink(missing_ok=True)
    marks.unlink(missing_ok=True)
    free = shutil.disk_usage(part.parent).free
    if free < needed:
        raise DataError(
            f"The image store needs {needed / 1e6:,.0f} MB in {part.parent}, "
            f"where {free / 1e6:,.0f} MB are free. Another folder can be set "
            "by `cache_dir` or $FNDREC_CACHE."
        )
    try:
        np.lib.format.open_memmap(part, "w+", np.uint8, shape)
        if hasattr(os, "posix_fallocate"):
            with part.open("r+b") as file:
                os.posix_fallocate(file.fileno(), 0, part.stat().st_size)
        marks.write_bytes(bytes(shape[0]))
    except OSError:
        # Another process took the space first: release this part of it.
        part.unlink(missing_ok=True)
        marks.unlink(missing_ok=True)
        raise


def _remove_others(path: Path, size: int, unfinished: bool = False) -> None:
    """Removes stores of other photos, or unfinished ones."""
    suffixes = (".part", ".done") if unfinished else (".npy",)
    for other in path.parent.glob(f"photos-{size}-*"):
        if other.stem != path.stem and other.suffix in suffixes:
            try:
                other.unlink(missing_ok=True)
            except PermissionError:  # in use, which some systems forbid
                logger.info("%s is out of date and can be deleted", other)


def _chunks(
    work: Callable[[int], str | None],
    rows: Sequence[int],
    label: str,
    progress: bool | None,
    workers: int | None,
) -> Iterator[list[tuple[int, str | None]]]:
    """Yields chunks of rows with their results, computed in parallel."""
    if progress is None:
        progress = sys.stderr.isatty()
    workers = workers or os.cpu_count() or 1
    bar = tqdm(total=len(rows), desc=label, unit="", disable=not progress)
    count = 0
    with bar, ThreadPoolExecutor(workers) as pool:
        for start in range(0, len(rows), CHUNK):
            chunk = rows[start : start + CHUNK]
            results = []
            for result in zip(chunk, pool.map(work, chunk), strict=True):
                results.append(result)
                bar.update()
                count += 1
                if not progress and _tenths(count, rows) > _tenths(
                    count - 1, rows
                ):
                    logger.info("%s: %d of %d", label, count, len(rows))
            yield results


def _tenths(count: int, rows: Sequence[int]) -> int:
    return 10 * count // len(rows)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Holds a lock file, and logs if it has to wait for another run."""
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        logger.info("Waiting for another run that decodes photos: %s", path)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _names(paths: Sequence[str] | pa.Array) -> list[str]:
    """Returns the paths as strings.

    Raises:
        DataError: If there are none, or one is missing.
    """
    names = paths.to_pylist() if isinstance(paths, pa.Array) else list(paths)
    if not names:
        raise DataError("`paths` should not be empty.")
    for row, name in enumerate(names):
        if not name:
            raise DataError(
                f"`paths` should name every photo. Received: {name!r} at row "
                f"{row}"
            )
    return names


def _key(names: list[str], root: Path, size: int) -> str:
    """Returns a key of the photos and the size, without reading photos.

    Raises:
        DataError: If a file is missing.
    """
    digest = hashlib.blake2b(f"{LAYOUT} {size}".encode(), digest_size=8)
    missing = []
    for name, state in zip(names, photo_states(root, names), strict=True):
        if state is None:
            missing.append(name)
        digest.update(f"\0{name}\0{state}".encode())
    if missing:
        raise DataError(
            f"{len(missing)} of {len(names)} photos are missing. The first: "
            f"{root / missing[0]}"
        )
    return digest.hexdigest()


def _folder(root: Path, cache_dir: Path | None, name: str) -> Path:
    """Returns the folder of the store `name` of the photos in `root`."""
    beside = root / ".fndrec"
    if cache_dir is None:
        if (beside / name).exists() or _writable(root):
            return beside
        default = Path.home() / ".cache" / "fndrec"
        cache_dir = Path(os.environ.get("FNDREC_CACHE") or default)
    # Roots cannot share a folder, because a new store replaces the others.
    path = root.resolve()
    digest = hashlib.blake2b(str(path).encode(), digest_size=4).hexdigest()
    return cache_dir / f"{path.name}-{digest}"


def _writable(root: Path) -> bool:
    # The superuser may write anywhere, but should respect read-only folders.
    return os.access(root, os.W_OK) and bool(root.stat().st_mode & 0o222)
