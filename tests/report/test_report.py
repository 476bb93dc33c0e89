"""What a page says, for data of every kind."""

import html.parser
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf
from report_worlds import HISTORY, full_report
from tiny_models import tiny_student, tiny_teacher

import fndrec
from fndrec.data import OutfitData, from_tables
from fndrec.evaluation import Candidates
from fndrec.evaluation.scorer import ModelScorer

EVIL = "<script>alert(1)</script>"
QUICK: dict[str, Any] = {"costs": False}


@pytest.fixture(autouse=True, scope="module")
def eager() -> Iterator[None]:
    """Tracing would take most of the time; the results are the same."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("world")


@pytest.fixture(scope="module")
def report(folder: Path) -> fndrec.Report:
    return full_report(folder, **QUICK)


@pytest.fixture(scope="module")
def shop(report: fndrec.Report, folder: Path) -> fndrec.SyntheticShop:
    return fndrec.SyntheticShop.open(folder / "shop")


class Page(html.parser.HTMLParser):
    """Text, tags and addresses of a page; all that is opened is closed."""

    VOID = ("meta", "link", "img", "br", "use", "path", "rect", "circle")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []
        self.text = " ".join(self.words)

    def handle_starttag(
        self, tag: str, attrs: list[tuple[str, str | None]]
    ) -> None:
        self.tags.append(tag)
        self.addresses += [
            value or ""
            for name, value in attrs
            if name in ("src", "href", "xlink:href", "srcset", "action")
        ]
        assert not [name for name, _ in attrs if name.startswith("on")]
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(
        self, tag: str, attrs: list[tuple[str, str | None]]
    ) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "defs"} & set(self._open):
            self.words += data.split()


def data_of(
    item: str = "item", category: str | None = None, valid: bool = True
) -> OutfitData:
    """10 users of ids alone, perhaps with categories."""
    rng = np.random.default_rng(0)
    items: dict[str, Any] = {"item_id": [f"{item}{i}" for i in range(20)]}
    if category is not None:
        items["category"] = [f"{category}{i % 2}" for i in range(20)]
    outfits = [f"{item}-outfit{i}" for i in range(40)]
    sets = [rng.choice(20, 3, replace=False) for _ in outfits]

    def likes(start: int, stop: int) -> pa.Table:
        return pa.table(
            {
                "user_id": [f"{item}-user{i % 10}" for i in range(start, stop)],
                "outfit_id": outfits[start:stop],
            }
        )

    splits = {"train": likes(0, 30)}
    if valid:
        splits["valid"] = likes(30, 40)
    return from_tables(
        pa.table(items),
        pa.table(
            {
                "outfit_id": outfits,
                "item_ids": [[f"{item}{i}" for i in s] for s in sets],
            }
        ),
        splits,
    )


def test_one_page_that_asks_for_nothing(report: fndrec.Report) -> None:
    page = Page(report.html)
    assert "script" not in page.tags
    assert "iframe" not in page.tags
    assert page.addresses
    for address in page.addresses:
        assert address.startswith(("data:", "#")), address
    styles = re.findall(r"<style.*?</style>", report.html, re.S)
    assert not re.search(r"@import|url\((?!#)", " ".join(styles))
    for section in (
        *("Data", "Training", "Quality", "Scores", "Recommended outfits"),
        *("Worst mistakes", "How it was made"),
    ):
        assert section in page.text


def test_how_it_was_made(report: fndrec.Report) -> None:
    text = Page(report.html).text
    for said in (
        "fndrec distill shop --teacher teacher --out student",
        "fndrec report student",
        "seed of training 7",
        "seed of candidates and bootstrap 0",
        "keras 3.12.0",
        "python 3.12.1",
        "training took 12 s, at most 1,234 MB of memory",
        "dim 8 negatives default",
    ):
        assert said in text
    assert "numpy" not in text


def test_metrics_are_those_of_evaluate(
    report: fndrec.Report, shop: fndrec.SyntheticShop
) -> None:
    found = report.evaluation
    assert found.split == "test"
    assert found.models == ["student", "teacher"]
    baselines = ["item popularity", "category frequency"]
    assert list(found.metrics) == ["student", "teacher", *baselines]
    text = Page(report.html).text
    for name, metrics in found.metrics.items():
        for key, value in metrics.items():
            interval = report.intervals[name][key]
            assert interval.value == pytest.approx(value)
            assert interval.low <= interval.value <= interval.high
            assert f"{value:.3f}" in text
            assert f"{interval.low:.3f} to {interval.high:.3f}" in text
    alone = fndrec.evaluate(
        tiny_teacher(shop.data.with_photos(16)),
        shop.data.with_photos(16),
        "test",
        baselines=False,
    )
    assert alone.metrics["model"] == pytest.approx(found.metrics["teacher"])
    for name, gain in report.gains.items():
        assert gain.value == pytest.approx(
            found.metrics["student"]["auc"] - found.metrics[name]["auc"]
        )


def test_training(report: fndrec.Report) -> None:
    text = Page(report.html).text
    assert "epoch kept 2 of 3 trained" in text
    # Each number by epoch, and the curves in words.
    for values in HISTORY.values():
        assert " ".join(f"{value:.4f}" for value in values[:1]) in text
    assert "contrastive loss from 1 to 0.8" in report.html
    assert "AUC on valid from 0.5 to 0.6" in report.html
    # What is all of the loss is no curve of its own.
    assert "distillation loss from" not in report.html


def test_recommended(report: fndrec.Report, shop: fndrec.SyntheticShop) -> None:
    data = shop.data.with_photos(16)
    model = tiny_student(data)
    assert len(report.users) == 4
    aucs = [user.auc for user in report.users]
    assert aucs == sorted(aucs, reverse=True)
    train = data.likes("train")
    for user in report.users:
        row = int(data.users.rows([user.name])[0])
        liked = data.outfits.take(train.outfit[train.user == row])
        assert user.likes == len(liked)
        assert [one.name for one in user.liked] == liked[:4]
        # An index finds the same, once the likes of train are left out.
        every = fndrec.recommend(
            model, data, [user.name], data.num_outfits, exclude_liked=False
        )[0]
        best = [one for one in every if one.outfit_id not in liked][:6]
        assert [one.name for one in user.best] == [o.outfit_id for o in best]
        assert [one.score for one in user.best] == pytest.approx(
            [o.score for o in best], abs=1e-4
        )
        for one in user.best:
            outfit = int(data.outfits.rows([one.name])[0])
            true = shop.truth.liked(
                np.array([row]), data.outfit_items[outfit][None]
            )[0]
            verdict = ("truly liked", "good"), ("not truly liked", "bad")
            assert verdict[int(not true)] in one.notes
            for split in ("valid", "test"):
                likes = data.likes(split)
                seen = (likes.user == row) & (likes.outfit == outfit)
                assert ((f"liked in {split}", "good") in one.notes) == any(seen)


def test_mistakes(report: fndrec.Report, shop: fndrec.SyntheticShop) -> None:
    data = shop.data.with_photos(16)
    candidates = Candidates.from_data(data, "test", 10)
    scorer = ModelScorer(tiny_student(data), data)
    scores = scorer.score(candidates.user, candidates.outfits)
    by_user: dict[int, tuple[int, float]] = {}
    for user, row in zip(candidates.user.tolist(), scores, strict=True):
        worse = int((row[1:] > row[0]).sum()), float(row[1:].max() - row[0])
        by_user[user] = max(by_user.get(user, worse), worse)
    expected = sorted(by_user.values(), reverse=True)[:6]
    assert len(report.mistakes) == 6
    for mistake, (above, gap) in zip(report.mistakes, expected, strict=True):
        assert (mistake.rank, mistake.candidates) == (above + 1, 11)
        assert mistake.liked.score is not None
        best = [one.score or 0.0 for one in mistake.above]
        assert len(best) == min(3, above)
        assert best == sorted(best, reverse=True)
        assert best[0] == pytest.approx(mistake.liked.score + gap, abs=1e-4)
        likes = data.likes("test")
        user = int(data.users.rows([mistake.user])[0])
        outfit = int(data.outfits.rows([mistake.liked.name])[0])
        assert any((likes.user == user) & (likes.outfit == outfit))
        for one in mistake.above:
            rows = data.items.rows([item.name for item in one.items])
            true = shop.truth.liked(np.array([user]), rows[None])[0]
            assert (("truly liked", "good") in one.notes) == true


def test_scores_by_truth(
    report: fndrec.Report, shop: fndrec.SyntheticShop
) -> None:
    data = shop.data.with_photos(16)
    candidates = Candidates.from_data(data, "test", 10)
    scorer = ModelScorer(tiny_student(data), data)
    scores = scorer.score(candidates.user, candidates.outfits)
    liked = shop.truth.liked(
        np.repeat(candidates.user, 10),
        candidates.outfits[:, 1:].reshape(-1, data.num_slots),
    ).reshape(-1, 10)
    above = scores[:, 1:] > scores[:, :1]
    text = Page(report.html).text
    for name, which in (
        ("negatives truly liked", liked),
        ("true negatives", ~liked),
    ):
        chosen = scores[:, 1:][which]
        assert (
            f"{name} {len(chosen):,} {np.median(chosen):.2f} "
            f"{above[which].mean():.1%}" in text
        )
    assert f"where of all negatives {liked.mean():.1%} are" in text


def test_ids_are_escaped() -> None:
    data = data_of(EVIL, EVIL)
    found = fndrec.Report.from_model(
        tiny_teacher(data, use_id=True),
        data,
        name=EVIL,
        run={"line": EVIL, "arguments": {EVIL: EVIL}, "history": {EVIL: [1.0]}},
        notes=[EVIL],
        **QUICK,
    )
    page = Page(found.html)
    assert "script" not in page.tags
    assert "<script" not in found.html
    assert f"{EVIL}-user" in page.text
    assert f"{EVIL}-outfit" in page.text
    assert f"{EVIL}0 {EVIL}0" in page.text


@pytest.mark.parametrize("category", [None, "kind"])
def test_without_photos(category: str | None) -> None:
    data = data_of(category=category)
    found = fndrec.Report.from_model(tiny_teacher(data), data, **QUICK)
    page = Page(found.html)
    assert "img" not in page.tags
    assert found.evaluation.split == "valid"
    assert ("Items by category" in page.text) == (category is not None)
    assert "There is no history of the epochs." in page.text
    # With 10 likes nobody can be a judge.
    assert "too few likes that the model was not trained on" in page.text
    assert "In truth" not in page.text
    assert next(iter(found.gains)) == "item popularity"
    for user in found.users:
        assert all(
            item.photo is None and item.name in page.text
            for one in user.best
            for item in one.items
        )


def test_train_alone() -> None:
    data = data_of(valid=False)
    found = fndrec.Report.from_model(tiny_teacher(data), data, **QUICK)
    assert found.evaluation.split == "train"
    assert "no likes that the model has not seen" in Page(found.html).text


@pytest.mark.parametrize("users", ["history", "anchors"])
def test_users_of_every_kind(tiny_data: OutfitData, users: str) -> None:
    model = tiny_teacher(tiny_data, users=users)
    found = fndrec.Report.from_model(model, tiny_data, **QUICK)
    assert "As the model judges" in Page(found.html).text
    assert all(len(user.best) == 6 for user in found.users)


def test_costs(tiny_data: OutfitData) -> None:
    tf.config.run_functions_eagerly(False)
    model = tiny_teacher(tiny_data)
    found = fndrec.Report.from_model(model, tiny_data, users=0, mistakes=0)
    tf.config.run_functions_eagerly(True)
    text = Page(found.html).text
    assert "Quality against cost" in text
    assert f"{model.count_params():,}" in text
    assert "AUC against work. model " in found.html
    assert "No users are shown." in text
    assert "or none is shown" in text


def test_photos_that_cannot_be_read(tmp_path: Path) -> None:
    shop = fndrec.SyntheticShop.generate(
        tmp_path / "shop", 5, 8, 8, image_size=16
    )
    for path in sorted((shop.folder / "images").iterdir())[::2]:
        path.write_bytes(b"no photo")
    # A model that looks at no photos does not mind.
    model = tiny_teacher(shop.data)
    found = fndrec.Report.from_model(model, shop.data, **QUICK)
    page = Page(found.html)
    assert "img" in page.tags
    items = {
        item for user in found.users for one in user.best for item in one.items
    }
    unseen = [item for item in items if item.photo is None]
    assert unseen
    assert all(item.name in page.text for item in unseen)


def test_save(report: fndrec.Report, tmp_path: Path) -> None:
    path = tmp_path / "new" / "page.html"
    report.save(path)
    assert path.read_text(encoding="utf-8") == report.html
    assert [one.name for one in path.parent.iterdir()] == ["page.html"]


def test_the_same_again(report: fndrec.Report, folder: Path) -> None:
    shop = fndrec.SyntheticShop.open(folder / "shop")
    data = shop.data
    first, second = (
        fndrec.Report.from_model(tiny_teacher(data), data, seed=3, **QUICK)
        for _ in range(2)
    )
    assert first.html == second.html
    assert first.to_dict() == second.to_dict()


def test_bad_arguments(tiny_data: OutfitData) -> None:
    model = tiny_teacher(tiny_data)
    for name in ("users", "mistakes", "recommended"):
        wrong: dict[str, Any] = {name: -1}
        with pytest.raises(ValueError, match=f"`{name}`.*-1"):
            fndrec.Report.from_model(model, tiny_data, **wrong)
    with pytest.raises(ValueError, match="name='teacher'"):
        fndrec.Report.from_model(
            model, tiny_data, teacher=model, name="teacher"
        )
    with pytest.raises(fndrec.DataError, match="'test'"):
        fndrec.Report.from_model(model, tiny_data, split="test")


def test_jinja_not_installed(
    tiny_data: OutfitData, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny_teacher(tiny_data)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r"'\.\[report\]'"):
        fndrec.Report.from_model(model, tiny_data)
