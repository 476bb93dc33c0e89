"""`embed_items`: items as vectors."""

from typing import Any

import numpy as np
import tensorflow as tf

from fndrec.serving.export._decode import decode_photos
from fndrec.serving.export._served import ServedModel
from fndrec.serving.export._sets import finite
from fndrec.serving.export.signatures.signature import (
    Signature,
    repeated,
    strings,
)


def embed_items(served: ServedModel) -> Signature:
    """Item vectors from encoded photos and what else the model looks at.

    Args:
        served: The model.

    Returns:
        The signature.
    """
    item_specs = served.item_specs(None)
    size = served.image_size
    inputs = {k: v for k, v in item_specs.items() if k != "image"}
    if size is not None:
        inputs = {"image_bytes": strings("image_bytes"), **inputs}

    def function(inputs: dict[str, Any]) -> dict[str, Any]:
        content = dict(inputs)
        valid = tf.fill(tf.shape(next(iter(inputs.values())))[:1], True)
        if size is not None:
            photos = content.pop("image_bytes")
            content["image"], valid = decode_photos(photos, size)
        vectors = served.encode_items(content)
        valid &= finite(vectors)
        # Not a product, as zero times NaN is NaN.
        return {
            "embedding": tf.where(valid[:, None], vectors, 0.0),
            "valid": valid,
        }

    def example(batch: int) -> dict[str, np.ndarray]:
        made = served.item_examples(batch)
        if made.pop("image", None) is not None:
            photo = tf.io.encode_jpeg(served.example_photo()).numpy()
            made = {"image_bytes": repeated(photo, batch), **made}
        return made

    return Signature(
        name="embed_items",
        description="Turns items into vectors; of photos, the bytes of JPEG, "
        "PNG or BMP files, are taken."
        if size is not None
        else "Turns items into vectors.",
        inputs=inputs,
        function=function,
        example=example,
        outputs={
            "embedding": f"float32 [B, {served.dim}], zeros where not valid",
            "valid": "bool [B], false for a photo that cannot be used: "
            "broken, empty, of another format or too large"
            + (", and a feature not finite" if "feature" in inputs else "")
            if size is not None
            else "bool [B], false for a feature that is not finite",
        },
    )
