"""A function of a SavedModel, with its inputs checked by name."""

from collections.abc import Mapping, Sequence
from typing import Any

import grpc
import numpy as np
import tensorflow as tf

from fndrec.serving.server.request_error import RequestError

# What a caller can do nothing about is the server's fault, and is logged.
CALLERS_FAULT = (
    tf.errors.InvalidArgumentError,
    tf.errors.FailedPreconditionError,
    tf.errors.OutOfRangeError,
    tf.errors.UnimplementedError,
)


class Signature:
    """A function of a SavedModel, with its inputs checked by name.

    Args:
        name: Its name.
        function: The function, as TensorFlow loads it.
    """

    def __init__(self, name: str, function: Any) -> None:
        self.name = name
        self._function = function
        self.inputs: dict[str, Any] = function.structured_input_signature[1]
        self.outputs: dict[str, Any] = function.structured_outputs

    def check_names(self, given: Sequence[str]) -> None:
        """Raises if inputs are missing or not known.

        Args:
            given: Names of inputs.

        Raises:
            RequestError: If they are not those of the signature.
        """
        if set(given) != set(self.inputs):
            raise RequestError(
                f"the signature `{self.name}` should be given the inputs "
                f"{sorted(self.inputs)}. Received: {sorted(given)}"
            )

    def __call__(
        self,
        inputs: Mapping[str, np.ndarray],
        wanted: Sequence[str] = (),
    ) -> dict[str, np.ndarray]:
        """Runs the function.

        Args:
            inputs: An array for each input.
            wanted: Names of outputs; none means all.

        Returns:
            The outputs by name.

        Raises:
            RequestError: If the inputs do not fit.
        """
        self.check_names(list(inputs))
        for name in wanted:
            if name not in self.outputs:
                raise RequestError(
                    f"the output filter should name outputs of `{self.name}`, "
                    f"which are {sorted(self.outputs)}. Received: {name!r}"
                )
        self._check_values(inputs)
        try:
            found = self._function(
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
        except CALLERS_FAULT as error:
            raise RequestError(
                f"the signature `{self.name}` cannot use these inputs: "
                f"{_reason(error)}"
            ) from error
        return {name: found[name].numpy() for name in wanted or self.outputs}

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
                    f"{_words(spec.shape)}. Received: {value.shape}"
                )
            if not value.ndim:
                continue
            # TF Serving asks for this when it batches.
            if batch is not None and batch[1] != len(value):
                raise RequestError(
                    "the inputs should have the same batch, their dimension "
                    f"0. Received: {batch[1]} in `{batch[0]}` and "
                    f"{len(value)} in `{name}`"
                )
            batch = name, len(value)


def _words(shape: Any) -> str:
    if shape.rank is None:
        return "of any rank"
    sides = ["?" if side is None else str(side) for side in shape.as_list()]
    return f"({', '.join(sides)}{',' if len(sides) == 1 else ''})"


def _reason(error: Exception) -> str:
    """What went wrong, without where in the graph."""
    text = str(getattr(error, "message", error)).split("[[{{")[0].strip()
    return text.splitlines()[-1] if text else type(error).__name__
