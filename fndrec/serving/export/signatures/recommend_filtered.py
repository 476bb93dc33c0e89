"""`recommend_filtered`: finds the best outfits that meet conditions."""

import numpy as np
import tensorflow as tf

from fndrec.serving.export._catalogue import (
    FIRST_CATEGORY,
    NO_ITEM,
    Catalogue,
)
from fndrec.serving.export._lookup import lookup_rows
from fndrec.serving.export._served_model import ServedModel
from fndrec.serving.export._sets import present_ids
from fndrec.serving.export.ranking import best_outfits, mark_rows
from fndrec.serving.export.signatures.recommend import KNOWN, RANKED
from fndrec.serving.export.signatures.signature import (
    Signature,
    inputs_of,
    ints,
    repeated,
    strings,
)


def recommend_filtered(served: ServedModel, catalogue: Catalogue) -> Signature:
    """Makes the signature that finds the best outfits that meet conditions.

    Args:
        served: The model.
        catalogue: The catalogue.

    Returns:
        The signature.
    """

    def function(inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        users = served.user_index(inputs["user_id"])
        names = inputs["exclude_outfit_id"]
        present = present_ids(names, inputs["exclude_length"])
        excluded = mark_rows(
            tf.where(present, lookup_rows(catalogue.outfits, names), -1),
            catalogue.num_outfits,
        )
        names = inputs["category"]
        present = present_ids(names, inputs["category_length"])
        best = best_outfits(
            served.model.score,
            catalogue,
            served.encode_users(users),
            inputs["k"],
            excluded=excluded | ~_of_categories(catalogue, names, present),
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
        description="Finds the best outfits for each user, without the "
        "excluded ones. If categories are given, all items of an outfit must "
        "belong to them.",
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


def _of_categories(
    catalogue: Catalogue, names: tf.Tensor, present: tf.Tensor
) -> tf.Tensor:
    """Marks the outfits whose items all belong to given categories.

    Args:
        catalogue: The catalogue.
        names: String `(batch, names)`.
        present: Bool `(batch, names)`, false for names that do not count.

    Returns:
        Bool `(batch, outfits)`, or `(batch, 1)` if no row names a category.
        Rows that name no category are true throughout.
    """
    unrestricted = ~tf.reduce_any(present, axis=1, keepdims=True)
    table = catalogue.categories
    if table is None:
        rows = tf.fill(tf.shape(names), -1)
        count = FIRST_CATEGORY
    else:
        rows = lookup_rows(table, names)
        count = FIRST_CATEGORY + tf.cast(table.size(), tf.int32)

    def mask() -> tf.Tensor:
        codes = tf.where(present & (rows >= 0), rows + FIRST_CATEGORY, NO_ITEM)
        allowed = tf.reduce_any(tf.one_hot(codes, count, True, False), axis=1)
        # An empty slot belongs to every category.
        allowed |= tf.one_hot(NO_ITEM, count, True, False)
        allowed |= unrestricted
        # Slot by slot: memory for (batch, outfits), not for all slots.
        slots = tf.unstack(catalogue.outfit_categories, axis=1)
        marks = tf.gather(allowed, slots[0], axis=1)
        for slot in slots[1:]:
            marks &= tf.gather(allowed, slot, axis=1)
        return marks

    return tf.cond(tf.reduce_all(unrestricted), lambda: unrestricted, mask)
