"""Reads the photo files that a catalogue names."""

import io
import os
from pathlib import Path

from PIL import Image

from fndrec.data.photos.decode import MAX_PIXELS

FORMATS = ("JPEG", "PNG", "BMP")
"""What an exported model decodes."""

MAX_BYTES = 200_000_000
"""A larger file is no photo of `MAX_PIXELS` pixels, and is not read."""


def read_inside(root: Path, name: str) -> bytes:
    """Reads a file; its path must not leave the folder.

    Args:
        root: The folder.
        name: Path of the file, relative to it.

    Returns:
        The bytes.

    Raises:
        OSError: If there is no such file, or it lies elsewhere: a catalogue
            from elsewhere must not tell what the files of this machine hold.
    """
    if "\0" in name:
        raise OSError("a path with a NUL byte")
    top = os.path.realpath(root)
    path = os.path.realpath(os.path.join(top, name))
    if os.path.commonpath([top, path]) != top:
        raise OSError("outside of the folder of the photos")
    if not os.path.isfile(path):
        raise OSError("no such file")
    if os.path.getsize(path) > MAX_BYTES:
        raise OSError(f"larger than {MAX_BYTES:,} bytes")
    with open(path, "rb") as file:
        return file.read()


def refusal(contents: bytes) -> str:
    """Returns the reason why an exported model refuses a photo.

    Args:
        contents: What it did not take.

    Returns:
        The reason.
    """
    if not contents:
        return "photo: empty"
    try:
        with Image.open(io.BytesIO(contents)) as photo:
            kind, pixels = str(photo.format), photo.width * photo.height
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        kind, pixels = FORMATS[0], MAX_PIXELS + 1
    except Exception:  # whatever a crafted header provokes
        return f"photo: not a readable {', '.join(FORMATS[:-1])} or BMP file"
    if kind not in FORMATS:
        return f"photo: {kind}, where {', '.join(FORMATS)} are taken"
    if pixels > MAX_PIXELS:
        return f"photo: more than {MAX_PIXELS:,} pixels"
    return "photo: damaged"
