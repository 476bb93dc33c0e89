"""That Keras's private names are as `fndrec._keras_private` takes them."""

import inspect
import re
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tiny_models import tiny_teacher

import fndrec
from fndrec import _keras_private
from fndrec.data import OutfitData

PACKAGE = Path(fndrec.__file__).parent
# Overridden, with the parameters that `fit` calls them with.
OVERRIDDEN = {
    "_maybe_symbolic_build": ["self", "iterator", "data_batch"],
    "_get_metrics_result_or_logs": ["self", "logs"],
}


@pytest.mark.parametrize("name", OVERRIDDEN)
def test_what_is_overridden_is_there(name: str) -> None:
    method = getattr(keras.Model, name)
    assert list(inspect.signature(method).parameters) == OVERRIDDEN[name]
    # And is still called, by that name.
    source = "".join(
        inspect.getsource(owner)
        for owner in keras.Model.__mro__
        if owner.__name__ in ("TensorFlowTrainer", "Trainer")
    )
    assert len(re.findall(rf"self\.{name}\(", source)) >= 1


def test_fit_calls_what_is_overridden(
    tiny_data: OutfitData, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def noted(name: str) -> Any:
        method = getattr(_keras_private.BuiltModel, name)

        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            calls.append(name)
            return method(self, *args, **kwargs)

        return call

    for name in OVERRIDDEN:
        monkeypatch.setattr(_keras_private.BuiltModel, name, noted(name))
    model = tiny_teacher(tiny_data)
    model.compile("sgd")
    log = model.fit(tiny_data.batches("train", 50), epochs=1, verbose=0)
    assert set(calls) == set(OVERRIDDEN)
    assert np.isfinite(log.history["loss"]).all()


def test_layers_of_any_depth(tiny_data: OutfitData) -> None:
    model = tiny_teacher(tiny_data)
    layers = _keras_private.flat_layers(model)
    assert model.aggregator in layers
    assert model.aggregator.blocks[0].inner in layers
    assert len(layers) == len({id(layer) for layer in layers})


def test_the_patch_of_tf2onnx_is_there() -> None:
    from keras.src.export import tf2onnx_lib

    assert not inspect.signature(tf2onnx_lib.patch_tf2onnx).parameters


def test_nothing_private_is_taken_elsewhere() -> None:
    private = re.compile(r"keras\.src|\._flatten_layers|_maybe_symbolic_build")
    for path in PACKAGE.rglob("*.py"):
        if path.name != "_keras_private.py":
            assert not private.search(path.read_text(encoding="utf-8")), path
