"""Evaluates users new to a model."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from fndrec.checks import ids, non_negative_int, positive_int
from fndrec.data import OutfitData
from fndrec.data.item_sets import distinct_items_of
from fndrec.errors import DataError
from fndrec.evaluation.candidates import Candidates
from fndrec.evaluation.cold_result import ColdResult
from fndrec.evaluation.protocols.split_ranking import SplitRanking
from fndrec.evaluation.scorer import Scorer, model_of
from fndrec.evaluation.user_metrics import metrics_by_user
from fndrec.evaluation.user_values import UserValues
from fndrec.layers.shrunken_mean import PRIOR_LIKES
from fndrec.models import OutfitRecommender


@dataclasses.dataclass(frozen=True)
class ColdUsers:
    """Ranks the likes of new users, given a few of their likes.

    See `evaluate_cold_users`.

    Args:
        likes: Numbers of given likes: 0 is the cold-start user, None all.
        users: Ids of the users; by default those of the split whom the
            model does not know.
        negatives: Negatives of each like.
        name: Name of the protocol.
        source: Who measured so before.

    Example:

    >>> warm, cold = fndrec.hold_out_users(data, 50)
    >>> model.fit(warm.batches("train"), epochs=10)
    >>> fndrec.evaluate(model, data, protocol="cold users")
    """

    likes: tuple[int | None, ...] = (0, 1, 5)
    users: Sequence[str] | None = None
    negatives: int = 10
    name: str = "cold users"
    source: str = (
        "Lu et al. 2019, section 5: users held out whole; 1 and 5 likes are "
        "this library's"
    )

    baselines: ClassVar[bool] = False

    def __post_init__(self) -> None:
        for number in self.likes:
            if number is not None:
                non_negative_int("likes", number)
        if self.users is not None:
            ids("users", self.users)
        positive_int("negatives", self.negatives)

    @property
    def columns(self) -> Mapping[str, str]:
        return {_key(n): f"AUC, {_words(n)}" for n in self.likes}

    def prepare(
        self, data: OutfitData, split: str, seed: int
    ) -> "ColdUsersRanking":
        """Keeps the arguments. The draws depend on the model's users."""
        return ColdUsersRanking(data, split, seed, self)


@dataclasses.dataclass(frozen=True)
class ColdUsersRanking(SplitRanking):
    """The likes of users new to the model that is measured."""

    protocol: ColdUsers

    @property
    def against(self) -> str:
        """What the likes are ranked against, in words."""
        return (
            "those of users the model has not seen, each against "
            f"{self.protocol.negatives} negatives"
        )

    def measure(self, scorer: Scorer) -> dict[str, UserValues]:
        """Returns the AUC by the number of given likes, user by user."""
        model = model_of(scorer, self.protocol.name)
        users = self.protocol.users
        if users is None:
            ranked = np.unique(self.data.likes(self.split).user)
            known = () if model.vocabulary is None else model.vocabulary.users
            named = [self.data.users[row] for row in ranked]
            users = [user for user in named if user not in known]
            if not users:
                raise DataError(
                    f"{self.data.name}: users new to the model were expected, "
                    "see `hold_out_users`. Received: a model that knows all "
                    f"{len(ranked)} users of split={self.split!r}"
                )
        found = evaluate_cold_users(
            model,
            self.data,
            users,
            self.protocol.likes,
            self.split,
            negatives=self.protocol.negatives,
            seed=self.seed,
        )
        return {
            _key(number): UserValues.of_users(by_user)
            for number, by_user in zip(
                self.protocol.likes, found.auc_by_user.values(), strict=True
            )
        }


def _key(number: int | None) -> str:
    return "auc, all likes" if number is None else f"auc, {number} likes"


def _words(number: int | None) -> str:
    if number is None:
        return "all likes"
    return "1 like" if number == 1 else f"{number} likes"


def evaluate_cold_users(
    model: OutfitRecommender,
    data: OutfitData,
    users: Sequence[str],
    likes: Sequence[int | None] = (0, 1, 5, None),
    split: str = "valid",
    *,
    negatives: int = 10,
    negative_sampling: str | None = None,
    prior_likes: float = PRIOR_LIKES,
    seed: int = 0,
) -> ColdResult:
    """Evaluates held-out users, given a few of their likes.

    The model is given some of each user's train likes. They are drawn in one
    random order, so the first of 5 given likes is also the one of 1 given
    like. `model.encode_likes` computes the user's vector from them. It ranks
    the user's likes in `split`, the same likes however many are given.

    Args:
        model: A model trained without the users, see `hold_out_users`.
        data: The data set with their likes.
        users: Ids of the users.
        likes: Numbers of given likes: 0 is the cold-start user, None all.
        split: Split of the likes that are ranked.
        negatives: Negatives of each like.
        negative_sampling: Kind of the negatives, see `Candidates.from_data`.
        prior_likes: See `fold_in`.
        seed: Seed of the given likes and of the candidates.

    Returns:
        A `ColdResult`, one row for each of `likes`.

    Raises:
        ValueError: If a number of likes is negative.
        DataError: If a user is not in the data, likes nothing in `split`, or
            was known to the model in training.

    Example:

    >>> warm, cold = fndrec.hold_out_users(data, 50)
    >>> model.fit(warm.batches("train", history=7), epochs=10)
    >>> print(fndrec.evaluate_cold_users(model, data, cold))

    Reference: Lu et al. 2019, section 5 (users held out whole).
    """
    rows = _checked(model, data, users, likes, split)
    if model.vocabulary is not None:
        data = data.with_vocabulary(model.vocabulary)
    given = _given_likes(data, rows, seed)
    candidates = Candidates.from_data(
        data, split, negatives, negative_sampling, seed
    )
    of_cold = np.isin(candidates.user, rows)
    user = candidates.user[of_cold]
    outfits = candidates.outfits[of_cold]

    liked, at = np.unique(given, return_inverse=True)
    at = at.reshape(given.shape) - int(liked[0] < 0)
    items, (liked_sets, candidate_sets) = distinct_items_of(
        data.outfit_items[liked[liked >= 0]], outfits
    )
    vectors = model.embed_items(data, items)
    liked_vectors = model.embed_outfits(vectors, liked_sets)

    by_user: dict[str, np.ndarray] = {}
    for number in likes:
        width = given.shape[1] if number is None else number
        kept = np.where(np.arange(given.shape[1]) < width, at, -1)
        made = model.embed_likes(
            liked_vectors, kept.astype(np.int32), prior_likes
        )
        scores = model.score_outfits(
            made[np.searchsorted(rows, user)], vectors, candidate_sets
        )
        name = "all likes" if number is None else f"{number} likes"
        by_user[name] = metrics_by_user(user, scores)["auc"]
    return ColdResult(
        data=data.name, split=split, likes=len(user), auc_by_user=by_user
    )


def _checked(
    model: OutfitRecommender,
    data: OutfitData,
    users: Sequence[str],
    likes: Sequence[int | None],
    split: str,
) -> np.ndarray:
    """Checks user ids; returns their sorted rows."""
    for number in likes:
        if number is not None:
            non_negative_int("likes", number)
    if not len(ids("users", users)):
        raise ValueError("`users` should name one user or more. Received: none")
    rows = data.users.rows(list(users))
    ranked = np.isin(rows, data.likes(split).user)
    for i, user in enumerate(users):
        if not ranked[i]:
            raise DataError(
                f"{data.name}: `users` should like something in {split}. "
                f"Received: {user!r}, who does not"
            )
        if model.vocabulary is not None and user in model.vocabulary.users:
            raise DataError(
                f"{data.name}: `users` should be held out of the training. "
                f"Received: {user!r}, whom the model knows"
            )
    return np.unique(rows)


def _given_likes(data: OutfitData, rows: np.ndarray, seed: int) -> np.ndarray:
    """Returns the users' train likes in random order, `(users, most)`."""
    likes = data.likes("train")
    rng = np.random.default_rng((seed, len(likes)))
    own = [rng.permutation(likes.outfit[likes.user == row]) for row in rows]
    given = np.full((len(rows), max(map(len, own)) or 1), -1, np.int32)
    for row, outfits in zip(given, own, strict=True):
        row[: len(outfits)] = outfits
    return given
