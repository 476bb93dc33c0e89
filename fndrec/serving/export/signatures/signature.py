"""A signature of an exported model."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Signature:
    """A named function of an exported model.

    Attributes:
        name: Its name in the SavedModel.
        description: Its purpose, in one line.
        inputs: Specifications of the inputs by name; dimension 0 is the batch.
        function: Graph function from a dictionary of inputs to one of outputs.
        example: Function from a batch size to valid inputs.
        outputs: Descriptions of the outputs by name.
    """

    name: str
    description: str
    inputs: dict[str, tf.TensorSpec]
    function: Callable[[dict[str, tf.Tensor]], dict[str, tf.Tensor]]
    example: Callable[[int], dict[str, np.ndarray]]
    outputs: dict[str, str]


def strings(name: str, rank: int = 1) -> tf.TensorSpec:
    """Specifies an input of strings."""
    return tf.TensorSpec((None,) * rank, tf.string, name)


def ints(name: str, rank: int = 1) -> tf.TensorSpec:
    """Specifies an input of int32 numbers."""
    return tf.TensorSpec((None,) * rank, tf.int32, name)


def inputs_of(*specs: tf.TensorSpec) -> dict[str, tf.TensorSpec]:
    """Returns specifications by name."""
    return {spec.name: spec for spec in specs}


def repeated(value: Any, *axes: int) -> np.ndarray:
    """Returns an object array that repeats a value or list along new axes."""
    row = np.asarray(value, dtype=object)
    return np.broadcast_to(row, (*axes, *row.shape)).copy()
