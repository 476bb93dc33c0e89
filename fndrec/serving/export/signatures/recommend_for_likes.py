"""`recommend_for_likes`: finds the best outfits for lists of likes."""

import numpy as np
import tensorflow as tf

from fndrec.serving.export._catalogue import Catalogue, gather_rows
from fndrec.serving.export._lookup import lookup_rows
from fndrec.serving.export._served_model import ServedModel
from fndrec.serving.export._sets import present_ids
from fndrec.serving.export.ranking import best_outfits, mark_rows
from fndrec.serving.export.signatures.recommend import RANKED
from fndrec.serving.export.signatures.signature import (
    Signature,
    inputs_of,
    ints,
    repeated,
    strings,
)


def recommend_for_likes(served: ServedModel, catalogue: Catalogue) -> Signature:
    """Makes the signature that finds the best outfits for lists of likes.

    Args:
        served: The model.
        catalogue: The catalogue.

    Returns:
        The signature.
    """

    def function(inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        names = inputs["liked_outfit_id"]
        present = present_ids(names, inputs["length"])
        liked = tf.where(present, lookup_rows(catalogue.outfits, names), -1)
        valid = tf.reduce_any(liked >= 0, axis=1)
        vectors = gather_rows(catalogue.outfit_vectors, tf.maximum(liked, 0))
        best = best_outfits(
            served.model.score,
            catalogue,
            # Without likes, this is the cold-start user.
            served.model.encode_likes(vectors, liked >= 0),
            inputs["k"],
            excluded=mark_rows(liked, catalogue.num_outfits),
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
        "outfits, leaving these out.",
        inputs=inputs_of(
            strings("liked_outfit_id", 2), ints("length"), ints("k")
        ),
        function=function,
        example=example,
        outputs={
            **RANKED,
            "valid": "bool [B], false if none of the liked outfits is known: "
            "the outfits are then those for an unknown user",
        },
    )
