"""The synthetic shop."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fndrec.data.synthetic._garments import (
    CATEGORIES,
    PATTERNS,
    Look,
    draw_garment,
)
from fndrec.data.synthetic.synthetic_shop import SyntheticShop
from fndrec.data.synthetic.synthetic_truth import SyntheticTruth
from fndrec.errors import DataError

SMALL: dict[str, Any] = {
    "num_users": 12,
    "items_per_category": 20,
    "likes_per_user": 20,
    "image_size": 24,
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> SyntheticShop:
    folder = tmp_path_factory.mktemp("synthetic") / "shop"
    return SyntheticShop.generate(folder, **SMALL)


def negatives(
    shop: SyntheticShop, split: str, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Users of a split with outfits of random items of the same kinds."""
    rng = np.random.default_rng(0)
    likes = shop.data.likes(split)
    outfits = np.repeat(shop.data.outfit_items[likes.outfit], count, axis=0)
    group = np.where(outfits < 0, -1, shop.data.item_group[outfits])
    for kind in np.unique(shop.data.item_group):
        where = group == kind
        pool = np.flatnonzero(shop.data.item_group == kind)
        outfits[where] = rng.choice(pool, where.sum())
    return np.repeat(likes.user, count), outfits


def test_shop_has_what_was_asked_for(shop: SyntheticShop) -> None:
    data = shop.data
    assert (data.num_users, data.num_items, data.num_slots) == (12, 80, 4)
    sizes = [len(data.likes(split)) for split in ("train", "valid", "test")]
    assert sizes == [12 * 14, 12 * 3, 12 * 3]
    assert data.categories is not None
    assert set(data.categories) == set(CATEGORIES)
    assert data.photos is not None
    with Image.open(shop.folder / data.photos[0].as_py()) as photo:
        assert photo.size == (24, 24)
    sizes = (data.outfit_items >= 0).sum(axis=1)
    assert set(sizes.tolist()) == {2, 3, 4}


def test_no_like_is_in_two_splits(shop: SyntheticShop) -> None:
    pairs = [
        pair
        for likes in shop.data.splits.values()
        for pair in zip(likes.user.tolist(), likes.outfit.tolist(), strict=True)
    ]
    assert len(pairs) == len(set(pairs)) == 12 * 20


def test_a_tenth_of_random_outfits_is_truly_liked(
    shop: SyntheticShop,
) -> None:
    liked = shop.truth.liked(*negatives(shop, "train", 30))
    assert 0.07 < liked.mean() < 0.13


def test_the_share_of_true_likes_is_as_asked(tmp_path: Path) -> None:
    wanted = {**SMALL, "observed": 0.2, "liked": 0.4}
    shop = SyntheticShop.generate(tmp_path / "shop", **wanted)
    liked = shop.truth.liked(*negatives(shop, "train", 30))
    assert 0.33 < liked.mean() < 0.47


def test_truth_ranks_observed_likes_first(shop: SyntheticShop) -> None:
    likes = shop.data.likes("train")
    outfits = shop.data.outfit_items[likes.outfit]
    liked = shop.truth.liked(likes.user, outfits)
    assert 0.93 < liked.mean() < 1  # some are mistakes
    utility = np.repeat(shop.truth.utility(likes.user, outfits), 10)
    others = shop.truth.utility(*negatives(shop, "train", 10))
    assert (utility > others).mean() > 0.9


def test_only_a_part_of_the_truth_is_observed(shop: SyntheticShop) -> None:
    data = shop.data
    users = np.repeat(np.arange(data.num_users), data.num_outfits)
    outfits = np.tile(data.outfit_items, (data.num_users, 1))
    liked = shop.truth.liked(users, outfits).sum()
    observed = sum(len(likes) for likes in data.splits.values())
    assert 0.2 < observed / liked < 0.4


def test_utility_by_hand() -> None:
    truth = SyntheticTruth(
        users=np.array(["u"]),
        items=np.array(["a", "b", "c"]),
        attributes=np.array([[1.0, 2.0], [3.0, -1.0], [0.0, 1.0]]),
        taste=np.array([[1.0, 0.5]]),
        harmony=np.array([[0.0, 2.0]]),
        threshold=np.array([1.0]),
    )
    outfits = np.array([[0, 1, 2], [1, 0, -1], [2, -1, -1]])
    users = np.zeros(3, np.int32)
    # Alone 2, 2.5 and 0.5; of the pairs, the products -2, 2 and -1.
    expected = [
        (2 + 2.5 + 0.5) / np.sqrt(3) + 2 * (-2 + 2 - 1) / np.sqrt(3),
        4.5 / np.sqrt(2) + 2 * -2,
        0.5,
    ]
    np.testing.assert_allclose(truth.utility(users, outfits), expected)
    assert truth.liked(users, outfits).tolist() == [True, False, False]


def test_truth_ignores_order_and_padding(shop: SyntheticShop) -> None:
    users, outfits = negatives(shop, "valid", 3)
    turned = np.pad(outfits[:, ::-1], ((0, 0), (1, 2)), constant_values=-1)
    np.testing.assert_allclose(
        shop.truth.utility(users, outfits), shop.truth.utility(users, turned)
    )


def test_same_seed_same_bytes(shop: SyntheticShop, tmp_path: Path) -> None:
    again = SyntheticShop.generate(tmp_path / "again", **SMALL)
    other = SyntheticShop.generate(tmp_path / "other", **SMALL, seed=1)
    names = sorted(
        path.relative_to(again.folder)
        for path in again.folder.rglob("*")
        if path.is_file()
    )
    assert len(names) == 80 + 6
    for name in names:
        contents = (again.folder / name).read_bytes()
        assert contents == (shop.folder / name).read_bytes(), name
        if name.name != "items.csv":
            assert contents != (other.folder / name).read_bytes(), name


def test_shop_is_read_back(shop: SyntheticShop) -> None:
    again = SyntheticShop.open(shop.folder)
    users, outfits = negatives(shop, "test", 2)
    np.testing.assert_array_equal(
        again.truth.utility(users, outfits), shop.truth.utility(users, outfits)
    )


def test_truth_follows_the_rows_of_the_data(shop: SyntheticShop) -> None:
    truth = shop.truth
    users = np.arange(12)[::-1]
    mixed = SyntheticTruth(
        truth.users[users],
        truth.items[::-1],
        truth.attributes[::-1],
        truth.taste[users],
        truth.harmony[users],
        truth.threshold[users],
    ).aligned(shop.data)
    np.testing.assert_array_equal(mixed.taste, truth.taste)
    np.testing.assert_array_equal(mixed.attributes, truth.attributes)
    strange = SyntheticTruth(**{**vars(truth), "users": truth.users[:0]})
    with pytest.raises(DataError, match="'u00' is not in the synthetic shop"):
        strange.aligned(shop.data)


def test_what_is_no_truth_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no\.npz should hold the truth"):
        SyntheticTruth.load(tmp_path / "no.npz")
    np.savez(tmp_path / "no.npz", users=np.zeros(2))
    with pytest.raises(DataError, match=r"no\.npz should hold the truth"):
        SyntheticTruth.load(tmp_path / "no.npz")
    np.save(tmp_path / "array.npy", np.zeros(2))
    with pytest.raises(DataError, match=r"array\.npy should hold the truth"):
        SyntheticTruth.load(tmp_path / "array.npy")
    whole = (tmp_path / "no.npz").read_bytes()
    (tmp_path / "half.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"half\.npz should hold the truth"):
        SyntheticTruth.load(tmp_path / "half.npz")


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("kept")
    with pytest.raises(DataError, match="should be a new or an empty folder"):
        SyntheticShop.generate(tmp_path, **SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("num_users", 0),
        ("items_per_category", 1),
        ("likes_per_user", 2.5),
        ("image_size", 8),
        ("seed", -1),
        ("observed", 0.0),
        ("observed", 1.5),
        ("liked", 0.0),
        ("liked", 1.0),
    ],
)
def test_arguments_are_checked(
    tmp_path: Path, argument: str, value: Any
) -> None:
    with pytest.raises(ValueError, match=f"`{argument}` should .*{value}"):
        SyntheticShop.generate(tmp_path / "shop", **{argument: value})
    assert not list(tmp_path.iterdir())


def test_too_few_items_for_the_catalogue(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="`items_per_category` should be large"):
        SyntheticShop.generate(tmp_path / "shop", items_per_category=2)


@pytest.mark.parametrize("category", CATEGORIES)
def test_what_is_planted_can_be_seen(category: str) -> None:
    def drawn(**changes: Any) -> np.ndarray:
        look: dict[str, Any] = {
            "hue": 0.0,
            "saturation": 0.9,
            "lightness": 0.5,
            "pattern": "plain",
            "strength": 0.0,
            "frequency": 0.5,
            "length": 0.5,
        }
        rng = np.random.default_rng(0)
        photo = draw_garment(category, Look(**look | changes), 48, rng)
        assert photo.shape == (48, 48, 3)
        return photo.astype(float)

    def differs(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.abs(a - b).mean())

    red = drawn()
    assert red[..., 0].mean() > red[..., 2].mean() + 10
    blue = drawn(hue=0.66)
    assert blue[..., 2].mean() > blue[..., 0].mean() + 10
    assert drawn(lightness=0.9).mean() > drawn(lightness=0.1).mean() + 10
    assert np.ptp(drawn(saturation=0.0).mean((0, 1))) < np.ptp(red.mean((0, 1)))
    assert differs(drawn(length=0.0), drawn(length=1.0)) > 3
    for pattern in PATTERNS[1:]:
        strong = drawn(pattern=pattern, strength=1.0)
        assert differs(strong, red) > 3
        fine = drawn(pattern=pattern, strength=1.0, frequency=1.0)
        assert differs(fine, strong) > 3


def test_default_shop(tmp_path: Path) -> None:
    shop = SyntheticShop.generate(tmp_path / "shop")
    assert shop.data.num_users == 80
