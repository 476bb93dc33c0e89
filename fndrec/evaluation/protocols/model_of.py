"""Protocols that look into a model."""

from fndrec.evaluation.scorer import ModelScorer, Scorer
from fndrec.models import OutfitRecommender


def model_of(scorer: Scorer, protocol: str) -> OutfitRecommender:
    """The model as it was trained.

    Args:
        scorer: What is measured.
        protocol: Name of the protocol, for the error.

    Returns:
        The model.

    Raises:
        ValueError: If it is no model.
    """
    if not isinstance(scorer, ModelScorer):
        raise ValueError(
            f"The protocol {protocol!r} measures models alone. "
            f"Received: {type(scorer).__name__}"
        )
    return scorer.trained
