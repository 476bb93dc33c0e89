"""`recommend_for_likes`: the best outfits for someone's likes."""

from typing import Any

import numpy as np
import tensorflow as tf

from fndrec.serving.export._best import best_outfits, outfits_at
from fndrec.serving.export._catalogue import Catalogue, taken
from fndrec.serving.export._lookup import rows
from fndrec.serving.export._served import ServedModel
from fndrec.serving.export._sets import present_ids
from fndrec.serving.export.signatures.recommend import RANKED
from fndrec.serving.export.signatures.signature import (
    Signature,
    inputs_of,
    ints,
    repeated,
    strings,
)


def recommend_for_likes(served: ServedModel, catalogue: Catalogue) -> Signature:
    """The best outfits for a user who is known by likes alone.

    Args:
        served: The model.
        catalogue: The catalogue.

    Returns:
        The signature.
    """

    def function(inputs: dict[str, Any]) -> dict[str, Any]:
        names = inputs["liked_outfit_id"]
        given = present_ids(names, inputs["length"])
        liked = tf.where(given, rows(catalogue.outfits, names), -1)
        valid = tf.reduce_any(liked >= 0, axis=1)
        vectors = taken(catalogue.outfit_vectors, tf.maximum(liked, 0))
        best = best_outfits(
            served.model.score,
            catalogue,
            # Of no likes, the cold-start user.
            served.model.encode_likes(vectors, liked >= 0),
            inputs["k"],
            refused=outfits_at(liked, catalogue.num_outfits),
        )
        return {**best, "valid": valid}

    def example(batch: int) -> dict[str, np.ndarray]:
        liked = catalogue.example_outfits
        return {
            "liked_outfit_id": repeated(liked, batch),
            "length": np.full(batch, len(liked), np.int32),
            "k": np.full(batch, 3, np.int32),
        }

    return Signature(
        name="recommend_for_likes",
        description="Finds the best outfits for someone who liked the given "
        "outfits, which are left out.",
        inputs=inputs_of(
            strings("liked_outfit_id", 2), ints("length"), ints("k")
        ),
        function=function,
        example=example,
        outputs={
            **RANKED,
            "valid": "bool [B], false if none of the liked outfits is known: "
            "the outfits are then those for a user not known",
        },
    )
