"""`score_outfits_from_embeddings`: users and outfits of any items."""

from typing import Any

import numpy as np
import tensorflow as tf

from fndrec.serving.export._served import ServedModel
from fndrec.serving.export._sets import LOWEST, encode_embedded_sets
from fndrec.serving.export.signatures.signature import (
    Signature,
    inputs_of,
    ints,
    repeated,
    strings,
)


def score_outfits_from_embeddings(served: ServedModel) -> Signature:
    """Scores of candidate outfits from what `embed_items` gave.

    Args:
        served: The model.

    Returns:
        The signature.
    """

    def function(inputs: dict[str, Any]) -> dict[str, Any]:
        users = served.user_index(inputs["user_id"])
        outfits, valid = encode_embedded_sets(
            served.model, inputs["item_embedding"], inputs["length"]
        )
        scores = served.model.score(served.encode_users(users), outfits)
        return {
            "score": tf.where(valid, scores, LOWEST),
            "valid": valid,
            "known": users > 0,
        }

    def example(batch: int) -> dict[str, np.ndarray]:
        return {
            "user_id": repeated(served.example_user, batch),
            "item_embedding": np.full(
                (batch, 2, 2, served.dim), 0.125, np.float32
            ),
            "length": np.array([[2, 1]] * batch, np.int32),
        }

    return Signature(
        name="score_outfits_from_embeddings",
        description="Scores candidate outfits of item vectors, which "
        "`embed_items` gave, for each user.",
        inputs=inputs_of(
            strings("user_id"),
            tf.TensorSpec(
                (None, None, None, served.dim), tf.float32, "item_embedding"
            ),
            ints("length", 2),
        ),
        function=function,
        example=example,
        outputs={
            "score": "float32 [B, C], higher is better; the lowest float32 "
            "where not valid",
            "valid": "bool [B, C], false if `length` is not from 1 to S, or an "
            "embedding not finite",
            "known": "bool [B], false for a user the model does not know",
        },
    )
