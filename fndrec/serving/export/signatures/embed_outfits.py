"""`embed_outfits`: outfits of known items as vectors."""

from typing import Any

import numpy as np
import tensorflow as tf

from fndrec.serving.export._catalogue import Catalogue
from fndrec.serving.export._served import ServedModel
from fndrec.serving.export._sets import encode_known_sets
from fndrec.serving.export.signatures.signature import (
    Signature,
    inputs_of,
    ints,
    repeated,
    strings,
)


def embed_outfits(served: ServedModel, catalogue: Catalogue) -> Signature:
    """Outfit vectors from ids of items of the catalogue.

    Args:
        served: The model.
        catalogue: The catalogue.

    Returns:
        The signature.
    """

    def function(inputs: dict[str, Any]) -> dict[str, Any]:
        vectors, valid = encode_known_sets(
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
        description="Turns outfits of items of the catalogue into vectors.",
        inputs=inputs_of(strings("item_id", 2), ints("length")),
        function=function,
        example=example,
        outputs={
            "embedding": f"float32 [B, {served.dim}], zeros where not valid",
            "valid": "bool [B], false for an empty outfit and one of an "
            "unknown item",
        },
    )
