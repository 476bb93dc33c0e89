"""The AlexNet-like network of the paper's towers."""

from typing import Any

import keras

# Filters and kernel size of the five convolutions. Pooling follows the first
# two; a global average replaces the third pooling.
STAGES = ((64, 7), (192, 5), (384, 3), (256, 3), (256, 3))
POOLED = (0, 1)


def alexnet(image_size: int, width: float, seed: int | None) -> Any:
    """A five-convolution network after AlexNet, for small photos.

    Filters and kernels are those of AlexNet, with filters scaled by `width`.
    The first convolution has a kernel of 7 and stride 2 in place of 11 and 4,
    as photos here are 64 to 128 pixels wide. Batch normalization replaces
    local response normalization, and a global average replaces the fully
    connected layers.

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
        # Pooling first leaves the normalization a quarter of the pixels, which
        # saves a fifth of the network's time.
        if i in POOLED:
            x = keras.layers.MaxPooling2D(2, name=f"pool_{i}")(x)
        # Epochs can have few steps, so moving averages must follow quickly.
        x = keras.layers.BatchNormalization(momentum=0.9, name=f"norm_{i}")(x)
        x = keras.layers.ReLU(name=f"relu_{i}")(x)
    x = keras.layers.GlobalAveragePooling2D(name="average")(x)
    return keras.Model(inputs, x, name="alexnet")
