"""`score_outfits`: scores candidate outfits of the catalogue's items."""

import numpy as np
import tensorflow as tf

from fndrec.serving.export._catalogue import Catalogue
from fndrec.serving.export._served_model import ServedModel
from fndrec.serving.export._sets import encode_sets_of_ids
from fndrec.serving.export.signatures.recommend import KNOWN
from fndrec.serving.export.signatures.signature import (
    Signature,
    inputs_of,
    ints,
    repeated,
    strings,
)


def score_outfits(served: ServedModel, catalogue: Catalogue) -> Signature:
    """Makes the signature that scores outfits of items of the catalogue.

    Args:
        served: The model.
        catalogue: The catalogue.

    Returns:
        The signature.
    """

    def function(inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        outfits, valid = encode_sets_of_ids(
            served.model, catalogue, inputs["item_id"], inputs["length"]
        )
        return served.score_outfits(inputs["user_id"], outfits, valid)

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
            "valid": "bool [B, C], false for an outfit that is empty or has an "
            "unknown item",
            **KNOWN,
        },
    )
