"""The signatures of an exported model, one per file."""

import dataclasses

from fndrec.serving.export._served_model import ServedModel
from fndrec.serving.export.signatures.complete import complete
from fndrec.serving.export.signatures.embed_items import embed_items
from fndrec.serving.export.signatures.embed_outfits import embed_outfits
from fndrec.serving.export.signatures.embed_outfits_from_embeddings import (
    embed_outfits_from_embeddings,
)
from fndrec.serving.export.signatures.recommend import recommend
from fndrec.serving.export.signatures.recommend_filtered import (
    recommend_filtered,
)
from fndrec.serving.export.signatures.recommend_for_likes import (
    recommend_for_likes,
)
from fndrec.serving.export.signatures.score_outfits import score_outfits
from fndrec.serving.export.signatures.score_outfits_from_embeddings import (
    score_outfits_from_embeddings,
)
from fndrec.serving.export.signatures.score_photos import score_photos
from fndrec.serving.export.signatures.signature import Signature

__all__ = ["Signature", "signatures_of"]


def signatures_of(served: ServedModel) -> list[Signature]:
    """Makes all signatures of a model, `serving_default` first.

    Args:
        served: The model. `score_photos` requires that it takes photos; some
            signatures require a catalogue.

    Returns:
        The signatures.
    """
    signatures = [score_photos(served)]
    if "image" in served.towers:
        # The same signature under a more telling name.
        signatures.append(
            dataclasses.replace(signatures[0], name="score_photos")
        )
    signatures += [
        embed_items(served),
        embed_outfits_from_embeddings(served),
        score_outfits_from_embeddings(served),
    ]
    if served.catalogue is not None:
        catalogue = served.catalogue
        signatures += [
            embed_outfits(served, catalogue),
            score_outfits(served, catalogue),
            recommend(served, catalogue),
            recommend_filtered(served, catalogue),
            recommend_for_likes(served, catalogue),
            complete(served, catalogue),
        ]
    return signatures
