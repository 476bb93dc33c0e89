"""A search index of the outfits of a catalogue."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fndrec import checks
from fndrec.data import OutfitData
from fndrec.errors import DataError
from fndrec.models import OutfitRecommender
from fndrec.retrieval.index import _index_files
from fndrec.retrieval.index._checks import (
    item_lists,
    new_ids,
    unit_vectors,
)
from fndrec.retrieval.index._contents import Contents
from fndrec.retrieval.index._exact import nearest
from fndrec.retrieval.index._growing import GrowingArray, aligned_copy
from fndrec.retrieval.index._inverted_file import InvertedFile, require_faiss
from fndrec.retrieval.index._mutable_vocabulary import MutableVocabulary
from fndrec.retrieval.index.outfit_filter import OutfitFilter
from fndrec.retrieval.index.outfit_match import OutfitMatch

Vectors = npt.NDArray[np.float32]
# The search is exact if `k` exceeds this share of the allowed rows: visiting
# that many saves nothing.
EXACT_K_SHARE = 0.05
# The search is exact if a filter leaves less than this share of the rows.
EXACT_FILTER_SHARE = 0.1


class OutfitIndex:
    """Finds the outfits of a catalogue that are nearest to a vector.

    The search is exact by default: a matrix product and top-k in TensorFlow.
    With `approximate=True` (extra `ann`) it visits only the cells of an
    inverted file that are nearest to the query. Both obey filters and
    exclusions: they never return an outfit that is ruled out, and they return
    `k` outfits wherever `k` are left.

    Args:
        vectors: Float array `(outfits, dim)` of unit vectors in the
            user-outfit space.
        outfit_ids: Their ids.
        item_ids: The items of each outfit, for filters; optional.
        categories: Categories by item id, for filters; optional.
        approximate: Whether to visit only the most promising cells.
        recall: Share of the ten nearest outfits that an approximate index
            should find, on average over `queries`. It visits as many cells as
            that takes.
        queries: Unit vectors `(queries, dim)` that resemble future queries; the
            outfits themselves by default.
        seed: Seed of k-means and of the sample of `queries`.

    Raises:
        ValueError: If an argument is out of its range.
        DataError: If an id occurs twice or is not a string.
        ModuleNotFoundError: If `approximate` and the extra is not installed.

    Example:

    >>> index = fndrec.OutfitIndex.from_model(model, data)
    >>> index.similar(["o17"], k=3, where=fndrec.OutfitFilter(["shirt7"]))
    """

    def __init__(
        self,
        vectors: npt.ArrayLike,
        outfit_ids: Sequence[str],
        *,
        item_ids: Sequence[Sequence[str]] | None = None,
        categories: Mapping[str, str] | None = None,
        approximate: bool = False,
        recall: float = 0.97,
        queries: npt.ArrayLike | None = None,
        seed: int = 0,
    ) -> None:
        if approximate:
            require_faiss()
        recall = checks.fraction("recall", recall, zero=False)
        seed = checks.non_negative_int("seed", seed)
        table = unit_vectors("vectors", vectors)
        count, dim = table.shape
        ids = MutableVocabulary(new_ids(outfit_ids, count))
        contents = Contents.empty(count)
        lists = item_lists(item_ids, count)
        if item_ids is not None:
            contents.put(np.arange(count), lists, categories or {})
        if queries is not None:
            queries = unit_vectors("queries", queries, dim)
        inverted_file = None
        if approximate:
            inverted_file = InvertedFile.build(table, recall, queries, seed)
        self._set(
            GrowingArray(aligned_copy(table)),
            GrowingArray(np.ones(count, bool)),
            ids,
            contents,
            inverted_file,
        )

    def _set(
        self,
        vectors: GrowingArray,
        present: GrowingArray,
        ids: MutableVocabulary,
        contents: Contents,
        inverted_file: InvertedFile | None,
    ) -> None:
        self._vectors = vectors
        self._present = present
        self._ids = ids
        self._contents = contents
        self._inverted_file = inverted_file
        # Rows of removed outfits, which added ones reuse.
        self._free_rows = np.flatnonzero(~present.array).tolist()

    @classmethod
    def from_model(
        cls,
        model: OutfitRecommender,
        data: OutfitData,
        *,
        approximate: bool = False,
        recall: float = 0.97,
        seed: int = 0,
    ) -> OutfitIndex:
        """Makes an index of all outfits of a data set.

        Args:
            model: A trained model, which embeds the outfits.
            data: The data set; all its items are in stock.
            approximate: See the class. The users of the model are `queries`.
            recall: See the class.
            seed: See the class.

        Raises:
            DataError: If the data lacks an input of the model.
        """
        if model.vocabulary is not None:
            data = data.with_vocabulary(model.vocabulary)
        items = model.embed_items(data)
        queries = None
        if approximate and not model.knows_users_by_likes:
            count = model.user_embedding.num_ids
            users = np.asarray(model.encode_users(np.arange(1, count + 1)))
            # Each anchor of a user is a query.
            queries = users.reshape(-1, users.shape[-1])
        index = cls(
            model.embed_outfits(items, data.outfit_items),
            data.outfits.ids,
            approximate=approximate,
            recall=recall,
            queries=queries,
            seed=seed,
        )
        index._contents = Contents.of_data(data)
        return index

    def __len__(self) -> int:
        """Number of outfits."""
        return len(self._ids) - len(self._free_rows)

    def __contains__(self, outfit_id: object) -> bool:
        return (
            isinstance(outfit_id, str) and self._ids.rows([outfit_id])[0] >= 0
        )

    @property
    def dim(self) -> int:
        """Width of the vectors."""
        return self._vectors.array.shape[1]

    @property
    def approximate(self) -> bool:
        """Whether searches visit only the most promising cells."""
        return self._inverted_file is not None

    @property
    def outfit_ids(self) -> list[str]:
        """Ids of all outfits."""
        return self._ids.take(np.flatnonzero(self._present.array))

    def vectors(self, outfit_ids: Sequence[str]) -> Vectors:
        """Returns the unit vectors `(ids, dim)` of outfits.

        Raises:
            DataError: If an outfit is not in the index.
        """
        return self._vectors.array[self._rows("outfit_ids", outfit_ids)]

    # ------------------------------------------------------------- searching

    def search(
        self,
        vectors: npt.ArrayLike,
        k: int = 10,
        *,
        where: OutfitFilter | None = None,
        exclude_outfits: Sequence[Collection[str]] | None = None,
    ) -> list[list[OutfitMatch]]:
        """Finds the `k` nearest outfits to each vector.

        Args:
            vectors: Unit vectors `(queries, dim)` of users or outfits.
            k: Number of outfits.
            where: Conditions that the outfits must meet.
            exclude_outfits: Ids of outfits to leave out, such as those that a
                user likes, one collection per query. Ids that the index lacks
                are ignored.

        Returns:
            The outfits of each query, best first: `k`, or as many as are left.

        Raises:
            ValueError: If `k` is not positive, or `vectors` or
                `exclude_outfits` have a wrong shape.
            DataError: If `k` is larger than the index, `where` names an unknown
                id, or no outfit meets `where`.
        """
        queries = unit_vectors("vectors", vectors, self.dim)
        checks.positive_int("k", k)
        if k > len(self):
            raise DataError(
                f"`k` should be at most the number of outfits, {len(self):,}. "
                f"Received: k={k}"
            )
        mask = self._allowed_rows(where)
        excluded = [np.zeros(0, np.int64)] * len(queries)
        if exclude_outfits is not None:
            if len(exclude_outfits) != len(queries):
                raise ValueError(
                    "`exclude_outfits` should hold ids for each of the "
                    f"{len(queries)} queries. Received: {len(exclude_outfits)}"
                )
            excluded = [
                self._ids.rows(checks.ids(f"exclude_outfits[{i}]", outfits))
                for i, outfits in enumerate(exclude_outfits)
            ]
        # Enough extra outfits that `k` remain after the exclusions.
        extra = max((len(rows) for rows in excluded), default=0)
        results = []
        for rows, cosines, excluded_rows in zip(
            *self._nearest(queries, k + extra, mask), excluded, strict=True
        ):
            kept = (rows >= 0) & ~np.isin(rows, excluded_rows)
            results.append(
                [
                    OutfitMatch(
                        self._ids[row], self._contents.item_ids(row), cosine
                    )
                    for row, cosine in zip(
                        rows[kept][:k].tolist(),
                        cosines[kept][:k].tolist(),
                        strict=True,
                    )
                ]
            )
        return results

    def similar(
        self,
        outfit_ids: Sequence[str],
        k: int = 10,
        *,
        where: OutfitFilter | None = None,
    ) -> list[list[OutfitMatch]]:
        """Finds the `k` nearest outfits to each outfit, except itself.

        Args:
            outfit_ids: Ids of outfits of the index.
            k: Number of outfits.
            where: Conditions that the outfits must meet.

        Returns:
            See `search`.

        Raises:
            ValueError: See `search`.
            DataError: See `search`, or if an outfit is not in the index.
        """
        checks.ids("outfit_ids", outfit_ids)
        return self.search(
            self.vectors(outfit_ids),
            k,
            where=where,
            exclude_outfits=[[outfit] for outfit in outfit_ids],
        )

    def _allowed_rows(self, where: OutfitFilter | None) -> np.ndarray | None:
        """Returns the mask of the rows to search, or None for all rows."""
        present = self._present.array
        if where is None or where == OutfitFilter():
            return present if self._free_rows else None
        mask = self._contents.allowed(where, present)
        mask[self._rows("exclude_outfits", where.exclude_outfits)] = False
        if not mask.any():
            raise DataError(
                f"{where} should leave an outfit of the index. Received: a "
                f"filter that none of {len(self):,} outfits passes"
            )
        return mask

    def _nearest(
        self, queries: np.ndarray, k: int, mask: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Returns rows and cosines `(queries, up to k)`, best first."""
        vectors = self._vectors.array
        allowed = len(vectors) if mask is None else int(np.count_nonzero(mask))
        k = min(k, allowed)
        if (
            self._inverted_file is None
            or k > EXACT_K_SHARE * allowed
            or allowed < EXACT_FILTER_SHARE * len(vectors)
        ):
            return nearest(queries, vectors, k, mask)
        rows, cosines = self._inverted_file.search(queries, vectors, k, mask)
        # The visited cells may hold too few.
        short = (rows < 0).any(axis=1)
        if short.any():
            rows[short], cosines[short] = nearest(
                queries[short], vectors, k, mask
            )
        return rows, cosines

    # -------------------------------------------------------------- changing

    def add(
        self,
        vectors: npt.ArrayLike,
        outfit_ids: Sequence[str],
        *,
        item_ids: Sequence[Sequence[str]] | None = None,
        categories: Mapping[str, str] | None = None,
    ) -> None:
        """Adds outfits, which the next search can return.

        Args:
            vectors: Unit vectors `(outfits, dim)`.
            outfit_ids: Ids that are not in the index.
            item_ids: The items of each outfit, for filters; new items are in
                stock.
            categories: Categories by item id, where known.

        Raises:
            ValueError: If the lengths differ or `vectors` are not unit vectors.
            DataError: If an id is already in the index or given twice.
        """
        table = unit_vectors("vectors", vectors, self.dim)
        ids = new_ids(outfit_ids, len(table)).to_pylist()
        lists = item_lists(item_ids, len(table))
        for name, row in zip(ids, self._ids.rows(ids), strict=True):
            if row >= 0:
                raise DataError(
                    "`outfit_ids` should be new to the index; `update` "
                    f"replaces outfits. Received: {name!r}, which is in it"
                )
        reused = [self._free_rows.pop() for _ in ids[: len(self._free_rows)]]
        end = len(self._ids)
        appended = range(end, end + len(ids) - len(reused))
        rows = np.array([*reused, *appended], np.int64)
        self._put(rows, table)
        self._ids.put(rows.tolist(), ids)
        self._contents.put(rows, lists, categories or {})

    def update(
        self,
        vectors: npt.ArrayLike,
        outfit_ids: Sequence[str],
        *,
        item_ids: Sequence[Sequence[str]] | None = None,
        categories: Mapping[str, str] | None = None,
    ) -> None:
        """Replaces the vectors of outfits, and their items if given.

        Args:
            vectors: Unit vectors `(outfits, dim)`.
            outfit_ids: Ids of outfits of the index.
            item_ids: The new items of each outfit; unchanged by default.
            categories: Categories by item id, where known; used with
                `item_ids`.

        Raises:
            ValueError: If the lengths differ or `vectors` are not unit vectors.
            DataError: If an id is not in the index or given twice.
        """
        table = unit_vectors("vectors", vectors, self.dim)
        ids = new_ids(outfit_ids, len(table)).to_pylist()
        lists = item_lists(item_ids, len(table))
        rows = self._rows("outfit_ids", ids)
        if self._inverted_file is not None:
            self._inverted_file.remove(rows)
        self._put(rows, table)
        if item_ids is not None:
            self._contents.put(rows, lists, categories or {})

    def _put(self, rows: np.ndarray, vectors: np.ndarray) -> None:
        self._vectors.put(rows, vectors)
        self._present.put(rows, True)
        if self._inverted_file is not None:
            self._inverted_file.add(rows, vectors)

    def remove(self, outfit_ids: Sequence[str]) -> None:
        """Removes outfits.

        Raises:
            DataError: If an outfit is not in the index or given twice.
        """
        ids = new_ids(outfit_ids, len(outfit_ids)).to_pylist()
        rows = self._rows("outfit_ids", ids)
        self._ids.remove(ids)
        self._present.put(rows, False)
        if self._inverted_file is not None:
            self._inverted_file.remove(rows)
        self._free_rows.extend(rows.tolist())

    def set_stock(self, item_ids: Sequence[str], in_stock: bool) -> None:
        """Sets whether items are in stock, for `OutfitFilter(in_stock=True)`.

        Args:
            item_ids: The items; all others remain unchanged.
            in_stock: Whether they are in stock.

        Raises:
            DataError: If an item is unknown.
        """
        rows = self._contents.item_rows("item_ids", item_ids)
        self._contents.in_stock.put(rows, in_stock)

    def _rows(self, argument: str, ids: Sequence[str]) -> np.ndarray:
        return self._ids.require_rows(argument, ids, "outfits of the index")

    # ---------------------------------------------------------------- files

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Writes the index to a folder, completely or not at all.

        Args:
            folder: Folder to write; an existing index is replaced.

        Raises:
            DataError: If the folder holds anything else.
        """
        _index_files.save(
            Path(folder),
            self._vectors.array,
            self._present.array,
            self._ids,
            self._contents,
            self._inverted_file,
        )

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> OutfitIndex:
        """Opens an index that `save` wrote.

        The arrays are mapped from the files: only what is read takes memory,
        and changes stay in memory. The cells of an approximate index are read
        at once.

        Args:
            folder: The folder.

        Raises:
            DataError: If the folder holds no index.
            ModuleNotFoundError: If the index is approximate and the extra `ann`
                is not installed.
        """
        index = cls.__new__(cls)
        index._set(*_index_files.load(Path(folder)))
        return index
