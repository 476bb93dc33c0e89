from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tiny_models import copy_shop

from fndrec import DataError
from fndrec.data import (
    ModelVocabulary,
    OutfitData,
    Vocabulary,
    from_tables,
    read_csv,
)


@pytest.fixture
def data(tiny_photo_data: OutfitData, tmp_path: Path) -> OutfitData:
    """The tiny shop, the photo of item 5 broken."""
    folder = tmp_path / "shop"
    copy_shop(tiny_photo_data, folder)
    (folder / "5.png").write_text("no photo")
    return read_csv(folder)


def test_raises(data: OutfitData) -> None:
    with pytest.raises(DataError, match=r"5\.png"):
        data.with_photos(16)


def test_drops_what_depends_on_the_photo(
    data: OutfitData,
    tiny_photo_data: OutfitData,
    caplog: pytest.LogCaptureFixture,
) -> None:
    kept = data.with_photos(16, on_error="drop")
    assert "Dropped 1 items" in caplog.text
    assert "5.png" in caplog.text
    assert kept.name == "shop"
    assert kept.items.to_list() == [i for i in data.items if i != "item5"]
    lost = [
        outfit
        for row, outfit in enumerate(data.outfits)
        if "item5" in data.outfit_item_ids(row)
    ]
    assert lost
    assert kept.outfits.to_list() == [o for o in data.outfits if o not in lost]
    for split in ("train", "valid"):

        def pairs(data: OutfitData, split: str = split) -> list[Any]:
            likes = data.likes(split)
            users = data.users.take(likes.user)
            return list(
                zip(users, data.outfits.take(likes.outfit), strict=True)
            )

        assert pairs(kept) == [p for p in pairs(data) if p[1] not in lost]
    # Every item keeps what is known of it.
    rows = data.items.rows(kept.items.ids)
    whole = tiny_photo_data.content(rows)
    found = kept.content(np.arange(kept.num_items, dtype=np.int32))
    for key in ("image", "feature", "category"):
        np.testing.assert_array_equal(found[key], whole[key])
    assert "item5" not in kept.vocabulary.items


def test_a_vocabulary_from_elsewhere_is_kept(data: OutfitData) -> None:
    known = ModelVocabulary(
        Vocabulary(["user3", "user1"]),
        Vocabulary(["item9", "item5"]),
        Vocabulary(["top"]),
    )
    kept = data.with_vocabulary(known).with_photos(16, on_error="drop")
    assert kept.vocabulary is known
    assert kept.user_index[kept.users.rows(["user1"])] == 2


def test_groups_and_no_categories(tmp_path: Path) -> None:
    root = Path(__file__).parent
    data = from_tables(
        pa.table(
            {
                "item_id": ["a", "b", "c"],
                "group": ["y", "x", "y"],
                "image": [Path(__file__).name] * 3,
            }
        ),
        pa.table({"outfit_id": ["o", "p"], "item_ids": ["a;b", "c"]}),
        {"train": pa.table({"user_id": ["u", "u"], "outfit_id": ["o", "p"]})},
        photo_root=root,
    )
    kept = data.without_items(np.array([2]))
    assert kept.items.to_list() == ["a", "b"]
    assert kept.groups is not None
    assert kept.groups.take(kept.item_group) == ["y", "x"]
    assert kept.categories is None
    assert kept.outfits.to_list() == ["o"]
    with pytest.raises(DataError, match="at least one train like was expected"):
        data.without_items(np.array([0, 2]))
