"""Data sets: readers, arrays, photos, negatives and batches."""

from fndrec.data.batching.negative_sampler import NegativeSampler
from fndrec.data.batching.shards import BatchShards
from fndrec.data.fixed_candidates import FixedCandidates
from fndrec.data.likes import Likes
from fndrec.data.load import load_data, read_fixed
from fndrec.data.model_vocabulary import ModelVocabulary
from fndrec.data.outfit_data import OutfitData
from fndrec.data.photos.image_store import ImageStore, unreadable_photos
from fndrec.data.readers.difashion.reader import read_difashion
from fndrec.data.readers.iqon3000 import read_iqon3000
from fndrec.data.readers.layouts import LAYOUTS
from fndrec.data.readers.pog import read_pog
from fndrec.data.readers.polyvore_outfits.reader import read_polyvore_outfits
from fndrec.data.readers.polyvore_u.reader import read_polyvore_u
from fndrec.data.readers.tables.csv import read_csv, write_csv
from fndrec.data.readers.tables.fixed import write_fixed
from fndrec.data.readers.tables.in_memory import from_tables
from fndrec.data.readers.tables.parquet import read_parquet, write_parquet
from fndrec.data.summary import DataSummary
from fndrec.data.synthetic.synthetic_shop import SyntheticShop
from fndrec.data.synthetic.synthetic_truth import SyntheticTruth
from fndrec.data.views.erase_item import EraseItem
from fndrec.data.views.replace_item import ReplaceItem
from fndrec.data.views.similar import similar_items
from fndrec.data.vocabulary import Vocabulary

__all__ = [
    "LAYOUTS",
    "BatchShards",
    "DataSummary",
    "EraseItem",
    "FixedCandidates",
    "ImageStore",
    "Likes",
    "ModelVocabulary",
    "NegativeSampler",
    "OutfitData",
    "ReplaceItem",
    "SyntheticShop",
    "SyntheticTruth",
    "Vocabulary",
    "from_tables",
    "load_data",
    "read_csv",
    "read_difashion",
    "read_fixed",
    "read_iqon3000",
    "read_parquet",
    "read_pog",
    "read_polyvore_outfits",
    "read_polyvore_u",
    "similar_items",
    "unreadable_photos",
    "write_csv",
    "write_fixed",
    "write_parquet",
]
