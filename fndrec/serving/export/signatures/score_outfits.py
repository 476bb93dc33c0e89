"""`score_outfits`: users and candidate outfits of known items."""

from typing import Any

import numpy as np
import tensorflow as tf

from fndrec.serving.export._catalogue import Catalogue
from fndrec.serving.export._served import ServedModel
from fndrec.serving.export._sets import LOWEST, encode_known_sets
from fndrec.serving.export.signatures.signature import (
    Signature,
    inputs_of,
    ints,
    repeated,
    strings,
)


def score_outfits(served: ServedModel, catalogue: Catalogue) -> Signature:
    """Scores of candidate outfits from ids of items of the catalogue.

    Args:
        served: The model.
        catalogue: The catalogue.

    Returns:
        The signature.
    """

    def function(inputs: dict[str, Any]) -> dict[str, Any]:
        users = served.user_index(inputs["user_id"])
        outfits, valid = encode_known_sets(
            served.model, catalogue, inputs["item_id"], inputs["length"]
        )
        scores = served.model.score(served.encode_users(users), outfits)
        return {
            "score": tf.where(valid, scores, LOWEST),
            "valid": valid,
            "known": users > 0,
        }

    def example(batch: int) -> dict[str, np.ndarray]:
        items = catalogue.example_items
        return {
            "user_id": repeated(served.example_user, batch),
            "item_id": repeated([items, [*items[:-1], items[0]]], batch),
            "length": np.array([[len(items), 1]] * batch, np.int32),
        }

    return Signature(
        name="score_outfits",
        description="Scores candidate outfits of items of the catalogue for "
        "each user.",
        inputs=inputs_of(
            strings("user_id"), strings("item_id", 3), ints("length", 2)
        ),
        function=function,
        example=example,
        outputs={
            "score": "float32 [B, C], higher is better; the lowest float32 "
            "where not valid",
            "valid": "bool [B, C], false for an empty outfit and one of an "
            "unknown item",
            "known": "bool [B], false for a user the model does not know",
        },
    )
