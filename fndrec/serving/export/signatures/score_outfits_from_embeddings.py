"""`score_outfits_from_embeddings`: scores outfits of any items."""

import numpy as np
import tensorflow as tf

from fndrec.serving.export._served_model import ServedModel
from fndrec.serving.export._sets import encode_sets_of_vectors
from fndrec.serving.export.signatures.recommend import KNOWN
from fndrec.serving.export.signatures.signature import (
    Signature,
    inputs_of,
    ints,
    repeated,
    strings,
)


def score_outfits_from_embeddings(served: ServedModel) -> Signature:
    """Makes the signature that scores outfits of `embed_items` vectors.

    Args:
        served: The model.

    Returns:
        The signature.
    """

    def function(inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        outfits, valid = encode_sets_of_vectors(
            served.model, inputs["item_embedding"], inputs["length"]
        )
        return served.score_outfits(inputs["user_id"], outfits, valid)

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
        description="Scores candidate outfits for each user, given the "
        "vectors of their items from `embed_items`.",
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
            **KNOWN,
        },
    )
