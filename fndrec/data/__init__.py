"""From files to batches."""

from fndrec.data.batches import batches, content
from fndrec.data.erase_item import EraseItem
from fndrec.data.files import (
    atomic_folder,
    atomic_path,
    atomic_write,
    named_errors,
)
from fndrec.data.fixed_candidates import FixedCandidates
from fndrec.data.images import ImageStore, unreadable_photos
from fndrec.data.likes import Likes
from fndrec.data.model_vocabulary import ModelVocabulary
from fndrec.data.negatives import NegativeSampler
from fndrec.data.readers.difashion import read_difashion
from fndrec.data.readers.iqon3000 import read_iqon3000
from fndrec.data.readers.layouts import LAYOUTS, read_fixed
from fndrec.data.readers.pog import read_pog
from fndrec.data.readers.polyvore_outfits import read_polyvore_outfits
from fndrec.data.readers.polyvore_u import read_polyvore_u
from fndrec.data.readers.table_fixed import write_fixed
from fndrec.data.replace_item import ReplaceItem
from fndrec.data.shares import Shares
from fndrec.data.similar import similar_items
from fndrec.data.summary import DataSummary
from fndrec.data.synthetic import SyntheticShop
from fndrec.data.synthetic_truth import SyntheticTruth
from fndrec.data.tables import OutfitData
from fndrec.data.vocabulary import Vocabulary

__all__ = [
    "LAYOUTS",
    "DataSummary",
    "EraseItem",
    "FixedCandidates",
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
    "named_errors",
    "read_difashion",
    "read_fixed",
    "read_iqon3000",
    "read_pog",
    "read_polyvore_outfits",
    "read_polyvore_u",
    "similar_items",
    "unreadable_photos",
    "write_fixed",
]
