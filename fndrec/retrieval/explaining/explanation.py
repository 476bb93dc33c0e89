"""Why an outfit is recommended, as data."""

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class LikedOutfit:
    """An outfit the user likes, near a recommended one.

    Attributes:
        outfit_id: The outfit.
        item_ids: Its items.
        cosine: Cosine of the two outfits in the user-outfit space.
    """

    outfit_id: str
    item_ids: tuple[str, ...]
    cosine: float


@dataclasses.dataclass(frozen=True, eq=False)
class Explanation:
    """Why an outfit is recommended to a user.

    Attributes:
        user_id: The user.
        known: Whether the model knows the user; if not, the score is that
            of the cold-start user.
        outfit_id: The outfit; None for a set of items that was given.
        item_ids: Its items.
        categories: Their categories; None if the data has none.
        score: The score of the outfit.
        contribution: Float32 array `(items,)`: what the score loses when
            the item is left out; below 0 the outfit is better without it.
        head_attention: Float32 array `(heads, items)`: how much each head
            of the pooling looks at the item; the sum over the items is 1.
        liked: The liked outfits nearest to it, the nearest first. Empty if
            the user likes none other.
        num_liked: How many other outfits the user likes.
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
        """Float32 array `(items,)`: `head_attention`, averaged over heads."""
        mean: FloatArray = self.head_attention.mean(axis=0)
        return mean

    def to_rows(self) -> list[dict[str, Any]]:
        """Plain values for a table, a row an item.

        What is of the outfit stands in each of its rows; ids of several
        outfits or items are joined by `;`, and so are numbers.

        Returns:
            A dictionary of the same keys for each item, in the order of
            `item_ids`.
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
