"""Encoded photos to pixels, in the graph, whatever the bytes are."""

from typing import Any

import tensorflow as tf

from fndrec.data.photos.decode import MAX_PIXELS, decode_photo


def decode_photos(contents: Any, size: int) -> tuple[Any, Any]:
    """Decodes photos as the image store does; one bad one harms no other.

    Taken are JPEG, PNG and BMP of at most `MAX_PIXELS` pixels, which is known
    from the header before anything is decoded. GIF is not: TensorFlow would
    unpack all its pictures, and a small file can hold gigabytes of them.

    Args:
        contents: String tensor `(photos,)`.
        size: Height and width of the results.

    Returns:
        uint8 `(photos, size, size, 3)`, zeros where a photo is not valid, and
        bool `(photos,)`.
    """
    count = tf.shape(contents)[0]

    def decode(index: Any, photo: Any) -> tuple[Any, Any]:
        with tf.control_dependencies([_check_header(photo)]):
            return index, decode_photo(tf.identity(photo), size)

    # Errors inside of `map` can be skipped; elsewhere one fails the call.
    photos = tf.data.Dataset.from_tensor_slices((tf.range(count), contents))
    photos = photos.map(decode, num_parallel_calls=tf.data.AUTOTUNE)
    photos = photos.ignore_errors()
    # One more, as a batch cannot be empty.
    blank = tf.zeros((1, size, size, 3), tf.uint8)
    last = tf.data.Dataset.from_tensor_slices((count[None], blank))
    decoded = photos.concatenate(last).batch(tf.cast(count, tf.int64) + 1)
    rows, pixels = decoded.get_single_element()
    shape = (count + 1, size, size, 3)
    every = tf.scatter_nd(rows[:, None], pixels, shape)[:count]
    done = tf.scatter_nd(rows[:, None], tf.ones_like(rows), count[None] + 1)
    return tf.ensure_shape(every, (None, size, size, 3)), done[:count] > 0


def _check_header(contents: Any) -> Any:
    """Fails on what is not to be decoded."""
    height, width = tf.case(
        [
            (_starts(contents, b"\xff\xd8\xff"), lambda: _jpeg_size(contents)),
            (_starts(contents, b"\x89PNG\r\n\x1a\n"), lambda: _png(contents)),
            (_starts(contents, b"BM"), lambda: _bmp(contents)),
        ],
        default=lambda: (tf.constant(-1, tf.int64), tf.constant(-1, tf.int64)),
    )
    # Each alone, too: the product of two might not fit.
    fits = (height <= MAX_PIXELS) & (width <= MAX_PIXELS)
    fits &= (height > 0) & (width > 0) & (height * width <= MAX_PIXELS)
    return tf.debugging.Assert(fits, ["A photo that is not to be decoded"])


def _starts(contents: Any, magic: bytes) -> Any:
    # A shorter text has a shorter beginning.
    first = tf.strings.substr(contents, 0, len(magic))
    return tf.equal(first, magic)


def _jpeg_size(contents: Any) -> tuple[Any, Any]:
    shape = tf.cast(tf.io.extract_jpeg_shape(contents), tf.int64)
    return shape[0], shape[1]


def _png(contents: Any) -> tuple[Any, Any]:
    """Height and width of the chunk IHDR, which is always the first."""
    parts = _bytes(contents, 16, 8)
    factors = tf.constant([1 << 24, 1 << 16, 1 << 8, 1], tf.int64)
    return (
        tf.reduce_sum(parts[4:] * factors),
        tf.reduce_sum(parts[:4] * factors),
    )


def _bmp(contents: Any) -> tuple[Any, Any]:
    """Height, which is negative where rows go down, and width."""
    parts = _bytes(contents, 18, 8)
    factors = tf.constant([1, 1 << 8, 1 << 16, 1 << 24], tf.int64)
    height = tf.reduce_sum(parts[4:] * factors)
    height = tf.where(height < 1 << 31, height, (1 << 32) - height)
    return height, tf.reduce_sum(parts[:4] * factors)


def _bytes(contents: Any, start: int, count: int) -> Any:
    # Of a shorter file there are fewer, which `reshape` refuses.
    raw = tf.io.decode_raw(tf.strings.substr(contents, start, count), tf.uint8)
    return tf.reshape(tf.cast(raw, tf.int64), (count,))
