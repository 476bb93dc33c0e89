"""`embed_outfits`: embeds outfits of items of the catalogue."""

import numpy as np
import tensorflow as tf

from fndrec.serving.export._catalogue import Catalogue
from fndrec.serving.export._served_model import ServedModel
from fndrec.serving.export._sets import encode_sets_of_ids
from fndrec.serving.export.signatures.signature import (
    Signature,
    inputs_of,
    ints,
    repeated,
    strings,
)


def embed_outfits(served: ServedModel, catalogue: Catalogue) -> Signature:
    """Makes the signature that embeds outfits of items of the catalogue.

    Args:
        served: The model.
        catalogue: The catalogue.

    Returns:
        The signature.
    """

    def function(inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        vectors, valid = encode_sets_of_ids(
            served.model, catalogue, inputs["item_id"], inputs["length"]
        )
        return {
            "embedding": tf.where(valid[:, None], vectors, 0.0),
            "valid": valid,
        }

    def example(batch: int) -> dict[str, np.ndarray]:
        items = catalogue.example_items
        return {
            "item_id": repeated(items, batch),
            "length": np.full(batch, len(items), np.int32),
        }

    return Signature(
        name="embed_outfits",
        description="Embeds outfits of items of the catalogue.",
        inputs=inputs_of(strings("item_id", 2), ints("length")),
        function=function,
        example=example,
        outputs={
            "embedding": f"float32 [B, {served.dim}], zeros where not valid",
            "valid": "bool [B], false for an outfit that is empty or has an "
            "unknown item",
        },
    )
