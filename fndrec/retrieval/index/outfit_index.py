"""The nearest outfits of a catalogue."""

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
from fndrec.retrieval.index._contents import Contents, known
from fndrec.retrieval.index._exact import nearest
from fndrec.retrieval.index._growing import GrowingArray, aligned_copy
from fndrec.retrieval.index._inverted_file import InvertedFile, require_faiss
from fndrec.retrieval.index._mutable_vocabulary import MutableVocabulary
from fndrec.retrieval.index.index_checks import (
    check_k,
    item_lists,
    new_ids,
    unit_vectors,
)
from fndrec.retrieval.index.outfit_filter import OutfitFilter
from fndrec.retrieval.index.outfit_match import OutfitMatch

Vectors = npt.NDArray[np.float32]
# An approximate search that would visit this share of the rows is none.
MANY = 0.05
# Filters that leave less than this share are answered exactly.
NARROW = 0.1


class OutfitIndex:
    """The nearest outfits of a catalogue to a user, an outfit, any vector.

    Exact by default: a matrix product and top-k in TensorFlow. With
    `approximate=True` (extra `ann`) only the cells of an inverted file that
    are nearest to the query are looked at. Filters and exclusions hold in
    both: no outfit that they rule out is ever found, and never fewer than `k`
    where `k` are left.

    Args:
        vectors: Float array `(outfits, dim)` of unit vectors in the
            user-outfit space.
        outfit_ids: Their ids.
        item_ids: The items of each outfit, for filters; optional.
        categories: Category of items by id, for filters; optional.
        approximate: Whether to look only where it is most promising.
        recall: Share of the ten nearest that an approximate index finds on
            average of `queries`; it visits as many cells as that takes.
        queries: Unit vectors `(queries, dim)` like those to come; the
            outfits themselves by default.
        seed: Of k-means and of the choice among `queries`.

    Raises:
        ValueError: If an argument is out of its range.
        DataError: If an id occurs twice or is no string.
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
        if not 0 < recall <= 1:
            raise ValueError(
                f"`recall` should be in (0, 1]. Received: recall={recall}"
            )
        table = unit_vectors("vectors", vectors)
        count, dim = table.shape
        names = MutableVocabulary(new_ids(outfit_ids, count))
        contents = Contents.unknown(count)
        lists = item_lists(item_ids, count)
        if item_ids is not None:
            contents.put(np.arange(count), lists, categories or {})
        if queries is not None:
            queries = unit_vectors("queries", queries, dim)
        cells = None
        if approximate:
            rows = np.arange(count)
            cells = InvertedFile.build(table, rows, recall, queries, seed)
        self._set(
            GrowingArray(aligned_copy(table)),
            GrowingArray(np.ones(count, bool)),
            names,
            contents,
            cells,
        )

    def _set(
        self,
        vectors: GrowingArray,
        present: GrowingArray,
        names: MutableVocabulary,
        contents: Contents,
        cells: InvertedFile | None = None,
    ) -> None:
        self._vectors = vectors
        self._present = present
        self._names = names
        self._contents = contents
        self._cells = cells
        # Rows of removed outfits, which the next ones take.
        self._free = np.flatnonzero(~present.array).tolist()

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
        """All outfits of a data set as a model sees them.

        Args:
            model: A trained model.
            data: The data set; all its items are in stock.
            approximate: As above. The users the model knows are `queries`.
            recall: As above.
            seed: As above.

        Raises:
            DataError: If the data lacks what the model looks at.
        """
        if model.vocabulary is not None:
            data = data.with_vocabulary(model.vocabulary)
        items = model.embed_items(data)
        queries = None
        if approximate and not model.knows_users_by_likes:
            count = model.user_embedding.num_ids
            users = np.asarray(model.encode_users(np.arange(1, count + 1)))
            # Of several anchors each looks for outfits.
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
        return len(self._names) - len(self._free)

    def __contains__(self, outfit_id: object) -> bool:
        return (
            isinstance(outfit_id, str) and self._names.rows([outfit_id])[0] >= 0
        )

    @property
    def dim(self) -> int:
        """Width of the vectors."""
        return self._vectors.array.shape[1]

    @property
    def approximate(self) -> bool:
        """Whether it looks only where it is most promising."""
        return self._cells is not None

    @property
    def outfit_ids(self) -> list[str]:
        """Ids of all outfits."""
        return self._names.take(np.flatnonzero(self._present.array))

    def vectors(self, outfit_ids: Sequence[str]) -> Vectors:
        """Unit vectors `(ids, dim)` of outfits.

        Raises:
            DataError: If one is not in the index.
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
        """The `k` nearest outfits to each vector.

        Args:
            vectors: Unit vectors `(queries, dim)` of users or outfits.
            k: How many.
            where: What outfits must be like.
            exclude_outfits: For each query, ids of outfits to leave out, such
                as those a user likes. Ids that the index lacks are ignored.

        Returns:
            For each query the outfits, best first: `k`, or as many as are
            left.

        Raises:
            ValueError: If `k` is not positive, or `vectors` or
                `exclude_outfits` have another shape.
            DataError: If `k` is larger than the index, `where` names what
                is not known, or no outfit is left by `where`.
        """
        queries = unit_vectors("vectors", vectors, self.dim)
        check_k(k, len(self))
        mask = self._mask(where)
        refused = [np.zeros(0, np.int64)] * len(queries)
        if exclude_outfits is not None:
            if len(exclude_outfits) != len(queries):
                raise ValueError(
                    "`exclude_outfits` should hold ids for each of the "
                    f"{len(queries)} queries. Received: {len(exclude_outfits)}"
                )
            refused = [
                self._names.rows(checks.ids(f"exclude_outfits[{i}]", outfits))
                for i, outfits in enumerate(exclude_outfits)
            ]
        # So many more are found that enough remain.
        more = max((len(rows) for rows in refused), default=0)
        found = []
        for rows, cosines, out in zip(
            *self._nearest(queries, k + more, mask), refused, strict=True
        ):
            kept = (rows >= 0) & ~np.isin(rows, out)
            found.append(
                [
                    OutfitMatch(
                        self._names[row],
                        self._contents.item_ids(row),
                        cosine,
                    )
                    for row, cosine in zip(
                        rows[kept][:k].tolist(),
                        cosines[kept][:k].tolist(),
                        strict=True,
                    )
                ]
            )
        return found

    def similar(
        self,
        outfit_ids: Sequence[str],
        k: int = 10,
        *,
        where: OutfitFilter | None = None,
    ) -> list[list[OutfitMatch]]:
        """The `k` nearest outfits to each outfit, itself left out.

        Args:
            outfit_ids: Ids of outfits of the index.
            k: How many.
            where: What outfits must be like.

        Returns:
            As `search`.

        Raises:
            ValueError: As `search`.
            DataError: As `search`, or if an outfit is not in the index.
        """
        checks.ids("outfit_ids", outfit_ids)
        exclude_outfits = [[outfit] for outfit in outfit_ids]
        return self.search(
            self.vectors(outfit_ids),
            k,
            where=where,
            exclude_outfits=exclude_outfits,
        )

    def _mask(self, where: OutfitFilter | None) -> np.ndarray | None:
        """Which rows may be found, or none if all may."""
        present = self._present.array
        if where is None or where == OutfitFilter():
            return present if self._free else None
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
        """Rows and cosines `(queries, up to k)`, -1 where there are no more."""
        vectors = self._vectors.array
        left = len(vectors) if mask is None else int(np.count_nonzero(mask))
        k = min(k, left)
        if (
            self._cells is None
            or k > MANY * left
            or left < NARROW * len(vectors)
        ):
            return nearest(queries, vectors, k, mask)
        rows, cosines = self._cells.search(queries, vectors, k, mask)
        # The cells visited may hold too few.
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
        """Adds outfits, found from the next search on.

        Args:
            vectors: Unit vectors `(outfits, dim)`.
            outfit_ids: Ids that the index does not have.
            item_ids: The items of each, for filters; items never seen are in
                stock.
            categories: Category of items by id, where known.

        Raises:
            ValueError: If the lengths differ or vectors are no unit vectors.
            DataError: If an id is in the index already or given twice.
        """
        table = unit_vectors("vectors", vectors, self.dim)
        ids = new_ids(outfit_ids, len(table)).to_pylist()
        lists = item_lists(item_ids, len(table))
        for name, row in zip(ids, self._names.rows(ids), strict=True):
            if row >= 0:
                raise DataError(
                    "`outfit_ids` should be new to the index; `update` "
                    f"replaces outfits. Received: {name!r}, which is in it"
                )
        reused = [self._free.pop() for _ in ids[: len(self._free)]]
        end = len(self._names)
        fresh = range(end, end + len(ids) - len(reused))
        self._put(np.array([*reused, *fresh], np.int64), table)
        self._names.put([*reused, *fresh], ids)
        self._contents.put(
            np.array([*reused, *fresh], np.int64), lists, categories or {}
        )

    def update(
        self,
        vectors: npt.ArrayLike,
        outfit_ids: Sequence[str],
        *,
        item_ids: Sequence[Sequence[str]] | None = None,
        categories: Mapping[str, str] | None = None,
    ) -> None:
        """Gives outfits of the index other vectors, and other items if told.

        Args:
            vectors: Unit vectors `(outfits, dim)`.
            outfit_ids: Ids that the index has.
            item_ids: The items of each; they stay by default.
            categories: Category of items by id, where known.

        Raises:
            ValueError: If the lengths differ or vectors are no unit vectors.
            DataError: If an id is not in the index or given twice.
        """
        table = unit_vectors("vectors", vectors, self.dim)
        ids = new_ids(outfit_ids, len(table)).to_pylist()
        lists = item_lists(item_ids, len(table))
        rows = self._rows("outfit_ids", ids)
        if self._cells is not None:
            self._cells.remove(rows)
        self._put(rows, table)
        if item_ids is not None:
            self._contents.put(rows, lists, categories or {})

    def _put(self, rows: np.ndarray, vectors: np.ndarray) -> None:
        self._vectors.put(rows, vectors)
        self._present.put(rows, True)
        if self._cells is not None:
            self._cells.add(rows, vectors)

    def remove(self, outfit_ids: Sequence[str]) -> None:
        """Removes outfits; they are not found any more.

        Raises:
            DataError: If one is not in the index or given twice.
        """
        ids = new_ids(outfit_ids, len(outfit_ids)).to_pylist()
        rows = self._rows("outfit_ids", ids)
        self._names.forget(ids)
        self._present.put(rows, False)
        if self._cells is not None:
            self._cells.remove(rows)
        self._free.extend(rows.tolist())

    def set_stock(self, item_ids: Sequence[str], in_stock: bool) -> None:
        """Tells which items are in stock, for `OutfitFilter(in_stock=True)`.

        Args:
            item_ids: Items; the others stay as they are.
            in_stock: Whether they are.

        Raises:
            DataError: If an item is not known.
        """
        rows = self._contents.known_items("item_ids", item_ids)
        self._contents.in_stock.put(rows, in_stock)

    def _rows(self, argument: str, ids: Sequence[str]) -> np.ndarray:
        return known(self._names, argument, ids, "outfits of the index")

    # ---------------------------------------------------------------- files

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Writes the index to a folder, which is whole or not there.

        Args:
            folder: Folder to write; an index that is there is replaced.

        Raises:
            DataError: If the folder holds something else.
        """
        _index_files.save(
            Path(folder),
            self._vectors.array,
            self._present.array,
            self._names,
            self._contents,
            self._cells,
        )

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> OutfitIndex:
        """Opens an index that `save` wrote.

        Its arrays stay in the files: memory is taken for what is read, and
        changes are made in memory alone. Of an approximate index, the codes of
        its cells are read at once.

        Args:
            folder: The folder.

        Raises:
            DataError: If it is no index.
            ModuleNotFoundError: If it is approximate and the extra `ann` is
                not installed.
        """
        index = cls.__new__(cls)
        index._set(*_index_files.load(Path(folder)))
        return index
