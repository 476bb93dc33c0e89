"""`embed_outfits_from_embeddings`: embeds outfits of any items."""

import numpy as np
import tensorflow as tf

from fndrec.serving.export._served_model import ServedModel
from fndrec.serving.export._sets import encode_sets_of_vectors
from fndrec.serving.export.signatures.signature import (
    Signature,
    inputs_of,
    ints,
)


def embed_outfits_from_embeddings(served: ServedModel) -> Signature:
    """Makes the signature that embeds outfits of `embed_items` vectors.

    Args:
        served: The model.

    Returns:
        The signature.
    """

    def function(inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        vectors, valid = encode_sets_of_vectors(
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
        description="Embeds outfits, given the vectors of their items from "
        "`embed_items`.",
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
