"""Models side by side: of ids, of features, of photos."""

import dataclasses
import json
import math
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tiny_models import tiny_student, tiny_teacher

import fndrec
from fndrec import DataError, compare, evaluate
from fndrec.data import ModelVocabulary, OutfitData, Vocabulary
from fndrec.evaluation import Candidates, Comparison, SampledNegatives
from fndrec.evaluation.costs.int8_tower import Int8Tower, int8_tower
from fndrec.layers import ItemTower, OutfitScore, SetTransformer, UserEmbedding
from fndrec.models import FNDTeacher, OutfitRecommender
from fndrec.plots.plot_labels import place_labels
from fndrec.plots.quality_plot import Point, quality_plot

Models = dict[str, OutfitRecommender]
LINES: dict[str, Any] = {"title": "shop", "x_label": "cost", "y_label": "AUC"}


def without(data: OutfitData, *keys: str) -> OutfitData:
    """The data set without something that is known of the items."""
    changes: dict[str, Any] = dict.fromkeys((*keys, "vocabulary"))
    return dataclasses.replace(data, **changes)


@pytest.fixture(scope="module")
def models(tiny_photo_data: OutfitData) -> Models:
    categories = ("categories", "item_category")
    features = without(tiny_photo_data, "store", *categories)
    ids = without(features, "features")
    found: Models = {
        "photos": tiny_teacher(without(tiny_photo_data, "features")),
        "features": tiny_student(features),
        # Wide enough for its table to be worth 8 bits.
        "ids": tiny_teacher(ids, dim=32),
    }
    towers = [sorted(model.item_tower.towers) for model in found.values()]
    assert towers == [["category", "image"], ["feature"], ["id"]]
    return found


@pytest.fixture(scope="module")
def found(models: Models, tiny_photo_data: OutfitData) -> Comparison:
    return compare(models, tiny_photo_data, negatives=3, seed=1, repetitions=2)


def test_metrics_are_those_of_evaluate(
    found: Comparison, models: Models, tiny_photo_data: OutfitData
) -> None:
    alone = evaluate(
        models, tiny_photo_data, protocol=SampledNegatives(3), seed=1
    )
    assert found.evaluation == alone


def test_sizes_by_hand(found: Comparison, tiny_data: OutfitData) -> None:
    users, dim, attributes = 11, 8, 6
    tower = 2 * attributes + (attributes + 1) * 16 + (16 + 1) * dim
    block = 4 * dim + (dim + 1) * 3 * dim + (dim + 1) * dim
    block += (dim + 1) * 2 * dim + (2 * dim + 1) * dim
    pooling = 6 * dim + 2 * dim + 2 * (dim + 1) * dim
    pooling += (dim + 1) * 2 * dim + (2 * dim + 1) * dim + (dim + 1) * dim
    projection = 2 * (dim + 1) * dim
    costs = found.costs["features"]
    rest = tower + block + pooling + projection
    assert costs.parameters_without_users == rest
    assert costs.parameters == rest + (users + 1) * dim
    # The contrastive projection is for training alone.
    assert costs.bytes == 4 * (rest - projection)
    assert costs.item_tower_bytes == 4 * tower
    # One vector for each item of train, and one for all others.
    items = 1 + len(tiny_data.vocabulary.items)
    assert found.costs["ids"].item_tower_bytes == 4 * 32 * items


def test_work(found: Comparison) -> None:
    work = [
        (costs.multiply_adds_per_item, costs.multiply_adds_per_outfit)
        for costs in found.costs.values()
    ]
    # By hand in test_multiply_adds.py; a table takes no products.
    assert work == [(129_184, 3048), (224, 3048), (0, 44_448)]


def test_latency(found: Comparison) -> None:
    for costs in found.costs.values():
        assert list(costs.latency) == ["1 item", "32 items", "1000 outfits"]
        for one in costs.latency.values():
            assert 0 < one.low <= one.median <= one.high


def test_int8_round_trip(found: Comparison, models: Models) -> None:
    for name, costs in found.costs.items():
        int8 = costs.int8
        assert int8.reason is None
        assert int8.cosine is not None
        assert 0.99 < int8.cosine <= 1 + 1e-6, name
        assert int8.auc == pytest.approx(
            found.evaluation.metrics[name]["auc"], abs=0.03
        )
    # Of weights that are many; the file has some kB of its own.
    photos = found.costs["photos"]
    assert photos.int8.bytes is not None
    assert photos.int8.bytes < 0.6 * photos.item_tower_bytes


def test_int8_auc_is_that_of_int8_vectors(
    models: Models, tiny_photo_data: OutfitData, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = models["features"]
    assert model.vocabulary is not None
    data = tiny_photo_data.with_vocabulary(model.vocabulary)
    candidates = Candidates.from_data(data, "valid", 3, seed=1)

    def embed(_: bytes, *others: Any) -> np.ndarray:
        rows = others[-1]
        vectors = np.zeros((data.num_items, 8), np.float32)
        vectors[:, 0] = np.where(np.arange(data.num_items) % 2, 1.0, -1.0)
        return vectors[rows]

    monkeypatch.setattr("fndrec.evaluation.costs.int8_tower.embed", embed)
    lost = int8_tower(model, data, candidates)
    exact = model.embed_items(data)
    sets = candidates.outfits
    rows = np.unique(sets[sets >= 0])
    sign = np.where(rows % 2, 1.0, -1.0)
    cosine = sign * exact[rows, 0] / np.linalg.norm(exact[rows], axis=1)
    assert lost.cosine == pytest.approx(cosine.mean(), abs=1e-6)
    vectors = embed(b"", np.arange(data.num_items))
    scores = model.score_outfits(
        data.user_index[candidates.user], vectors, sets
    )
    expected = fndrec.evaluation.user_metrics(candidates.user, scores)["auc"]
    assert lost.auc == pytest.approx(expected)


def test_a_model_trained_elsewhere(
    found: Comparison, models: Models, tiny_photo_data: OutfitData
) -> None:
    known = tiny_photo_data.vocabulary
    moved = tiny_photo_data.with_vocabulary(
        ModelVocabulary(
            Vocabulary(known.users.to_list()[::-1]),
            Vocabulary(known.items.to_list()[::-1]),
            Vocabulary(["other"]),
        )
    )
    again = compare(
        {"ids": models["ids"]}, moved, negatives=3, seed=1, repetitions=1
    )
    assert again.costs["ids"].int8 == found.costs["ids"].int8


class Betainc(keras.layers.Layer):
    """A tower of an operation that LiteRT does not have."""

    def call(self, features: Any, training: bool = False) -> Any:
        x = tf.sigmoid(tf.cast(features, tf.float32))
        return tf.matmul(tf.math.betainc(x, x, x), tf.fill((6, 8), 0.5))


def test_int8_fails_with_a_reason(tiny_data: OutfitData) -> None:
    model = FNDTeacher(
        ItemTower(8, feature=Betainc()),
        SetTransformer(8, 1, 2),
        UserEmbedding(11, 8),
        OutfitScore(),
    )
    model.vocabulary = tiny_data.vocabulary
    keras.config.set_dtype_policy("mixed_float16")
    try:
        half = tiny_teacher(tiny_data)
    finally:
        keras.config.set_dtype_policy("float32")
    models = {"odd": model, "half": half}
    found = compare(models, tiny_data, negatives=3, repetitions=1)
    odd, half_int8 = (costs.int8 for costs in found.costs.values())
    assert odd.reason is not None
    assert "Betainc" in odd.reason
    assert "\n" not in odd.reason
    assert odd == Int8Tower(reason=odd.reason)
    assert half_int8.reason is not None
    assert "float16" in half_int8.reason
    text = str(found)
    assert text.count(" failed |") == 2
    assert f"- odd: no int8 item tower: {odd.reason}" in text
    assert found.costs["odd"].multiply_adds_per_item == 6 * 8


def test_tables(found: Comparison) -> None:
    text = str(found)
    assert text == found.to_markdown()
    lines = text.splitlines()
    names = [
        line.split("|")[1].strip(" -") for line in lines if line[:1] == "|"
    ]
    head = ["model", "", *found.costs]
    counts = ["item popularity", "category frequency"]
    assert names == [*head, *counts, *head, *head]
    # A table is a block of its own, of lines of one width.
    for block in text.split("\n\n"):
        if block.startswith("|"):
            assert len({len(line) for line in block.splitlines()}) == 1
            assert len({line.count("|") for line in block.splitlines()}) == 1
    photos = found.costs["photos"]
    size = next(line for line in lines if f" {photos.parameters:,} " in line)
    assert f" {photos.bytes / 1000:,.1f} |" in size
    assert f" {photos.int8.cosine:.5f} |" in size
    ids, first = found.costs["ids"].latency, photos.latency
    ratio = ids["32 items"].median / first["32 items"].median
    assert f"{ids['32 items'].high:.2f}), {ratio:.2f}x |" in lines[-1]
    assert f"{photos.multiply_adds_per_item:,} |" in lines[-3]
    assert lines[-3].count("), 1.00x |") == 3


def test_json_round_trip(found: Comparison, tmp_path: Path) -> None:
    path = tmp_path / "new" / "comparison.json"
    found.to_json(path)
    read = json.loads(path.read_text())
    assert read == found.to_dict()
    assert read["evaluation"] == found.evaluation.to_dict()
    costs = read["costs"]["features"]
    assert costs["multiply_adds_per_item"] == 224
    assert costs["latency"]["1 item"]["median"] > 0
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def colours(path: Path) -> int:
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert image.size == (8 * 130, int(5.2 * 130))
        return len(image.convert("RGB").getcolors(2**24) or ())


def test_picture(found: Comparison, tmp_path: Path) -> None:
    path = tmp_path / "new" / "comparison.png"
    found.plot(path)
    assert colours(path) > 50
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    other = tmp_path / "other.png"
    found.plot(other, cost="bytes", metric="hit@1")
    assert colours(other) > 50
    assert other.read_bytes() != path.read_bytes()


def test_picture_as_svg(found: Comparison, tmp_path: Path) -> None:
    found.plot(tmp_path / "plot.svg", size=(5.0, 4.0))
    root = ElementTree.parse(tmp_path / "plot.svg").getroot()  # noqa: S314
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.get("viewBox") == "0 0 360 288"


@pytest.mark.parametrize("costs", [[0.0], [3e5], [2e3, 9e7], [0.0, 0.0, 4e4]])
def test_picture_of_any_costs(
    costs: list[float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What costs nothing has a place too, though the axis is logarithmic."""
    drawn: list[Any] = []

    def keep(axes: Any, labels: list[str], *args: Any, **kwargs: Any) -> None:
        place_labels(axes, labels, *args, **kwargs)
        drawn.extend([axes, labels])

    monkeypatch.setattr("fndrec.plots.quality_plot.place_labels", keep)
    points = [Point(f"$a_{i}", x, 0.7, 10) for i, x in enumerate(costs)]
    quality_plot(points, ("counts", 0.7), tmp_path / "plot.png", **LINES)
    assert colours(tmp_path / "plot.png") > 50
    axes, labels = drawn
    assert labels == [f"$a_{i} (10.0)" for i in range(len(costs))]
    inside = axes.get_window_extent()
    for x in costs:
        assert inside.contains(*axes.transData.transform((x, 0.7)))
    ticks = [tick.get_text() for tick in axes.get_xticklabels()]
    assert "0" in ticks or min(costs) > 0


def test_picture_shows_what_it_is_given(
    found: Comparison, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []

    def keep(*args: Any, **kwargs: Any) -> None:
        given.append((args, kwargs))

    monkeypatch.setattr("fndrec.evaluation.costs.comparison.quality_plot", keep)
    found.plot(tmp_path / "x.png", metric="ndcg")
    (points, baseline, _), named = given[0]
    metrics = found.evaluation.metrics
    assert points[1] == Point(
        "features",
        224,
        metrics["features"]["ndcg"],
        found.costs["features"].parameters_without_users,
    )
    best = max(
        ("item popularity", "category frequency"),
        key=lambda name: metrics[name]["ndcg"],
    )
    assert baseline == (best, metrics[best]["ndcg"])
    assert named["y_label"] == "NDCG"
    assert named["x_label"] == "multiply-adds per item"
    assert math.isfinite(baseline[1])


def test_errors(
    found: Comparison,
    models: Models,
    tiny_data: OutfitData,
    tmp_path: Path,
) -> None:
    with pytest.raises(ValueError, match=r"`models` should .* models={}"):
        compare({}, tiny_data)
    with pytest.raises(ValueError, match="repetitions=0"):
        compare(models, tiny_data, repetitions=0)
    with pytest.raises(DataError, match="items with `image` were expected"):
        compare(models, tiny_data)
    with pytest.raises(DataError, match="split='test'"):
        compare({"ids": models["ids"]}, tiny_data, "test")
    with pytest.raises(ValueError, match="cost='euros'"):
        found.plot(tmp_path / "x.png", cost="euros")
    with pytest.raises(ValueError, match="metric='taste'"):
        found.plot(tmp_path / "x.png", metric="taste")
    assert not list(tmp_path.iterdir())
