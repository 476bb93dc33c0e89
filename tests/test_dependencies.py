"""That what replaces tensorflow-addons is there and works."""

import ast
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import fndrec

ROOT = Path(fndrec.__file__).parent.parent
NAME = re.compile(r"`((?:keras|fndrec)\.[\w.]+)`")


def table() -> str:
    """The table of replacements in the documentation."""
    page = ROOT / "docs" / "project" / "dependencies.md"
    text = page.read_text(encoding="utf-8")
    return text.split("### What replaces it")[1]


def replacement(name: str) -> Any:
    found: Any = {"keras": keras, "fndrec": fndrec}[name.split(".")[0]]
    for part in name.split(".")[1:]:
        found = getattr(found, part)
    return found


def fitted(optimizer: Any, callbacks: list[Any] | None = None) -> Any:
    """A line fitted to y = 2 x; the optimizer has to bring the loss down."""
    keras.utils.set_random_seed(0)
    x = np.linspace(-1, 1, 32, dtype="float32")[:, None]
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(optimizer, "mse", run_eagerly=True)
    before = model.evaluate(x, 2 * x, verbose=0)
    model.fit(x, 2 * x, epochs=2, verbose=0, callbacks=callbacks)
    assert model.evaluate(x, 2 * x, verbose=0) < before
    return model


def optimizes(**kwargs: Any) -> Callable[[Any], None]:
    def check(cls: Any) -> None:
        fitted(cls(0.05, **kwargs))

    return check


def averages(cls: Any) -> None:
    """After `fit` the weights are their own moving average."""
    optimizer = cls(0.1, use_ema=True, ema_momentum=0.9)
    model = fitted(optimizer)
    for weight, average in zip(
        model.trainable_variables,
        optimizer._model_variables_moving_average,
        strict=True,
    ):
        np.testing.assert_allclose(weight, average, rtol=1e-6)


def swaps(cls: Any) -> None:
    optimizer = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5)
    fitted(optimizer, [cls(swap_on_epoch=True)])


def warms_up(cls: Any) -> None:
    schedule = cls(0.0, decay_steps=10, warmup_target=1.0, warmup_steps=5)
    rates = [float(schedule(step)) for step in (0, 5, 15)]
    np.testing.assert_allclose(rates, [0.0, 1.0, 0.0], atol=1e-6)


def restarts(cls: Any) -> None:
    schedule = cls(1.0, first_decay_steps=4, t_mul=1.0)
    rates = [float(schedule(step)) for step in (0, 2, 4)]
    np.testing.assert_allclose(rates, [1.0, 0.5, 1.0], atol=1e-6)


def images() -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.uniform(size=(2, 8, 8, 3)).astype("float32")


def erases(cls: Any) -> None:
    layer = cls(factor=1.0, fill_value=0, seed=0)
    found = np.array(layer(images(), training=True))
    erased = found != images()
    assert 0 < erased.sum() < erased.size
    assert not found[erased].any()


def rotates(cls: Any) -> None:
    found = np.array(cls(0.5, seed=0)(images(), training=True))
    assert found.shape == images().shape
    assert not np.allclose(found, images())


def shifts(function: Any) -> None:
    """One pixel to the left: x in the output is x + 1 in the input."""
    shift = np.array([[1, 0, 1, 0, 1, 0, 0, 0]] * 2, "float32")
    found = np.array(function(images(), shift))
    np.testing.assert_allclose(found[:, :, :-1], images()[:, :, 1:], atol=1e-6)


def blurs(function: Any) -> None:
    found = np.array(function(images(), kernel_size=(3, 3), sigma=(1.0, 1.0)))
    assert found.shape == images().shape
    assert found.std() < images().std()


def bends(function: Any) -> None:
    found = np.array(function(images(), alpha=2.0, sigma=1.0, seed=0))
    assert found.shape == images().shape
    assert not np.allclose(found, images())


def normalises(cls: Any) -> None:
    """With `groups=-1` each channel of each image by itself."""
    found = np.array(cls(groups=-1, epsilon=1e-8)(images()))
    np.testing.assert_allclose(found.mean(axis=(1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(found.std(axis=(1, 2)), 1, atol=1e-3)
    assert cls(groups=3)(images()).shape == images().shape


def bounds_the_spectrum(cls: Any) -> None:
    layer = cls(keras.layers.Dense(3), power_iterations=20)
    layer(images()[:, 0, 0], training=True)
    spectrum = np.linalg.svd(layer.layer.kernel.numpy(), compute_uv=False)
    np.testing.assert_allclose(spectrum[0], 1.0, atol=0.05)


def attends(cls: Any) -> None:
    items = images()[:, 0]
    assert cls(num_heads=2, key_dim=4)(items, items).shape == items.shape


def maps(values: list[float], expected: list[float]) -> Callable[[Any], None]:
    def check(function: Any) -> None:
        found = np.array(function(np.array([values], "float32")))
        np.testing.assert_allclose(found, [expected], atol=1e-4)

    return check


def prefers(
    y_true: list[Any], good: list[Any], bad: list[Any], **kwargs: Any
) -> Callable[[Any], None]:
    """The loss of a good prediction is less than that of a bad one."""

    def check(cls: Any) -> None:
        loss = cls(**kwargs)
        truth = np.array(y_true)
        assert float(loss(truth, np.array(good, "float32"))) < float(
            loss(truth, np.array(bad, "float32"))
        )

    return check


def measures(
    y_true: list[Any], y_pred: list[Any], expected: float, **kwargs: Any
) -> Callable[[Any], None]:
    def check(cls: Any) -> None:
        metric = cls(**kwargs)
        metric.update_state(
            np.array(y_true, "float32"), np.array(y_pred, "float32")
        )
        np.testing.assert_allclose(
            np.array(metric.result()), expected, atol=1e-5
        )

    return check


PLANE = [[1.0, 0.0], [0.0, 1.0]]
SWAPPED = [[0.0, 1.0], [1.0, 0.0]]
CONFIDENT, WRONG = [[0.9, 0.1]], [[0.2, 0.8]]
HALF_RIGHT = (
    [[1, 0], [1, 0], [0, 1], [0, 1]],
    [
        [0.9, 0.1],
        [0.1, 0.9],
        [0.1, 0.9],
        [0.9, 0.1],
    ],
)

CHECKS: dict[str, Callable[[Any], None]] = {
    "keras.optimizers.AdamW": optimizes(weight_decay=0.01),
    "keras.optimizers.SGD": optimizes(weight_decay=0.01),
    "keras.optimizers.Lamb": optimizes(),
    "keras.optimizers.Muon": optimizes(),
    "keras.optimizers.Lion": optimizes(),
    "keras.optimizers.Adam": averages,
    "keras.optimizers.schedules.CosineDecay": warms_up,
    "keras.optimizers.schedules.CosineDecayRestarts": restarts,
    "keras.callbacks.SwapEMAWeights": swaps,
    "keras.layers.RandomErasing": erases,
    "keras.layers.RandomRotation": rotates,
    "keras.ops.image.affine_transform": shifts,
    "keras.ops.image.gaussian_blur": blurs,
    "keras.ops.image.elastic_transform": bends,
    "keras.layers.GroupNormalization": normalises,
    "keras.layers.SpectralNormalization": bounds_the_spectrum,
    "keras.layers.MultiHeadAttention": attends,
    "keras.activations.mish": maps([0.0, 1.0], [0.0, 0.8651]),
    "keras.activations.hard_shrink": maps([0.25, -2.0], [0.0, -2.0]),
    "keras.activations.tanh_shrink": maps([0.0, 1.0], [0.0, 0.2384]),
    "fndrec.losses.NTXent": prefers(PLANE, PLANE, SWAPPED),
    "fndrec.losses.SoftmaxRanking": prefers([[1, 0]], CONFIDENT, WRONG),
    "fndrec.losses.BPR": prefers([[1, 0]], CONFIDENT, WRONG),
    "keras.losses.Circle": prefers(
        [0, 0, 1], [[1, 0], [1, 0], [0, 1]], [[1, 0], [0, 1], [1, 0]]
    ),
    "keras.losses.BinaryFocalCrossentropy": prefers(
        [[1, 0]], CONFIDENT, WRONG, gamma=2.0
    ),
    "keras.losses.CategoricalFocalCrossentropy": prefers(
        [[1, 0]], CONFIDENT, WRONG, gamma=2.0
    ),
    "keras.losses.Tversky": prefers([[1.0, 0.0]], CONFIDENT, WRONG),
    "keras.losses.Dice": prefers([[1.0, 0.0]], CONFIDENT, WRONG),
    "keras.metrics.F1Score": measures(*HALF_RIGHT, 0.5, average="macro"),
    "keras.metrics.FBetaScore": measures(
        *HALF_RIGHT, 0.5, average="macro", beta=2.0
    ),
    "keras.metrics.R2Score": measures(
        [[1], [2], [3]], [[1], [2], [3.5]], 0.875
    ),
}

# Of Keras. The documentation says so too.
SINCE = {"keras.optimizers.Muon": (3, 13)}
VERSION = tuple(int(n) for n in keras.__version__.split(".")[:2])


@pytest.mark.parametrize("name", CHECKS)
def test_replacement_works(name: str) -> None:
    if name in SINCE and SINCE[name] > VERSION:
        pytest.skip(f"needs Keras {SINCE[name]}. Received: {VERSION}")
    CHECKS[name](replacement(name))


def test_documentation_names_what_is_tested_and_nothing_else() -> None:
    assert set(NAME.findall(table())) == set(CHECKS)


def test_nothing_imports_tensorflow_addons() -> None:
    for path in (ROOT / "fndrec").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            names = [alias.name for alias in getattr(node, "names", [])]
            if isinstance(node, ast.ImportFrom):
                names.append(node.module or "")
            imported = [n for n in names if n.startswith("tensorflow_addons")]
            assert not imported, path
    metadata = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert "tensorflow-addons" not in metadata
