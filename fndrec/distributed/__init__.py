"""Training and batch jobs on several devices and machines."""

from fndrec.distributed.distribute import distribute
from fndrec.distributed.embed_catalogue import embed_catalogue
from fndrec.distributed.job import JobResult, Workers
from fndrec.distributed.recommend_all import recommend_all
from fndrec.distributed.workers import is_chief

__all__ = [
    "JobResult",
    "Workers",
    "distribute",
    "embed_catalogue",
    "is_chief",
    "recommend_all",
]
