"""The audit of negatives, against mixtures and tastes that are known."""

import csv
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import binom
from tiny_models import batch_of, tiny_student, tiny_teacher

import fndrec
from fndrec import DataError
from fndrec.data import ModelVocabulary, OutfitData, Vocabulary, from_tables
from fndrec.data.item_sets import set_ids
from fndrec.data.synthetic.synthetic_truth import SyntheticTruth
from fndrec.evaluation import (
    CalibratedDistance,
    LikedProbability,
    NegativeAudit,
    PrecisionRecall,
)
from fndrec.evaluation.audit import audit as audit_module
from fndrec.evaluation.audit import calibrated_distance
from fndrec.evaluation.audit.audit_pairs import unliked_negatives
from fndrec.evaluation.audit.class_prior import class_prior
from fndrec.models import FNDTeacher

# ------------------------------------------------------- known probabilities


class Mixture:
    """Likes of N(0, 1) and the rest of N(gap, 1)."""

    def __init__(
        self, prior: float, gap: float, likes: int = 2000, seed: int = 0
    ) -> None:
        rng = np.random.default_rng(seed)
        self.prior, self.gap = prior, gap
        self.truth = rng.random(20_000) < prior
        self.unlabelled = rng.normal(np.where(self.truth, 0.0, gap))
        self.likes = rng.normal(size=likes)

    def chance(self, z: np.ndarray) -> np.ndarray:
        odds = self.prior / (1 - self.prior)
        odds = odds * np.exp(((z - self.gap) ** 2 - z**2) / 2)
        return odds / (1 + odds)


@pytest.mark.parametrize("prior", [0.05, 0.2, 0.5])
def test_the_prior_of_two_gaussians_is_recovered(prior: float) -> None:
    mixture = Mixture(prior, gap=4.0)
    found, bound = class_prior(mixture.likes, mixture.unlabelled)
    assert found == pytest.approx(prior, rel=0.12)
    assert prior < bound < 1.4 * prior


def test_the_bound_of_the_prior_holds() -> None:
    drawn = [Mixture(0.2, 4.0, likes=60, seed=seed) for seed in range(40)]
    found = [class_prior(one.likes, one.unlabelled[:1000]) for one in drawn]
    assert sum(bound < 0.2 for _, bound in found) <= 1
    # Few likes are no reason for a wild estimate.
    assert min(prior for prior, _ in found) > 0.1
    assert max(prior for prior, _ in found) < 0.3


def test_the_prior_of_classes_that_overlap_is_an_upper_bound() -> None:
    for seed in range(5):
        mixture = Mixture(0.1, gap=1.0, seed=seed)
        found, bound = class_prior(mixture.likes, mixture.unlabelled)
        assert 0.11 < found < bound < 0.6


def test_the_prior_by_hand() -> None:
    """A tenth of the likes, a fortieth of the rest at each of 1 to 10."""
    likes = np.arange(10) + 1.0
    found, bound = class_prior(likes, np.r_[likes, np.full(30, 99.0)])
    assert found == pytest.approx(0.25)
    # The bounds of 10 thresholds: each side of each fails once in 400.
    low = 0.0025 ** (1 / 10)
    assert binom.sf(9, 10, low) == pytest.approx(0.0025)
    assert binom.cdf(10, 40, bound * low) == pytest.approx(0.0025)


def test_priors_at_the_ends() -> None:
    rng = np.random.default_rng(0)
    likes = rng.normal(size=500)
    found, bound = class_prior(likes, rng.normal(size=5000))
    assert 0.8 < found <= 1
    assert bound == 1
    found, bound = class_prior(likes, rng.normal(9, size=5000))
    assert found == 0
    assert 0 < bound < 0.02
    # All in the lower tail.
    assert class_prior(likes, np.full(50, -9.0)) == (1, 1)


@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize("gap", [2.0, 3.0, 4.0])
def test_probabilities_of_two_gaussians_are_calibrated(
    gap: float, given: bool
) -> None:
    mixture = Mixture(0.2, gap)
    prior = 0.2 if given else None
    chance = LikedProbability.fit(mixture.likes, mixture.unlabelled, prior)
    assert (chance.prior_bound is None) == given
    found = chance(mixture.unlabelled)
    tolerance = 0.02 if given or gap > 2 else 0.05
    expected = mixture.chance(mixture.unlabelled)
    assert np.abs(found - expected).mean() < tolerance
    judged = PrecisionRecall.from_scores(
        mixture.unlabelled, found, mixture.truth
    )
    assert judged.calibration_error < tolerance
    assert found.mean() == pytest.approx(chance.prior, rel=0.05)


def test_probabilities_fall_with_the_zscore() -> None:
    mixture = Mixture(0.3, gap=1.5, likes=100)
    chance = LikedProbability.fit(mixture.likes, mixture.unlabelled[:2000])
    found = chance(np.linspace(-9, 12, 1001))
    assert (np.diff(found) <= 0).all()
    assert found[0] <= 1
    assert found[-1] >= 0
    assert found[0] > found[500] > found[-1]


def test_probabilities_are_proportional_to_the_prior() -> None:
    mixture = Mixture(0.2, gap=2.0)
    z = np.linspace(0, 4, 50)
    one, two = (
        LikedProbability.fit(mixture.likes, mixture.unlabelled, prior)(z)
        for prior in (0.05, 0.1)
    )
    np.testing.assert_allclose(two, 2 * one)


def test_nothing_but_likes_and_nothing_liked() -> None:
    likes, others = np.linspace(-2, -1, 30), np.linspace(1, 2, 90)
    chance = LikedProbability.fit(likes, others, prior=0.1)
    np.testing.assert_array_equal(chance(np.array([-3.0, 3.0])), [1, 0])
    none = LikedProbability.fit(likes, others)
    assert none.prior == 0
    np.testing.assert_array_equal(none(np.array([-3.0, 3.0])), [0, 0])


def test_ties() -> None:
    """A model that finds all outfits equally far tells nothing."""
    chance = LikedProbability.fit(np.zeros(30), np.zeros(600), prior=0.1)
    np.testing.assert_allclose(chance(np.array([-1.0, 0.0, 1.0])), 0.1)


# ------------------------------------------------------ precision and recall


def test_precision_and_recall_by_hand() -> None:
    found = PrecisionRecall.from_scores(
        np.array([-2.0, -1.0, 0.5, 1.0]),
        np.array([0.9, 0.6, 0.2, 0.1]),
        np.array([True, False, True, False]),
    )
    assert found.pairs == 4
    assert found.base_rate == 0.5
    assert found.average_precision == pytest.approx(1 / 2 + (2 / 3) / 2)
    assert found.radius_precision == found.radius_recall == 0.5
    assert found.calibration_error == pytest.approx(0.4)
    assert found.brier == pytest.approx(0.255)
    order = np.argsort(found.distance_zscore)
    np.testing.assert_array_equal(
        found.distance_zscore[order], [-2, -1, 0.5, 1]
    )
    np.testing.assert_allclose(found.precision[order], [1, 0.5, 2 / 3, 0.5])
    np.testing.assert_allclose(found.recall[order], [0.5, 0.5, 1, 1])
    assert "precision 0.833" in str(found)


def test_ties_have_the_average_precision_of_chance() -> None:
    liked = np.arange(10) < 3
    found = PrecisionRecall.from_scores(np.ones(10), np.full(10, 0.3), liked)
    assert found.average_precision == pytest.approx(0.3)
    assert np.isnan(found.radius_precision)
    assert found.radius_recall == 0
    assert found.calibration_error == pytest.approx(0)


def test_errors_within_a_bin_cancel_and_between_bins_do_not() -> None:
    liked = np.array([True, False, True, False])
    z = np.arange(4.0)
    same = PrecisionRecall.from_scores(z, np.full(4, 0.5), liked)
    assert same.calibration_error == 0
    apart = PrecisionRecall.from_scores(
        z, np.array([0.0, 1.0, 0.0, 1.0]), liked
    )
    assert apart.calibration_error == 1


@pytest.mark.parametrize(
    ("liked", "named"),
    [
        (np.ones(3, bool), r"shape \(4,\)"),
        (np.ones(4), "float64"),
        (np.zeros(4, bool), "none in 4"),
    ],
)
def test_truths_that_cannot_be_used(liked: np.ndarray, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        PrecisionRecall.from_scores(np.arange(4.0), np.full(4, 0.5), liked)


# ------------------------------------------------------------------ the data

TOPS, SHOES = 4, 6


def shop(
    users: int = 24, held_out: int = 1, category: bool = True
) -> OutfitData:
    """Of the 24 outfits of a top and a shoe each user likes 6 to 7."""
    rng = np.random.default_rng(3)
    items = [f"top{i}" for i in range(TOPS)]
    items += [f"shoe{i}" for i in range(SHOES)]
    names = ["top"] * TOPS + ["shoe"] * SHOES
    # Shoes first here and there: the order of items says nothing.
    outfits = [
        [f"top{i}", f"shoe{j}"][:: 1 if j % 2 else -1]
        for i in range(TOPS)
        for j in range(SHOES)
    ]
    liked = [rng.permutation(len(outfits))[:7] for _ in range(users)]

    def likes(part: slice) -> pa.Table:
        pairs = [(u, o) for u, row in enumerate(liked) for o in row[part]]
        return pa.table(
            {
                "user_id": [f"u{user}" for user, _ in pairs],
                "outfit_id": [f"o{outfit}" for _, outfit in pairs],
            }
        )

    return from_tables(
        pa.table({"item_id": items, "category": names}),
        pa.table(
            {
                "outfit_id": [f"o{i}" for i in range(len(outfits))],
                "item_ids": outfits,
            }
        ),
        {
            "train": likes(slice(0, 5)),
            "valid": likes(slice(5, 5 + held_out)),
            "test": likes(slice(6, 7)),
        },
    )


@pytest.fixture(scope="module")
def data() -> OutfitData:
    return shop()


@pytest.fixture(scope="module")
def teacher(data: OutfitData) -> FNDTeacher:
    return tiny_teacher(data, use_id=True)


@pytest.fixture(scope="module")
def audit(teacher: FNDTeacher, data: OutfitData) -> NegativeAudit:
    return fndrec.audit_negatives(
        teacher, data, negative_sampling="catalogue", negatives=40
    )


def known_likes(data: OutfitData) -> set[tuple[str, frozenset[str]]]:
    return {
        (data.users[int(user)], frozenset(data.outfit_item_ids(int(outfit))))
        for likes in data.splits.values()
        for user, outfit in zip(likes.user, likes.outfit, strict=True)
    }


def audited_pairs(audit: NegativeAudit) -> list[tuple[str, frozenset[str]]]:
    return [
        (user, frozenset(items.split(";")))
        for user, items in zip(audit.user_id, audit.item_ids, strict=True)
    ]


# --------------------------------------------------------- distance z-score


@pytest.mark.parametrize("users", ["table", "anchors"])
def test_distance_zscore_is_the_knowledge_of_the_teacher_centred(
    users: str, data: OutfitData
) -> None:
    teacher = tiny_teacher(data, use_id=True, users=users)
    distance_zscore = CalibratedDistance(teacher, data, "valid")
    likes = data.likes("valid")
    outfits = data.outfit_items[likes.outfit]
    batch = batch_of(data, likes.user, outfits[:, None])
    z = np.array(teacher.targets(data).distance_zscore(batch))[:, 0]
    expected = (z - z.mean()) / z.std()
    np.testing.assert_allclose(distance_zscore.liked, expected, atol=1e-3)
    np.testing.assert_allclose(
        distance_zscore(likes.user, outfits), expected, atol=1e-3
    )
    assert distance_zscore.mean == pytest.approx(float(z.mean()), abs=1e-4)
    assert distance_zscore.deviation == pytest.approx(float(z.std()), abs=1e-4)


def test_parts_of_the_pairs_change_nothing(
    teacher: FNDTeacher, data: OutfitData, monkeypatch: pytest.MonkeyPatch
) -> None:
    distance_zscore = CalibratedDistance(teacher, data, "valid")
    likes = data.likes("train")
    pairs = likes.user[:20], data.outfit_items[likes.outfit[:20]]
    whole = distance_zscore(*pairs)
    monkeypatch.setattr(calibrated_distance, "CHUNK", 7)
    np.testing.assert_allclose(distance_zscore(*pairs), whole, atol=1e-5)


def test_a_model_that_tells_nothing(
    tiny_data: OutfitData,
) -> None:
    model = tiny_teacher(tiny_data)
    for weight in model.weights:
        weight.assign(weight * 0)
    audit = fndrec.audit_negatives(model, tiny_data, negatives=2)
    np.testing.assert_array_equal(audit.distance_zscore, 0)
    np.testing.assert_allclose(audit.probability, audit.chance.prior)


# ----------------------------------------------------------------- the audit


def test_no_pair_is_liked_or_twice(
    audit: NegativeAudit, data: OutfitData
) -> None:
    pairs = audited_pairs(audit)
    assert len(set(pairs)) == len(pairs) == len(audit)
    assert not known_likes(data) & set(pairs)
    # So many were drawn that nearly all others of a top and a shoe came.
    assert len(pairs) > 0.98 * data.num_users * (TOPS * SHOES - 7)


def test_hard_negatives_are_audited_once_too(
    teacher: FNDTeacher, data: OutfitData
) -> None:
    assert data.shares_outfits
    audit = fndrec.audit_negatives(teacher, data)
    pairs = audited_pairs(audit)
    assert len(set(pairs)) == len(pairs)
    assert not known_likes(data) & set(pairs)
    assert "(hard)" in str(audit)


def test_the_most_probable_come_first(audit: NegativeAudit) -> None:
    assert (np.diff(audit.probability) <= 0).all()
    assert (np.diff(audit.distance_zscore) >= 0).all()
    assert (audit.probability >= 0).all()
    assert (audit.probability <= 1).all()
    assert audit.expected == pytest.approx(audit.probability.sum())


def test_the_columns_name_the_rows(
    audit: NegativeAudit, data: OutfitData
) -> None:
    assert audit.user_id == data.users.take(audit.user)
    for outfit, joined in zip(audit.outfits, audit.item_ids, strict=True):
        assert joined == ";".join(data.items.take(outfit[outfit >= 0]))
    # Each is an outfit of the catalogue, in whatever order of its items.
    for outfit_id, (_, items) in zip(
        audit.outfit_id, audited_pairs(audit), strict=True
    ):
        row = int(data.outfits.rows([outfit_id])[0])
        assert frozenset(data.outfit_item_ids(row)) == items


def test_outfits_that_the_catalogue_does_not_have(
    tiny_data: OutfitData,
) -> None:
    audit = fndrec.audit_negatives(tiny_teacher(tiny_data), tiny_data)
    known = {
        frozenset(tiny_data.outfit_item_ids(row)): tiny_data.outfits[row]
        for row in range(tiny_data.num_outfits)
    }
    expected = [known.get(items, "") for _, items in audited_pairs(audit)]
    assert audit.outfit_id == expected
    assert 0 < expected.count("") < len(expected)


def test_distance_zscore_and_probability_are_those_of_the_pairs(
    audit: NegativeAudit, teacher: FNDTeacher, data: OutfitData
) -> None:
    distance_zscore = CalibratedDistance(teacher, data, "valid")
    z = distance_zscore(audit.user, audit.outfits)
    np.testing.assert_allclose(audit.distance_zscore, z, atol=1e-5)
    np.testing.assert_allclose(
        audit.probability, audit.chance(audit.distance_zscore), atol=1e-9
    )


def test_a_seed_gives_the_audit_again(tiny_data: OutfitData) -> None:
    model = tiny_teacher(tiny_data)
    first, again, other = (
        fndrec.audit_negatives(model, tiny_data, negatives=3, seed=seed)
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.outfits, again.outfits)
    np.testing.assert_array_equal(first.probability, again.probability)
    assert set(audited_pairs(first)) != set(audited_pairs(other))


def test_the_split_of_the_calibration_can_be_audited(
    tiny_data: OutfitData, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = []

    def keep(*args: Any) -> tuple[np.ndarray, np.ndarray]:
        drawn.append(unliked_negatives(*args))
        return drawn[-1]

    monkeypatch.setattr(audit_module, "unliked_negatives", keep)
    model = tiny_teacher(tiny_data)
    audit = fndrec.audit_negatives(model, tiny_data, split="valid")
    assert set(audit.user) == set(tiny_data.likes("valid").user)
    # What is audited is not what the probability was learned from.
    (users, outfits), (others, negatives) = drawn
    assert sorted(users) == sorted(audit.user)
    assert set(others) == set(users)
    ids, other_ids = set_ids(outfits, negatives)
    same = set(zip(users, ids, strict=True))
    same &= set(zip(others, other_ids, strict=True))
    assert len(same) < 0.7 * len(users)


def test_a_given_prior(tiny_data: OutfitData) -> None:
    model = tiny_student(tiny_data)
    audit = fndrec.audit_negatives(model, tiny_data, prior=0.07)
    assert audit.chance.prior == 0.07
    assert audit.chance.prior_bound is None
    assert "at most" not in str(audit)
    assert "7.0%" in str(audit)


def test_users_the_model_does_not_know(tiny_data: OutfitData) -> None:
    model = tiny_teacher(tiny_data)
    known = tiny_data.vocabulary
    model.vocabulary = ModelVocabulary(
        Vocabulary(known.users.to_list()[::-1]), known.items, known.categories
    )
    pairs = [(user, "outfit3") for user in tiny_data.users]
    audit = fndrec.audit_negatives(model, tiny_data, pairs)
    # The same model with its users in another order is another model.
    other = fndrec.audit_negatives(tiny_teacher(tiny_data), tiny_data, pairs)
    one = dict(zip(audit.user_id, audit.distance_zscore, strict=True))
    two = dict(zip(other.user_id, other.distance_zscore, strict=True))
    assert one["user0"] != pytest.approx(two["user0"], abs=1e-3)
    assert np.isfinite(one["user11"])


# --------------------------------------------------------------- given pairs


def test_given_pairs(teacher: FNDTeacher, data: OutfitData) -> None:
    liked = data.outfits[int(data.likes("train").outfit[0])]
    pairs: list[tuple[str, Any]] = [
        ("u3", "o7"),
        ("u3", data.outfit_item_ids(7)[::-1]),
        ("u5", ["top1"]),
        ("u5", ("top0", "top1", "shoe2", "shoe3", "shoe0")),
        ("u3", "o7"),
        (data.users[int(data.likes("train").user[0])], liked),
    ]
    audit = fndrec.audit_negatives(teacher, data, pairs)
    assert audit.audited == "given pairs"
    rows = [
        (audit.user_id[row], audit.item_ids[row]) for row in range(len(audit))
    ]
    expected = []
    for user, outfit in pairs:
        if isinstance(outfit, str):
            outfit = data.outfit_item_ids(int(data.outfits.rows([outfit])[0]))
        expected.append((user, ";".join(outfit)))
    assert sorted(rows) == sorted(expected)
    same = audit.distance_zscore[[name == "o7" for name in audit.outfit_id]]
    assert len(same) == 3
    np.testing.assert_allclose(same, same[0], atol=1e-5)
    assert (np.diff(audit.probability) <= 0).all()


def test_no_pairs_at_all(teacher: FNDTeacher, data: OutfitData) -> None:
    audit = fndrec.audit_negatives(teacher, data, [])
    assert len(audit) == 0
    assert "0 pairs" in str(audit)
    assert audit.outfit_id == audit.item_ids == audit.user_id == []


@pytest.mark.parametrize(
    ("pairs", "named"),
    [
        ([("u1", "o1"), ("nobody", "o1")], "row 2: users .* 'nobody'"),
        ([("u1", ["top1"]), ("u1", "o99")], "row 2: outfits .* 'o99'"),
        ([("u1", "o1"), ("u1", ["top1", "hat"])], "row 2: items .* 'hat'"),
        ([("u1", "o1"), ("u1", [])], "row 2: an outfit should have items"),
    ],
)
def test_pairs_that_are_not_known(
    teacher: FNDTeacher, data: OutfitData, pairs: list[Any], named: str
) -> None:
    with pytest.raises(DataError, match=named):
        fndrec.audit_negatives(teacher, data, pairs)


# -------------------------------------------------------------------- errors


def test_too_few_likes_to_calibrate_on(teacher: FNDTeacher) -> None:
    with pytest.raises(DataError, match=r"20 .* 19 in split 'valid'"):
        fndrec.audit_negatives(teacher, shop(users=19))
    with pytest.raises(DataError, match="0 in split 'valid'"):
        fndrec.audit_negatives(teacher, shop(held_out=0))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"calibration": "train"}, "not trained on"),
        ({"calibration": "holdout"}, "'holdout'"),
        ({"split": "holdout"}, "'holdout'"),
        ({"prior": 0.0}, "prior=0.0"),
        ({"prior": 1.5}, "prior=1.5"),
        ({"prior": float("nan")}, "prior=nan"),
        ({"negatives": 0}, "negatives=0"),
        ({"negative_sampling": "easy"}, "'easy'"),
    ],
)
def test_bad_arguments(
    teacher: FNDTeacher, data: OutfitData, arguments: Any, named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        fndrec.audit_negatives(teacher, data, **arguments)


def test_packages_that_are_not_installed(
    teacher: FNDTeacher,
    data: OutfitData,
    audit: NegativeAudit,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r"'\.\[audit\]'"):
        fndrec.audit_negatives(teacher, data)
    with pytest.raises(ModuleNotFoundError, match=r"'\.\[pandas\]'"):
        audit.to_pandas()


# ------------------------------------------------------------ what comes out


def test_csv_round_trip(audit: NegativeAudit, tmp_path: Path) -> None:
    path = tmp_path / "new" / "audit.csv"
    audit.to_csv(path)
    assert [file.name for file in path.parent.iterdir()] == ["audit.csv"]
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        *("user_id", "outfit_id", "item_ids", "distance_zscore", "probability")
    ]
    for name in ("user_id", "outfit_id", "item_ids"):
        assert [row[name] for row in rows] == getattr(audit, name)
    for name in ("distance_zscore", "probability"):
        np.testing.assert_allclose(
            [float(row[name]) for row in rows],
            getattr(audit, name),
            rtol=1e-5,
        )


def test_to_pandas(audit: NegativeAudit) -> None:
    frame = audit.to_pandas()
    assert list(frame["item_ids"]) == audit.item_ids
    np.testing.assert_array_equal(frame["probability"], audit.probability)


def test_the_summary(audit: NegativeAudit) -> None:
    text = str(audit)
    assert f"{len(audit)} pairs" in text
    assert f"{int((audit.distance_zscore < 0).sum())} have z < 0" in text
    assert f"about {audit.expected:.0f} are truly liked" in text
    bound = audit.chance.prior_bound
    assert bound is not None
    assert f"{audit.chance.prior:.1%}" in text
    assert f"at most {bound:.1%}" in text


def test_the_truth_of_a_shop(audit: NegativeAudit, data: OutfitData) -> None:
    """Users like tops that score for them; the truth has its own rows."""
    rng = np.random.default_rng(0)
    users, items = data.users.to_list()[::-1], data.items.to_list()[::-1]
    truth = SyntheticTruth(
        users=np.array(users),
        items=np.array(items),
        attributes=rng.normal(size=(len(items), 2)),
        taste=rng.normal(size=(len(users), 2)),
        harmony=np.zeros((len(users), 2)),
        threshold=np.full(len(users), 0.5),
    )
    liked = np.array(
        [
            truth.utility(
                np.array([users.index(user)]),
                np.array([[items.index(i) for i in joined.split(";")]]),
            )[0]
            > 0.5
            for user, joined in zip(audit.user_id, audit.item_ids, strict=True)
        ]
    )
    found = audit.precision_recall(truth)
    expected = PrecisionRecall.from_scores(
        audit.distance_zscore, audit.probability, liked
    )
    assert found.base_rate == liked.mean()
    assert found.average_precision == expected.average_precision
