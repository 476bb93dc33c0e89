"""Likes of users a model has not seen."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from fndrec.data import OutfitData
from fndrec.errors import DataError
from fndrec.evaluation.cold_users import evaluate_cold_users
from fndrec.evaluation.protocols.model_of import model_of
from fndrec.evaluation.protocols.split_ranking import SplitRanking
from fndrec.evaluation.scorer import Scorer
from fndrec.evaluation.user_values import UserValues


@dataclasses.dataclass(frozen=True)
class ColdUsers:
    """Ranks the likes of users new to a model, who give some likes away.

    See `evaluate_cold_users`.

    Args:
        likes: How many likes are given: 0 is the cold-start user, None all.
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

    @property
    def columns(self) -> Mapping[str, str]:
        return {_key(n): f"AUC, {_words(n)}" for n in self.likes}

    def prepare(
        self, data: OutfitData, split: str, seed: int
    ) -> "ColdUsersRanking":
        """Keeps what is asked; the draws follow from the model's users."""
        return ColdUsersRanking(data, split, seed, self)


@dataclasses.dataclass(frozen=True)
class ColdUsersRanking(SplitRanking):
    """Likes of users new to whatever model is measured."""

    protocol: ColdUsers

    @property
    def against(self) -> str:
        """What the likes are ranked against, in words."""
        return (
            "those of users the model has not seen, each against "
            f"{self.protocol.negatives} negatives"
        )

    def measure(self, scorer: Scorer) -> dict[str, UserValues]:
        """AUC by how many likes were given, user by user."""
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
