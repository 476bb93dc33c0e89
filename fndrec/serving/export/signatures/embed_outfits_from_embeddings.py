"""`embed_outfits_from_embeddings`: outfits of any items as vectors."""

from typing import Any

import numpy as np
import tensorflow as tf

from fndrec.serving.export._served import ServedModel
from fndrec.serving.export._sets import encode_embedded_sets
from fndrec.serving.export.signatures.signature import (
    Signature,
    inputs_of,
    ints,
)


def embed_outfits_from_embeddings(served: ServedModel) -> Signature:
    """Outfit vectors from what `embed_items` gave.

    Args:
        served: The model.

    Returns:
        The signature.
    """

    def function(inputs: dict[str, Any]) -> dict[str, Any]:
        vectors, valid = encode_embedded_sets(
            served.model, inputs["item_embedding"], inputs["length"]
        )
        return {
            "embedding": tf.where(valid[:, None], vectors, 0.0),
            "valid": valid,
        }

    def example(batch: int) -> dict[str, np.ndarray]:
        return {
            "item_embedding": np.full(
                (batch, 2, served.dim), 0.125, np.float32
            ),
            "length": np.full(batch, 2, np.int32),
        }

    return Signature(
        name="embed_outfits_from_embeddings",
        description="Turns outfits of item vectors, which `embed_items` "
        "gave, into vectors.",
        inputs=inputs_of(
            tf.TensorSpec(
                (None, None, served.dim), tf.float32, "item_embedding"
            ),
            ints("length"),
        ),
        function=function,
        example=example,
        outputs={
            "embedding": f"float32 [B, {served.dim}], zeros where not valid",
            "valid": "bool [B], false if `length` is not from 1 to S, or an "
            "embedding not finite",
        },
    )
