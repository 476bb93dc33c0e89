"""The AlexNet-shaped network of the paper's towers."""

from typing import Any

import keras

# Filters and kernel of the five convolutions; a pooling follows the first two,
# and global averages, in place of a third, the last.
STAGES = ((64, 7), (192, 5), (384, 3), (256, 3), (256, 3))
POOLED = (0, 1)


def alexnet(image_size: int, width: float, seed: int | None) -> Any:
    """A five-convolution network after AlexNet, for small photos.

    Filters and kernels are AlexNet's, filters scaled by `width`, but for the
    first: 7 pixels with stride 2 in place of 11 with stride 4, as photos here
    are 64 to 128 pixels wide. Batch normalisation takes the place of local
    response normalisation, and global averages that of the fully connected
    layers.

    Args:
        image_size: Side of the square photos in pixels.
        width: Factor on the number of filters: 1 is the large network.
        seed: Seed of the initial weights.

    Returns:
        A `keras.Model` from images `(items, size, size, 3)` in [-1, 1] to
        `(items, features)`.

    Reference: Krizhevsky et al. 2012, ImageNet classification.
    """
    inputs = keras.Input((image_size, image_size, 3), name="image")
    x: Any = inputs
    for i, (filters, kernel) in enumerate(STAGES):
        x = keras.layers.Conv2D(
            max(8, round(filters * width)),
            kernel,
            strides=2 if i == 0 else 1,
            padding="same",
            use_bias=False,
            kernel_initializer=keras.initializers.HeNormal(
                seed=None if seed is None else seed + i
            ),
            name=f"conv_{i}",
        )(x)
        # Before normalisation, which then has a quarter to do: a fifth less
        # time for the whole network.
        if i in POOLED:
            x = keras.layers.MaxPooling2D(2, name=f"pool_{i}")(x)
        # An epoch can have few steps: the averages must follow quickly.
        x = keras.layers.BatchNormalization(momentum=0.9, name=f"norm_{i}")(x)
        x = keras.layers.ReLU(name=f"relu_{i}")(x)
    x = keras.layers.GlobalAveragePooling2D(name="average")(x)
    return keras.Model(inputs, x, name="alexnet")
