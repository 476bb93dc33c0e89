"""Explanations of recommendations as data."""

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class LikedOutfit:
    """An outfit that the user likes and that is near an explained one.

    Attributes:
        outfit_id: The outfit.
        item_ids: Its items.
        cosine: Cosine between the two outfits in the user-outfit space.
    """

    outfit_id: str
    item_ids: tuple[str, ...]
    cosine: float


@dataclasses.dataclass(frozen=True, eq=False)
class Explanation:
    """The reasons for the score of an outfit for a user.

    Attributes:
        user_id: The user.
        known: Whether the model knows the user. The score of an unknown user
            is that of the cold-start user.
        outfit_id: The outfit; None for a set of items.
        item_ids: Its items.
        categories: Their categories; None if the data has none.
        score: The score of the outfit.
        contribution: Float32 array `(items,)`: the drop of the score when the
            item is left out. A negative value means that the outfit is better
            without the item.
        head_attention: Float32 array `(heads, items)`: the attention of each
            pooling head to the item. It sums to 1 over the items.
        liked: The nearest outfits that the user likes, nearest first. Empty if
            the user likes no other outfit.
        num_liked: Number of other outfits that the user likes.
    """

    user_id: str
    known: bool
    outfit_id: str | None
    item_ids: tuple[str, ...]
    categories: tuple[str, ...] | None
    score: float
    contribution: FloatArray
    head_attention: FloatArray
    liked: tuple[LikedOutfit, ...]
    num_liked: int

    @property
    def attention(self) -> FloatArray:
        """Float32 array `(items,)`: the mean of `head_attention` over heads."""
        mean: FloatArray = self.head_attention.mean(axis=0)
        return mean

    def to_rows(self) -> list[dict[str, Any]]:
        """Returns plain values for a table with one row per item.

        Each row repeats the values of the outfit. Several ids or numbers in one
        cell are joined by `;`.

        Returns:
            One dictionary per item, in the order of `item_ids`. All have the
            same keys.
        """
        outfit = {
            "user_id": self.user_id,
            "known": int(self.known),
            "outfit_id": self.outfit_id or "",
            "item_ids": ";".join(self.item_ids),
            "score": self.score,
        }
        liked = {
            "liked_outfits": self.num_liked,
            "nearest_liked": ";".join(near.outfit_id for near in self.liked),
            "nearest_cosine": ";".join(
                f"{near.cosine:.8g}" for near in self.liked
            ),
        }
        return [
            {
                **outfit,
                "item_id": item_id,
                "category": category,
                "contribution": float(self.contribution[i]),
                "attention": float(self.attention[i]),
                "head_attention": ";".join(
                    f"{weight:.8g}" for weight in self.head_attention[:, i]
                ),
                **liked,
            }
            for i, (item_id, category) in enumerate(
                zip(
                    self.item_ids,
                    self.categories or ("",) * len(self.item_ids),
                    strict=True,
                )
            )
        ]
