"""Libraries of approximate search, each built, saved, loaded and asked."""

import abc
import os
from pathlib import Path
from typing import Any, ClassVar

import faiss
import numpy as np

THREADS = os.cpu_count() or 1
# Neighbours of a node, and candidates while it is placed, of all graphs.
NEIGHBOURS, PLACING = 16, 100
SEED = 0


class Method(abc.ABC):
    """A library's index of unit vectors; ids are rows.

    Attributes:
        name: What it is called in the table.
        effort: Where its search begins to be tuned, by doubling.
    """

    name: ClassVar[str]
    effort = 1

    def __init__(self, path: Path) -> None:
        self.path = path
        self.index: Any = None

    @abc.abstractmethod
    def build(self, vectors: np.ndarray) -> None:
        """Builds the index."""

    @abc.abstractmethod
    def save(self) -> None:
        """Writes it to `path`."""

    @abc.abstractmethod
    def load(self, dim: int) -> None:
        """Reads it from `path`."""

    @abc.abstractmethod
    def search(self, queries: np.ndarray, k: int) -> np.ndarray:
        """Rows `(queries, k)`."""


class FaissFlat(Method):
    """Every vector, by faiss."""

    name = "faiss Flat (exact)"

    def build(self, vectors: np.ndarray) -> None:
        self.index = faiss.IndexFlatIP(vectors.shape[1])
        self.index.add(vectors)

    def save(self) -> None:
        faiss.write_index(self.index, str(self.path))

    def load(self, dim: int) -> None:
        self.index = faiss.read_index(str(self.path))

    def search(self, queries: np.ndarray, k: int) -> np.ndarray:
        return self.index.search(queries, k)[1]


class FaissCells(FaissFlat):
    """Cells of k-means, whole vectors in them."""

    name = "faiss IVF4000,Flat"
    factory = "IVF4000,Flat"

    def build(self, vectors: np.ndarray) -> None:
        self.index = faiss.index_factory(
            vectors.shape[1], self.factory, faiss.METRIC_INNER_PRODUCT
        )
        self.index.cp.seed = SEED
        self.index.cp.max_points_per_centroid = 64
        self.index.train(vectors)
        self.index.add(vectors)

    def search(self, queries: np.ndarray, k: int) -> np.ndarray:
        self.index.nprobe = self.effort
        return self.index.search(queries, k)[1]


class FaissGraph(FaissFlat):
    """A graph."""

    name = "faiss HNSW"
    effort = 16

    def build(self, vectors: np.ndarray) -> None:
        self.index = faiss.IndexHNSWFlat(
            vectors.shape[1], NEIGHBOURS, faiss.METRIC_INNER_PRODUCT
        )
        self.index.hnsw.efConstruction = PLACING
        self.index.add(vectors)

    def search(self, queries: np.ndarray, k: int) -> np.ndarray:
        self.index.hnsw.efSearch = self.effort
        return self.index.search(queries, k)[1]


class Usearch(Method):
    """A graph, by usearch."""

    name = "usearch HNSW"
    effort = 16

    def build(self, vectors: np.ndarray) -> None:
        self._empty(vectors.shape[1])
        self.index.add(np.arange(len(vectors)), vectors, threads=THREADS)

    def save(self) -> None:
        self.index.save(str(self.path))

    def load(self, dim: int) -> None:
        self._empty(dim)
        self.index.load(str(self.path))

    def search(self, queries: np.ndarray, k: int) -> np.ndarray:
        self.index.expansion_search = self.effort
        found = self.index.search(queries, k, threads=THREADS).keys
        return np.asarray(found, np.int64).reshape(len(queries), k)

    def _empty(self, dim: int) -> None:
        from usearch.index import Index

        self.index = Index(
            ndim=dim,
            metric="ip",
            dtype="f32",
            connectivity=NEIGHBOURS,
            expansion_add=PLACING,
        )


class Voyager(Method):
    """A graph, by voyager."""

    name = "voyager HNSW"
    effort = 16

    def build(self, vectors: np.ndarray) -> None:
        import voyager

        self.index = voyager.Index(
            voyager.Space.Cosine,
            vectors.shape[1],
            M=NEIGHBOURS,
            ef_construction=PLACING,
            random_seed=SEED,
        )
        self.index.add_items(vectors, num_threads=THREADS)

    def save(self) -> None:
        self.index.save(str(self.path))

    def load(self, dim: int) -> None:
        import voyager

        self.index = voyager.Index.load(str(self.path))

    def search(self, queries: np.ndarray, k: int) -> np.ndarray:
        found, _ = self.index.query(
            queries, k, num_threads=THREADS, query_ef=max(self.effort, k)
        )
        return found.astype(np.int64)


METHODS: dict[str, type[Method]] = {
    "flat": FaissFlat,
    "ivf": FaissCells,
    "hnsw": FaissGraph,
    "usearch": Usearch,
    "voyager": Voyager,
}
