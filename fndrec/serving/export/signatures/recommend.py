"""`recommend`: finds the best outfits for users."""

import numpy as np
import tensorflow as tf

from fndrec.serving.export._catalogue import Catalogue
from fndrec.serving.export._served_model import ServedModel
from fndrec.serving.export.ranking import best_outfits
from fndrec.serving.export.signatures.signature import (
    Signature,
    inputs_of,
    ints,
    repeated,
    strings,
)

RANKED = {
    "outfit_id": "string [B, K], best first, where K is the largest `k` or, if "
    "less, the number of outfits; empty past a row's own `k` and where no "
    "outfit is left; a `k` below 1 requests none",
    "score": "float32 [B, K]; the lowest float32 where the id is empty",
}
KNOWN = {"known": "bool [B], false for a user unknown to the model"}


def recommend(served: ServedModel, catalogue: Catalogue) -> Signature:
    """Makes the signature that finds the best outfits for users.

    Args:
        served: The model.
        catalogue: The catalogue.

    Returns:
        The signature.
    """

    def function(inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        users = served.user_index(inputs["user_id"])
        vectors = served.encode_users(users)
        best = best_outfits(served.model.score, catalogue, vectors, inputs["k"])
        return {**best, "known": users > 0}

    def example(batch: int) -> dict[str, np.ndarray]:
        return {
            "user_id": repeated(served.example_user, batch),
            "k": np.full(batch, 3, np.int32),
        }

    return Signature(
        name="recommend",
        description=f"Finds the best of {catalogue.num_outfits:,} outfits for "
        "each user.",
        inputs=inputs_of(strings("user_id"), ints("k")),
        function=function,
        example=example,
        outputs={**RANKED, **KNOWN},
    )
