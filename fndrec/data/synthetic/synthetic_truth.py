"""The true tastes of the users of a synthetic shop."""

from __future__ import annotations

import dataclasses
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fndrec.errors import DataError

if TYPE_CHECKING:
    from fndrec.data.outfit_data import OutfitData

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class SyntheticTruth:
    """The planted tastes, which rate any outfit of the shop's items.

    With `a_i` the attributes of item i, `t_u` the taste and `w_u` the harmony
    of user u, and `S` the number of items of the outfit, the utility is

        u(u, o) = sum_i t_u . a_i / sqrt(S)
                  + sum_{i<j} w_u . (a_i * a_j) / sqrt(S (S - 1) / 2)

    The square roots keep the spread of utilities independent of the size. A
    user likes an outfit if its utility exceeds the user's threshold.

    Args:
        users: User ids.
        items: Item ids.
        attributes: Floats `(items, attributes)`.
        taste: Floats `(users, attributes)`.
        harmony: Floats `(users, attributes)`: positive if similar items go
            together, negative if opposite ones do.
        threshold: Floats `(users,)`.

    Example:

    >>> truth = SyntheticTruth.load("shop/truth.npz")
    >>> truth.liked(np.array([0]), np.array([[3, 120, -1, -1]])).shape
    (1,)
    """

    users: npt.NDArray[np.str_]
    items: npt.NDArray[np.str_]
    attributes: FloatArray
    taste: FloatArray
    harmony: FloatArray
    threshold: FloatArray

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> SyntheticTruth:
        """Reads a file that `save` has written.

        Raises:
            DataError: If the file does not hold a truth.
        """
        names = [field.name for field in dataclasses.fields(cls)]
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return cls(**{name: arrays[name] for name in names})
        except (
            OSError,
            ValueError,
            KeyError,
            TypeError,
            zipfile.BadZipFile,
        ) as error:
            raise DataError(
                f"{path} should hold the truth of a synthetic shop ({error})"
            ) from error

    def save(self, path: Path) -> None:
        """Writes the truth as a `.npz` file."""
        np.savez(path, **vars(self))

    def aligned(self, data: OutfitData) -> SyntheticTruth:
        """Returns the truth with the rows of `data`.

        Args:
            data: A data set of users and items of this shop.

        Raises:
            DataError: If a user or item is not in this shop.
        """
        users = _rows(self.users, data.users.to_list())
        items = _rows(self.items, data.items.to_list())
        return SyntheticTruth(
            users=self.users[users],
            items=self.items[items],
            attributes=self.attributes[items],
            taste=self.taste[users],
            harmony=self.harmony[users],
            threshold=self.threshold[users],
        )

    def utility(
        self,
        users: npt.NDArray[np.integer],
        outfits: npt.NDArray[np.integer],
    ) -> FloatArray:
        """Returns how much users like outfits.

        Args:
            users: Integer array `(pairs,)` of user rows.
            outfits: Integer array `(pairs, slots)` of item rows, -1 in empty
                slots.

        Returns:
            Floats `(pairs,)`.
        """
        alone, together = outfit_attributes(self.attributes, outfits)
        return np.einsum("pa,pa->p", self.taste[users], alone) + np.einsum(
            "pa,pa->p", self.harmony[users], together
        )

    def liked(
        self,
        users: npt.NDArray[np.integer],
        outfits: npt.NDArray[np.integer],
    ) -> npt.NDArray[np.bool_]:
        """Returns whether users truly like outfits, observed or not.

        Args:
            users: Integer array `(pairs,)` of user rows.
            outfits: Integer array `(pairs, slots)` of item rows, -1 in empty
                slots.

        Returns:
            Bools `(pairs,)`.
        """
        return self.utility(users, outfits) > self.threshold[users]

    def __repr__(self) -> str:
        return (
            f"SyntheticTruth(users={len(self.users)}, items={len(self.items)})"
        )


def outfit_attributes(
    attributes: FloatArray, outfits: npt.NDArray[np.integer]
) -> tuple[FloatArray, FloatArray]:
    """Returns scaled sums of attributes over items and over pairs of items.

    Args:
        attributes: Floats `(items, attributes)`.
        outfits: Integer array `(outfits, slots)`, -1 in empty slots.

    Returns:
        Two float arrays `(outfits, attributes)`, scaled as in the utility.
    """
    total = np.zeros((len(outfits), attributes.shape[1]))
    squares = np.zeros_like(total)
    for slot in outfits.T:
        values = np.where(slot[:, None] < 0, 0.0, attributes[slot])
        total += values
        squares += values**2
    sizes = np.sum(outfits >= 0, axis=1)[:, None]
    pairs = np.maximum(sizes * (sizes - 1) / 2, 1)
    alone = total / np.sqrt(np.maximum(sizes, 1))
    return alone, (total**2 - squares) / 2 / np.sqrt(pairs)


def _rows(ids: npt.NDArray[np.str_], names: list[str]) -> list[int]:
    row_of = {name: row for row, name in enumerate(ids.tolist())}
    try:
        return [row_of[name] for name in names]
    except KeyError as error:
        raise DataError(
            f"{error.args[0]!r} is not in the synthetic shop"
        ) from error
