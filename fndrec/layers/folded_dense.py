"""A dense layer that takes up the affine steps around it."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

# Of these Keras calibrates the kernel on the inputs of the layer, which here
# are not yet scaled.
CALIBRATED = ("gptq", "awq")


@keras.saving.register_keras_serializable("fndrec")
class FoldedDense(keras.layers.Dense):
    """A dense layer with scale, offset, centering and split in its kernel.

    Computes `Dense(inputs * scale + offset)`, centered and split if asked
    for. All of that but the activation is linear, so it is done to the kernel
    and the bias, which are small beside the data: the same numbers with a
    third of the passes over the data. Where it is not linear, or the kernel
    is quantized, it is done to inputs and outputs instead.

    LoRA, regularizers, activation and quantization are those of
    `keras.layers.Dense`.

    Args:
        units: Width of the output, of all parts together.
        center: Whether the mean over the last axis is subtracted from the
            output. A normalization after it then need not subtract it.
        part_scales: Factors of the equal parts that the output is split
            into; `None` for an output that is not split.
        **kwargs: Passed to `keras.layers.Dense`.

    Call arguments:
        inputs: Float tensor `(rows, dim)`.
        scale: Float tensor `(dim,)`, which the inputs are multiplied by, as
            `UnscaledLayerNormalization` returns it; `None` for none.
        offset: Float tensor `(dim,)`, added to the scaled inputs; `None` for
            none.
        training: Passed on; matters to `"float8"` alone.

    Returns:
        Float tensor `(rows, units)`, or a tuple of tensors
        `(rows, units / parts)`.

    Raises:
        ValueError: If `part_scales` does not divide `units`.

    Example:

    >>> norm = fndrec.layers.UnscaledLayerNormalization()
    >>> dense = fndrec.layers.FoldedDense(4, activation="relu")
    >>> dense(*norm(np.array([[1.0, -1.0]]))).shape
    TensorShape([1, 4])
    """

    def __init__(
        self,
        units: int,
        center: bool = False,
        part_scales: Sequence[float] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(units, **kwargs)
        self.center = bool(center)
        self.part_scales = None if part_scales is None else tuple(part_scales)
        if part_scales is not None and (
            not self.part_scales or units % len(self.part_scales)
        ):
            raise ValueError(
                "`part_scales` should hold a factor for each of some equal "
                f"parts of `units`. Received: part_scales={part_scales}, "
                f"units={units}"
            )

    @property
    def is_linear(self) -> bool:
        """Whether the layer has no activation."""
        return self.activation is keras.activations.linear

    def call(
        self,
        inputs: Any,
        scale: Any = None,
        offset: Any = None,
        training: bool | None = None,
    ) -> Any:
        if not self.is_linear and (self.center or self.part_scales):
            return self._unfolded(super().call, inputs, scale, offset, training)
        kernel, bias = self.kernel, self.bias
        if offset is not None:
            shift = ops.matmul(ops.expand_dims(offset, 0), kernel)[0]
            bias = shift if bias is None else shift + bias
        if scale is not None:
            kernel = ops.expand_dims(scale, 1) * kernel
        if self.center:
            kernel = center(kernel)
            bias = None if bias is None else center(bias)
        if self.part_scales is None:
            return self.activation(_affine(inputs, kernel, bias))
        kernels = self._parts(kernel)
        biases = [None] * len(kernels) if bias is None else self._parts(bias)
        return tuple(
            _affine(inputs, *part) for part in zip(kernels, biases, strict=True)
        )

    def quantized_call(self, *args: Any, **kwargs: Any) -> Any:
        return self._unfolded(super().quantized_call, *args, **kwargs)

    def _unfolded(
        self,
        call: Callable[..., Any],
        inputs: Any,
        scale: Any = None,
        offset: Any = None,
        training: bool | None = None,
    ) -> Any:
        """The same by a plain dense layer, step by step."""
        if scale is not None:
            inputs = inputs * scale
        if offset is not None:
            inputs = inputs + offset
        outputs = call(inputs, training=training)
        if self.center:
            outputs = center(outputs)
        if self.part_scales is None:
            return outputs
        return tuple(self._parts(outputs))

    def _parts(self, values: Any) -> list[Any]:
        """The parts of the last axis, each times its factor."""
        assert self.part_scales is not None
        parts = ops.split(values, len(self.part_scales), axis=-1)
        return [
            part if scale == 1 else part * scale
            for part, scale in zip(parts, self.part_scales, strict=True)
        ]

    def quantize(
        self, mode: Any = None, type_check: bool = True, config: Any = None
    ) -> None:
        """Quantizes the kernel, see `keras.Model.quantize`.

        Args:
            mode: `"int8"`, `"int4"` or `"float8"`.
            type_check: Not looked at: Keras refuses subclasses of `Dense`,
                as it cannot know that they call its own quantized product.
            config: Passed on.

        Raises:
            NotImplementedError: If `mode` needs a calibration.
        """
        super().quantize(mode, type_check=mode in CALIBRATED, config=config)

    def compute_output_shape(self, input_shape: Any) -> Any:
        if self.part_scales is None:
            return super().compute_output_shape(input_shape)
        parts = len(self.part_scales)
        return tuple([(*input_shape[:-1], self.units // parts)] * parts)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config["center"] = self.center
        if self.part_scales is not None:
            config["part_scales"] = list(self.part_scales)
        return config


def center(x: Any) -> Any:
    """`x` without its mean over the last axis."""
    return x - ops.mean(x, axis=-1, keepdims=True)


def _affine(x: Any, kernel: Any, bias: Any) -> Any:
    """`x kernel + bias` of `(rows, dim)`, which backends fuse."""
    x = ops.matmul(x, kernel)
    return x if bias is None else ops.add(x, bias)
