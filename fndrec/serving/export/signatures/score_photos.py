"""`score_photos`: users and outfits of any items, old or new."""

from typing import Any

import numpy as np
import tensorflow as tf

from fndrec.serving.export._served import ServedModel
from fndrec.serving.export._sets import (
    LOWEST,
    encode_sets,
    finite,
    valid_lengths,
)
from fndrec.serving.export.signatures.signature import (
    Signature,
    inputs_of,
    ints,
    repeated,
    strings,
)


def score_photos(served: ServedModel) -> Signature:
    """The score of an outfit from what the model looks at.

    Args:
        served: The model.

    Returns:
        The signature.
    """
    item_specs = served.item_specs(None, None)

    def function(inputs: dict[str, Any]) -> dict[str, Any]:
        users = served.user_index(inputs["user_id"])
        content = {key: inputs[key] for key in item_specs}
        slots = tf.shape(next(iter(content.values())))[1]
        length = inputs["length"]
        present = tf.sequence_mask(length, slots)
        # What stands past the length costs nothing.
        vectors = served.encode_items(
            {k: tf.boolean_mask(v, present) for k, v in content.items()}
        )
        flat = tf.cast(tf.reshape(present, (-1,)), tf.int32)
        order = tf.reshape(tf.cumsum(flat) - 1, tf.shape(present))
        outfits = encode_sets(
            served.model, vectors, tf.where(present, order, -1)
        )
        scores = served.model.score(
            served.encode_users(users), outfits[:, None]
        )
        valid = valid_lengths(length, slots) & finite(outfits)
        return {
            "score": tf.where(valid, scores[:, 0], LOWEST),
            "valid": valid,
            "known": users > 0,
        }

    def example(batch: int) -> dict[str, np.ndarray]:
        return {
            "user_id": repeated(served.example_user, batch),
            "length": np.full(batch, 2, np.int32),
            **served.item_examples(batch, 2),
        }

    return Signature(
        name="serving_default",
        description="Scores one outfit for each user, of items old or new, "
        "from what the model looks at.",
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
            "known": "bool [B], false for a user the model does not know",
        },
    )
