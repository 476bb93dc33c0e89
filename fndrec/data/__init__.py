"""From files to batches."""

from fndrec.data.batches import batches, content
from fndrec.data.erase_item import EraseItem
from fndrec.data.files import atomic_folder, atomic_path, atomic_write
from fndrec.data.images import ImageStore, unreadable_photos
from fndrec.data.likes import Likes
from fndrec.data.model_vocabulary import ModelVocabulary
from fndrec.data.negatives import NegativeSampler
from fndrec.data.replace_item import ReplaceItem
from fndrec.data.shares import Shares
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
    "Shares",
    "SyntheticShop",
    "SyntheticTruth",
    "Vocabulary",
    "atomic_folder",
    "atomic_path",
    "atomic_write",
    "batches",
    "content",
    "similar_items",
    "unreadable_photos",
]
