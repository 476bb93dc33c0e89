"""One split in numbers."""

from __future__ import annotations

from dataclasses import dataclass

from fndrec.data.spread import Spread


@dataclass(frozen=True)
class SplitSummary:
    """One split in numbers.

    Args:
        likes: Likes.
        users: Users with a like.
        outfits: Outfits liked.
        items: Items of those outfits.
        cold_users: Of the users, those without a like in train.
        cold_outfits: Of the outfits, those that nobody likes in train.
        cold_items: Of the items, those in no outfit liked in train.
        likes_a_user: Of the users.
    """

    likes: int
    users: int
    outfits: int
    items: int
    cold_users: int
    cold_outfits: int
    cold_items: int
    likes_a_user: Spread
