"""How often outfits occur as candidates of a batch."""

from typing import TYPE_CHECKING

import numpy as np

from fndrec.data.batching.negative_sampler import NegativeSampler
from fndrec.data.item_sets import find_sets, set_keys

if TYPE_CHECKING:
    from fndrec.data.outfit_data import OutfitData


class CandidateFrequencies:
    """Looks up the ids and the sampling probabilities of candidates.

    A batch is a random sample of the likes. Each like brings its outfit and
    its negatives, which are candidates of all likes of the batch. An outfit
    `o` is therefore a share

        q(o) = (share of the likes + negatives / outfits) / (1 + negatives)

    of the candidates, if negatives are drawn uniformly from the liked
    outfits. Outfits of the same items count as one.

    Args:
        data: The data set.
        split: Split that likes and negatives are drawn from.
        negatives: Negatives per like.
        sampler: The sampler of the negatives.

    Raises:
        ValueError: If there are negatives of another kind than `"hard"`.

    Reference:

    - Yi et al. (2019), Sampling-Bias-Corrected Neural Modeling for Large
      Corpus Item Recommendations, section 4.
    """

    def __init__(
        self,
        data: "OutfitData",
        split: str,
        negatives: int,
        sampler: NegativeSampler,
    ) -> None:
        if negatives and [*sampler.mixture] != ["hard"]:
            raise ValueError(
                "`sampling_probability` needs negatives of the kind 'hard', "
                "or none: the probability of others is not known. Received: "
                f"negatives={negatives} of the kinds {tuple(sampler.mixture)}"
            )
        outfits, likes = np.unique(data.likes(split).outfit, return_counts=True)
        keys = set_keys(data.outfit_items[outfits])
        self.keys, row = np.unique(keys, return_inverse=True)
        share = likes / likes.sum() + negatives / max(len(outfits), 1)
        self.probability = np.bincount(row, share) / (1 + negatives)

    def __call__(self, candidates: np.ndarray) -> dict[str, np.ndarray]:
        """Returns the entries of a batch.

        Args:
            candidates: Int array `(batch, candidates, slots)` of item rows,
                padded with -1, all liked in the split.

        Returns:
            `"candidate_ids"`, int32 `(batch, candidates)`, equal for equal
            sets of items, and `"sampling_probability"`, float32 of the same
            shape.
        """
        ids = find_sets(self.keys, candidates)
        return {
            "candidate_ids": ids.astype(np.int32),
            "sampling_probability": self.probability[ids].astype(np.float32),
        }
