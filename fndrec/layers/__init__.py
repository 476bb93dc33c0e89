"""Keras layers: towers, aggregator, users and scoring."""

from fndrec.layers.code_pool import CodePool
from fndrec.layers.feature_tower import FeatureTower
from fndrec.layers.folded_dense import FoldedDense
from fndrec.layers.id_embedding import IdEmbedding
from fndrec.layers.image_tower import ImageTower
from fndrec.layers.item_tower import ItemTower
from fndrec.layers.mean_pool import MeanPool
from fndrec.layers.outfit_score import OutfitScore
from fndrec.layers.set_attention import SetAttentionBlock
from fndrec.layers.set_transformer import SetTransformer
from fndrec.layers.unscaled_layer_normalization import (
    UnscaledLayerNormalization,
)
from fndrec.layers.user_anchors import UserAnchors
from fndrec.layers.user_codes import UserCodes
from fndrec.layers.user_embedding import UserEmbedding
from fndrec.layers.user_history_encoder import UserHistoryEncoder

__all__ = [
    "CodePool",
    "FeatureTower",
    "FoldedDense",
    "IdEmbedding",
    "ImageTower",
    "ItemTower",
    "MeanPool",
    "OutfitScore",
    "SetAttentionBlock",
    "SetTransformer",
    "UnscaledLayerNormalization",
    "UserAnchors",
    "UserCodes",
    "UserEmbedding",
    "UserHistoryEncoder",
]
