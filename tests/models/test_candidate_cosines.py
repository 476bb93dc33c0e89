import numpy as np
import pytest
from keras import ops

from fndrec.models.candidate_scores import (
    EXCLUDED,
    candidate_cosines,
    exclude_own_likes,
    liked_first,
)

USERS = np.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]], np.float32)
# Three likes of two candidates each.
OUTFITS = np.array(
    [
        [[1.0, 0.0], [0.0, 1.0]],
        [[0.0, 1.0], [-1.0, 0.0]],
        [[0.8, 0.6], [0.6, -0.8]],
    ],
    np.float32,
)
OWN = [[1.0, 0.0], [1.0, 0.0], [0.96, -0.28]]
EVERY = [
    [1.0, 0.0, 0.0, -1.0, 0.8, 0.6],
    [0.0, 1.0, 1.0, 0.0, 0.6, -0.8],
    [0.6, 0.8, 0.8, -0.6, 0.96, -0.28],
]


def test_labels_name_the_first_column() -> None:
    labels = np.array(liked_first(USERS))
    assert labels.tolist() == [[1, 0], [1, 0], [1, 0]]


def test_cosines_of_own_candidates() -> None:
    cosines = candidate_cosines(USERS, OUTFITS, in_batch=False)
    np.testing.assert_allclose(cosines, OWN, atol=1e-6)


def test_cosines_of_all_candidates_follow() -> None:
    cosines = candidate_cosines(USERS, OUTFITS, in_batch=True)
    np.testing.assert_allclose(cosines, np.hstack([OWN, EVERY]), atol=1e-6)


def test_likes_of_the_same_user_do_not_stand_against_each_other() -> None:
    scores = candidate_cosines(USERS, OUTFITS, in_batch=True)
    found = np.array(
        exclude_own_likes(scores, np.array([7, 4, 7]), in_batch=True)
    )
    expected = np.hstack([OWN, EVERY])
    for like, columns in ((0, [0, 1, 4, 5]), (1, [2, 3]), (2, [0, 1, 4, 5])):
        expected[like, 2 + np.array(columns)] = EXCLUDED
    np.testing.assert_allclose(found, expected, atol=1e-6)
    # No weight in a softmax, and no NaN.
    share = np.array(ops.softmax(10 * found, axis=-1))
    assert (share[expected == EXCLUDED] == 0).all()
    assert np.isfinite(np.array(ops.log_softmax(found, axis=-1))).all()


def test_nothing_is_excluded_from_own_candidates() -> None:
    scores = np.array(OWN)
    assert (
        exclude_own_likes(scores, np.array([7, 7, 7]), in_batch=False) is scores
    )


@pytest.mark.parametrize("candidates", [1, 3])
def test_one_like_alone_has_its_own_candidates_only(candidates: int) -> None:
    outfits = OUTFITS.reshape(1, 6, 2)[:, :candidates]
    scores = candidate_cosines(USERS[:1], outfits, in_batch=True)
    found = np.array(exclude_own_likes(scores, np.array([3]), in_batch=True))
    assert found.shape == (1, 2 * candidates)
    assert (found[:, candidates:] == EXCLUDED).all()
