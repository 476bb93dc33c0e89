"""Photo decoding: which files are accepted, and how they become pixels."""

import functools
import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

from fndrec.errors import DataError

MAX_PIXELS = 50_000_000
"""Photos with more pixels are refused before decoding.

A file of a few kilobytes can unfold to gigabytes. No camera takes photos
nearly as large as this limit.
"""

FORMATS = ("JPEG", "PNG", "GIF", "BMP")
"""Formats that `tf.io.decode_image` decodes."""


def decode_photo(contents: tf.Tensor | bytes, size: int) -> tf.Tensor:
    """Decodes a photo and stretches it to a square.

    It consists of graph operations only, so the image store and an exported
    model give the same pixels for the same file. As in
    `keras.utils.image_dataset_from_directory`, nothing is cropped. An
    animation gives its first frame. A rotation in the EXIF data is ignored.

    Args:
        contents: String tensor `()`, the bytes of a JPEG, PNG, GIF or BMP.
        size: Height and width of the result.

    Returns:
        uint8 tensor `(size, size, 3)`.

    Example:

    >>> contents = tf.io.encode_png(tf.fill((30, 20, 3), tf.cast(7, "uint8")))
    >>> decode_photo(contents, size=8).shape
    TensorShape([8, 8, 3])
    """
    photo = tf.io.decode_image(contents, channels=3, expand_animations=False)

    def resized() -> tf.Tensor:
        pixels = tf.image.resize(photo, (size, size), antialias=True)
        return tf.cast(tf.clip_by_value(tf.round(pixels), 0, 255), tf.uint8)

    fits = tf.reduce_all(tf.equal(tf.shape(photo)[:2], size))
    return tf.ensure_shape(
        tf.cond(fits, lambda: photo, resized), (size, size, 3)
    )


def read_photo(
    path: Path, size: int, contents: bytes | None = None
) -> np.ndarray:
    """Reads a photo, after checking that its file is safe to decode.

    Args:
        path: The file.
        size: Height and width of the result.
        contents: The bytes of the photo, if `path` is only a name for them,
            as for a photo in a database.

    Returns:
        uint8 array `(size, size, 3)`.

    Raises:
        DataError: If the file is missing, is not a JPEG, PNG, GIF or BMP, is
            damaged, or has more than `MAX_PIXELS` pixels.

    Example:

    >>> read_photo(Path("images/shoe.jpg"), size=64).shape
    (64, 64, 3)
    """
    try:
        if contents is None:
            _check_header(path, path)
            contents = path.read_bytes()
        else:
            _check_header(path, io.BytesIO(contents))
        return _decoder(size)(contents).numpy()
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}") from error
    except tf.errors.OpError as error:
        raise DataError(f"{path}: {_reason(error)}") from error


def _check_header(path: Path, file: Path | io.BytesIO) -> None:
    """Raises an error if the header shows a file that must not be decoded."""
    try:
        with Image.open(file, formats=FORMATS) as photo:
            pixels = photo.width * photo.height
            if photo.format == "GIF":  # all its frames get decoded
                pixels *= getattr(photo, "n_frames", 1)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        pixels = MAX_PIXELS + 1  # Pillow's own limit, which is higher
    except OSError as error:
        if error.errno is not None:
            raise
        size = (
            path.stat().st_size
            if isinstance(file, Path)
            else len(file.getbuffer())
        )
        raise DataError(
            f"{path}: not a readable {', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
            f" file ({size:,} bytes)"
        ) from error
    except Exception as error:  # a crafted header can provoke any error
        raise DataError(f"{path}: damaged header ({error})") from error
    if pixels > MAX_PIXELS:
        raise DataError(
            f"{path}: more than {MAX_PIXELS:,} pixels, the most allowed"
        )


@functools.cache
def _decoder(size: int) -> Callable[[bytes], tf.Tensor]:
    """Returns a traced function, which decodes without holding the GIL."""

    @tf.function(input_signature=[tf.TensorSpec((), tf.string)])
    def decode(contents: tf.Tensor) -> tf.Tensor:
        with tf.device("CPU:0"):
            return decode_photo(contents, size)

    return decode


def _reason(error: tf.errors.OpError) -> str:
    """Returns the line of TensorFlow's message that says what is wrong."""
    for line in str(error.message).splitlines():
        line = re.sub(r"\{\{.*?\}\}|\[\[.*?\]\]|\[Op:.*?\]", "", line).strip()
        if line and not re.match(r"Graph execution|Detected at|File ", line):
            return line
    return type(error).__name__
