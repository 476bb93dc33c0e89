"""What every loss has to survive."""

from typing import Any

import keras
import numpy as np
import pytest

from fndrec.losses import (
    BPR,
    FalseNegativeDistillation,
    KnowledgeDistillation,
    NTXent,
    SoftmaxRanking,
)

LOSSES = [
    SoftmaxRanking(),
    BPR(),
    FalseNegativeDistillation(alpha=0.7, clip=2.0),
    FalseNegativeDistillation(clip=None),
    KnowledgeDistillation(temperature=3.0, weight=0.25),
    NTXent(temperature=0.5),
]
every_loss = pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)


def fresh(loss: Any, **kwargs: Any) -> Any:
    return type(loss).from_config({**loss.get_config(), **kwargs})


def inputs(dtype: str = "float32") -> tuple[np.ndarray, np.ndarray]:
    """Fit for every loss: labels, distance_zscore, scores or embeddings."""
    y_true = np.array([[1, 0, 0], [1, 0, 0], [1, 0, 0], [1, 0, 0]])
    y_pred = np.array(
        [[1.5, -0.5, 2.0], [0.0, 0.25, -1.0], [3.0, 1.0, 1.0], [-4.0, 4.0, 0]]
    )
    return y_true.astype(dtype), y_pred.astype(dtype)


@every_loss
def test_serialises(loss: Any) -> None:
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert type(again) is type(loss)
    assert again.get_config() == loss.get_config()
    np.testing.assert_array_equal(again(*inputs()), loss(*inputs()))


@every_loss
def test_reduction_and_weights_are_those_of_keras(loss: Any) -> None:
    each = np.array(fresh(loss, reduction=None)(*inputs()))
    assert each.shape == (4,)
    weight = np.array([1.0, 0.0, 2.0, 0.5], "float32")
    np.testing.assert_allclose(loss(*inputs()), each.mean(), rtol=1e-6)
    np.testing.assert_allclose(
        loss(*inputs(), sample_weight=weight),
        (weight * each).sum() / 4,
        rtol=1e-6,
    )
    np.testing.assert_allclose(
        fresh(loss, reduction="sum")(*inputs(), sample_weight=weight),
        (weight * each).sum(),
        rtol=1e-6,
    )


@every_loss
def test_keras_mask_leaves_rows_out(loss: Any) -> None:
    y_true, y_pred = inputs()
    each = np.array(fresh(loss, reduction=None)(y_true, y_pred))
    masked = keras.ops.convert_to_tensor(y_pred)
    try:
        masked._keras_mask = keras.ops.convert_to_tensor(
            [True, False, True, True]
        )
    except AttributeError:
        pytest.skip("tensors of this backend take no mask")
    np.testing.assert_allclose(
        loss(y_true, masked), each[[0, 2, 3]].mean(), rtol=1e-6
    )


@every_loss
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_computes_in_float32_from_half_precision(loss: Any, dtype: str) -> None:
    # All of `inputs` are exact in both types.
    y_true, y_pred = (keras.ops.cast(x, dtype) for x in inputs())
    value = loss(y_true, y_pred)
    assert keras.backend.standardize_dtype(value.dtype) == "float32"
    np.testing.assert_array_equal(value, loss(*inputs()))
    direct = loss.call(y_true, y_pred)
    assert keras.backend.standardize_dtype(direct.dtype) == "float32"


@every_loss
def test_takes_lists(loss: Any) -> None:
    y_true, y_pred = inputs()
    np.testing.assert_allclose(
        loss(y_true.tolist(), y_pred.tolist()), loss(y_true, y_pred), rtol=1e-6
    )


@every_loss
@pytest.mark.parametrize(
    ("true_shape", "pred_shape"),
    [((3,), (3, 3)), ((3, 1), (3, 3)), ((1, 3), (3, 3)), ((3, 3, 1),) * 2],
)
def test_refuses_shapes_that_would_broadcast(
    loss: Any, true_shape: tuple[int, ...], pred_shape: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match="should have the same shape"):
        loss(np.ones(true_shape, "float32"), np.ones(pred_shape, "float32"))


@every_loss
def test_large_scores_stay_finite(loss: Any) -> None:
    y_true, y_pred = inputs()
    assert np.isfinite(loss(y_true, 1e4 * y_pred))


@every_loss
@pytest.mark.parametrize("jit_compile", [False, True])
def test_trains_compiled(loss: Any, jit_compile: bool) -> None:
    y_true, y_pred = inputs()
    dense = keras.layers.Dense(
        3, kernel_initializer=keras.initializers.GlorotUniform(seed=0)
    )
    model = keras.Sequential([keras.Input((3,)), dense])
    model.compile("sgd", fresh(loss), jit_compile=jit_compile)
    expected = loss(y_true, model(y_pred))
    # The last batch is smaller than the others.
    history = model.fit(y_pred, y_true, batch_size=3, shuffle=False, verbose=0)
    assert np.isfinite(history.history["loss"][0])
    after = loss(y_true, model(y_pred))
    assert not np.isclose(after, expected, rtol=0, atol=1e-7)
