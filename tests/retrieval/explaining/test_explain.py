import numpy as np
import pytest
from tiny_models import tiny_student, tiny_teacher

from fndrec import DataError, explain, recommend
from fndrec.data import OutfitData
from fndrec.models import FNDTeacher, OutfitRecommender
from fndrec.retrieval import Explanation

# Of 1, 2, 3 and 4 items; user3 likes the last one.
OUTFITS = ["outfit0", "outfit1", "outfit2", "outfit47"]
SETS = [["item7"], ["item4", "item1"], ["item2", "item30", "item9", "item5"]]


@pytest.fixture(scope="module")
def model(tiny_data: OutfitData) -> FNDTeacher:
    model = tiny_teacher(tiny_data)
    rng = np.random.default_rng(0)
    # As after training: users apart, a seed that looks at some items more.
    for weight in (
        model.user_embedding.embedding.embeddings,
        model.aggregator.attention.kernel,
    ):
        weight.assign(rng.normal(size=weight.shape))
    return model


def score_of(
    model: OutfitRecommender, data: OutfitData, user: str, items: list[str]
) -> float:
    """The score of a set of items, asked for by itself."""
    index = data.vocabulary.users.rows([user]) + 1
    return float(
        model.score_sets(data, index, data.items.rows(items)[None, None])[0, 0]
    )


def vector_of(
    model: OutfitRecommender, data: OutfitData, outfit: str
) -> np.ndarray:
    row = data.outfits.rows([outfit])
    table = model.embed_items(data)
    return model.embed_outfits(table, data.outfit_items[row])[0]


def liked_by(data: OutfitData, user: str) -> set[str]:
    row = data.users.rows([user])[0]
    return {
        data.outfits[int(outfit)]
        for likes in data.splits.values()
        for outfit in likes.outfit[likes.user == row]
    }


@pytest.mark.parametrize("user", ["user3", "user11", "nobody"])
def test_contribution_is_what_the_score_loses(
    model: FNDTeacher, tiny_data: OutfitData, user: str
) -> None:
    by_id = explain(model, tiny_data, user, OUTFITS)
    by_items = explain(model, tiny_data, user, item_sets=SETS)
    assert [why.outfit_id for why in by_id] == OUTFITS
    assert [list(why.item_ids) for why in by_items] == SETS
    assert [len(why.item_ids) for why in by_id] == [1, 2, 3, 4]
    for why in [*by_id, *by_items]:
        items = list(why.item_ids)
        whole = score_of(model, tiny_data, user, items)
        assert why.user_id == user
        assert why.known == (user == "user3")
        assert why.score == pytest.approx(whole, abs=1e-4)
        assert why.contribution.dtype == np.float32
        for i, contribution in enumerate(why.contribution):
            rest = items[:i] + items[i + 1 :]
            # Nothing is as far from every user as what is orthogonal: here
            # the score of a cosine of 0 is 0.
            left = score_of(model, tiny_data, user, rest) if rest else 0.0
            assert contribution == pytest.approx(whole - left, abs=2e-4)


def test_nothing_is_left_of_one_item_under_squared_distance(
    tiny_data: OutfitData,
) -> None:
    model = tiny_teacher(tiny_data, score="squared_distance")
    why = explain(model, tiny_data, "user1", ["outfit0"])[0]
    # |u - o|^2 is 2 for orthogonal unit vectors, the temperature 0.1.
    assert why.contribution[0] == pytest.approx(why.score + 20, abs=1e-4)
    assert why.attention == pytest.approx(1)


def test_attention_is_that_of_the_pooling(
    model: FNDTeacher, tiny_data: OutfitData
) -> None:
    table = model.embed_items(tiny_data)
    for why in explain(model, tiny_data, "user3", OUTFITS):
        rows = tiny_data.items.rows(list(why.item_ids))
        # Alone, without padding; tests of the layer compute it by hand.
        _, weights = model.aggregator(
            table, rows[None], return_attention_scores=True
        )
        assert why.head_attention.shape == (2, len(rows))
        np.testing.assert_allclose(why.head_attention, weights[0], atol=1e-5)
        np.testing.assert_allclose(why.head_attention.sum(-1), 1, atol=1e-5)
        np.testing.assert_allclose(
            why.attention, np.mean(weights[0], axis=0), atol=1e-5
        )
    assert np.ptp(why.attention) > 0.05


def test_order_of_the_items_changes_nothing_else(
    model: FNDTeacher, tiny_data: OutfitData
) -> None:
    order = [2, 0, 3, 1]
    moved = [SETS[2][i] for i in order]
    one, other = explain(model, tiny_data, "user3", item_sets=[SETS[2], moved])
    assert other.score == pytest.approx(one.score, abs=1e-4)
    np.testing.assert_allclose(
        other.contribution, one.contribution[order], atol=2e-4
    )
    np.testing.assert_allclose(
        other.head_attention, one.head_attention[:, order], atol=1e-5
    )
    assert [near.outfit_id for near in other.liked] == [
        near.outfit_id for near in one.liked
    ]


def test_liked_outfits_nearest_first(
    model: FNDTeacher, tiny_data: OutfitData
) -> None:
    liked = liked_by(tiny_data, "user3")
    assert "outfit47" in liked
    for why in explain(model, tiny_data, "user3", OUTFITS, nearest=1000):
        assert why.outfit_id is not None
        vector = vector_of(model, tiny_data, why.outfit_id)
        expected = {
            outfit: float(vector_of(model, tiny_data, outfit) @ vector)
            for outfit in liked - {why.outfit_id}
        }
        found = {near.outfit_id: near.cosine for near in why.liked}
        assert found == pytest.approx(expected, abs=1e-5)
        assert why.num_liked == len(expected)
        assert (np.diff(list(found.values())) <= 0).all()
        for near in why.liked:
            row = int(tiny_data.outfits.rows([near.outfit_id])[0])
            assert near.item_ids == tuple(tiny_data.outfit_item_ids(row))
        first = explain(model, tiny_data, "user3", [why.outfit_id], nearest=2)[
            0
        ]
        assert [near.outfit_id for near in first.liked] == list(found)[:2]


def test_a_liked_outfit_does_not_explain_itself(
    model: FNDTeacher, tiny_data: OutfitData
) -> None:
    row = int(tiny_data.outfits.rows(["outfit47"])[0])
    items = tiny_data.outfit_item_ids(row)[::-1]
    why = explain(model, tiny_data, "user3", item_sets=[items], nearest=99)[0]
    assert "outfit47" not in {near.outfit_id for near in why.liked}
    assert why.num_liked == len(liked_by(tiny_data, "user3")) - 1


def test_who_likes_nothing(model: FNDTeacher, tiny_data: OutfitData) -> None:
    why = explain(model, tiny_data, "nobody", ["outfit2"])[0]
    assert (why.known, why.liked, why.num_liked) == (False, (), 0)
    # The model has not seen user11, but the data knows what it likes.
    why = explain(model, tiny_data, "user11", ["outfit2"])[0]
    assert not why.known
    assert why.num_liked == len(liked_by(tiny_data, "user11")) > 0


def test_what_is_recommended(model: FNDTeacher, tiny_data: OutfitData) -> None:
    best = recommend(model, tiny_data, ["user3"], k=5)[0]
    found = explain(model, tiny_data, "user3", [b.outfit_id for b in best])
    assert [why.score for why in found] == pytest.approx(
        [b.score for b in best], abs=1e-4
    )
    assert [why.item_ids for why in found] == [b.item_ids for b in best]


def test_only_what_is_asked_for_is_embedded(
    model: FNDTeacher, tiny_data: OutfitData, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[int]] = []
    embed_items = type(model).embed_items

    def embed(self: FNDTeacher, data: OutfitData, rows: np.ndarray) -> object:
        asked.append(rows.tolist())
        return embed_items(self, data, rows)

    monkeypatch.setattr(type(model), "embed_items", embed)
    explain(model, tiny_data, "nobody", item_sets=SETS)
    names = sorted({item for items in SETS for item in items})
    assert asked == [sorted(tiny_data.items.rows(names).tolist())]


def test_rows(model: FNDTeacher, tiny_data: OutfitData) -> None:
    why = explain(model, tiny_data, "user3", ["outfit1"], nearest=2)[0]
    rows = why.to_rows()
    assert [row["item_id"] for row in rows] == list(why.item_ids)
    for i, row in enumerate(rows):
        assert row["outfit_id"] == "outfit1"
        assert row["item_ids"].split(";") == list(why.item_ids)
        assert row["known"] == 1
        assert row["contribution"] == pytest.approx(why.contribution[i])
        assert row["attention"] == pytest.approx(why.attention[i])
        heads = [float(head) for head in row["head_attention"].split(";")]
        assert heads == pytest.approx(why.head_attention[:, i], rel=1e-6)
        number = tiny_data.items.rows([why.item_ids[i]])[0]
        # Items take the four categories in turn.
        assert row["category"] == ("bottom", "hat", "shoe", "top")[number % 4]
        assert row["liked_outfits"] == why.num_liked
        assert row["nearest_liked"].split(";") == [
            near.outfit_id for near in why.liked
        ]
        assert float(row["nearest_cosine"].split(";")[1]) == pytest.approx(
            why.liked[1].cosine
        )


def test_rows_without_categories_and_outfit() -> None:
    why = Explanation(
        user_id="u",
        known=False,
        outfit_id=None,
        item_ids=("a", "b"),
        categories=None,
        score=1.5,
        contribution=np.array([0.5, -1.0], np.float32),
        head_attention=np.array([[0.25, 0.75]], np.float32),
        liked=(),
        num_liked=0,
    )
    common = {
        "user_id": "u",
        "known": 0,
        "outfit_id": "",
        "item_ids": "a;b",
        "score": 1.5,
        "category": "",
        "liked_outfits": 0,
        "nearest_liked": "",
        "nearest_cosine": "",
    }
    assert why.to_rows() == [
        {
            **common,
            "item_id": "a",
            "contribution": 0.5,
            "attention": 0.25,
            "head_attention": "0.25",
        },
        {
            **common,
            "item_id": "b",
            "contribution": -1.0,
            "attention": 0.75,
            "head_attention": "0.75",
        },
    ]


def test_a_student_and_nothing_asked(tiny_data: OutfitData) -> None:
    student = tiny_student(tiny_data)
    assert explain(student, tiny_data, "user1", []) == []
    assert explain(student, tiny_data, "user1", item_sets=[]) == []
    why = explain(student, tiny_data, "user1", ["outfit3"], nearest=0)[0]
    assert why.liked == ()
    assert why.num_liked > 0


@pytest.mark.parametrize(
    ("kwargs", "named"),
    [
        ({"outfit_ids": ["outfit1", "o99"]}, ["`outfit_ids`", "'o99'"]),
        ({"item_sets": [["item1", "x9"]]}, ["`item_sets`", "'x9'"]),
        ({"item_sets": [["item1", "item1"]]}, ["once", "'item1'"]),
        ({"item_sets": [["item1"], []]}, ["1 to 8 items", "0 items"]),
        (
            {"item_sets": [[f"item{i}" for i in range(9)]]},
            ["1 to 8 items", "9 items", "'item0'"],
        ),
    ],
)
def test_bad_data(
    model: FNDTeacher,
    tiny_data: OutfitData,
    kwargs: dict[str, object],
    named: list[str],
) -> None:
    with pytest.raises(DataError) as raised:
        explain(model, tiny_data, "user1", **kwargs)  # type: ignore[arg-type]
    for name in named:
        assert name in str(raised.value)


def test_bad_arguments(model: FNDTeacher, tiny_data: OutfitData) -> None:
    with pytest.raises(ValueError, match="Received: neither"):
        explain(model, tiny_data, "user1")
    with pytest.raises(ValueError, match="Received: both"):
        explain(model, tiny_data, "user1", ["outfit1"], item_sets=SETS)
    with pytest.raises(ValueError, match="nearest=-1"):
        explain(model, tiny_data, "user1", ["outfit1"], nearest=-1)


def test_an_aggregator_of_another_kind(
    tiny_data: OutfitData, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny_teacher(tiny_data)
    other = model.user_embedding
    monkeypatch.setattr(model, "aggregator", other)
    with pytest.raises(ValueError, match="Received: UserEmbedding"):
        explain(model, tiny_data, "user1", ["outfit1"])
