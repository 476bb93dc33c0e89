"""Normalisations folded into the matrices around them.

A layer normalisation is followed by a dense layer here, and what it reads is
the sum of dense layers' outputs. So its scale and shift can be part of the
matrix that follows, and the mean it takes away can be taken from the columns
of the matrices before: the same numbers, with a third of the passes over the
data. Weights are small beside the data, so folding them costs next to nothing.
"""

from typing import Any

from keras import ops


def affine(x: Any, kernel: Any, bias: Any) -> Any:
    """`x kernel + bias` of `(rows, dim)`, which backends fuse."""
    return ops.add(ops.matmul(x, kernel), bias)


def centred(x: Any) -> Any:
    """`x` without its mean over the last axis."""
    return x - ops.mean(x, axis=-1, keepdims=True)


def into_stream(dense: Any) -> tuple[Any, Any]:
    """Kernel and bias of a dense layer whose outputs have mean 0."""
    return centred(dense.kernel), centred(dense.bias)


def after_norm(norm: Any, dense: Any) -> tuple[Any, Any]:
    """Kernel and bias that a dense layer has for `normalised` inputs.

    Args:
        norm: The `LayerNormalization` that stands before it.
        dense: The dense layer.

    Returns:
        Kernel `(dim, units)` and bias `(units,)`; without the bias if the
        layer has none.
    """
    gamma, beta = (ops.cast(w, dense.compute_dtype) for w in norm.weights)
    kernel = ops.expand_dims(gamma, 1) * dense.kernel
    bias = ops.matmul(ops.expand_dims(beta, 0), dense.kernel)[0]
    return kernel, bias if dense.bias is None else bias + dense.bias


def normalised(x: Any, epsilon: float) -> Any:
    """`(rows, dim)` of mean 0 scaled to variance 1, in float32."""
    wide = ops.cast(x, "float32")
    square = ops.mean(ops.square(wide), axis=-1, keepdims=True)
    return ops.cast(wide * ops.rsqrt(square + epsilon), x.dtype)
