"""Find the best outfits of the catalogue for users, outfits or sets of items.

DIR/find.csv has the columns user_id (or query), rank, item_ids joined by `;`,
score and outfit_id, and known for users: 0 for a user the model has never
seen, who is scored as the cold-start user. The score is the model's for users
and the cosine for outfits and sets of items. DIR/find.png shows the first
rows if the items have photos.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fndrec.cli import _types
from fndrec.cli._data import (
    add_data_arguments,
    image_size_of,
    load_model_folder,
    read_data,
    read_lines,
)
from fndrec.cli._found import (
    ResultRow,
    add_out_argument,
    check_out,
    write_found,
)
from fndrec.cli._run import RunRecord
from fndrec.data import OutfitData
from fndrec.data.item_sets import distinct_items_of
from fndrec.errors import DataError
from fndrec.models import OutfitRecommender
from fndrec.retrieval import (
    OutfitFilter,
    OutfitIndex,
    OutfitMatch,
    recommend,
)

# Side of photos that only the picture needs.
PICTURE_SIZE = 64


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of the command."""
    parser.add_argument("model_dir", type=Path, metavar="MODEL_DIR")
    parser.add_argument("data_dir", type=Path, metavar="DATA_DIR")
    query = parser.add_mutually_exclusive_group(required=True)
    query.add_argument(
        "--user", nargs="+", metavar="ID", help="users to find outfits for"
    )
    query.add_argument(
        "--outfit", nargs="+", metavar="ID", help="outfits to find others like"
    )
    query.add_argument(
        "--items",
        nargs="+",
        metavar="A;B;C",
        help="sets of items, joined by `;`, to find outfits like",
    )
    parser.add_argument(
        "-k",
        type=_types.positive_int,
        default=10,
        help="outfits found for each",
    )
    parser.add_argument(
        "--contains",
        nargs="+",
        default=[],
        metavar="ITEM",
        help="items that must all be in the outfit",
    )
    parser.add_argument(
        "--exclude-items",
        nargs="+",
        default=[],
        metavar="ITEM",
        help="items none of which may be in the outfit",
    )
    parser.add_argument(
        "--category",
        nargs="+",
        default=[],
        metavar="NAME",
        help="categories that every item must be of one of",
    )
    parser.add_argument(
        "--exclude-outfits",
        nargs="+",
        default=[],
        metavar="OUTFIT",
        help="outfits that must not be found",
    )
    parser.add_argument(
        "--out-of-stock",
        type=Path,
        default=None,
        metavar="FILE",
        help="text file of items, an id a line, none of which may be in the "
        "outfit (default: none)",
    )
    parser.add_argument(
        "--include-liked",
        action="store_true",
        help="find outfits that the user is known to like too",
    )
    parser.add_argument(
        "--approximate",
        action="store_true",
        help="look only where it is most promising (extra `ann`)",
    )
    add_out_argument(parser)
    add_data_arguments(parser)


def run(args: argparse.Namespace) -> None:
    """Runs the command."""
    check_out(args.out)
    record = RunRecord(args)
    sold_out = []
    if args.out_of_stock is not None:
        sold_out = read_lines(args.out_of_stock, "an item id")
    model = load_model_folder(args.model_dir)
    # Before the photos, which take long.
    data = read_data(args, None)
    _check_ids(args, data, model)
    data = read_data(args, image_size_of(model) or PICTURE_SIZE)
    try:
        index = OutfitIndex.from_model(
            model, data, approximate=args.approximate
        )
    except ModuleNotFoundError as error:
        raise DataError(str(error)) from error
    index.set_stock(sold_out, False)
    where = OutfitFilter(
        contains=args.contains,
        exclude_items=args.exclude_items,
        categories=args.category,
        in_stock=bool(sold_out),
        exclude_outfits=args.exclude_outfits,
    )
    if args.user:
        rows = _for_users(args, model, data, index, where)
        write_found(args, record, data, rows)
        return
    rows, queries = _for_sets(args, model, data, index, where)
    write_found(args, record, data, rows, "query", queries)


def _check_ids(
    args: argparse.Namespace, data: OutfitData, model: OutfitRecommender
) -> None:
    assert model.vocabulary is not None
    if args.k > data.num_outfits:
        raise DataError(
            "-k should be at most the number of outfits, "
            f"{data.num_outfits:,}. Received: {args.k}"
        )
    for user in args.user or ():
        if user not in data.users and user not in model.vocabulary.users:
            raise DataError(
                "--user should name users of the data or the model. "
                f"Received: {user!r}"
            )
    for outfit in args.outfit or ():
        if outfit not in data.outfits:
            raise DataError(
                "--outfit should name outfits of the data. "
                f"Received: {outfit!r}"
            )
    for names in args.items or ():
        ids = names.split(";")
        for name in ids:
            if name not in data.items:
                raise DataError(
                    "--items should name items of the data, joined by `;`. "
                    f"Received: {name!r} in {names!r}"
                )
        if len(set(ids)) < len(ids):
            raise DataError(
                "--items should name each item of a set once. "
                f"Received: {names!r}"
            )


def _for_users(
    args: argparse.Namespace,
    model: OutfitRecommender,
    data: OutfitData,
    index: OutfitIndex,
    where: OutfitFilter,
) -> list[ResultRow]:
    found = recommend(
        model,
        data,
        args.user,
        args.k,
        exclude_liked=not args.include_liked,
        where=where,
        index=index,
    )
    for user, rows in zip(args.user, found, strict=True):
        _check_left(f"--user {user}", rows)
    return [
        ResultRow(
            user,
            rank,
            one.item_ids,
            one.score,
            {"outfit_id": one.outfit_id, "known": int(one.known)},
            one.outfit_id,
        )
        for user, rows in zip(args.user, found, strict=True)
        for rank, one in enumerate(rows, start=1)
    ]


def _for_sets(
    args: argparse.Namespace,
    model: OutfitRecommender,
    data: OutfitData,
    index: OutfitIndex,
    where: OutfitFilter,
) -> tuple[list[ResultRow], dict[str, list[str]]]:
    """Returns the results for outfits or item sets, and their items."""
    found: list[list[OutfitMatch]]
    if args.outfit:
        rows = data.outfits.rows(args.outfit)
        queries = {
            name: data.outfit_item_ids(int(row))
            for name, row in zip(args.outfit, rows, strict=True)
        }
        found = index.similar(list(queries), args.k, where=where)
    else:
        queries = {names: names.split(";") for names in args.items}
        found = index.search(
            _embedded(model, data, list(queries.values())), args.k, where=where
        )
    for query, matches in zip(queries, found, strict=True):
        _check_left(query, matches)
    return [
        ResultRow(
            query,
            rank,
            match.item_ids,
            match.cosine,
            {"outfit_id": match.outfit_id},
            match.outfit_id,
        )
        for query, matches in zip(queries, found, strict=True)
        for rank, match in enumerate(matches, start=1)
    ], queries


def _embedded(
    model: OutfitRecommender, data: OutfitData, sets: list[list[str]]
) -> np.ndarray:
    """Embeds item sets."""
    assert model.vocabulary is not None
    data = data.with_vocabulary(model.vocabulary)
    outfits = np.full((len(sets), max(map(len, sets))), -1, np.int32)
    for row, ids in zip(outfits, sets, strict=True):
        row[: len(ids)] = data.items.rows(ids)
    used, (places,) = distinct_items_of(outfits)
    return model.embed_outfits(model.embed_items(data, used), places)


def _check_left(query: str, found: Sequence[object]) -> None:
    if not found:
        raise DataError(
            f"{query}: an outfit was expected to be left by what is asked "
            "for. Received: options that leave none"
        )
