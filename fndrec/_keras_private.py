"""Everything that fndrec takes from private names of Keras.

`tests/test_keras_private.py` fails when Keras changes one of them.
"""

from collections.abc import Mapping
from typing import Any


class BuiltModel:
    """A mixin for models that are built when constructed.

    Put it before `keras.Model` among the bases.
    """

    def _maybe_symbolic_build(self, *_: Any, **__: Any) -> None:
        """Does nothing: the model is built already.

        Keras's own method would read a batch, and fails on it under a
        strategy.
        """

    def _get_metrics_result_or_logs(
        self: Any, logs: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """Returns metrics of the whole batch under the keys of `logs`.

        The logs of a step are those of a shard of the batch. Keras's own
        method keeps these where a step leaves some metrics out, as
        `test_step` does.
        """
        metrics = self.get_metrics_result()
        return {key: metrics[key] for key in logs or {}}


def flat_layers(model: Any) -> list[Any]:
    """Returns a model and all its sublayers, of any depth."""
    return list(model._flatten_layers())


def patch_tf2onnx() -> None:
    """Has tf2onnx work with the present NumPy, as Keras's own export does."""
    from keras.src.export import tf2onnx_lib

    tf2onnx_lib.patch_tf2onnx()
