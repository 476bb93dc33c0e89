"""`recommend_filtered`: the best outfits for a user, some left out."""

from typing import Any

import numpy as np
import tensorflow as tf

from fndrec.serving.export._best import best_outfits, outfits_at
from fndrec.serving.export._catalogue import (
    FIRST_CATEGORY,
    NO_ITEM,
    Catalogue,
)
from fndrec.serving.export._lookup import rows
from fndrec.serving.export._served import ServedModel
from fndrec.serving.export._sets import present_ids
from fndrec.serving.export.signatures.recommend import KNOWN, RANKED
from fndrec.serving.export.signatures.signature import (
    Signature,
    inputs_of,
    ints,
    repeated,
    strings,
)


def recommend_filtered(served: ServedModel, catalogue: Catalogue) -> Signature:
    """The best outfits that are not excluded, of given categories only.

    Args:
        served: The model.
        catalogue: The catalogue.

    Returns:
        The signature.
    """

    def function(inputs: dict[str, Any]) -> dict[str, Any]:
        users = served.user_index(inputs["user_id"])
        names = inputs["exclude_outfit_id"]
        given = present_ids(names, inputs["exclude_length"])
        excluded = outfits_at(
            tf.where(given, rows(catalogue.outfits, names), -1),
            catalogue.num_outfits,
        )
        names = inputs["category"]
        given = present_ids(names, inputs["category_length"])
        best = best_outfits(
            served.model.score,
            catalogue,
            served.encode_users(users),
            inputs["k"],
            refused=excluded | ~_of_categories(catalogue, names, given),
        )
        return {**best, "known": users > 0}

    def example(batch: int) -> dict[str, np.ndarray]:
        return {
            "user_id": repeated(served.example_user, batch),
            "k": np.full(batch, 3, np.int32),
            "exclude_outfit_id": repeated(catalogue.example_outfits, batch),
            "exclude_length": np.full(
                batch, len(catalogue.example_outfits), np.int32
            ),
            "category": repeated([""], batch),
            "category_length": np.zeros(batch, np.int32),
        }

    return Signature(
        name="recommend_filtered",
        description="As `recommend`, without the outfits to exclude and, if "
        "categories are given, with only outfits all of whose items are of "
        "these.",
        inputs=inputs_of(
            strings("user_id"),
            ints("k"),
            strings("exclude_outfit_id", 2),
            ints("exclude_length"),
            strings("category", 2),
            ints("category_length"),
        ),
        function=function,
        example=example,
        outputs={**RANKED, **KNOWN},
    )


def _of_categories(catalogue: Catalogue, names: Any, given: Any) -> Any:
    """Which outfits are of the given categories alone.

    Args:
        catalogue: The catalogue.
        names: String `(batch, names)`.
        given: bool `(batch, names)`: which of them count.

    Returns:
        bool `(batch, outfits)`, or `(batch, 1)` if no row has a category; true
        throughout in a row without.
    """
    none = ~tf.reduce_any(given, axis=1, keepdims=True)
    table = catalogue.categories
    if table is None:
        found = tf.fill(tf.shape(names), -1)
        count: Any = FIRST_CATEGORY
    else:
        found = rows(table, names)
        count = FIRST_CATEGORY + tf.cast(table.size(), tf.int32)

    def passed() -> Any:
        codes = tf.where(given & (found >= 0), found + FIRST_CATEGORY, NO_ITEM)
        allowed = tf.reduce_any(tf.one_hot(codes, count, True, False), axis=1)
        # A slot without item is of every category.
        allowed |= tf.one_hot(NO_ITEM, count, True, False)
        allowed |= none
        # One slot at a time: memory for (batch, outfits), not for all slots.
        slots = tf.unstack(catalogue.outfit_categories, axis=1)
        kept = tf.gather(allowed, slots[0], axis=1)
        for slot in slots[1:]:
            kept &= tf.gather(allowed, slot, axis=1)
        return kept

    return tf.cond(tf.reduce_all(none), lambda: none, passed)
