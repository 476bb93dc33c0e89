"""Decodes photos in the graph, whatever their bytes."""

import tensorflow as tf

from fndrec.data.photos.decode import MAX_PIXELS, decode_photo


def decode_photos(
    contents: tf.Tensor, size: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """Decodes photos as the image store does; an invalid one affects no other.

    JPEG, PNG and BMP files of at most `MAX_PIXELS` pixels are accepted. The
    number of pixels is read from the header before anything is decoded. GIF is
    refused: TensorFlow would unpack all its frames, and a small file can hold
    gigabytes of them.

    Args:
        contents: String tensor `(photos,)`.
        size: Height and width of the results.

    Returns:
        Pixels uint8 `(photos, size, size, 3)`, zeros where a photo is invalid,
        and a bool mask `(photos,)` of the valid photos.
    """
    count = tf.shape(contents)[0]

    def decode(
        index: tf.Tensor, photo: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.control_dependencies([_check_header(photo)]):
            return index, decode_photo(tf.identity(photo), size)

    # Errors inside `map` can be skipped; elsewhere an error fails the call.
    photos = tf.data.Dataset.from_tensor_slices((tf.range(count), contents))
    photos = photos.map(decode, num_parallel_calls=tf.data.AUTOTUNE)
    photos = photos.ignore_errors()
    # One blank photo more, since a batch cannot be empty.
    blank = tf.zeros((1, size, size, 3), tf.uint8)
    last = tf.data.Dataset.from_tensor_slices((count[None], blank))
    decoded = photos.concatenate(last).batch(tf.cast(count, tf.int64) + 1)
    rows, pixels = decoded.get_single_element()
    shape = (count + 1, size, size, 3)
    photos = tf.scatter_nd(rows[:, None], pixels, shape)[:count]
    valid = tf.scatter_nd(rows[:, None], tf.ones_like(rows), count[None] + 1)
    return tf.ensure_shape(photos, (None, size, size, 3)), valid[:count] > 0


def _check_header(contents: tf.Tensor) -> tf.Operation:
    """Fails unless the photo has a known format and an accepted size."""
    height, width = tf.case(
        [
            (_starts(contents, b"\xff\xd8\xff"), lambda: _jpeg_size(contents)),
            (
                _starts(contents, b"\x89PNG\r\n\x1a\n"),
                lambda: _png_size(contents),
            ),
            (_starts(contents, b"BM"), lambda: _bmp_size(contents)),
        ],
        default=lambda: (tf.constant(-1, tf.int64), tf.constant(-1, tf.int64)),
    )
    # Each side alone, too: the product might overflow.
    fits = (height <= MAX_PIXELS) & (width <= MAX_PIXELS)
    fits &= (height > 0) & (width > 0) & (height * width <= MAX_PIXELS)
    return tf.debugging.Assert(fits, ["a photo of an accepted format and size"])


def _starts(contents: tf.Tensor, magic: bytes) -> tf.Tensor:
    # `substr` of a shorter string is shorter, not an error.
    first = tf.strings.substr(contents, 0, len(magic))
    return tf.equal(first, magic)


def _jpeg_size(contents: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    shape = tf.cast(tf.io.extract_jpeg_shape(contents), tf.int64)
    return shape[0], shape[1]


def _png_size(contents: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Reads height and width from the chunk IHDR, which is always the first."""
    parts = _bytes(contents, 16, 8)
    factors = tf.constant([1 << 24, 1 << 16, 1 << 8, 1], tf.int64)
    return (
        tf.reduce_sum(parts[4:] * factors),
        tf.reduce_sum(parts[:4] * factors),
    )


def _bmp_size(contents: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Reads height and width; a negative height means rows from the top."""
    parts = _bytes(contents, 18, 8)
    factors = tf.constant([1, 1 << 8, 1 << 16, 1 << 24], tf.int64)
    height = tf.reduce_sum(parts[4:] * factors)
    height = tf.where(height < 1 << 31, height, (1 << 32) - height)
    return height, tf.reduce_sum(parts[:4] * factors)


def _bytes(contents: tf.Tensor, start: int, count: int) -> tf.Tensor:
    # A shorter file has fewer bytes, which `reshape` refuses.
    raw = tf.io.decode_raw(tf.strings.substr(contents, start, count), tf.uint8)
    return tf.reshape(tf.cast(raw, tf.int64), (count,))
