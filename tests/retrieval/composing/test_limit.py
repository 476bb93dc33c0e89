import numpy as np
import pytest

from fndrec import Limit


def test_in_words() -> None:
    price = np.ones(3)
    assert str(Limit("price", price, most=9.5)) == (
        "sum of 'price' at most 9.5"
    )
    assert str(Limit("stock", price, 1, 2, "each")) == (
        "each of 'stock' at least 1 and at most 2"
    )


def test_bad_arguments() -> None:
    for values in ([["a"]], ["a"], np.ones((2, 2)), 3):
        with pytest.raises(ValueError, match="`values` of the limit 'x'"):
            Limit("x", values)  # type: ignore[arg-type]
    for least, most in ((2, 1), (float("nan"), 1)):
        with pytest.raises(ValueError, match=f"least={least}, most=1"):
            Limit("x", np.ones(2), least, most)
    with pytest.raises(ValueError, match="of='all'"):
        Limit("x", np.ones(2), of="all")  # type: ignore[arg-type]
