"""Photos and the image store."""

import copy
import io
import logging
import os
import shutil
import signal
import struct
import subprocess
import sys
import textwrap
import threading
import time
import zlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf
from PIL import Image

from fndrec.data.photos import image_store
from fndrec.data.photos.decode import decode_photo, read_photo
from fndrec.data.photos.image_store import ImageStore, unreadable_photos
from fndrec.errors import DataError


def picture(height: int = 30, width: int = 20, seed: int = 0) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(
        0, 256, (height, width, 3), dtype=np.uint8
    )
    return Image.fromarray(pixels)


def png_of(width: int, height: int) -> bytes:
    """A PNG of some bytes that claims a size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(bytes(100)))
        + chunk(b"IEND", b"")
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    root.mkdir()
    return root


def many(root: Path, count: int, pixels: int = 20) -> list[str]:
    names = [f"{number}.png" for number in range(count)]
    for number, name in enumerate(names):
        picture(pixels, pixels, seed=number).save(root / name)
    return names


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("a.jpg", "RGB"),
        ("grey.jpg", "L"),
        ("cmyk.jpg", "CMYK"),
        ("a.png", "RGB"),
        ("alpha.png", "RGBA"),
        ("grey.png", "L"),
        ("grey_alpha.png", "LA"),
        ("palette.png", "P"),
        ("bits.png", "1"),
        ("a.gif", "P"),
        ("a.bmp", "RGB"),
    ],
)
def test_reads_what_shops_have(root: Path, name: str, mode: str) -> None:
    source = picture().convert(mode)
    source.save(root / name)
    exact = np.asarray(Image.open(root / name).convert("RGB").resize((10, 10)))
    photo = read_photo(root / name, 10)
    assert photo.shape == (10, 10, 3)
    assert photo.dtype == np.uint8
    # Another resampling, so only alike on average.
    assert abs(photo.mean() - exact.mean()) < 4


def test_photo_of_the_wanted_size_is_kept(root: Path) -> None:
    picture(16, 16).save(root / "a.png")
    photo = read_photo(root / "a.png", 16)
    np.testing.assert_array_equal(photo, np.asarray(picture(16, 16)))


def test_photo_is_stretched_smoothly_and_rounded(root: Path) -> None:
    pixels = np.zeros((4, 8, 3), np.uint8)
    pixels[:, 1::2] = 255  # fine stripes become their mean, 127.5
    Image.fromarray(pixels).save(root / "a.png")
    photo = read_photo(root / "a.png", 2)
    assert photo.shape == (2, 2, 3)
    assert np.all(np.abs(photo.astype(int) - 127.5) <= 20)
    Image.fromarray(np.full((5, 9, 3), 255, np.uint8)).save(root / "w.png")
    assert np.all(read_photo(root / "w.png", 4) == 255)


def test_animation_gives_its_first_picture(root: Path) -> None:
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "blue")]
    frames[0].save(root / "a.gif", save_all=True, append_images=frames[1:])
    assert read_photo(root / "a.gif", 8)[0, 0].tolist() == [255, 0, 0]


def test_decoding_works_in_a_graph_over_a_batch(root: Path) -> None:
    picture().save(root / "a.jpg")
    picture(8, 8, seed=1).save(root / "b.png")
    contents = [(root / name).read_bytes() for name in ("a.jpg", "b.png")]

    @tf.function
    def decode(batch: tf.Tensor) -> tf.Tensor:
        return tf.map_fn(
            lambda one: decode_photo(one, 8), batch, fn_output_signature="uint8"
        )

    photos = decode(tf.constant(contents)).numpy()
    np.testing.assert_array_equal(photos[0], read_photo(root / "a.jpg", 8))
    np.testing.assert_array_equal(photos[1], read_photo(root / "b.png", 8))


def jpeg(size: int | None = None) -> bytes:
    file = io.BytesIO()
    picture(100, 100).save(file, "JPEG")
    return file.getvalue()[:size]


@pytest.mark.parametrize(
    ("contents", "reason"),
    [
        (b"", r"not a readable JPEG, PNG, GIF or BMP file \(0 bytes\)"),
        (b"no photo at all", "not a readable"),
        (jpeg(100), "not a readable"),
        (jpeg(2000), "Invalid JPEG"),
        (png_of(10, 10), "Invalid PNG"),
        (png_of(100_000, 100_000), "more than 50,000,000 pixels"),
        (png_of(8_000, 8_000), "more than 50,000,000 pixels"),
        (b"II*\0" + bytes(100), "not a readable"),
    ],
)
def test_refuses_what_is_no_photo(
    root: Path, contents: bytes, reason: str
) -> None:
    (root / "shoe.jpg").write_bytes(contents)
    with pytest.raises(DataError, match=rf"shoe\.jpg: .*{reason}"):
        read_photo(root / "shoe.jpg", 8)


def test_refuses_an_animation_that_unfolds(root: Path) -> None:
    frames = [Image.new("P", (3000, 3000), color) for color in range(6)]
    frames[0].save(root / "a.gif", save_all=True, append_images=frames[1:])
    with pytest.raises(DataError, match=r"a\.gif: more than 50,000,000"):
        read_photo(root / "a.gif", 8)


def test_store_holds_every_photo(root: Path) -> None:
    names = many(root, 5)
    store = ImageStore.build(pa.array(names), root, size=8)
    assert len(store) == 5
    assert store.size == 8
    assert store.path.parent == root / ".fndrec"
    rows = np.array([3, 0, 3], np.int32)
    photos = store.gather(rows)
    for photo, row in zip(photos, rows, strict=True):
        np.testing.assert_array_equal(photo, read_photo(root / names[row], 8))
    assert store.gather(np.array([], np.int32)).shape == (0, 8, 8, 3)
    for row in (-1, 5):
        with pytest.raises(IndexError, match=f"from 0 to 4. Received: {row}"):
            store.gather(np.array([row]))


def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the photos decoded from now on."""
    names: list[str] = []

    def read(path: Path, size: int) -> np.ndarray:
        names.append(path.name)
        return read_photo(path, size)

    monkeypatch.setattr(image_store, "read_photo", read)
    return names


def test_store_is_built_once_and_again_when_a_photo_changes(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = many(root, 3)
    calls = decoded(monkeypatch)
    first = ImageStore.build(names, root, size=8)
    assert sorted(calls) == names
    assert ImageStore.build(names, root, size=8).path == first.path
    assert len(calls) == 3
    other_size = ImageStore.build(names, root, size=4)

    picture(seed=99).save(root / "1.png")
    second = ImageStore.build(names, root, size=8)
    assert second.path != first.path
    np.testing.assert_array_equal(
        second.gather(np.array([1]))[0], read_photo(root / "1.png", 8)
    )
    assert not first.path.exists()
    assert other_size.path.exists()
    assert not list(second.path.parent.glob("*.part"))
    assert not list(second.path.parent.glob("*.done"))


def test_same_size_but_later_change_is_noticed(root: Path) -> None:
    names = many(root, 2)
    first = ImageStore.build(names, root, size=8).path
    os.utime(root / "0.png", ns=(1, 1))
    assert ImageStore.build(names, root, size=8).path != first
    assert len(ImageStore.build(names[::-1], root, size=8)) == 2


def test_errors_name_the_first_file_and_how_many(root: Path) -> None:
    names = many(root, 6)
    (root / "2.png").write_bytes(b"")
    (root / "4.png").write_text("text")
    with pytest.raises(DataError, match=r"^2 of 6 photos .* first: .*2\.png: "):
        ImageStore.build(names, root, size=8)
    assert not list((root / ".fndrec").glob("*.npy"))
    problems = unreadable_photos([*names, "none.jpg"], root)
    assert sorted(problems) == [2, 4, 6]
    assert problems[6].endswith("none.jpg: No such file or directory")

    good = [name for row, name in enumerate(names) if row not in problems]
    assert len(ImageStore.build(good, root, size=8)) == 4
    with pytest.raises(DataError, match=r"1 of 2 photos are missing.*none\."):
        ImageStore.build([names[0], "none.jpg"], root, size=8)
    with pytest.raises(DataError, match="1 of 1 photos are missing"):
        ImageStore.build(["."], root, size=8)


def test_arguments_are_checked(root: Path) -> None:
    with pytest.raises(DataError, match="`paths` should not be empty"):
        ImageStore.build([], root, size=8)
    with pytest.raises(ValueError, match="`size` should be a positive int"):
        ImageStore.build(["a.png"], root, size=0)
    with pytest.raises(DataError, match="Received: None at row 1"):
        ImageStore.build(pa.array(["a.png", None]), root, size=8)


def test_what_is_no_store_is_refused(root: Path) -> None:
    path = root / "x.npy"
    with pytest.raises(DataError, match=r"x\.npy cannot be read"):
        ImageStore(path)
    path.write_bytes(b"\x93NUMPY")
    with pytest.raises(DataError, match=r"x\.npy cannot be read"):
        ImageStore(path)
    for array in (
        np.zeros((2, 4, 5, 3), np.uint8),
        np.zeros((2, 4, 4, 3)),
        np.zeros((2, 4, 4, 3), np.uint8, order="F"),
    ):
        np.save(path, array)
        with pytest.raises(DataError, match="should hold uint8 photos"):
            ImageStore(path)
    with path.open("wb") as file:
        np.savez(file, photos=np.zeros((2, 4, 4, 3), np.uint8))
    with pytest.raises(DataError, match=r"x\.npy cannot be read"):
        ImageStore(path)


def test_copies_of_a_store_outlive_it(tmp_path: Path) -> None:
    path = tmp_path / "photos.npy"
    pixels = np.arange(5 * 4 * 4 * 3, dtype=np.uint8).reshape(5, 4, 4, 3)
    np.save(path, pixels)
    store = ImageStore(path)
    copies = [copy.copy(store), copy.deepcopy(store)]
    del store
    for one in copies:
        np.testing.assert_array_equal(one.gather(np.arange(5)), pixels)


SLOW_BUILD = """
    import sys, time
    from pathlib import Path
    from fndrec.data.photos import image_store

    read = image_store.read_photo

    def slow(path, size):
        time.sleep(0.05)
        return read(path, size)

    image_store.read_photo = slow
    image_store.CHUNK = 4
    root = Path(sys.argv[1])
    names = [f"{n}.png" for n in range(int(sys.argv[2]))]
    image_store.ImageStore.build(names, root, size=8, workers=2)
"""


def test_killed_build_is_taken_up(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 200
    names = many(root, count)
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent(SLOW_BUILD),
            str(root),
            str(count),
        ],
        stderr=subprocess.DEVNULL,
    )

    def done() -> int:
        return sum(
            sum(path.read_bytes()) for path in root.glob(".fndrec/*.done")
        )

    try:
        deadline = time.monotonic() + 120
        while done() < 20:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    before = done()
    assert 20 <= before < count

    calls = decoded(monkeypatch)
    store = ImageStore.build(names, root, size=8)
    assert len(calls) == count - before
    expected = [read_photo(root / name, 8) for name in names]
    np.testing.assert_array_equal(
        store.gather(np.arange(count)), np.stack(expected)
    )
    assert sorted(path.suffix for path in (root / ".fndrec").iterdir()) == [
        ".lock",
        ".npy",
    ]


def test_two_builds_at_once_decode_once(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = many(root, 20)
    calls = decoded(monkeypatch)
    stores: list[ImageStore] = []
    threads = [
        threading.Thread(
            target=lambda: stores.append(ImageStore.build(names, root, 8))
        )
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 20
    assert len({store.path for store in stores}) == 1


def test_full_disk_is_told_before_the_start(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = many(root, 2)
    monkeypatch.setattr(
        shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(9, 8, 1)
    )
    calls = decoded(monkeypatch)
    with pytest.raises(DataError, match=r"needs 3 MB in .*\.fndrec"):
        ImageStore.build(names, root, size=700)
    assert not calls


def test_read_only_data_are_cached_elsewhere(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = many(root, 2)
    monkeypatch.setenv("FNDREC_CACHE", str(tmp_path / "cache"))
    root.chmod(0o555)
    try:
        store = ImageStore.build(names, root, size=8)
        assert store.path.parent.parent == tmp_path / "cache"
        monkeypatch.delenv("FNDREC_CACHE")
        monkeypatch.setenv("HOME", str(tmp_path))
        store = ImageStore.build(names, root, size=8)
        assert tmp_path / ".cache" / "fndrec" in store.path.parents
    finally:
        root.chmod(0o755)
    beside = ImageStore.build(names, root, size=8)
    root.chmod(0o555)
    try:
        assert ImageStore.build(names, root, size=8).path == beside.path
    finally:
        root.chmod(0o755)


def test_shops_share_a_cache_without_harm(tmp_path: Path) -> None:
    stores = []
    for shop in ("a", "b"):
        (tmp_path / shop).mkdir()
        names = many(tmp_path / shop, 2)
        stores.append(
            ImageStore.build(
                names, tmp_path / shop, size=8, cache_dir=tmp_path / "cache"
            )
        )
    assert all(store.path.exists() for store in stores)


def test_cache_that_cannot_be_written_is_named(root: Path) -> None:
    names = many(root, 1)
    (root / "file").write_text("in the way")
    with pytest.raises(DataError, match=r"cannot be written.*FNDREC_CACHE"):
        ImageStore.build(names, root, size=8, cache_dir=root / "file")


def test_progress_is_logged_off_a_terminal(
    root: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = many(root, 40)
    with caplog.at_level(logging.INFO, logger="fndrec.data"):
        ImageStore.build(names, root, size=8)
    assert len(caplog.messages) == 10
    assert caplog.messages[-1] == "Decoding photos: 40 of 40"
    assert "photos" not in capsys.readouterr().err
    ImageStore.build(names, root, size=4, progress=True)
    assert "Decoding photos: 100%" in capsys.readouterr().err


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="memory is told on Linux"
)
def test_memory_does_not_follow_the_photos(tmp_path: Path) -> None:
    path = tmp_path / "photos.npy"
    pixels = np.random.default_rng(0).integers(
        256, size=(10_000, 64, 64, 3), dtype=np.uint8
    )
    np.save(path, pixels)
    store = ImageStore(path)

    def resident() -> int:
        """KiB that the process holds, mapped files included."""
        text = Path("/proc/self/status").read_text(encoding="ascii")
        return int(text.split("VmRSS:", 1)[1].split()[0])

    before = resident()
    most = 0
    for start in range(0, 10_000, 100):
        rows = np.arange(start, start + 100)
        np.testing.assert_array_equal(store.gather(rows), pixels[rows])
        most = max(most, resident())
    assert most - before < 0.2 * pixels.nbytes / 1024


def test_a_store_deleted_meanwhile_is_read_on(tmp_path: Path) -> None:
    path = tmp_path / "photos.npy"
    pixels = np.arange(5 * 4 * 4 * 3, dtype=np.uint8).reshape(5, 4, 4, 3)
    np.save(path, pixels)
    store = ImageStore(path)
    path.unlink()
    rows = np.array([4, 0, 4])
    np.testing.assert_array_equal(store.gather(rows), pixels[rows])


def test_a_store_cut_short_meanwhile_is_told(tmp_path: Path) -> None:
    path = tmp_path / "photos.npy"
    np.save(path, np.zeros((5, 4, 4, 3), np.uint8))
    store = ImageStore(path)
    os.truncate(path, path.stat().st_size - 1)
    assert len(store.gather(np.arange(4))) == 4
    with pytest.raises(DataError, match="ends before photo 4 of 5"):
        store.gather(np.array([4]))
