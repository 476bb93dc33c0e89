"""Photos of every kind, from the folder to the store."""

import io
import logging
import resource
import struct
import zlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from fndrec.data import from_tables
from fndrec.data.photos.decode import read_photo
from fndrec.errors import DataError

SIDE = 30_000
TOP, BOTTOM = (200, 40, 40), (40, 40, 200)


def halves(mode: str = "RGB") -> Image.Image:
    """Red above blue, so that it tells which way up it is."""
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[:8], pixels[8:] = TOP, BOTTOM
    return Image.fromarray(pixels).convert(mode)


def encoded(kind: str, mode: str = "RGB", **options: object) -> bytes:
    file = io.BytesIO()
    halves(mode).save(file, kind, **options)
    return file.getvalue()


def rotated() -> bytes:
    """A JPEG that says it is to be shown turned by a quarter."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded("JPEG", exif=exif, quality=95)


def animated(kind: str) -> bytes:
    return encoded(
        kind,
        save_all=True,
        append_images=[Image.new("RGB", (16, 16), "green")],
    )


def sixteen_bits() -> bytes:
    """A PNG of 16 bits a channel, whose low bytes are noise."""
    high = np.asarray(halves()).astype(">u2") << 8
    low = np.random.default_rng(0).integers(0, 256, high.shape)
    rows = (high + low).astype(">u2")
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    return _png(16, 16, raw, bits=16, color=2)


def _png(width: int, height: int, raw: bytes, bits: int, color: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(raw, 9))
        + chunk(b"IEND", b"")
    )


def bomb() -> bytes:
    """A good PNG of 110 KB: 900 million pixels, 2.7 GB as RGB."""
    row = bytes(1 + SIDE // 8)
    return _png(SIDE, SIDE, row * SIDE, bits=1, color=0)


GOOD = {
    "rgb.jpg": encoded("JPEG", quality=95),
    "cmyk.jpg": encoded("JPEG", "CMYK", quality=95),
    "palette.png": encoded("PNG", "P"),
    "sixteen.png": sixteen_bits(),
    "turned.jpg": rotated(),
    "animated.png": animated("PNG"),
    "animated.gif": animated("GIF"),
}
BAD = {
    "cut.jpg": encoded("JPEG")[:400],
    "empty.jpg": b"",
    "bomb.png": bomb(),
    "text.jpg": b"#!/bin/sh\necho no photo\n",
    "animated.webp": animated("WEBP"),
    "svg.png": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
}


@pytest.mark.parametrize("name", GOOD)
def test_every_good_kind_looks_alike(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(GOOD[name])
    photo = read_photo(tmp_path / name, 16)
    # A rotation noted in the file is not applied: see
    # docs/scale/robustness.md.
    for rows, colour in ((photo[:6], TOP), (photo[10:], BOTTOM)):
        assert np.abs(rows.mean((0, 1)) - colour).max() < 12, rows.mean((0, 1))


def test_a_bomb_does_not_go_off(tmp_path: Path) -> None:
    assert len(BAD["bomb.png"]) < 200_000
    (tmp_path / "bomb.png").write_bytes(BAD["bomb.png"])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(DataError, match="more than 50,000,000 pixels"):
        read_photo(tmp_path / "bomb.png", 64)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 100_000  # KiB


def test_a_shop_of_good_and_bad(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    photos = {**GOOD, **BAD}
    for name, content in photos.items():
        (tmp_path / name).write_bytes(content)
    names = list(photos)
    data = from_tables(
        pa.table({"item_id": names, "image": names}),
        pa.table({"outfit_id": names, "item_ids": [[name] for name in names]}),
        {"train": pa.table({"user_id": names, "outfit_id": names})},
        photo_root=tmp_path,
    )
    with pytest.raises(DataError, match=r"^6 of 13 photos cannot be read"):
        data.with_photos(16)
    with caplog.at_level(logging.WARNING, "fndrec.data"):
        kept = data.with_photos(16, on_error="drop")
    assert kept.items.to_list() == list(GOOD)
    assert all(name in caplog.text for name in BAD)
    assert kept.store is not None
    assert len(kept.store) == len(GOOD)
    assert len(kept.likes("train")) == len(GOOD)
