"""Counts the multiply-adds of a graph."""

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

# Operations on products that are not known here, and those that hold others.
NOT_KNOWN = re.compile("Conv|MatMul|Einsum|Dot|Call|While|If$|Case|Launch")


def multiply_adds(function: Callable[..., Any], *inputs: Any) -> int:
    """Counts the multiply-adds of one call of a function.

    Counted are the products of convolutions, matrices and einsums, and of
    elementwise products that are summed, such as an attention-weighted sum or
    a dot product, be it by a matrix of zeros and ones. Products with the
    zeros that pad a photo count, as is usual. Left out is what grows only
    with the number of units: biases, normalisations, activations, poolings,
    look-ups in tables; and products of weights with weights, which are as
    many for any number of items.

    Args:
        function: A function of tensors.
        *inputs: Its inputs, or `tf.TensorSpec`s of them, of static shapes.

    Returns:
        The number of multiply-adds.

    Raises:
        ValueError: If a shape is not static, or an operation is one whose
            products cannot be counted.

    Example:

    >>> multiply_adds(tf.matmul, tf.TensorSpec((3, 4)), tf.TensorSpec((4, 5)))
    60
    """
    before = tf.config.functions_run_eagerly()
    # Else a `tf.function` in the function would be one operation.
    tf.config.run_functions_eagerly(True)
    try:
        traced = tf.function(function).get_concrete_function(*inputs)
    finally:
        tf.config.run_functions_eagerly(before)
    return sum(_of(one) for one in _on_inputs(traced.graph))


def _on_inputs(graph: Any) -> list[Any]:
    """Operations that depend on the inputs of the graph.

    Those on weights alone, such as the folding of one into another, are as
    many however much the graph is given: they are left out.
    """
    captured = {tensor.op.name for _, tensor in graph.captures}
    found: dict[str, Any] = {}
    for one in graph.get_operations():
        given = one.type == "Placeholder" and one.name not in captured
        if given or any(tensor.op.name in found for tensor in one.inputs):
            found[one.name] = one
    return list(found.values())


def _of(one: Any) -> int:
    """Counts the multiply-adds of one operation."""
    if one.type == "Conv2D":
        # Filters are (height, width, channels of a group, filters).
        return _size(one, one.outputs[0], *one.inputs[1].shape[:3])
    if one.type == "DepthwiseConv2dNative":
        return _size(one, one.outputs[0], *one.inputs[1].shape[:2])
    if one.type == "MatMul":
        if _only_adds(one):
            product = _before(one.inputs[0].op)
            return _size(one, product.outputs[0]) if _is_product(product) else 0
        axis = 0 if one.get_attr("transpose_a") else 1
        return _size(one, one.outputs[0], one.inputs[0].shape[axis])
    # The latter of 8-bit weights.
    if one.type in ("BatchMatMulV2", "BatchMatMulV3"):
        axis = -2 if one.get_attr("adj_x") else -1
        return _size(one, one.outputs[0], one.inputs[0].shape[axis])
    if one.type == "Einsum":
        return _of_einsum(one)
    if one.type == "Sum" and _is_product(one.inputs[0].op):
        return _size(one, one.inputs[0])
    if NOT_KNOWN.search(one.type):
        raise ValueError(
            "Multiply-adds are counted of Conv2D, DepthwiseConv2dNative, "
            "MatMul, BatchMatMulV2, BatchMatMulV3 and Einsum. "
            f"Received: {one.type} ({one.name})"
        )
    return 0


def _is_product(one: Any) -> bool:
    return bool(one.type == "Mul")


def _only_adds(one: Any) -> bool:
    """Whether one factor of a matrix product holds only zeros and ones."""
    matrix = tf.get_static_value(one.inputs[1])
    return matrix is not None and bool(np.isin(matrix, (0, 1)).all())


def _before(one: Any) -> Any:
    """Follows reshaping operations back to the source of a tensor."""
    while one.type == "Reshape":
        one = one.inputs[0].op
    return one


def _of_einsum(one: Any) -> int:
    if len(one.inputs) == 1:
        return 0  # nothing to multiply with
    left, right = one.get_attr("equation").decode().split("->")
    summed: dict[str, int | None] = {}
    for labels, value in zip(left.split(","), one.inputs, strict=True):
        # Labels after an ellipsis count from the end.
        before, _, after = labels.partition("...")
        for axis, label in enumerate(before):
            summed[label] = value.shape[axis]
        for axis, label in enumerate(reversed(after), start=1):
            summed[label] = value.shape[-axis]
    for label in right.replace(".", ""):
        del summed[label]
    return _size(one, one.outputs[0], *summed.values())


def _size(one: Any, value: Any, *more: int | None) -> int:
    """Number of elements of a tensor, times further sizes."""
    sizes = (*value.shape, *more)
    if None in sizes:
        raise ValueError(
            "Multiply-adds need static shapes. "
            f"Received: {one.type} ({one.name}) of shape {value.shape}"
        )
    return math.prod(sizes)
