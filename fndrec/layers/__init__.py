"""Keras layers: towers, aggregator, users and scoring."""

from fndrec.layers.feature_tower import FeatureTower
from fndrec.layers.id_embedding import IdEmbedding
from fndrec.layers.image_tower import ImageTower
from fndrec.layers.item_tower import ItemTower
from fndrec.layers.outfit_score import OutfitScore
from fndrec.layers.set_attention import SetAttentionBlock
from fndrec.layers.set_transformer import SetTransformer
from fndrec.layers.user_anchors import UserAnchors
from fndrec.layers.user_embedding import UserEmbedding
from fndrec.layers.user_history_encoder import UserHistoryEncoder

__all__ = [
    "FeatureTower",
    "IdEmbedding",
    "ImageTower",
    "ItemTower",
    "OutfitScore",
    "SetAttentionBlock",
    "SetTransformer",
    "UserAnchors",
    "UserEmbedding",
    "UserHistoryEncoder",
]
