"""The nearest vectors, looked for in the cells nearest to the query."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from fndrec import extras
from fndrec.retrieval.index._exact import nearest

# Vectors of a cell at least; k-means wants 39.
CELL = 40
# Vectors that k-means sees for each cell.
TRAINING = 64
# Neighbours that the number of cells visited is chosen for, and queries.
NEIGHBOURS = 10
SAMPLE = 256
# Candidates compared exactly for each result.
RESCORED = 4


def require_faiss() -> Any:
    """Imports faiss, or tells which extra installs it."""
    extras.require("faiss", "ann", "An approximate index")
    import faiss

    return faiss


class InvertedFile:
    """An inverted file: vectors by the cell of k-means that they lie in.

    It keeps a byte a coordinate; what it finds is compared again by the
    vectors themselves, so that cosines are exact.

    Args:
        index: A `faiss.IndexIVF`, whose ids are rows.
        probes: InvertedFile visited for each query.
    """

    def __init__(self, index: Any, probes: int) -> None:
        self._index = index
        self.probes = probes

    @classmethod
    def build(
        cls,
        vectors: np.ndarray,
        rows: np.ndarray,
        recall: float,
        queries: np.ndarray | None,
        seed: int,
    ) -> InvertedFile:
        """Sorts vectors into cells and chooses how many are visited.

        Args:
            vectors: Float32 unit vectors `(vectors, dim)`.
            rows: The rows of `vectors` that count.
            recall: Share of the ten nearest to be found on average.
            queries: Unit vectors to choose by; vectors of `rows` by default.
            seed: Of k-means and of the choice of queries.
        """
        faiss = require_faiss()
        count, dim = len(rows), vectors.shape[1]
        cells = max(1, min(int(4 * count**0.5), count // CELL))
        index = faiss.index_factory(
            dim, f"IVF{cells},SQ8", faiss.METRIC_INNER_PRODUCT
        )
        index.cp.seed = seed
        index.cp.max_points_per_centroid = TRAINING
        rng = np.random.default_rng(seed)
        sample = rows
        if count > TRAINING * cells:
            sample = np.sort(rng.choice(rows, TRAINING * cells, replace=False))
        index.train(vectors[sample])
        found = cls(index, 1)
        found.add(rows, vectors[rows])
        if queries is None or not len(queries):
            queries = vectors[rows]
        if len(queries) > SAMPLE:
            queries = queries[rng.choice(len(queries), SAMPLE, replace=False)]
        mask = np.zeros(len(vectors), bool)
        mask[rows] = True
        found._choose_probes(queries, vectors, mask, recall)
        return found

    def _choose_probes(
        self,
        queries: np.ndarray,
        vectors: np.ndarray,
        mask: np.ndarray,
        recall: float,
    ) -> None:
        k = min(NEIGHBOURS, int(mask.sum()))
        true, _ = nearest(queries, vectors, k, mask)
        while self.probes < self._index.nlist:
            found, _ = self.search(queries, vectors, k)
            hits = [
                np.isin(a, b).mean() for a, b in zip(true, found, strict=True)
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
        """Probably the nearest vectors to each query, by cosine.

        Args:
            queries: Float32 unit vectors `(queries, dim)`.
            vectors: Float32 unit vectors `(rows, dim)`.
            k: How many.
            mask: bool `(rows,)`: which may be found; all by default.

        Returns:
            Rows and cosines `(queries, k)`, best first; rows are -1 where
            the cells visited have no more.
        """
        faiss = require_faiss()
        probes = self.probes
        selector = None
        if mask is not None:
            # The fewer may be found, the further off they are.
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
        # By row first, so that of equal cosines the first row comes first.
        order = np.lexsort((rows, -cosines))[:, :k]
        return (
            np.take_along_axis(rows, order, 1),
            np.take_along_axis(cosines, order, 1),
        )

    def add(self, rows: np.ndarray, vectors: np.ndarray) -> None:
        """Adds the vectors of rows that it has not."""
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

        Into memory: faiss crashed when lists mapped from a file were copied
        to be changed. They take `dim` bytes and an id an outfit.
        """
        return cls(require_faiss().read_index(str(path)), probes)
