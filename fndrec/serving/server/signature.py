"""A signature of a SavedModel with checks of its inputs."""

from collections.abc import Mapping, Sequence
from typing import Any

import grpc
import numpy as np
import tensorflow as tf

from fndrec.serving.server.request_error import RequestError

# Errors that the inputs cause. All others are errors of the server, and are
# logged.
INPUT_ERRORS = (
    tf.errors.InvalidArgumentError,
    tf.errors.FailedPreconditionError,
    tf.errors.OutOfRangeError,
    tf.errors.UnimplementedError,
)


class Signature:
    """Calls a function of a SavedModel with checked inputs.

    Args:
        name: Its name.
        function: The function, as loaded by TensorFlow.
    """

    def __init__(self, name: str, function: Any) -> None:
        self.name = name
        self._function = function
        self.inputs: dict[str, tf.TensorSpec] = (
            function.structured_input_signature[1]
        )
        self.outputs: dict[str, tf.TensorSpec] = function.structured_outputs

    def check_names(self, names: Sequence[str]) -> None:
        """Raises if inputs are missing or unknown.

        Args:
            names: Names of inputs.

        Raises:
            RequestError: If they are not the inputs of the signature.
        """
        if set(names) != set(self.inputs):
            raise RequestError(
                f"the signature `{self.name}` requires the inputs "
                f"{sorted(self.inputs)}. Received: {sorted(names)}"
            )

    def __call__(
        self,
        inputs: Mapping[str, np.ndarray],
        output_names: Sequence[str] = (),
    ) -> dict[str, np.ndarray]:
        """Runs the function.

        Args:
            inputs: Arrays by input name.
            output_names: Names of the outputs to return; all if empty.

        Returns:
            The outputs by name.

        Raises:
            RequestError: If the inputs do not fit the signature.
        """
        self.check_names(list(inputs))
        for name in output_names:
            if name not in self.outputs:
                raise RequestError(
                    f"the output filter should name outputs of `{self.name}`, "
                    f"which are {sorted(self.outputs)}. Received: {name!r}"
                )
        self._check_values(inputs)
        try:
            outputs = self._function(
                **{
                    name: tf.constant(value, self.inputs[name].dtype)
                    for name, value in inputs.items()
                }
            )
        except tf.errors.ResourceExhaustedError as error:
            raise RequestError(
                f"the server ran out of memory: {_reason(error)}",
                grpc.StatusCode.RESOURCE_EXHAUSTED,
            ) from error
        except INPUT_ERRORS as error:
            raise RequestError(
                f"the signature `{self.name}` cannot use these inputs: "
                f"{_reason(error)}"
            ) from error
        return {
            name: outputs[name].numpy() for name in output_names or self.outputs
        }

    def _check_values(self, inputs: Mapping[str, np.ndarray]) -> None:
        batch: tuple[str, int] | None = None
        for name, spec in self.inputs.items():
            value = inputs[name]
            expected = spec.dtype.as_numpy_dtype
            if value.dtype != np.dtype(expected):
                raise RequestError(
                    f"the input `{name}` should be {spec.dtype.name}. "
                    f"Received: {tf.as_dtype(value.dtype).name}"
                )
            if not spec.shape.is_compatible_with(value.shape):
                raise RequestError(
                    f"the input `{name}` should have the shape "
                    f"{_format_shape(spec.shape)}. Received: {value.shape}"
                )
            if not value.ndim:
                continue
            # TF Serving requires this when it batches.
            if batch is not None and batch[1] != len(value):
                raise RequestError(
                    "the inputs should have the same batch size, dimension "
                    f"0. Received: {batch[1]} in `{batch[0]}` and "
                    f"{len(value)} in `{name}`"
                )
            batch = name, len(value)


def _format_shape(shape: tf.TensorShape) -> str:
    if shape.rank is None:
        return "of any rank"
    sides = ["?" if side is None else str(side) for side in shape.as_list()]
    return f"({', '.join(sides)}{',' if len(sides) == 1 else ''})"


def _reason(error: Exception) -> str:
    """Returns the message of an error without its place in the graph."""
    text = str(getattr(error, "message", error)).split("[[{{")[0].strip()
    return text.splitlines()[-1] if text else type(error).__name__
