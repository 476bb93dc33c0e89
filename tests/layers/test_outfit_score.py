from pathlib import Path
from typing import Any

import numpy as np
import pytest
from layer_checks import check_layer

from fndrec.layers import OutfitScore

USERS = np.array([[1.0, 0.0], [0.6, 0.8]], "float32")
OUTFITS = np.array(
    [
        [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]],
        [[0.6, 0.8], [0.8, 0.6], [0.8, -0.6]],
    ],
    "float32",
)


@pytest.mark.parametrize("kind", ["cosine", "squared_distance"])
def test_life(kind: str, tmp_path: Path) -> None:
    check_layer(
        OutfitScore,
        {"kind": kind, "temperature": 0.2},
        {"users": USERS, "outfits": OUTFITS},
        (2, 3),
        tmp_path,
        float32_output=True,
        # Not even rounded to half precision.
        tolerance=1e-6,
    )


def test_cosine_by_hand() -> None:
    found = OutfitScore("cosine", temperature=0.1)(USERS, OUTFITS)
    np.testing.assert_allclose(
        found, [[10.0, 0.0, -10.0], [10.0, 9.6, 0.0]], rtol=1e-6, atol=1e-6
    )


def test_squared_distance_by_hand() -> None:
    # |u - o|^2 is 0, 2, 4 and 0, 0.08, 2.
    found = OutfitScore("squared_distance", temperature=0.5)(USERS, OUTFITS)
    np.testing.assert_allclose(
        found, [[0.0, -4.0, -8.0], [0.0, -0.16, -4.0]], rtol=1e-5, atol=1e-5
    )


def test_from_cosine_takes_any_shape() -> None:
    cosine = np.array([1.0, 0.5], "float32")
    score = OutfitScore(temperature=0.5)
    np.testing.assert_allclose(score.from_cosine(cosine), [2, 1])
    score = OutfitScore("squared_distance", temperature=0.5)
    np.testing.assert_allclose(
        score.from_cosine(cosine[None, :, None]), [[[0], [-2]]]
    )


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"kind": "dot"}, "`kind` should be one of .*Received: kind='dot'"),
        (
            {"temperature": 0},
            "`temperature` should be a positive float. Received: temperature=0",
        ),
        ({"temperature": float("nan")}, "`temperature` should be a positive"),
        ({"temperature": "1"}, "`temperature` should be a positive"),
    ],
)
def test_bad_arguments(kwargs: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        OutfitScore(**kwargs)


@pytest.mark.parametrize("anchors", ["attention", "max"])
def test_anchors_by_hand(anchors: str) -> None:
    layer = OutfitScore(temperature=0.5, anchors=anchors)
    several = np.stack([USERS, USERS[::-1]], axis=1)
    each = np.einsum("bkd,bcd->bkc", several, OUTFITS)
    if anchors == "max":
        expected = each.max(axis=1)
    else:
        weights = np.exp(each / 0.5)
        weights /= weights.sum(axis=1, keepdims=True)
        expected = (weights * each).sum(axis=1)
    np.testing.assert_allclose(
        layer.cosine(several, OUTFITS), expected, atol=1e-6
    )
    np.testing.assert_allclose(layer(several, OUTFITS), 2 * expected, atol=1e-6)
    # Outfits that are the same for all.
    np.testing.assert_allclose(
        layer.cosine(several, OUTFITS[0]),
        layer.cosine(several, np.stack([OUTFITS[0]] * 2)),
        atol=1e-6,
    )


def test_cosines_with_a_catalogue() -> None:
    layer = OutfitScore()
    np.testing.assert_allclose(
        layer.cosine(USERS, OUTFITS[1]), USERS @ OUTFITS[1].T, atol=1e-6
    )


def test_one_anchor_is_a_user() -> None:
    layer = OutfitScore()
    np.testing.assert_allclose(
        layer(USERS[:, None], OUTFITS), layer(USERS, OUTFITS), atol=1e-5
    )


def test_unknown_anchors() -> None:
    with pytest.raises(ValueError, match="`anchors` should be one of"):
        OutfitScore(anchors="mean")
