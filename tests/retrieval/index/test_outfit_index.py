"""The index against a brute force in NumPy."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import tiny_teacher

from fndrec import DataError, OutfitFilter, OutfitIndex
from fndrec.data import OutfitData
from fndrec.models import FNDTeacher
from fndrec.retrieval.index import _exact

DIM = 6
KINDS = ["top", "shoe", "hat"]
ITEMS = [f"item{i}" for i in range(12)]
# The last item is of unknown category.
CATEGORIES = {name: KINDS[i % 3] for i, name in enumerate(ITEMS[:-1])}


def unit(rng: np.random.Generator, count: int, dim: int = DIM) -> np.ndarray:
    vectors = rng.normal(size=(count, dim)).astype("float32")
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def sets(rng: np.random.Generator, count: int) -> list[list[str]]:
    return [
        rng.choice(ITEMS, rng.integers(1, 4), replace=False).tolist()
        for _ in range(count)
    ]


class Plain:
    """What an index should be, as a dictionary and a loop."""

    def __init__(self) -> None:
        self.outfits: dict[str, tuple[np.ndarray, list[str]]] = {}
        self.out_of_stock: set[str] = set()

    def passes(self, outfit_id: str, where: OutfitFilter) -> bool:
        items = set(self.outfits[outfit_id][1])
        kinds = {CATEGORIES.get(item) for item in items}
        return (
            outfit_id not in where.exclude_outfits
            and items >= set(where.contains)
            and not items & set(where.exclude_items)
            and (not where.categories or kinds <= set(where.categories))
            and not (where.in_stock and items & self.out_of_stock)
        )

    def search(
        self, query: np.ndarray, where: OutfitFilter, exclude_outfits: set[str]
    ) -> dict[str, float]:
        """Cosines of all outfits that may be found, best first."""
        found = {
            name: float(vector.astype("float64") @ query)
            for name, (vector, _) in self.outfits.items()
            if name not in exclude_outfits and self.passes(name, where)
        }
        return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def some(values: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), max_size=2, unique=True)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    approximate=st.booleans(),
    k=st.integers(1, 12),
    contains=some(ITEMS),
    exclude_items=some(ITEMS),
    categories=some(KINDS),
    in_stock=st.booleans(),
    excluded=st.floats(0, 1),
    changes=st.lists(
        st.sampled_from(["add", "remove", "update", "reload"]), max_size=5
    ),
)
def test_all_is_as_by_brute_force(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    approximate: bool,
    k: int,
    contains: list[str],
    exclude_items: list[str],
    categories: list[str],
    in_stock: bool,
    excluded: float,
    changes: list[str],
) -> None:
    rng = np.random.default_rng(seed)
    count = 400 if approximate else 50
    ids = [f"o{i}" for i in range(count)]
    vectors, items = unit(rng, count), sets(rng, count)
    index = OutfitIndex(
        vectors,
        ids,
        item_ids=[ITEMS, *items[1:]],
        categories=CATEGORIES,
        approximate=approximate,
        recall=0.5,
    )
    index.update(vectors[:1], ["o0"], item_ids=items[:1])
    plain = Plain()
    plain.outfits = dict(
        zip(ids, zip(vectors, items, strict=True), strict=True)
    )
    plain.out_of_stock = set(rng.choice(ITEMS, 3).tolist())
    index.set_stock(list(plain.out_of_stock), False)
    for step, change in enumerate(changes):
        names = rng.choice(list(plain.outfits), 7, replace=False).tolist()
        vectors, items = unit(rng, 7), sets(rng, 7)
        if change == "add":
            names = [f"new{step}-{i}" for i in range(7)]
            index.add(vectors, names, item_ids=items)
        elif change == "update":
            index.update(vectors, names, item_ids=items)
        elif change == "remove":
            index.remove(names)
        else:
            folder = tmp_path_factory.mktemp("index") / "x"
            index.save(folder)
            index = OutfitIndex.load(folder)
        for name, pair in zip(
            names, zip(vectors, items, strict=True), strict=True
        ):
            if change == "remove":
                del plain.outfits[name]
            elif change != "reload":
                plain.outfits[name] = pair
    assert len(index) == len(plain.outfits)
    assert set(index.outfit_ids) == set(plain.outfits)
    queries = unit(rng, 3)
    where = OutfitFilter(
        contains=contains,
        exclude_items=exclude_items,
        categories=categories,
        in_stock=in_stock,
        exclude_outfits=rng.choice(
            list(plain.outfits), 2, replace=False
        ).tolist(),
    )
    if not plain.search(queries[0], where, set()):
        with pytest.raises(DataError, match="should leave an outfit"):
            index.search(queries, k, where=where)
        return
    exclude_outfits = [
        set(
            rng.choice(
                list(plain.outfits),
                # Of those that are left, whatever was removed.
                int(excluded * len(plain.outfits)),
                replace=False,
            ).tolist()
        )
        for _ in queries
    ]
    found = index.search(
        queries, k, where=where, exclude_outfits=exclude_outfits
    )
    for query, out, rows in zip(queries, exclude_outfits, found, strict=True):
        expected = plain.search(query, where, out)
        # As many as there are, only such as may be, none of them twice.
        assert len(rows) == min(k, len(expected))
        assert len({row.outfit_id for row in rows}) == len(rows)
        for row in rows:
            assert row.cosine == pytest.approx(
                expected[row.outfit_id], abs=1e-5
            )
            assert list(row.item_ids) == plain.outfits[row.outfit_id][1]
        cosines = [row.cosine for row in rows]
        assert cosines == sorted(cosines, reverse=True)
        if not approximate:
            best = list(expected.values())[:k]
            np.testing.assert_allclose(cosines, best, atol=1e-5)


@pytest.fixture(scope="module")
def clustered() -> tuple[np.ndarray, np.ndarray]:
    """6000 outfits around 200 centres, and 50 queries."""
    rng = np.random.default_rng(3)
    centres = unit(rng, 200, 16)

    def near(count: int) -> np.ndarray:
        vectors = centres[rng.integers(0, 200, count)]
        vectors = vectors + 0.15 * rng.normal(size=vectors.shape)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors.astype("float32")

    return near(6000), near(50)


def approximate_index(vectors: np.ndarray, **kwargs: Any) -> OutfitIndex:
    ids = [f"o{i}" for i in range(len(vectors))]
    return OutfitIndex(vectors, ids, approximate=True, **kwargs)


@pytest.mark.parametrize("recall", [0.8, 0.95])
def test_an_approximate_index_finds_what_it_promises(
    clustered: tuple[np.ndarray, np.ndarray], recall: float
) -> None:
    vectors, queries = clustered
    index = approximate_index(vectors, recall=recall, queries=queries)
    assert index.approximate
    cosines = queries @ vectors.T
    hits = [
        len(
            {f"o{i}" for i in np.argsort(-row)[:10]}
            & {match.outfit_id for match in rows}
        )
        for row, rows in zip(cosines, index.search(queries), strict=True)
    ]
    assert np.mean(hits) / 10 >= recall
    assert index._inverted_file is not None
    # Not by looking everywhere.
    assert index._inverted_file.probes < index._inverted_file._index.nlist / 4


def test_an_approximate_index_visits_more_cells_for_more(
    clustered: tuple[np.ndarray, np.ndarray],
) -> None:
    vectors, _ = clustered
    probes = []
    for recall in (0.5, 0.9, 1.0):
        cells = approximate_index(vectors, recall=recall)._inverted_file
        assert cells is not None
        probes.append(cells.probes)
    assert probes == sorted(probes)
    assert probes[0] < probes[2]


def test_where_cells_hold_too_few_all_are_looked_at(
    clustered: tuple[np.ndarray, np.ndarray],
) -> None:
    vectors, queries = clustered
    index = approximate_index(vectors, recall=0.1, queries=queries)
    assert index._inverted_file is not None
    index._inverted_file.probes = 1
    found = index.search(queries, k=150)
    assert all(len(rows) == 150 for rows in found)
    exact = OutfitIndex(vectors, [f"o{i}" for i in range(6000)])
    worst = [rows[-1].cosine for rows in exact.search(queries, k=150)]
    np.testing.assert_allclose(
        [rows[-1].cosine for rows in found], worst, atol=1e-5
    )


def test_the_same_seed_gives_the_same_cells(
    clustered: tuple[np.ndarray, np.ndarray],
) -> None:
    vectors, queries = clustered
    one, two = (approximate_index(vectors, seed=4) for _ in range(2))
    assert one.search(queries) == two.search(queries)


def test_chunks_of_queries_change_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(0)
    queries, vectors = unit(rng, 9), unit(rng, 30)
    whole = _exact.nearest(queries, vectors, 4)
    monkeypatch.setattr(_exact, "MAX_COSINES", 60)
    parts = _exact.nearest(queries, vectors, 4)
    np.testing.assert_array_equal(whole[0], parts[0])
    np.testing.assert_allclose(whole[1], parts[1], atol=1e-6)


def test_of_a_model(tiny_data: OutfitData) -> None:
    model = tiny_teacher(tiny_data)
    index = OutfitIndex.from_model(model, tiny_data)
    assert index.outfit_ids == tiny_data.outfits.to_list()
    vectors = model.embed_outfits(
        model.embed_items(tiny_data), tiny_data.outfit_items
    )
    assert index.dim == vectors.shape[1]
    np.testing.assert_array_equal(index.vectors(["outfit7"]), vectors[7:8])
    first = index.search(vectors[7:8], k=1)[0][0]
    assert first.outfit_id == "outfit7"
    assert first.cosine == pytest.approx(1, abs=1e-5)
    assert list(first.item_ids) == tiny_data.outfit_item_ids(7)
    hats = index.search(
        vectors[:1], k=60, where=OutfitFilter(categories=["hat"])
    )[0]
    of_hats = [
        row
        for row in range(tiny_data.num_outfits)
        if {int(i[4:]) % 4 for i in tiny_data.outfit_item_ids(row)} == {1}
    ]
    assert of_hats
    assert {m.outfit_id for m in hats} == {f"outfit{row}" for row in of_hats}


def test_similar_leaves_itself_out(model_index: OutfitIndex) -> None:
    found = model_index.similar(["outfit7", "outfit3"], k=59)
    for name, rows in zip(("outfit7", "outfit3"), found, strict=True):
        ids = {row.outfit_id for row in rows}
        assert ids == {f"outfit{i}" for i in range(60)} - {name}


@pytest.fixture(scope="module")
def model_of_tiny(tiny_data: OutfitData) -> FNDTeacher:
    return tiny_teacher(tiny_data)


@pytest.fixture
def model_index(
    model_of_tiny: FNDTeacher, tiny_data: OutfitData
) -> OutfitIndex:
    return OutfitIndex.from_model(model_of_tiny, tiny_data)


def test_an_approximate_index_of_a_model(
    model_of_tiny: FNDTeacher, tiny_data: OutfitData
) -> None:
    index = OutfitIndex.from_model(model_of_tiny, tiny_data, approximate=True)
    assert index.approximate
    assert len(index.similar(["outfit7"], k=2)[0]) == 2


@pytest.mark.parametrize("approximate", [False, True])
def test_saved_files_stay_as_they_are(
    clustered: tuple[np.ndarray, np.ndarray], tmp_path: Path, approximate: bool
) -> None:
    vectors, queries = clustered
    names = [f"ö{i}" for i in range(len(vectors))]
    index = OutfitIndex(vectors, names, approximate=approximate)
    index.remove(["ö5"])
    index.save(tmp_path / "new" / "index")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["index"]
    before = index.search(queries)
    loaded = OutfitIndex.load(tmp_path / "new" / "index")
    assert loaded.approximate == approximate
    assert isinstance(_base(loaded._vectors.array), np.memmap)
    assert loaded.search(queries) == before
    loaded.remove(["ö7"])
    loaded.update(vectors[9:10], ["ö8"])
    loaded.add(queries[:2], ["ö5", "new"])
    assert loaded.search(queries[:1], k=2)[0][0].cosine == pytest.approx(1)
    again = OutfitIndex.load(tmp_path / "new" / "index")
    assert again.search(queries) == before
    # Over an index, even the one that is open.
    again.remove(["ö9"])
    again.save(tmp_path / "new" / "index")
    last = OutfitIndex.load(tmp_path / "new" / "index")
    assert set(last.outfit_ids) == set(names) - {"ö5", "ö9"}
    assert last.search(queries) == again.search(queries)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["index"]


def _base(array: np.ndarray) -> Any:
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


@pytest.mark.parametrize(
    "harm",
    [
        lambda folder: (folder / "index.json").unlink(),
        lambda folder: (folder / "index.json").write_text("{"),
        lambda folder: (folder / "index.json").write_text('{"layout": 99}'),
        lambda folder: (folder / "vectors.npy").write_bytes(b"\x93NUMPY"),
        lambda folder: (folder / "present.npy").unlink(),
        lambda folder: (folder / "cells.faiss").write_bytes(b"x"),
        lambda folder: np.save(folder / "vectors.npy", np.ones((3, 2), "f4")),
        shutil.rmtree,
    ],
)
def test_a_harmed_folder(
    clustered: tuple[np.ndarray, np.ndarray], tmp_path: Path, harm: Any
) -> None:
    folder = tmp_path / "index"
    approximate_index(clustered[0][:200]).save(folder)
    harm(folder)
    with pytest.raises(DataError, match=str(folder)):
        OutfitIndex.load(folder)


def test_other_folders_are_not_replaced(
    model_index: OutfitIndex, tmp_path: Path
) -> None:
    (tmp_path / "photo.png").touch()
    with pytest.raises(DataError, match="something else"):
        model_index.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]


@pytest.mark.parametrize("k", [0, -1, 2.0, True])
def test_k_that_is_no_positive_integer(
    model_index: OutfitIndex, k: int
) -> None:
    with pytest.raises(
        (TypeError, ValueError), match=f"positive integer. Received: k={k}"
    ):
        model_index.similar(["outfit1"], k)


def test_one_clear_error_each(model_index: OutfitIndex) -> None:
    def similar(k: int = 3, **where: Any) -> None:
        model_index.similar(["outfit1"], k, where=OutfitFilter(**where))

    with pytest.raises(DataError, match="at most the number of outfits, 60"):
        similar(k=61)
    with pytest.raises(DataError, match="'nothing', which is none of them"):
        model_index.similar(["outfit1", "nothing"])
    with pytest.raises(DataError, match="`contains` should name items"):
        similar(contains=["item1", "x"])
    with pytest.raises(DataError, match="`exclude_items` should name items"):
        similar(exclude_items=["x"])
    with pytest.raises(DataError, match="`categories` should name categories"):
        similar(categories=["sock"])
    with pytest.raises(
        DataError, match="`exclude_outfits` should name outfits"
    ):
        similar(exclude_outfits=["x"])
    with pytest.raises(DataError, match=r"item1.*should leave an outfit"):
        similar(contains=["item1"], exclude_items=["item1"])
    with pytest.raises(TypeError, match="contains='item1'"):
        similar(contains="item1")
    with pytest.raises(DataError, match="`item_ids` should name items"):
        model_index.set_stock(["x"], False)


def test_a_category_that_no_outfit_has() -> None:
    vectors = unit(np.random.default_rng(0), 2)
    index = OutfitIndex(
        vectors,
        ["a", "b"],
        item_ids=[["x"], ["y"]],
        categories={"x": "top", "y": "hat"},
    )
    where = OutfitFilter(categories=["hat"])
    assert [
        m.outfit_id for m in index.search(vectors[:1], 2, where=where)[0]
    ] == ["b"]
    index.remove(["b"])
    with pytest.raises(DataError, match="'hat', which no outfit has"):
        index.search(vectors[:1], 1, where=where)


def test_wrong_vectors_and_ids_change_nothing() -> None:
    vectors = unit(np.random.default_rng(0), 3)
    index = OutfitIndex(vectors, ["a", "b", "c"])
    before = index.search(vectors, 3)
    bad: list[tuple[Any, list[str], str]] = [
        (2 * vectors[:1], ["d"], "unit vectors. Received: length 2 in row 0"),
        (np.nan * vectors[:1], ["d"], "length nan"),
        (vectors[:1, :4], ["d"], r"\(vectors, 6\)"),
        (vectors[:2], ["d"], "each of 2 vectors. Received: 1"),
        (vectors[:2], ["d", "d"], "'d' more than once"),
        (vectors[:2], ["d", "a"], "'a', which is in it"),
    ]
    for table, ids, message in bad:
        with pytest.raises(ValueError, match=message):
            index.add(table, ids)
    with pytest.raises(DataError, match="'d', which is none of them"):
        index.update(vectors[:2], ["a", "d"])
    with pytest.raises(DataError, match="'d', which is none of them"):
        index.remove(["a", "d"])
    with pytest.raises(TypeError, match=r"item_ids\[0\]='item1'"):
        index.add(vectors[:1], ["d"], item_ids=["item1"])
    with pytest.raises(ValueError, match="each of the 3 queries"):
        index.search(vectors, 1, exclude_outfits=[[]])
    with pytest.raises(ValueError, match="recall=0"):
        OutfitIndex(vectors, ["a", "b", "c"], recall=0)
    assert index.search(vectors, 3) == before
    assert len(index) == 3


def test_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r"'\.\[ann\]'"):
        OutfitIndex(np.eye(2), ["a", "b"], approximate=True)


def test_the_record_of_a_folder_is_plain(
    model_index: OutfitIndex, tmp_path: Path
) -> None:
    model_index.save(tmp_path / "x")
    about = json.loads((tmp_path / "x" / "index.json").read_text())
    assert about == {"layout": 1, "probes": None}


@pytest.mark.parametrize("approximate", [False, True])
def test_what_was_removed_is_found_no_more(approximate: bool) -> None:
    vectors = unit(np.random.default_rng(0), 300)
    ids = [f"o{i}" for i in range(300)]
    index = OutfitIndex(vectors, ids, approximate=approximate, recall=1.0)
    assert index.search(vectors[:1], 1)[0][0].outfit_id == "o0"
    index.remove(["o0"])
    # Without any filter, and to the last outfit.
    everything = index.search(vectors[:1], 299)[0]
    assert {m.outfit_id for m in everything} == set(ids) - {"o0"}


def test_what_was_moved_is_found_at_its_new_place_alone() -> None:
    vectors = unit(np.random.default_rng(0), 300)
    ids = [f"o{i}" for i in range(300)]
    index = OutfitIndex(vectors, ids, approximate=True, recall=0.5)
    index.update(-vectors[:1], ["o0"])
    near = index.search(vectors[:1], 20)[0]
    assert "o0" not in {match.outfit_id for match in near}
    moved = index.search(-vectors[:1], 20)[0]
    assert moved[0].outfit_id == "o0"
    assert moved[0].cosine == pytest.approx(1, abs=1e-5)
    assert [m.outfit_id for m in moved].count("o0") == 1


def test_changes_leave_what_the_index_was_made_of(
    model_of_tiny: FNDTeacher, tiny_data: OutfitData
) -> None:
    items = tiny_data.outfit_items.copy()
    index = OutfitIndex.from_model(model_of_tiny, tiny_data)
    vectors = index.vectors(["outfit3"])
    index.update(vectors, ["outfit7"], item_ids=[["item0"]])
    index.remove(["outfit8"])
    np.testing.assert_array_equal(tiny_data.outfit_items, items)
    given = unit(np.random.default_rng(0), 3)
    kept = given.copy()
    mine = OutfitIndex(given, ["a", "b", "c"])
    mine.update(-given[:1], ["a"])
    np.testing.assert_array_equal(given, kept)
    np.testing.assert_array_equal(mine.vectors(["a"]), -kept[:1])


def test_outfits_of_the_first_item_have_its_category() -> None:
    index = OutfitIndex(
        np.eye(3, dtype=np.float32),
        ["a", "b", "none"],
        item_ids=[["hat"], ["cap"], []],
        categories={"hat": "top", "cap": "top"},
    )
    found = index.search(
        np.eye(3)[:1], 2, where=OutfitFilter(categories=["top"])
    )
    assert sorted(match.outfit_id for match in found[0]) == ["a", "b"]


def test_membership() -> None:
    index = OutfitIndex(np.eye(2, dtype=np.float32), ["a", "b"])
    assert "a" in index
    assert "b" in index
    assert "c" not in index
    index.remove(["a"])
    assert "a" not in index
    assert 0 not in index
