"""The named functions of an exported model, one a file."""

import dataclasses

from fndrec.serving.export._served import ServedModel
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
    """All signatures of a model, `serving_default` first.

    Args:
        served: The model; those that need a catalogue are there if it has
            one, and `score_photos` if it looks at photos.

    Returns:
        The signatures.
    """
    found = [score_photos(served)]
    if "image" in served.towers:
        # The same under the name that says what it takes.
        found.append(dataclasses.replace(found[0], name="score_photos"))
    found += [
        embed_items(served),
        embed_outfits_from_embeddings(served),
        score_outfits_from_embeddings(served),
    ]
    if served.catalogue is not None:
        catalogue = served.catalogue
        found += [
            embed_outfits(served, catalogue),
            score_outfits(served, catalogue),
            recommend(served, catalogue),
            recommend_filtered(served, catalogue),
            recommend_for_likes(served, catalogue),
            complete(served, catalogue),
        ]
    return found
