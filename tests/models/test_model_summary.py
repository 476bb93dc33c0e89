"""`summary`, the first thing that is asked of a Keras model."""

from typing import Any

import pytest
from tiny_models import tiny_student, tiny_teacher

from fndrec.data import OutfitData
from fndrec.models import with_likes


def summary(model: Any) -> str:
    lines: list[str] = []
    model.summary(print_fn=lambda line, **_: lines.append(line))
    return "\n".join(lines)


@pytest.mark.parametrize(
    "made",
    [
        {},
        {"users": "anchors"},
        {"users": "history"},
        {"aggregator": "mean"},
        {"aggregator": "codes", "users": "codes"},
    ],
    ids=str,
)
def test_every_part_is_shown(
    made: dict[str, Any], tiny_data: OutfitData
) -> None:
    model = tiny_teacher(tiny_data, use_id=True, **made)
    shown = summary(model)
    for part in ("item_tower", "aggregator", "user_embedding", "score"):
        assert part in shown
    assert f"Total params: {model.count_params():,}" in shown


def test_photos_and_a_projection(tiny_photo_data: OutfitData) -> None:
    student = tiny_student(tiny_photo_data, contrastive=True)
    assert "projection" in summary(student)
    assert f"{student.item_tower.count_params():,}" in summary(student)


def test_users_made_of_likes(tiny_data: OutfitData) -> None:
    model = with_likes(tiny_teacher(tiny_data, users="history"), tiny_data)
    assert "user_embedding" in summary(model)
