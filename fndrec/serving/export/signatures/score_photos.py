"""`score_photos`: scores outfits of any items, from their content."""

import numpy as np
import tensorflow as tf

from fndrec.serving.export._served_model import ServedModel
from fndrec.serving.export._sets import (
    encode_sets,
    finite,
    valid_lengths,
)
from fndrec.serving.export.signatures.recommend import KNOWN
from fndrec.serving.export.signatures.signature import (
    Signature,
    inputs_of,
    ints,
    repeated,
    strings,
)


def score_photos(served: ServedModel) -> Signature:
    """Makes the signature that scores outfits from the content of their items.

    Args:
        served: The model.

    Returns:
        The signature.
    """
    item_specs = served.item_specs(None, None)

    def function(inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        content = {key: inputs[key] for key in item_specs}
        slots = tf.shape(next(iter(content.values())))[1]
        length = inputs["length"]
        present = tf.sequence_mask(length, slots)
        # Cells past the length cost nothing.
        vectors = served.encode_items(
            {k: tf.boolean_mask(v, present) for k, v in content.items()}
        )
        flat = tf.cast(tf.reshape(present, (-1,)), tf.int32)
        order = tf.reshape(tf.cumsum(flat) - 1, tf.shape(present))
        outfits = encode_sets(
            served.model, vectors, tf.where(present, order, -1)
        )
        valid = valid_lengths(length, slots) & finite(outfits)
        result = served.score_outfits(
            inputs["user_id"], outfits[:, None], valid[:, None]
        )
        return {**result, "score": result["score"][:, 0], "valid": valid}

    def example(batch: int) -> dict[str, np.ndarray]:
        return {
            "user_id": repeated(served.example_user, batch),
            "length": np.full(batch, 2, np.int32),
            **served.item_examples(batch, 2),
        }

    return Signature(
        name="serving_default",
        description="Scores one outfit for each user, from the content of its "
        "items, which may be new.",
        inputs={
            **inputs_of(strings("user_id"), ints("length")),
            **item_specs,
        },
        function=function,
        example=example,
        outputs={
            "score": "float32 [B], higher is better",
            "valid": "bool [B], false if `length` is not from 1 to S"
            + (", or a feature not finite" if "feature" in item_specs else ""),
            **KNOWN,
        },
    )
