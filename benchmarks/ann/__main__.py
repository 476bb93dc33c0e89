"""Compares libraries of approximate search on a million outfits.

    python -m benchmarks.ann build --work DIR --model DIR --data DIR
    python -m benchmarks.ann measure --work DIR --out DIR

`build` makes the outfits: each is one of the data with every slot refilled by
an item of the same category, embedded by the model, items and aggregator as
trained; and the index of each library, kept in `--work`. The queries are the
model's users: half of them choose how hard each library looks, by doubling,
until it finds the share of the ten nearest that is asked for; the other half
is what is measured. `measure` asks the libraries in turns, one query at a
time, and writes `ann.json` and `ann.md`, or other names by `--name`.
"""

import argparse
import contextlib
import functools
import importlib.metadata
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.ann.methods import METHODS, Method
from benchmarks.common import report
from fndrec import OutfitData, OutfitFilter, OutfitIndex, load_model
from fndrec.data import load_data
from fndrec.evaluation.costs.latency import Latency, measure
from fndrec.files import atomic_write

K = 10
ASKED = 0.96
# Effort at most: no library is worth more than exact search takes.
MOST = 4096
EXACT, CELLS = "`OutfitIndex`, exact", "`OutfitIndex`, approximate"
PACKAGES = ("faiss-cpu", "usearch", "voyager", "tensorflow", "numpy")


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.ann", description=__doc__
    )
    parser.add_argument("step", choices=("build", "measure"))
    parser.add_argument("--work", type=Path, required=True, metavar="DIR")
    parser.add_argument("--model", type=Path, metavar="DIR")
    parser.add_argument("--data", type=Path, metavar="DIR")
    parser.add_argument("--out", type=Path, metavar="DIR")
    parser.add_argument("--name", default="ann", help="of the files in --out")
    parser.add_argument("--outfits", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument(
        "--methods", nargs="+", choices=METHODS, default=list(METHODS)
    )
    args = parser.parse_args(arguments)
    args.work.mkdir(parents=True, exist_ok=True)
    if args.step == "build":
        build(args)
    else:
        print(measured(args))


# ------------------------------------------------------------------- building


def build(args: argparse.Namespace) -> None:
    """Makes vectors and indexes that are not there yet."""
    if not (args.work / "items.npy").exists():
        make_outfits(args)
    vectors = np.load(args.work / "vectors.npy")
    tuning = np.load(args.work / "users.npy")[::2]
    if not (args.work / "approximate").exists():
        for name in ("exact", "approximate"):
            index, record = built(
                functools.partial(
                    make_index, args.work, vectors, tuning, name != "exact"
                )
            )
            index.save(args.work / name)
            remember(args.work, name, record)
    for name in args.methods:
        method = METHODS[name](args.work / name)
        if not method.path.exists():
            _, record = built(functools.partial(method.build, vectors))
            method.save()
            remember(args.work, name, record)


def make_outfits(args: argparse.Namespace) -> None:
    """Writes the vectors of outfits and users, and the outfits' items."""
    model = load_model(args.model / "model.keras")
    data = load_data(args.data)
    tower = model.item_tower.towers.get("image")
    if tower is not None:
        data = data.with_photos(tower.image_size)
    assert model.vocabulary is not None
    data = data.with_vocabulary(model.vocabulary)
    items = model.embed_items(data)
    outfits = recombined(data, args.outfits)
    users = np.arange(1, len(data.vocabulary.users) + 1)
    np.save(args.work / "users.npy", np.asarray(model.encode_users(users)))
    np.save(args.work / "vectors.npy", model.embed_outfits(items, outfits))
    np.save(args.work / "items.npy", outfits)
    about = {"data": data.name, "items": data.num_items, "users": len(users)}
    (args.work / "about.json").write_text(json.dumps(about))


def recombined(data: OutfitData, count: int) -> np.ndarray:
    """Distinct outfits of a data set's items, shaped as its outfits are."""
    rng = np.random.default_rng(0)
    order = np.argsort(data.item_group, kind="stable")
    size = np.bincount(data.item_group)
    start = np.cumsum(size) - size
    found = np.zeros((0, data.num_slots), np.int32)
    while len(found) < count:
        sets = data.outfit_items[rng.integers(0, data.num_outfits, count)]
        group = data.item_group[np.maximum(sets, 0)]
        drawn = order[start[group] + rng.integers(0, size[group])]
        sets = np.where(sets < 0, -1, drawn).astype(np.int32)
        found = np.unique(np.concatenate([found, sets]), axis=0)
    return found[np.sort(rng.choice(len(found), count, replace=False))]


def make_index(
    work: Path, vectors: np.ndarray, queries: np.ndarray, approximate: bool
) -> OutfitIndex:
    """The index of the package, its outfits' items known."""
    sets = np.load(work / "items.npy")
    return OutfitIndex(
        vectors,
        [f"outfit{row}" for row in range(len(vectors))],
        item_ids=[[f"item{i}" for i in row if i >= 0] for row in sets.tolist()],
        approximate=approximate,
        recall=ASKED,
        queries=queries,
    )


def built(make: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """What was made, and the seconds of all cores that it took."""
    start, wall = time.process_time(), time.perf_counter()
    made = make()
    return made, {
        "cpu_seconds": time.process_time() - start,
        "seconds": time.perf_counter() - wall,
    }


def remember(work: Path, name: str, record: dict[str, float]) -> None:
    """Keeps how long an index took to build."""
    (work / f"{name}.build.json").write_text(json.dumps(record))
    print(name, record, flush=True)


# ------------------------------------------------------------------ measuring


def measured(args: argparse.Namespace) -> str:
    """Measures all and writes what was found."""
    vectors = np.load(args.work / "vectors.npy", mmap_mode="r")
    users = np.load(args.work / "users.npy")
    # Voyager takes no notice of strides.
    tuning = users[::2].copy()
    queries = users[1::2][: args.queries].copy()
    exact = OutfitIndex.load(args.work / "exact")
    cells = OutfitIndex.load(args.work / "approximate")
    methods = {
        name: METHODS[name](args.work / name)
        for name in args.methods
        if (args.work / name).exists()
    }
    for method in methods.values():
        method.load(vectors.shape[1])
    truth = rows_of(exact, queries)
    wanted = rows_of(exact, tuning)
    for method in methods.values():
        tune(method, tuning, wanted)
    ask: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        EXACT: lambda query: rows_of(exact, query),
        CELLS: lambda query: rows_of(cells, query),
    }
    for method in methods.values():
        ask[method.name] = functools.partial(method.search, k=K)
    taken = in_turns(ask, queries)
    files = {EXACT: args.work / "exact", CELLS: args.work / "approximate"}
    files |= {method.name: method.path for method in methods.values()}
    records = {
        name: {
            "recall": recall(truth, search(queries)),
            "milliseconds": vars(taken[name]),
            "times_faster": taken[EXACT].median / taken[name].median,
            "megabytes": megabytes(files[name]),
            **json.loads(
                files[name]
                .with_name(f"{files[name].name}.build.json")
                .read_text()
            ),
        }
        for name, search in ask.items()
    }
    about = json.loads((args.work / "about.json").read_text())
    sections = [
        libraries(records, vectors.shape, about, len(queries)),
        filters(exact, cells, queries),
        changes(cells, vectors, args.work),
    ]
    study = {
        "versions": _versions(),
        "cpus": os.cpu_count(),
        "outfits": len(vectors),
        "dim": vectors.shape[1],
        **about,
        "effort": {m.name: m.effort for m in methods.values()},
        "methods": records,
        "sections": [vars(section) for section in sections],
    }
    page = report.markdown("Finding outfits", sections)
    report.write_json(args.out / f"{args.name}.json", study)
    atomic_write(args.out / f"{args.name}.md", page)
    return page


def rows_of(
    index: OutfitIndex,
    queries: np.ndarray,
    where: OutfitFilter | None = None,
    k: int = K,
) -> np.ndarray:
    """What an index of the package finds, as rows."""
    found = index.search(queries, k, where=where)
    return np.array(
        [[int(match.outfit_id[6:]) for match in rows] for rows in found]
    )


def recall(truth: np.ndarray, found: np.ndarray) -> float:
    """Share of the nearest that were found."""
    pairs = zip(truth, found, strict=True)
    return float(np.mean([np.isin(a, b).mean() for a, b in pairs]))


def tune(method: Method, queries: np.ndarray, truth: np.ndarray) -> None:
    """Doubles a library's effort until it finds the share asked for."""
    while recall(truth, method.search(queries, K)) < ASKED:
        if method.effort >= MOST:
            return  # the table shows how far it came
        method.effort *= 2


def in_turns(
    ask: dict[str, Callable[[np.ndarray], np.ndarray]], queries: np.ndarray
) -> dict[str, Latency]:
    """Times one query at a time, another one in each round."""
    turn = dict.fromkeys(ask, 0)

    def call(name: str) -> None:
        turn[name] += 1
        ask[name](queries[turn[name] % len(queries)][None])

    calls = {name: functools.partial(call, name) for name in ask}
    return measure(calls, repetitions=len(queries))


def megabytes(path: Path) -> float:
    """Size of a file, or of the files of a folder."""
    files = path.iterdir() if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files) / 1e6


def ms(latency: Latency) -> str:
    """Median and quartiles."""
    return f"{latency.median:.2f} ({latency.low:.2f} to {latency.high:.2f})"


def libraries(
    records: dict[str, Any],
    shape: tuple[int, ...],
    about: dict[str, Any],
    queries: int,
) -> report.Section:
    """The table of the libraries."""
    return report.Section(
        f"{shape[0]:,} outfits, {shape[1]} numbers each",
        f"Outfits recombined from the {about['items']:,} items of "
        f"{about['data']}, embedded by a trained model; {queries} queries are "
        "its users, one at a time. Exact search is the first row.",
        (
            "index",
            "recall@10",
            "ms a query (quartiles)",
            "times as fast",
            "CPU s to build",
            "MB",
        ),
        [
            (
                name,
                f"{one['recall']:.3f}",
                ms(Latency(**one["milliseconds"])),
                f"{one['times_faster']:.1f}",
                f"{one['cpu_seconds']:.0f}",
                f"{one['megabytes']:,.0f}",
            )
            for name, one in records.items()
        ],
    )


def filters(
    exact: OutfitIndex, cells: OutfitIndex, queries: np.ndarray
) -> report.Section:
    """The table of filters that leave ever less."""
    rng = np.random.default_rng(0)
    items = exact._contents.items.take(range(len(exact._contents.items)))
    wheres = [
        OutfitFilter(exclude_items=rng.permutation(items)[:count].tolist())
        for count in (len(items) // 20, len(items) // 4, len(items) // 2)
    ] + [OutfitFilter(contains=items[:1])]
    rows = []
    for where in wheres:
        mask = exact._allowed_rows(where)
        assert mask is not None
        left = np.count_nonzero(mask) / len(exact)
        taken = in_turns(
            {
                name: functools.partial(rows_of, index, where=where)
                for name, index in ((EXACT, exact), (CELLS, cells))
            },
            queries[:25],
        )
        truth = rows_of(exact, queries[:25], where)
        found = rows_of(cells, queries[:25], where)
        assert mask[found].all()
        rows.append(
            (
                "one item must be in"
                if where.contains
                else f"{len(where.exclude_items):,} items must not be in",
                f"{100 * left:.2g}%",
                f"{recall(truth, found):.3f}",
                ms(taken[EXACT]),
                ms(taken[CELLS]),
            )
        )
    return report.Section(
        "Filters",
        "Every outfit found passes its filter. Filters that leave less than a "
        "tenth are answered exactly.",
        ("filter", "left", "recall@10", "ms, exact", "ms, approximate"),
        rows,
    )


def changes(cells: OutfitIndex, vectors: Any, work: Path) -> report.Section:
    """The table of changes of an index."""
    some = np.asarray(vectors[:1000])
    ids = [f"new{i}" for i in range(len(some))]
    opened = OutfitIndex.load(work / "approximate")
    # What lies in a file is copied, and ids are hashed, at the first change.
    steps: list[tuple[str, Callable[[], object]]] = [
        ("load", lambda: OutfitIndex.load(work / "approximate")),
        ("first search after", lambda: opened.search(some[:1], K)),
        ("first change after", lambda: opened.add(some[:1], ["first"])),
        (f"add {len(ids):,}", lambda: opened.add(some, ids)),
        (f"update {len(ids):,}", lambda: opened.update(some[::-1], ids)),
        (f"remove {len(ids):,}", lambda: opened.remove(ids)),
    ]
    rows = []
    for name, step in steps:
        start = time.perf_counter()
        step()
        rows.append((name, f"{1000 * (time.perf_counter() - start):.1f}"))
    return report.Section(
        "Changes",
        "Of the approximate index, opened from its files.",
        ("step", "ms"),
        rows,
    )


def _versions() -> dict[str, str]:
    """Of the packages that are installed: not all are measured each time."""
    found = {}
    for name in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


if __name__ == "__main__":
    main()
