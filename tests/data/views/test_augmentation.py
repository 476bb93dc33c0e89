from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from fndrec.data import EraseItem, ReplaceItem

# Items 0 to 4 may stand for one another in part, 5 for none.
SIMILAR = np.array(
    [[1, 2, 3], [0, -1, -1], [-1, 4, 0], [0, 1, 2], [2, 3, -1], [-1, -1, -1]]
)
OUTFITS = np.array(
    [
        [0, 1, 2, 5],
        [3, -1, -1, -1],
        [-1, 4, -1, 0],
        [5, -1, -1, -1],
        [-1, -1, -1, -1],
    ]
)
LAYERS = [EraseItem(seed=0), ReplaceItem(SIMILAR, seed=0)]
each_layer = pytest.mark.parametrize(
    "layer", LAYERS, ids=lambda layer: type(layer).__name__
)


def even_noise(count: int) -> np.ndarray:
    """Every pair of `count` draws spread evenly over [0, 1)."""
    steps = (np.arange(count) + 0.5) / count
    return np.stack(np.meshgrid(steps, steps), -1).reshape(-1, 2)


def views_of(layer: Any, outfit: list[int], noise: np.ndarray) -> np.ndarray:
    outfits = np.tile(outfit, (len(noise), 1))
    return np.asarray(layer(outfits, noise=noise))


@st.composite
def outfits_and_noise(draw: Any) -> tuple[np.ndarray, np.ndarray]:
    items = st.lists(st.integers(0, 5), unique=True, max_size=5)
    rows = []
    for _ in range(3):
        row = [*draw(items), *[-1] * 5][:5]
        rows.append(draw(st.permutations(row)))
    unit = st.floats(0, 1, exclude_max=True, width=32)
    noise = [[draw(unit), draw(unit)] for _ in rows]
    return np.array(rows), np.array(noise, "float32")


@settings(max_examples=60, deadline=None)
@given(outfits_and_noise())
def test_erase_leaves_out_one_of_several(
    given_: tuple[np.ndarray, np.ndarray],
) -> None:
    outfits, noise = given_
    views = np.asarray(EraseItem()(outfits, noise=noise))
    for outfit, view in zip(outfits, views, strict=True):
        changed = np.flatnonzero(outfit != view)
        assert len(changed) == (np.sum(outfit >= 0) > 1)
        assert np.all(view[changed] == -1)


@settings(max_examples=60, deadline=None)
@given(outfits_and_noise())
def test_replace_takes_one_from_the_table(
    given_: tuple[np.ndarray, np.ndarray],
) -> None:
    outfits, noise = given_
    views = np.asarray(LAYERS[1](outfits, noise=noise))
    for outfit, view in zip(outfits, views, strict=True):
        choices = [
            set(SIMILAR[item]) - {-1, *outfit} if item >= 0 else set()
            for item in outfit
        ]
        changed = np.flatnonzero(outfit != view)
        assert len(changed) == any(choices)
        for slot in changed:
            assert view[slot] in choices[slot]
        # A set stays a set.
        items = view[view >= 0]
        assert len(items) == len(set(items)) == np.sum(outfit >= 0)


def test_erase_is_uniform_over_the_items() -> None:
    views = views_of(EraseItem(), [7, -1, 8, 9], even_noise(30))
    assert np.mean(views == -1, axis=0).tolist() == pytest.approx(
        [1 / 3, 1, 1 / 3, 1 / 3]
    )


def test_replace_is_uniform_over_slots_and_choices() -> None:
    # Item 0 may become 1, 2 or 3, item 4 may become 2 or 3.
    views = views_of(LAYERS[1], [0, -1, 5, 4], even_noise(30))
    found, counts = np.unique(views, axis=0, return_counts=True)
    shares = {tuple(v): c for v, c in zip(found, counts / 900, strict=True)}
    assert shares == pytest.approx(
        {
            (1, -1, 5, 4): 1 / 6,
            (2, -1, 5, 4): 1 / 6,
            (3, -1, 5, 4): 1 / 6,
            (0, -1, 5, 2): 1 / 4,
            (0, -1, 5, 3): 1 / 4,
        }
    )


@each_layer
def test_own_draws_are_uniform(layer: Any) -> None:
    outfits = np.tile([0, -1, 4, 3], (3000, 1))
    changed = np.asarray(layer(outfits)) != outfits
    counts = changed.sum(axis=0)
    assert counts[1] == 0
    assert counts.sum() == 3000
    # Chi-square with 2 degrees of freedom: 20 has a chance of 0.00005.
    assert np.sum((counts[[0, 2, 3]] - 1000) ** 2 / 1000) < 20


@each_layer
@pytest.mark.parametrize("draw", [0.0, 1 - 2**-24, 1.0])
def test_extreme_draws(layer: Any, draw: float) -> None:
    noise = np.full((len(OUTFITS), 2), draw, "float32")
    views = np.asarray(layer(OUTFITS, noise=noise))
    changed = np.sum(views != OUTFITS, axis=1)
    single = int(isinstance(layer, ReplaceItem))
    assert changed.tolist() == [1, single, 1, 0, 0]
    # The first draw takes the first slot that may change, or the last.
    slots = np.flatnonzero(views[2] != OUTFITS[2])
    assert slots == (1 if draw == 0 else 3)


@each_layer
def test_pure_with_noise(layer: Any) -> None:
    noise = np.random.default_rng(0).random((len(OUTFITS), 2), "float32")
    expected = np.asarray(layer(OUTFITS, noise=noise))
    layer(OUTFITS)
    np.testing.assert_array_equal(layer(OUTFITS, noise=noise), expected)
    # Neither the batch around it nor the axes before it matter.
    np.testing.assert_array_equal(
        layer(OUTFITS[:, None], noise=noise[:, None])[:, 0], expected
    )
    for row in range(len(OUTFITS)):
        np.testing.assert_array_equal(
            layer(OUTFITS[row], noise=noise[row]), expected[row]
        )


@each_layer
def test_pure_under_every_policy(layer: Any) -> None:
    noise = np.random.default_rng(0).random((2000, 2), "float32")
    outfits = np.tile(OUTFITS[0], (2000, 1))
    config = {**layer.get_config(), "dtype": "mixed_bfloat16"}
    half = type(layer).from_config(config)
    np.testing.assert_array_equal(
        half(outfits, noise=noise), layer(outfits, noise=noise)
    )


@each_layer
def test_seed_determines_the_views(layer: Any) -> None:
    outfits = np.tile(OUTFITS[0], (50, 1))

    def two_calls(seed: int | None) -> np.ndarray:
        config = {**layer.get_config(), "seed": seed}
        new = type(layer).from_config(config)
        return np.stack([new(outfits), new(outfits)])

    first = two_calls(5)
    np.testing.assert_array_equal(first, two_calls(5))
    assert np.any(first[0] != first[1])
    assert np.any(first != two_calls(6))
    assert np.any(two_calls(None) != two_calls(None))


@each_layer
@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_maps_a_dataset(layer: Any, dtype: str) -> None:
    outfits = np.tile(OUTFITS, (8, 1)).astype(dtype)
    for batch_size in (None, 3, 40):
        ds = tf.data.Dataset.from_tensor_slices(outfits)
        if batch_size is not None:
            ds = ds.batch(batch_size)
        ds = ds.map(layer)
        assert ds.element_spec.dtype == dtype
        assert ds.element_spec.shape[-1] == 4
        views, again = (
            np.concatenate([np.reshape(view, (-1, 4)) for view in ds])
            for _ in range(2)
        )
        changed = np.sum(views != outfits, axis=1).reshape(8, 5)
        single = int(isinstance(layer, ReplaceItem))
        assert np.all(changed == [1, single, 1, 0, 0])
        # Drawn anew for each element and in each pass.
        assert len(np.unique(views.reshape(8, -1), axis=0)) > 1
        assert np.any(views != again)


@each_layer
def test_symbolic_call(layer: Any) -> None:
    spec = layer(keras.KerasTensor((None, 3, 4), "int32"))
    assert spec.shape == (None, 3, 4)
    assert spec.dtype == "int32"
    assert layer.compute_output_shape((2, 4)) == (2, 4)


@each_layer
def test_serialises(layer: Any, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).random((len(OUTFITS), 2), "float32")
    expected = layer(OUTFITS, noise=noise)
    serialized = keras.saving.serialize_keras_object(layer)
    assert serialized["registered_name"] == f"fndrec>{type(layer).__name__}"
    copy = keras.saving.deserialize_keras_object(serialized)
    assert copy.get_config() == layer.get_config()
    np.testing.assert_array_equal(copy(OUTFITS, noise=noise), expected)
    inputs = keras.Input((4,), dtype="int64")
    draws = keras.Input((2,))
    model = keras.Model([inputs, draws], layer(inputs, noise=draws))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded([OUTFITS, noise]), expected)


@each_layer
def test_nothing_to_train(layer: Any) -> None:
    assert layer.trainable_weights == []


@pytest.mark.parametrize(
    "similar", [[1, 2], [[0.5]], [[]], np.zeros((0, 3), int), [[[1]]]]
)
def test_bad_table(similar: Any) -> None:
    with pytest.raises(
        ValueError, match="`similar` should be a two-dimensional integer array"
    ):
        ReplaceItem(similar)


def test_table_of_unsigned_or_wide_integers() -> None:
    for dtype in ("uint8", "int64"):
        layer = ReplaceItem(np.array([[1], [0]], dtype))
        assert np.asarray(layer(np.array([1]))).tolist() == [0]
