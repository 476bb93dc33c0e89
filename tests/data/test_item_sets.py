import numpy as np
import pytest

from fndrec.data import item_sets


@pytest.mark.parametrize("collide", [False, True])
def test_distinct_outfits_give_the_outfits_again(
    collide: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if collide:
        monkeypatch.setattr(
            item_sets, "_factors", lambda slots: np.zeros(slots, np.int64)
        )
    rng = np.random.default_rng(0)
    outfits = rng.integers(-1, 3, size=(500, 3), dtype=np.int32)
    distinct, at = item_sets.distinct_outfits_of(outfits)
    np.testing.assert_array_equal(distinct[at], outfits)
    assert len(distinct) == len({tuple(row) for row in outfits.tolist()})
    assert distinct.dtype == np.int32


def test_the_same_items_in_other_slots_are_another_outfit() -> None:
    distinct, _ = item_sets.distinct_outfits_of(np.array([[1, 2], [2, 1]]))
    assert len(distinct) == 2
