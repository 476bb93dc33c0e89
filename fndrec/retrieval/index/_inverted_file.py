"""Approximate search for the nearest vectors in the cells near a query."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from fndrec import extras
from fndrec.retrieval.index._exact import nearest

# Vectors per cell, at least; k-means wants 39.
MIN_CELL_SIZE = 40
# Training vectors of k-means per cell, at most.
TRAINING_PER_CELL = 64
# The number of visited cells is chosen for this many neighbors of this many
# queries.
NEIGHBORS = 10
SAMPLE = 256
# Candidates compared exactly for each result.
RESCORED = 4


def require_faiss() -> Any:
    """Imports faiss, or raises an error that names the extra to install."""
    extras.require("faiss", "ann", "An approximate index")
    import faiss

    return faiss


class InvertedFile:
    """Vectors grouped by the k-means cell that they lie in.

    The inverted file keeps one byte per coordinate. Candidates are compared
    again by the vectors themselves, so the cosines are exact.

    Args:
        index: A `faiss.IndexIVF`, whose ids are rows.
        probes: Number of cells visited per query.
    """

    def __init__(self, index: Any, probes: int) -> None:
        self._index = index
        self.probes = probes

    @classmethod
    def build(
        cls,
        vectors: np.ndarray,
        recall: float,
        queries: np.ndarray | None,
        seed: int,
    ) -> InvertedFile:
        """Sorts vectors into cells and chooses how many to visit.

        Args:
            vectors: Float32 unit vectors `(vectors, dim)`.
            recall: Share of the ten nearest vectors to find on average.
            queries: Unit vectors to choose by; `vectors` by default.
            seed: Seed of k-means and of the samples.
        """
        faiss = require_faiss()
        count, dim = vectors.shape
        rows = np.arange(count)
        cells = max(1, min(int(4 * count**0.5), count // MIN_CELL_SIZE))
        index = faiss.index_factory(
            dim, f"IVF{cells},SQ8", faiss.METRIC_INNER_PRODUCT
        )
        index.cp.seed = seed
        index.cp.max_points_per_centroid = TRAINING_PER_CELL
        rng = np.random.default_rng(seed)
        sample = rows
        if count > TRAINING_PER_CELL * cells:
            sample = np.sort(
                rng.choice(rows, TRAINING_PER_CELL * cells, replace=False)
            )
        index.train(vectors[sample])
        inverted_file = cls(index, 1)
        inverted_file.add(rows, vectors)
        if queries is None or not len(queries):
            queries = vectors
        if len(queries) > SAMPLE:
            queries = queries[rng.choice(len(queries), SAMPLE, replace=False)]
        inverted_file._choose_probes(queries, vectors, recall)
        return inverted_file

    def _choose_probes(
        self, queries: np.ndarray, vectors: np.ndarray, recall: float
    ) -> None:
        k = min(NEIGHBORS, len(vectors))
        exact, _ = nearest(queries, vectors, k)
        while self.probes < self._index.nlist:
            approximate, _ = self.search(queries, vectors, k)
            hits = [
                np.isin(a, b).mean()
                for a, b in zip(exact, approximate, strict=True)
            ]
            if np.mean(hits) >= recall:
                return
            self.probes = min(2 * self.probes, self._index.nlist)

    def search(
        self,
        queries: np.ndarray,
        vectors: np.ndarray,
        k: int,
        mask: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Finds vectors that are probably the nearest to each query by cosine.

        Args:
            queries: Float32 unit vectors `(queries, dim)`.
            vectors: Float32 unit vectors `(rows, dim)`.
            k: Number of vectors.
            mask: Bool array `(rows,)`, true for allowed rows; all by default.

        Returns:
            Rows and cosines `(queries, k)`, best first. Rows are -1 where the
            visited cells hold no more.
        """
        faiss = require_faiss()
        probes = self.probes
        selector = None
        if mask is not None:
            # The fewer rows are allowed, the farther away they are.
            probes = int(probes * len(mask) / max(mask.sum(), 1))
            bits = np.packbits(mask, bitorder="little")
            selector = faiss.IDSelectorBitmap(len(mask), faiss.swig_ptr(bits))
        parameters = faiss.SearchParametersIVF(
            sel=selector, nprobe=min(probes, self._index.nlist)
        )
        count = min(RESCORED * k, len(vectors))
        _, rows = self._index.search(queries, count, params=parameters)
        cosines = np.einsum("qd,qcd->qc", queries, vectors[rows])
        cosines[rows < 0] = -np.inf
        # Of equal cosines the lower row comes first.
        order = np.lexsort((rows, -cosines))[:, :k]
        return (
            np.take_along_axis(rows, order, 1),
            np.take_along_axis(cosines, order, 1),
        )

    def add(self, rows: np.ndarray, vectors: np.ndarray) -> None:
        """Adds the vectors of new rows."""
        self._index.add_with_ids(vectors, rows.astype(np.int64))

    def remove(self, rows: np.ndarray) -> None:
        """Removes the vectors of rows."""
        self._index.remove_ids(rows.astype(np.int64))

    def save(self, path: Path) -> None:
        """Writes the cells to a file."""
        require_faiss().write_index(self._index, str(path))

    @classmethod
    def load(cls, path: Path, probes: int) -> InvertedFile:
        """Reads a file that `save` wrote.

        The cells are read into memory, `dim` bytes and an id per outfit: faiss
        crashed when lists mapped from a file were copied to be changed.
        """
        return cls(require_faiss().read_index(str(path)), probes)
