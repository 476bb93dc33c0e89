"""The ids that a trained model knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fndrec.data.vocabulary import Vocabulary
from fndrec.errors import DataError


@dataclass(frozen=True)
class ModelVocabulary:
    """The ids of users, items and categories that a trained model knows.

    Row r of a vocabulary is row r + 1 of the model's embedding table. Row 0
    of the table stands for all unknown ids.

    Args:
        users: Users the model was trained on.
        items: Items the model was trained on.
        categories: Item categories, None if there were none.

    Example:

    ```python
    vocabulary = ModelVocabulary(
        Vocabulary(["ann"]), Vocabulary(["shirt", "shoe"]), None
    )
    same = ModelVocabulary.from_dict(vocabulary.to_dict())
    ```
    """

    users: Vocabulary
    items: Vocabulary
    categories: Vocabulary | None

    def to_dict(self) -> dict[str, list[str] | None]:
        """Returns the ids as lists of strings, ready for `json.dump`."""
        return {
            "users": self.users.to_list(),
            "items": self.items.to_list(),
            "categories": (
                None if self.categories is None else self.categories.to_list()
            ),
        }

    @classmethod
    def from_dict(cls, names: Mapping[str, Any]) -> ModelVocabulary:
        """Returns the vocabulary that `to_dict` described.

        Raises:
            DataError: If a list is missing, holds something other than
                strings or holds an id twice.
        """
        return cls(
            users=_vocabulary(names, "users"),
            items=_vocabulary(names, "items"),
            categories=(
                _vocabulary(names, "categories")
                if names.get("categories") is not None
                else None
            ),
        )

    def __repr__(self) -> str:
        categories = None if self.categories is None else len(self.categories)
        return (
            f"ModelVocabulary(users={len(self.users)}, "
            f"items={len(self.items)}, categories={categories})"
        )


def _vocabulary(names: Mapping[str, Any], key: str) -> Vocabulary:
    values = names.get(key)
    if not isinstance(values, list):
        raise DataError(
            f"A model vocabulary should hold `{key}` as a list of strings. "
            f"Received: {key}={values!r}"
        )
    try:
        return Vocabulary(values)
    except DataError as error:
        raise DataError(f"`{key}` of a model vocabulary: {error}") from None
