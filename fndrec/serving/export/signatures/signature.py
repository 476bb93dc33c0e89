"""One named function of an exported model."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Signature:
    """One named function of an exported model.

    Attributes:
        name: Its name in the SavedModel.
        description: What it does, in one line.
        inputs: The inputs by name; dimension 0 of each is the batch.
        function: From a dictionary of the inputs to one of the outputs, in
            graph operations.
        example: From a batch size to inputs that give a result.
        outputs: The outputs by name, in words.
    """

    name: str
    description: str
    inputs: dict[str, tf.TensorSpec]
    function: Callable[[dict[str, Any]], dict[str, Any]]
    example: Callable[[int], dict[str, np.ndarray]]
    outputs: dict[str, str]


def strings(name: str, rank: int = 1) -> tf.TensorSpec:
    """An input of ids."""
    return tf.TensorSpec((None,) * rank, tf.string, name)


def ints(name: str, rank: int = 1) -> tf.TensorSpec:
    """An input of whole numbers."""
    return tf.TensorSpec((None,) * rank, tf.int32, name)


def inputs_of(*specs: tf.TensorSpec) -> dict[str, tf.TensorSpec]:
    """Inputs by their names."""
    return {spec.name: spec for spec in specs}


def repeated(value: Any, *axes: int) -> np.ndarray:
    """An array of ids in which a value, or a row of them, is repeated."""
    row = np.asarray(value, dtype=object)
    return np.broadcast_to(row, (*axes, *row.shape)).copy()
