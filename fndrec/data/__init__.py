"""From files to batches."""

from fndrec.data.batches import batches, content
from fndrec.data.erase_item import EraseItem
from fndrec.data.files import (
    atomic_folder,
    atomic_path,
    atomic_write,
    named_errors,
)
from fndrec.data.images import ImageStore, unreadable_photos
from fndrec.data.likes import Likes
from fndrec.data.model_vocabulary import ModelVocabulary
from fndrec.data.negatives import NegativeSampler
from fndrec.data.replace_item import ReplaceItem
from fndrec.data.similar import similar_items
from fndrec.data.synthetic import SyntheticShop
from fndrec.data.synthetic_truth import SyntheticTruth
from fndrec.data.tables import OutfitData
from fndrec.data.vocabulary import Vocabulary

__all__ = [
    "EraseItem",
    "ImageStore",
    "Likes",
    "ModelVocabulary",
    "NegativeSampler",
    "OutfitData",
    "ReplaceItem",
    "SyntheticShop",
    "SyntheticTruth",
    "Vocabulary",
    "atomic_folder",
    "atomic_path",
    "atomic_write",
    "batches",
    "content",
    "named_errors",
    "similar_items",
    "unreadable_photos",
]
