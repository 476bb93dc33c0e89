import keras
import numpy as np

from fndrec.losses import distance_zscore


def test_golden() -> None:
    z = distance_zscore(
        np.array([[1.0, 1.5], [1.0, 1.5]]),
        np.array([1.25, 1.0]),
        np.array([0.125, 0.5]),
    )
    np.testing.assert_array_equal(z, [[-2.0, 2.0], [0.0, 1.0]])


def test_not_clipped() -> None:
    assert float(distance_zscore([[2.0]], [1.0], [0.01])[0, 0]) > 90


def test_deviation_is_floored() -> None:
    z = distance_zscore([[1.5, 1.0]], [1.0], [0.0], epsilon=0.25)
    np.testing.assert_array_equal(z, [[2.0, 0.0]])
    assert np.isfinite(distance_zscore([[1.5]], [1.0], [0.0])).all()


def test_float32_from_half_precision() -> None:
    z = distance_zscore(
        *(keras.ops.cast(x, "float16") for x in ([[1.0, 1.5]], [1.25], [0.125]))
    )
    assert keras.backend.standardize_dtype(z.dtype) == "float32"
    np.testing.assert_array_equal(z, [[-2.0, 2.0]])
