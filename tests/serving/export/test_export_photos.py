"""Bad photos, and what they do to the good ones beside them."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from signature_calls import call, item_inputs

from fndrec.data import OutfitData
from fndrec.data.photos.decode import MAX_PIXELS, decode_photo
from fndrec.serving.export._decode import decode_photos


def encoded(
    kind: str, size: tuple[int, int] = (30, 20), seed: int = 0
) -> bytes:
    """A photo of noise as a file of some format."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (size[1], size[0], 3)).astype("uint8")
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def png_of(width: int, height: int) -> bytes:
    """A well-formed PNG that says it has so many pixels, and has few."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


def jpeg_of(width: int, height: int) -> bytes:
    """A JPEG whose header says it has so many pixels."""
    content = bytearray(encoded("JPEG"))
    start = content.index(b"\xff\xc0")
    content[start + 5 : start + 9] = struct.pack(">HH", height, width)
    return bytes(content)


def bmp_of(width: int, height: int) -> bytes:
    """A BMP whose header says it has so many pixels."""
    content = bytearray(encoded("BMP"))
    content[18:26] = struct.pack("<ii", width, height)
    return bytes(content)


BROKEN = {
    "empty": b"",
    "text": b"<html>not found</html>",
    "cut JPEG": encoded("JPEG", (64, 64))[:900],
    "cut PNG": encoded("PNG")[:-200],
    "large PNG": png_of(40_000, 40_000),
    "large JPEG": jpeg_of(60_000, 60_000),
    "large BMP": bmp_of(60_000, -60_000),
    "PNG of 2^64 pixels": png_of(2**32 - 1, 2**32 - 1),
    "BMP of the lowest height": bmp_of(3, -(2**31)),
    "PNG without width": png_of(0, 10),
    "GIF": encoded("GIF"),
    "WebP": encoded("WEBP"),
    "TIFF": encoded("TIFF"),
    "only the first bytes of a PNG": b"\x89PNG\r\n\x1a\n\x00",
    "only the first bytes of a JPEG": b"\xff\xd8\xff",
    "only the first bytes of a BMP": b"BM",
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP"])
def test_pixels_are_those_of_training(kind: str) -> None:
    photos = [
        encoded(kind, size, seed)
        for seed, size in enumerate([(30, 20), (16, 16), (7, 40), (1, 1)])
    ]
    pixels, valid = decode_photos(tf.constant(photos), 16)
    assert valid.numpy().all()
    for photo, found in zip(photos, pixels.numpy(), strict=True):
        # What the image store reads files with.
        expected = decode_photo(tf.constant(photo), 16)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_no_photo(kind: str) -> None:
    good = encoded("JPEG")
    photos = tf.constant([good, BROKEN[kind], good])
    pixels, valid = decode_photos(photos, 16)
    assert valid.numpy().tolist() == [True, False, True]
    assert (pixels[1].numpy() == 0).all()
    np.testing.assert_array_equal(pixels[0], decode_photo(good, 16))
    np.testing.assert_array_equal(pixels[2], pixels[0])


def test_the_limit_is_that_of_training() -> None:
    photos = []
    for height in (5000, 5001):
        file = io.BytesIO()
        # A bit a pixel, all alike: few bytes.
        Image.new("1", (10_000, height), 1).save(file, "PNG")
        photos.append(file.getvalue())
    assert MAX_PIXELS == 10_000 * 5000
    pixels, valid = decode_photos(tf.constant(photos), 4)
    assert valid.numpy().tolist() == [True, False]
    assert (pixels[0].numpy() == 255).all()


def test_ten_of_sixty_four(
    loaded: Any, exported_model: Any, tiny_photo_data: OutfitData
) -> None:
    data = tiny_photo_data
    rows = np.arange(64) % data.num_items
    inputs = item_inputs(data, rows)
    bad = [0, 1, 7, 20, 21, 22, 40, 55, 62, 63]
    kinds = ["empty", "text", "cut JPEG", "large PNG", "GIF", "large JPEG"]
    for number, row in enumerate(bad):
        inputs["image_bytes"][row] = BROKEN[kinds[number % 6]]
    found = call(loaded.signatures["embed_items"], **inputs)
    assert np.flatnonzero(~found["valid"]).tolist() == bad
    assert (found["embedding"][bad] == 0).all()
    good = found["valid"]
    np.testing.assert_allclose(
        found["embedding"][good],
        exported_model.embed_items(data)[rows[good]],
        atol=1e-5,
    )
    # Nor does a bad photo change a good one by the least bit.
    whole = call(loaded.signatures["embed_items"], **item_inputs(data, rows))
    np.testing.assert_array_equal(
        found["embedding"][good], whole["embedding"][good]
    )


def mutated(photo: bytes, rng: np.random.Generator) -> bytes:
    """A photo with some bytes changed, cut, left out, doubled or swapped."""
    content = bytearray(photo)
    for _ in range(rng.integers(1, 6)):
        if len(content) < 4:
            break
        place = int(rng.integers(len(content)))
        match rng.integers(5):
            case 0:
                content[place] = int(rng.integers(256))
            case 1:
                del content[place:]
            case 2:
                del content[place : place + int(rng.integers(1, 40))]
            case 3:
                content[place:place] = content[: int(rng.integers(1, 60))]
            case _:
                # Headers hold the sizes that decoders believe.
                start = int(rng.integers(min(60, len(content))))
                content[start : start + 2] = rng.bytes(2)
    return bytes(content)


@pytest.mark.slow
def test_ten_thousand_mutated_photos(
    loaded: Any, tiny_photo_data: OutfitData
) -> None:
    data = tiny_photo_data
    rng = np.random.default_rng(0)
    kinds = ("JPEG", "PNG", "BMP", "GIF", "WEBP")
    seeds = [encoded(kind, (24, 24)) for kind in kinds]
    progressive = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (24, 24, 3)).astype("uint8")).save(
        progressive, "JPEG", progressive=True
    )
    seeds.append(progressive.getvalue())
    rows = np.arange(128) % data.num_items
    inputs = item_inputs(data, rows)
    good = np.arange(0, 128, 8)
    expected = call(loaded.signatures["embed_items"], **inputs)["embedding"]
    refused = tried = 0
    while tried < 10_000:
        for row in range(128):
            if row % 8:
                seed = seeds[tried % len(seeds)]
                inputs["image_bytes"][row] = mutated(seed, rng)
                tried += 1
        found = call(loaded.signatures["embed_items"], **inputs)
        assert found["valid"][good].all()
        np.testing.assert_array_equal(found["embedding"][good], expected[good])
        assert np.isfinite(found["embedding"]).all()
        assert (found["embedding"][~found["valid"]] == 0).all()
        refused += int((~found["valid"]).sum())
    # Some mutations leave a photo that can be read.
    assert tried / 4 < refused < tried
