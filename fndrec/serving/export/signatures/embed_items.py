"""`embed_items`: embeds items."""

import numpy as np
import tensorflow as tf

from fndrec.serving.export._decode import decode_photos
from fndrec.serving.export._served_model import ServedModel
from fndrec.serving.export._sets import finite
from fndrec.serving.export.signatures.signature import (
    Signature,
    repeated,
    strings,
)


def embed_items(served: ServedModel) -> Signature:
    """Makes the signature that embeds items from encoded photos and features.

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

    def function(inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        content = dict(inputs)
        valid = tf.fill(tf.shape(next(iter(inputs.values())))[:1], True)
        if size is not None:
            photos = content.pop("image_bytes")
            content["image"], valid = decode_photos(photos, size)
        vectors = served.encode_items(content)
        valid &= finite(vectors)
        # Not a product, since zero times NaN is NaN.
        return {
            "embedding": tf.where(valid[:, None], vectors, 0.0),
            "valid": valid,
        }

    def example(batch: int) -> dict[str, np.ndarray]:
        examples = served.item_examples(batch)
        if examples.pop("image", None) is not None:
            photo = tf.io.encode_jpeg(served.example_photo()).numpy()
            examples = {"image_bytes": repeated(photo, batch), **examples}
        return examples

    return Signature(
        name="embed_items",
        description="Embeds items. Photos are the bytes of JPEG, PNG or BMP "
        "files."
        if size is not None
        else "Embeds items.",
        inputs=inputs,
        function=function,
        example=example,
        outputs={
            "embedding": f"float32 [B, {served.dim}], zeros where not valid",
            "valid": "bool [B], false for a photo that is broken, empty, too "
            "large or of another format"
            + (", or a feature not finite" if "feature" in inputs else "")
            if size is not None
            else "bool [B], false for a feature not finite",
        },
    )
