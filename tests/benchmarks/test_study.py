"""That the study compares what it says it compares."""

import dataclasses
import json
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import fndrec
from benchmarks.ablation import __main__ as ablation
from benchmarks.ablation import plan
from benchmarks.ablation.controls import (
    CONTROLS,
    REMOVED,
    ControlledTargets,
    OracleTargets,
)
from benchmarks.ablation.results import Results
from benchmarks.ablation.runs import Run
from benchmarks.ablation.students import true_auc
from benchmarks.ablation.variant import Variant
from benchmarks.common.photo_features import photo_features
from benchmarks.common.statistics import paired_difference
from benchmarks.common.worlds import World, hold_out


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> fndrec.SyntheticShop:
    return fndrec.SyntheticShop.generate(
        tmp_path_factory.mktemp("shop") / "shop",
        num_users=12,
        items_per_category=12,
        likes_per_user=20,
        image_size=16,
        seed=3,
    )


def test_the_interval_holds_the_true_difference() -> None:
    rng = np.random.default_rng(0)
    held = 0
    for seed in range(40):
        run, user = rng.normal(size=(8, 1)), rng.normal(size=(1, 60))
        gap = 0.02 + 0.01 * run + 0.05 * user
        gap = gap + 0.02 * rng.normal(size=gap.shape)
        other = rng.normal(size=gap.shape)
        found = paired_difference([other + gap], [other], seed)
        held += found.low <= 0.02 <= found.high
    assert 30 <= held < 40


def test_a_difference_is_paired_and_worlds_count_alike() -> None:
    rng = np.random.default_rng(1)
    noise = [rng.normal(size=(5, 30)), rng.normal(size=(5, 300))]
    first = [noise[0] + 0.3, noise[1] + 0.1]
    found = paired_difference(first, noise)
    assert found.mean == pytest.approx(0.2)
    assert found.low == pytest.approx(0.2)
    assert found.high == pytest.approx(0.2)
    assert (found.runs, found.wins) == (10, 10)
    assert found.is_above_zero
    back = paired_difference(noise, first)
    assert back.wins == 0
    assert not back.is_above_zero


def test_users_without_an_auc_are_left_out() -> None:
    first = np.array([[0.9, np.nan, 0.7], [0.9, 0.5, 0.7]])
    second = np.array([[0.8, 0.1, 0.6], [0.8, 0.1, 0.6]])
    assert paired_difference([first], [second]).mean == pytest.approx(0.1)


def test_held_out_likes_are_in_one_split_only(
    shop: fndrec.SyntheticShop,
) -> None:
    before = shop.data.likes("train")
    data = hold_out(
        dataclasses.replace(shop.data, splits={"train": before}), seed=2
    )
    kept, taken = data.likes("train"), data.likes("test")
    assert len(kept) + len(taken) == len(before)
    pairs = [
        set(zip(x.user.tolist(), x.outfit.tolist(), strict=True))
        for x in (before, kept, taken)
    ]
    assert pairs[1] | pairs[2] == pairs[0]
    assert not pairs[1] & pairs[2]
    count = np.bincount(before.user)
    expected = np.floor(0.1 * count + 0.5)
    np.testing.assert_array_equal(np.bincount(taken.user), expected)


def test_variants_of_one_name_differ_in_nothing() -> None:
    variants = [*plan.tuning(), *plan.alphas()]
    variants += plan.together(plan.PLAIN, plan.KD, plan.FND)
    variants += plan.forms(plan.FND)
    variants += plan.controls(plan.PLAIN, plan.KD, plan.FND)
    by_name: dict[str, Variant] = {}
    for variant in variants:
        assert by_name.setdefault(variant.name, variant) == variant
        again = json.loads(json.dumps(variant.to_dict()))
        assert Variant.from_dict(again) == variant


def test_both_distillations_get_the_same_number_of_settings() -> None:
    assert len(plan.kd_settings()) == len(plan.fnd_settings())
    assert len(plan.kd_second()) == len(plan.fnd_second()) == 7


def test_controls() -> None:
    z = tf.constant([[9.0, -2.0, 1.0, 4.0], [9.0, 0.0, -1.0, 7.0]])

    def changed(name: str) -> np.ndarray:
        return CONTROLS[name](z).numpy()[:, 1:]

    np.testing.assert_allclose(changed("reversed"), -z[:, 1:])
    np.testing.assert_allclose(
        changed("centred"), [[-3, 0, 3], [-2, -3, 5]], atol=1e-6
    )
    np.testing.assert_allclose(
        changed("softened_only"), [[-2, 0, 0], [0, -1, 0]]
    )
    np.testing.assert_allclose(changed("pushed_only"), [[0, 1, 4], [0, 0, 7]])
    np.testing.assert_allclose(
        changed("removed"), [[REMOVED, 0, 0], [0, REMOVED, 0]]
    )
    wide = tf.random.stateless_normal((6, 50), (1, 2))
    mixed = CONTROLS["permuted"](wide).numpy()
    assert not np.array_equal(mixed, wide)
    np.testing.assert_allclose(np.sort(mixed), np.sort(wide))


@pytest.mark.parametrize("shared", [False, True])
def test_the_oracle_knows_the_truth(
    shop: fndrec.SyntheticShop, shared: bool
) -> None:
    data = shop.data
    batch = next(iter(data.batches("train", 8, negatives=3)))
    rows = batch["items"]["row"].numpy()
    outfits = batch["outfits"].numpy()
    outfits = np.where(outfits < 0, -1, rows[np.maximum(outfits, 0)])
    user = np.argsort(data.user_index)[batch["user"].numpy() - 1]
    oracle = OracleTargets(shop.truth, data.user_index)
    found = oracle.distance_zscore(batch, shared).numpy() == REMOVED
    assert found.any()
    for row, one in enumerate(user):
        stands = outfits[row]
        if shared:
            stands = np.concatenate([stands, outfits.reshape(-1, 4)])
        liked = shop.truth.liked(np.full(len(stands), one), stands)
        np.testing.assert_array_equal(found[row], liked)


def test_a_control_clips_and_changes_the_teachers_zscore(
    shop: fndrec.SyntheticShop,
) -> None:
    data = dataclasses.replace(
        shop.data, features=shop.truth.attributes.astype(np.float32)
    )
    teacher = fndrec.FNDTeacher.from_data(data, dim=8)
    targets = teacher.targets(data)
    batch = next(iter(data.batches("train", 8, negatives=3)))
    z = targets.distance_zscore(batch).numpy()
    limit = float(np.quantile(np.abs(z), 0.5))
    found = ControlledTargets(targets, "reversed", limit)
    np.testing.assert_allclose(
        found.distance_zscore(batch), -np.clip(z, -limit, limit), atol=1e-5
    )


def test_features_tell_colour_and_pattern() -> None:
    photos = np.full((4, 32, 32, 3), 200, np.uint8)
    photos[1, ..., 0] = 20
    photos[2, ::2] = 100
    photos[3, :, ::2] = 100
    found = photo_features(photos)
    assert np.isfinite(found).all()
    distance = np.linalg.norm(found[:, None] - found, axis=-1)
    assert (distance[~np.eye(4, dtype=bool)] > 1).all()


def test_true_auc_of_the_truth_is_one(shop: fndrec.SyntheticShop) -> None:
    class Truth:
        """Scores outfits by what users like."""

        def embed_items(self, data: object) -> None:
            return None

        def embed_outfits(self, _: object, outfits: np.ndarray) -> np.ndarray:
            users = range(len(shop.truth.users))
            return np.stack(
                [
                    shop.truth.utility(np.full(len(outfits), user), outfits)
                    - shop.truth.threshold[user]
                    for user in users
                ],
                axis=1,
            )

        def encode_users(self, index: np.ndarray) -> tf.Tensor:
            row = np.argsort(shop.data.user_index)[index - 1]
            return tf.one_hot(row, len(index), dtype=tf.float64)

    world = World("shop", shop.data, shop.truth)
    found = true_auc(Truth(), world)  # type: ignore[arg-type]
    assert found.shape == (12,)
    np.testing.assert_allclose(found, 1.0)


def _keep(out: Path, run: Run, **record: object) -> None:
    run.records(out).add(run.name, {"settings": run.settings(), **record})


def test_choices_are_made_by_the_mean(tmp_path: Path) -> None:
    one, two = plan.KD.but("one"), plan.KD.but("two", weight=0.5)
    for variant, aucs in ((one, (0.9, 0.5)), (two, (0.8, 0.7))):
        for seed, auc in enumerate(aucs):
            _keep(tmp_path, Run("w", variant, seed), valid_auc=auc)
    results = Results(tmp_path)
    assert results.best([one, two], {"w": [0]}) == [one]
    assert results.best([one, two], {"w": [0, 1]}, 2) == [two, one]


def test_a_record_of_other_settings_is_no_record(tmp_path: Path) -> None:
    run = Run("w", plan.KD, 0)
    _keep(tmp_path, run, valid_auc=0.9)
    assert run.record(tmp_path) is not None
    other = Run("w", plan.KD.but("kd", weight=0.1), 0)
    assert other.name == run.name
    assert other.record(tmp_path) is None
    with pytest.raises(LookupError, match="no record"):
        Results(tmp_path).record(other)


@pytest.mark.slow
def test_the_quick_study(tmp_path: Path) -> None:
    """From nothing to the tables; a second start does nothing anew."""
    keras.utils.clear_session()
    arguments = ["--out", str(tmp_path), "--quick", "--workers", "1"]
    ablation.main(arguments)
    study = json.loads((tmp_path / "ablation.json").read_text())
    by_name = {
        (c["variant"], c["metric"]): c["difference"]["mean"]
        for c in study["comparisons"]
    }
    assert by_name["kd", "test_auc"] > 0
    assert by_name["fnd", "test_auc"] > by_name["fnd, z reversed", "test_auc"]
    text = (tmp_path / "ablation.md").read_text()
    assert "| fnd + cl |" in text
    picture = (tmp_path / "ablation-quick.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    times = {p: p.stat().st_mtime for p in (tmp_path / "runs").iterdir()}
    ablation.main(arguments)
    assert times == {p: p.stat().st_mtime for p in times}
