import numpy as np
import pytest

from fndrec.data import item_sets
from fndrec.data.item_sets import find_sets, set_keys
from fndrec.data.ranges import ranges


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


def test_sets_are_found_in_any_order_and_shape() -> None:
    known = np.array([[0, 2, -1], [1, -1, -1], [0, 1, 2]])
    keys = np.sort(set_keys(known))
    asked = np.array([[[2, 0, -1], [1, -1, -1]], [[2, 1, 0], [2, -1, -1]]])
    at = find_sets(keys, asked)
    assert at.shape == (2, 2)
    assert at[1, 1] == -1
    for place, row in ((at[0, 0], 0), (at[0, 1], 1), (at[1, 0], 2)):
        assert keys[place] == set_keys(known[row])[0]


def test_ranges_are_those_of_a_loop() -> None:
    starts, sizes = np.array([5, 0, 7, 3]), np.array([2, 0, 3, 1])
    expected = [
        n for s, k in zip(starts, sizes, strict=True) for n in range(s, s + k)
    ]
    assert ranges(starts, sizes).tolist() == expected
    assert not len(ranges(starts[:0], sizes[:0]))
