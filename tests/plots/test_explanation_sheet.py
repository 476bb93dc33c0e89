import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread
from tiny_models import tiny_teacher

from fndrec import DataError, explain, explanation_sheet
from fndrec.data import OutfitData
from fndrec.retrieval import Explanation


@pytest.fixture(scope="module")
def whys(tiny_photo_data: OutfitData) -> list[Explanation]:
    """Of 1, 4 and, for a user who likes nothing, 2 items."""
    model = tiny_teacher(tiny_photo_data)
    return [
        *explain(model, tiny_photo_data, "user3", ["outfit0", "outfit47"]),
        *explain(model, tiny_photo_data, "$nobody_", ["outfit1"]),
    ]


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that are saved."""
    saved: list[Figure] = []
    savefig = Figure.savefig

    def save(self: Figure, *args: Any, **kwargs: Any) -> None:
        saved.append(self)
        savefig(self, *args, **kwargs)

    monkeypatch.setattr(Figure, "savefig", save)
    return saved


def words_of(figure: Figure) -> str:
    texts = [*figure.texts, *(t for axes in figure.axes for t in axes.texts)]
    return "\n".join(text.get_text() for text in texts)


def heights_of(axes: Any) -> list[float]:
    return [bar.get_height() for bar in axes.patches]


def test_photos(
    whys: list[Explanation],
    tiny_photo_data: OutfitData,
    figures: list[Figure],
    tmp_path: Path,
) -> None:
    explanation_sheet(tiny_photo_data, whys, tmp_path / "new" / "why.png")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["why.png"]
    picture = imread(tmp_path / "new" / "why.png")
    height, width = picture.shape[:2]
    assert 600 < width < 1600
    assert height > 1000
    figure = figures[0]
    words = words_of(figure)
    # The photo of each item, and of those of the liked outfits, in order.
    shown = [axes.images[0].get_array() for axes in figure.axes if axes.images]
    expected = [
        item_id
        for why in whys
        for item_id in (
            *why.item_ids,
            *(item for near in why.liked for item in near.item_ids),
        )
    ]
    assert tiny_photo_data.store is not None
    photos = tiny_photo_data.store.gather(tiny_photo_data.items.rows(expected))
    np.testing.assert_array_equal(np.array(shown), photos)
    # Bars are the numbers.
    bars = [axes for axes in figure.axes if axes.patches and not axes.images]
    heights = [heights_of(axes) for axes in bars]
    for i, why in enumerate(whys):
        assert heights[2 * i] == pytest.approx(why.contribution.tolist())
        assert heights[2 * i + 1] == pytest.approx(why.attention.tolist())
        for near in why.liked:
            assert f"{near.outfit_id}, cosine {near.cosine:.2f}" in words
    # One scale for all outfits, with room for all values.
    for kind in (bars[0::2], bars[1::2]):
        limits = {axes.get_ylim() for axes in kind}
        assert len(limits) == 1
        low, high = limits.pop()
        for axes in kind:
            for height in heights_of(axes):
                assert low <= height <= high
    assert "for $nobody_, whom the model does not know" in words
    assert "the user is not known to like any other outfit" in words
    assert f"(of {whys[0].num_liked})" in words


def test_names_for_want_of_photos(
    whys: list[Explanation],
    tiny_data: OutfitData,
    figures: list[Figure],
    tmp_path: Path,
) -> None:
    given = dataclasses.replace(whys[1], outfit_id=None)
    explanation_sheet(tiny_data, [given], tmp_path / "why.png")
    assert not any(axes.images for axes in figures[0].axes)
    words = words_of(figures[0]).splitlines()
    assert "Items given" in words
    for item_id in given.item_ids:
        assert item_id in words
    for near in given.liked:
        for item_id in near.item_ids:
            assert item_id in words
    bare = dataclasses.replace(tiny_data, categories=None, item_category=None)
    none = dataclasses.replace(given, categories=None, liked=())
    explanation_sheet(bare, [none], tmp_path / "bare.png")
    words = words_of(figures[1]).splitlines()
    assert words.count(given.item_ids[0]) == 2  # in the box and below
    assert "none asked for" in words


def test_wide_liked_outfits_wrap(
    whys: list[Explanation], tiny_photo_data: OutfitData, tmp_path: Path
) -> None:
    sizes = []
    for liked in (whys[1].liked[:1], whys[1].liked * 4):
        why = dataclasses.replace(whys[1], liked=liked)
        explanation_sheet(tiny_photo_data, [why], tmp_path / "why.png")
        sizes.append(imread(tmp_path / "why.png").shape[:2])
    assert sizes[1][0] > sizes[0][0]
    assert sizes[1][1] < 1400


def test_bad_input(
    whys: list[Explanation], tiny_photo_data: OutfitData, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="`explanations`"):
        explanation_sheet(tiny_photo_data, [], tmp_path / "why.png")
    unknown = dataclasses.replace(whys[2], item_ids=("item1", "x9"))
    with pytest.raises(DataError, match="'x9'"):
        explanation_sheet(tiny_photo_data, [unknown], tmp_path / "why.png")
    assert not list(tmp_path.iterdir())
