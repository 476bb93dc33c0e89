"""What counts as a number and as a list of ids, in every room."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pyarrow as pa
import pytest
from tiny_models import tiny_teacher

import fndrec
from fndrec import checks
from fndrec.data import ImageStore, OutfitData
from fndrec.evaluation import (
    AllOutfits,
    Candidates,
    ColdUsers,
    SampledNegatives,
)
from fndrec.models import FNDTeacher
from fndrec.serving import Client, export_on_device
from fndrec.training import Recipe

NO_NUMBERS: tuple[Any, ...] = (
    True,
    np.bool_(True),
    "1",
    b"1",
    None,
    [1],
    {},
    1j,
    Decimal(1),
)
NOT_FINITE = (float("nan"), float("inf"), -np.inf, np.float32("nan"))

# The check, what it takes, and numbers that it refuses.
NUMBERS: dict[str, tuple[Callable[..., Any], list[Any], list[Any]]] = {
    "positive_int": (
        checks.positive_int,
        [1, 7, np.int64(8), np.uint8(3), 10**12],
        [0, -1, 1.0, 1.5, np.float32(2.0), np.int64(0)],
    ),
    "non_negative_int": (
        checks.non_negative_int,
        [0, 1, np.int32(0)],
        [-1, 0.0, np.int8(-1)],
    ),
    "positive_float": (
        checks.positive_float,
        [0.1, 1, np.float32(0.1), np.int64(8), np.float16(0.5)],
        [0, 0.0, -0.1, np.float32(0)],
    ),
    "non_negative_float": (
        checks.non_negative_float,
        [0, 0.0, 0.1, np.float64(3)],
        [-1, -1e-12],
    ),
    "fraction": (
        checks.fraction,
        [0, 0.5, 1, np.float32(1)],
        [-0.1, 1.1, np.float64(1.0000001)],
    ),
    "rate": (checks.rate, [0, 0.999, np.float32(0)], [-0.1, 1, np.int64(1)]),
}
every_number = pytest.mark.parametrize("name", NUMBERS)


@every_number
def test_numbers_that_are_taken(name: str) -> None:
    check, taken, _ = NUMBERS[name]
    for value in taken:
        result = check("alpha", value)
        assert type(result) is (int if name.endswith("int") else float)
        assert result == value


@every_number
def test_numbers_out_of_range(name: str) -> None:
    check, _, refused = NUMBERS[name]
    for value in (*refused, *NOT_FINITE):
        with pytest.raises(ValueError, match=r"`alpha` should be a .* Rec"):
            check("alpha", value)


@every_number
def test_what_is_no_number(name: str) -> None:
    check = NUMBERS[name][0]
    for value in NO_NUMBERS:
        with pytest.raises(TypeError, match="`alpha` should be a"):
            check("alpha", value)


def test_what_an_error_says() -> None:
    with pytest.raises(
        ValueError,
        match=r"^`a` should be a non-negative float\. Received: a=-1\.0$",
    ):
        checks.non_negative_float("a", np.float32(-1))
    with pytest.raises(
        TypeError, match=r"^`k` should be a positive integer\. Received: k='3'$"
    ):
        checks.positive_int("k", "3")
    with pytest.raises(ValueError, match=r"an integer of at least 5\. Rec"):
        checks.integer("likes", 4, 5)
    with pytest.raises(ValueError, match=r"a float in \(0, 1\)\. Received"):
        checks.fraction("share", 1, zero=False, one=False)
    with pytest.raises(ValueError, match=r"a float in \(0, 1\]\. Received"):
        checks.fraction("share", 0, zero=False)


def test_one_of() -> None:
    assert checks.one_of("kind", "a", ("a", "b")) == "a"
    for value in ("c", ["a"], None, np.zeros(0)):
        with pytest.raises(ValueError, match=r"`kind` should be one of \('a'"):
            checks.one_of("kind", value, ("a", "b"))


def test_ids() -> None:
    taken: tuple[Any, ...] = (
        [],
        ["a"],
        ("a",),
        {"a"},
        {"a": 1}.keys(),
        np.array(["a"]),
        pa.array(["a"]),
    )
    for value in taken:
        assert checks.ids("users", value) is value
    for value in ("u07", b"u07", "", None, 3, iter(["a"])):
        with pytest.raises(TypeError, match="`users` should be a list of ids"):
            checks.ids("users", value)


@pytest.fixture(scope="module")
def model(tiny_data: OutfitData) -> FNDTeacher:
    return tiny_teacher(tiny_data)


# What a user may call with one id in place of a list of them.
CALLS: dict[str, Callable[[Any, Any, Path], Any]] = {
    "recommend": lambda m, d, _: fndrec.recommend(m, d, "user7"),
    "fold_in": lambda m, d, _: fndrec.fold_in(m, d, "outfit1"),
    "explain": lambda m, d, _: fndrec.explain(m, d, "user1", "outfit1"),
    "explain sets": lambda m, d, _: fndrec.explain(
        m, d, "user1", item_sets=["item1"]
    ),
    "filter": lambda m, d, _: fndrec.OutfitFilter(contains="item1"),
    "filter items": lambda m, d, _: fndrec.OutfitFilter(exclude_items="item1"),
    "filter outfits": lambda m, d, _: fndrec.OutfitFilter(exclude_outfits="o1"),
    "filter categories": lambda m, d, _: fndrec.OutfitFilter(categories="top"),
    "index": lambda m, d, _: fndrec.OutfitIndex(np.eye(3), "abc"),
    "index items": lambda m, d, _: fndrec.OutfitIndex(
        np.eye(1), ["a"], item_ids=["item1"]
    ),
    "index similar": lambda m, d, _: index().similar("a"),
    "index vectors": lambda m, d, _: index().vectors("a"),
    "index remove": lambda m, d, _: index().remove("a"),
    "index add": lambda m, d, _: index().add(np.eye(3)[:1], "z"),
    "index update": lambda m, d, _: index().update(np.eye(3)[:1], "a"),
    "index search": lambda m, d, _: index().search(
        np.eye(3)[:1], 1, exclude_outfits=["a"]
    ),
    "complete users": lambda m, d, _: fndrec.OutfitCompleter(m, d).complete(
        "u", [["item1"]]
    ),
    "complete outfits": lambda m, d, _: fndrec.OutfitCompleter(m, d).complete(
        ["user1"], ["item1"]
    ),
    "complete excluded": lambda m, d, _: fndrec.OutfitCompleter(m, d).complete(
        ["user1"], [["item1"]], exclude_items="item2"
    ),
    "compose template": lambda m, d, _: fndrec.OutfitComposer(m, d).compose(
        "user1", "top"
    ),
    "compose must": lambda m, d, _: fndrec.OutfitComposer(m, d).compose(
        "user1", ["top"], must="item1"
    ),
    "compose excluded": lambda m, d, _: fndrec.OutfitComposer(m, d).compose(
        "user1", ["top"], exclude_items="item1"
    ),
    "cold users": lambda m, d, _: fndrec.evaluate_cold_users(m, d, "user1"),
    "export": lambda m, d, path: fndrec.export(
        m, path, data=d, index="outfit1"
    ),
    "on device": lambda m, d, path: export_on_device(m, path, d, "litert"),
    "sheet": lambda m, d, path: fndrec.outfit_sheet(
        d, [("label", "item1")], path
    ),
    "cold users protocol": lambda m, d, _: ColdUsers(users="user1"),
    "photos": lambda m, d, path: ImageStore.build("0.png", path, 8),
    "splits": lambda m, d, path: shop(d, path, splits="train"),
    "vocabulary": lambda m, d, _: fndrec.data.Vocabulary("abc"),
    "vocabulary rows": lambda m, d, _: d.users.rows("user1"),
    "content": lambda m, d, _: d.content(np.arange(2), "id"),
    "client": lambda m, d, _: Client("localhost:1").recommend("user1", 3),
    "client sets": lambda m, d, _: Client("localhost:1").score_outfits(
        ["user1"], [["item1"]]
    ),
}


def index() -> fndrec.OutfitIndex:
    return fndrec.OutfitIndex(np.eye(3), ["a", "b", "c"])


def shop(data: OutfitData, path: Path, splits: Any) -> OutfitData:
    fndrec.data.write_csv(data, path)
    return fndrec.data.read_csv(path, splits=splits)


@pytest.mark.parametrize("name", CALLS)
def test_one_id_is_no_list_of_ids(
    name: str, model: FNDTeacher, tiny_photo_data: OutfitData, tmp_path: Path
) -> None:
    data = tiny_photo_data.with_photos(16) if name == "sheet" else None
    with pytest.raises(TypeError):
        CALLS[name](model, data or tiny_photo_data, tmp_path / "made")


# What takes a number: NumPy's as well as Python's.
TAKERS: dict[str, Callable[[OutfitData, Any], Any]] = {
    "cold users": lambda d, n: ColdUsers(negatives=n(3)),
    "embedding": lambda d, n: tiny_teacher(d).embed_items(
        d, np.arange(3), batch_size=n(2)
    ),
    "batch_size": lambda d, n: d.batches("train", n(4)),
    "history": lambda d, n: d.batches("train", 4, history=n(2)),
    "candidates": lambda d, n: Candidates.from_data(d, "valid", n(3)),
    "protocol": lambda d, n: SampledNegatives(n(3)),
    "cutoffs": lambda d, n: AllOutfits((n(5),)),
    "dim": lambda d, n: fndrec.layers.MeanPool(n(4)),
    "heads": lambda d, n: fndrec.layers.SetTransformer(n(8), num_heads=n(2)),
    "k": lambda d, n: fndrec.metrics.NDCG(n(5)),
    "similar": lambda d, n: fndrec.data.similar_items(np.zeros(4, int), n(2)),
    "search": lambda d, n: index().search(np.eye(3)[:1], n(2)),
}


@pytest.mark.parametrize("name", TAKERS)
def test_scalars_of_numpy_are_numbers(name: str, tiny_data: OutfitData) -> None:
    for scalar in (np.int64, np.int32, np.uint8):
        TAKERS[name](tiny_data, scalar)
    out_of_range: list[Any] = [lambda n: 0, lambda n: -n, lambda n: n + 0.5]
    for wrong in out_of_range:
        with pytest.raises(ValueError, match="Received"):
            TAKERS[name](tiny_data, wrong)
    no_numbers: list[Any] = [lambda n: True, str]
    for wrong in no_numbers:
        with pytest.raises(TypeError, match="Received"):
            TAKERS[name](tiny_data, wrong)


@pytest.mark.parametrize(
    "make",
    [
        fndrec.losses.FalseNegativeDistillation,
        fndrec.losses.KnowledgeDistillation,
        fndrec.losses.NTXent,
        lambda value: fndrec.layers.OutfitScore("cosine", value),
        lambda value: fndrec.layers.UserHistoryEncoder(8, shrinkage=value),
    ],
)
def test_floats_of_numpy(make: Callable[[Any], Any]) -> None:
    make(np.float32(0.1))
    make(np.int64(2))
    for value in NOT_FINITE:
        with pytest.raises(ValueError, match="Received"):
            make(value)
    no_numbers: list[Any] = [True, "0.1"]
    for value in no_numbers:
        with pytest.raises(TypeError, match="Received"):
            make(value)


def test_the_recipe_takes_scalars_of_numpy(
    model: FNDTeacher, tiny_data: OutfitData
) -> None:
    size: Any = np.int64(50)
    recipe = Recipe.for_model(model, tiny_data, batch_size=size)
    assert next(iter(recipe.batches(tiny_data)))["user"].shape == (50,)


def test_arrays_of_ids_give_what_lists_give(
    model: FNDTeacher, tiny_data: OutfitData
) -> None:
    names = ["user1", "nobody", "user7"]
    expected = fndrec.recommend(model, tiny_data, names, k=2)
    arrays: list[Any] = [np.array(names), pa.array(names), tuple(names)]
    for users in arrays:
        found = fndrec.recommend(model, tiny_data, users, k=2)
        assert found == expected
        assert all(type(row.user_id) is str for rows in found for row in rows)


SEEDED: dict[str, Callable[[OutfitData, Any], Any]] = {
    "id embedding": lambda _, s: fndrec.layers.IdEmbedding(2, 4, seed=s),
    "feature tower": lambda _, s: fndrec.layers.FeatureTower(3, 4, seed=s),
    "set attention": lambda _, s: fndrec.layers.SetAttentionBlock(
        4, num_heads=2, seed=s
    ),
    "set transformer": lambda _, s: fndrec.layers.SetTransformer(
        4, num_heads=2, seed=s
    ),
    "history": lambda _, s: fndrec.layers.UserHistoryEncoder(
        4, num_heads=2, seed=s
    ),
    "photos": lambda _, s: fndrec.layers.ImageTower(4, 16, width=0.05, seed=s),
    "erase": lambda _, s: fndrec.EraseItem(seed=s),
    "composer": lambda data, s: fndrec.OutfitComposer(
        tiny_teacher(data), data, seed=s
    ),
    "candidates": lambda data, s: Candidates.from_data(data, "valid", seed=s),
    "users": lambda data, s: fndrec.hold_out_users(data, 2, seed=s),
    "items": lambda data, s: fndrec.hold_out_items(data, 0.1, seed=s),
    "index": lambda _, s: fndrec.OutfitIndex(np.eye(2), ["a", "b"], seed=s),
}


@pytest.mark.parametrize("make", SEEDED.values(), ids=SEEDED)
def test_seeds_are_integers(
    tiny_data: OutfitData, make: Callable[[OutfitData, Any], Any]
) -> None:
    for wrong, error in ((-1, ValueError), (0.5, ValueError), ("1", TypeError)):
        with pytest.raises(error, match=f"`seed`.*seed='?{wrong}"):
            make(tiny_data, wrong)
    made = make(tiny_data, np.int64(3))
    if isinstance(made, keras.layers.Layer):
        assert json.loads(json.dumps(made.get_config()["seed"])) == 3
