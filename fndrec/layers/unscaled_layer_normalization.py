"""A layer normalization whose scale the layer after it takes up."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("fndrec")
class UnscaledLayerNormalization(keras.layers.LayerNormalization):
    """Layer normalization that leaves scale and offset to the next layer.

    Inputs have mean 0 over the last axis, as the outputs of
    `FoldedDense(center=True)` and their sums have. So only their variance is
    brought to 1, and `outputs * scale + offset` are those of
    `keras.layers.LayerNormalization`. A `FoldedDense` takes the three as they
    are, and scales its kernel in place of the data.

    Args:
        epsilon: Added to the variance.
        **kwargs: Initializers, regularizers and constraints of
            `keras.layers.LayerNormalization`, and arguments of
            `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor `(..., dim)` of mean 0 over `dim`.

    Returns:
        Float tensor `(..., dim)`, the scale `(dim,)` and the offset `(dim,)`.

    Example:

    >>> norm = fndrec.layers.UnscaledLayerNormalization()
    >>> outputs, scale, offset = norm(np.array([[3.0, -3.0]]))
    >>> outputs * scale + offset
    <tf.Tensor: shape=(1, 2), ... [[ 0.99..., -0.99...]]>

    Reference: Ba et al. 2016, Layer Normalization.
    """

    def __init__(self, epsilon: float = 1e-3, **kwargs: Any) -> None:
        super().__init__(
            axis=-1,
            epsilon=epsilon,
            center=True,
            scale=True,
            rms_scaling=False,
            **kwargs,
        )

    def call(self, inputs: Any) -> tuple[Any, Any, Any]:
        # Squares of half precision would overflow.
        wide = ops.cast(inputs, "float32")
        variance = ops.mean(ops.square(wide), axis=-1, keepdims=True)
        outputs = wide * ops.rsqrt(variance + self.epsilon)
        # Each layer that takes scale and offset casts them for itself, so
        # that their gradients are summed in full precision.
        return (
            ops.cast(outputs, self.compute_dtype),
            ops.convert_to_tensor(self.gamma),
            ops.convert_to_tensor(self.beta),
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        width = (input_shape[-1],)
        return tuple(input_shape), width, width

    def compute_output_spec(self, inputs: Any) -> Any:
        dtypes = self.compute_dtype, self.variable_dtype, self.variable_dtype
        return tuple(
            keras.KerasTensor(shape, dtype)
            for shape, dtype in zip(
                self.compute_output_shape(inputs.shape), dtypes, strict=True
            )
        )

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        for name in ("axis", "center", "scale", "rms_scaling"):
            del config[name]
        return config
