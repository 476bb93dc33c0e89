"""Photos from files: what is let in, and how it becomes pixels."""

import functools
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import Image

from fndrec.errors import DataError

MAX_PIXELS = 50_000_000
"""A photo of more pixels is refused before it is decoded.

A file of some kilobytes can unfold to gigabytes; no camera comes near it.
"""

FORMATS = ("JPEG", "PNG", "GIF", "BMP")
"""What `tf.io.decode_image` decodes."""


def decode_photo(contents: Any, size: int) -> Any:
    """Decodes a photo and stretches it to a square.

    Nothing but graph operations, so that the image store and an exported
    model give the same pixels for the same file. The whole photo is kept,
    as `keras.utils.image_dataset_from_directory` keeps it; of an animation,
    the first picture. A rotation noted in the file (EXIF) is not applied.

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

    def resized() -> Any:
        pixels = tf.image.resize(photo, (size, size), antialias=True)
        return tf.cast(tf.clip_by_value(tf.round(pixels), 0, 255), tf.uint8)

    fits = tf.reduce_all(tf.equal(tf.shape(photo)[:2], size))
    return tf.ensure_shape(
        tf.cond(fits, lambda: photo, resized), (size, size, 3)
    )


def read_photo(
    path: Path, size: int, contents: bytes | None = None
) -> np.ndarray:
    """Reads the photo in a file, unless the file is not to be trusted.

    Args:
        path: The file.
        size: Height and width of the result.
        contents: What the file holds, where `path` is but a name, such as
            that of a photo in a database.

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
    """Refuses, from the first bytes, what is not to be decoded."""
    try:
        with Image.open(file, formats=FORMATS) as photo:
            pixels = photo.width * photo.height
            if photo.format == "GIF":  # all its pictures get decoded
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
    except Exception as error:  # whatever else a crafted header provokes
        raise DataError(f"{path}: damaged header ({error})") from error
    if pixels > MAX_PIXELS:
        raise DataError(
            f"{path}: more than {MAX_PIXELS:,} pixels, the most that is read"
        )


@functools.cache
def _decoder(size: int) -> Callable[[bytes], Any]:
    """One traced function a size: it lets go of the lock while it decodes."""

    @tf.function(input_signature=[tf.TensorSpec((), tf.string)])
    def decode(contents: Any) -> Any:
        with tf.device("CPU:0"):
            return decode_photo(contents, size)

    return decode


def _reason(error: Any) -> str:
    """The line of TensorFlow's message that says what is wrong."""
    for line in str(error.message).splitlines():
        line = re.sub(r"\{\{.*?\}\}|\[\[.*?\]\]|\[Op:.*?\]", "", line).strip()
        if line and not re.match(r"Graph execution|Detected at|File ", line):
            return line
    return type(error).__name__
