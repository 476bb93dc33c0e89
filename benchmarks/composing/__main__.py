"""How often the best outfit is found, and how long it takes.

    python -m benchmarks.composing --out DIR --wardrobe DIR MODEL_DIR...

Part 1: for 200 users, three categories and 50 items of each, drawn at random.
All 125,000 outfits are scored, and searches that score 2,500 sets, 2% of them,
are compared with that. Part 2: 2,000 items a slot, the shop's item vectors
drawn with repetition and blurred. What was done is kept in `composing-runs`.
Writes `composing.json` and `composing.md`.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.common import report
from benchmarks.composing import plain_search
from fndrec import Limit, OutfitComposer, OutfitData
from fndrec.cli._data import image_size_of, load_model_folder
from fndrec.data import from_tables, load_data
from fndrec.files import atomic_write
from fndrec.models import OutfitRecommender

ITEMS, USERS, DRAWS = 50, 200, 20
BUDGET = 2_500
LARGE, LARGE_USERS = 2_000, 20


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.composing", description=__doc__
    )
    parser.add_argument("models", nargs="+", type=Path, metavar="MODEL_DIR")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--wardrobe", type=Path, required=True, metavar="DIR")
    parser.add_argument("--photo-cache", type=Path, metavar="DIR")
    args = parser.parse_args(arguments)
    data = load_data(args.wardrobe)
    records: dict[str, Any] = {}
    small: list[list[str]] = []
    large: list[list[str]] = []
    for path in args.models:
        model = load_model_folder(path)
        size = image_size_of(model)
        shop = (
            data if size is None else data.with_photos(size, args.photo_cache)
        )
        vectors = model.embed_items(shop)
        runs = args.out / "composing-runs" / path.name
        searches = found_of_all(model, shop, vectors, runs)
        many = runs / "many.json"
        if not many.exists():
            report.write_json(many, many_items(model, shop, vectors))
        times = json.loads(many.read_text(encoding="utf-8"))
        records[path.name] = {"small": searches, "large": times}
        small += [
            [
                f"{path.name}, {name}",
                f"{found['found']:.3f}",
                f"{found['lost_mean']:.4f}",
                f"{found['lost_max']:.3f}",
                f"{100 * found['visited']:.2f}%",
                f"{1e3 * found['seconds']:.0f}" if found["seconds"] else "",
            ]
            for name, found in searches.items()
        ]
        large.append(
            [
                path.name,
                *(f"{times[k]:.2f}" for k in ("median", "p95")),
                f"{times['lost_mean']:.4f}",
                f"{times['lost_max']:.3f}",
                f"{times['better_share']:.4f}",
            ]
        )
        print(records[path.name], flush=True)
    sections = [
        report.Section(
            "50 items a slot",
            f"{USERS} users, 125,000 outfits each. A score is a cosine over "
            "the temperature; what is lost is told in cosines. The proof was "
            f"asked for {DRAWS} of the users.",
            (
                *("search", "best found", "lost, mean", "lost, most"),
                *("visited", "ms"),
            ),
            small,
        ),
        report.Section(
            "2,000 items a slot",
            f"{LARGE_USERS} users, 8 x 10^9 outfits each, {6_000:,} scored. "
            "Lost against ten times as many, in cosines.",
            (
                *("model", "s, median", "s, p95", "lost, mean", "lost, most"),
                "better, with 95% confidence",
            ),
            large,
        ),
    ]
    report.write_json(
        args.out / "composing.json",
        {"sections": [vars(one) for one in sections], "records": records},
    )
    page = report.markdown("Composing outfits", sections)
    atomic_write(args.out / "composing.md", page)
    print(page)


def found_of_all(
    model: OutfitRecommender, data: OutfitData, vectors: np.ndarray, runs: Path
) -> dict[str, dict[str, float]]:
    """Searches compared with all scores; what was done before is kept."""
    users = data.users.take(
        np.random.default_rng(0).permutation(data.num_users)[:USERS]
    )
    found: list[dict[str, Any]] = []
    for draw in range(DRAWS):
        path = runs / f"{draw}.json"
        if not path.exists():
            answers = one_draw(model, data, vectors, draw, users[draw::DRAWS])
            report.write_json(path, {"answers": answers})
        found += json.loads(path.read_text(encoding="utf-8"))["answers"]
    records = {}
    for name in dict.fromkeys(one["search"] for one in found):
        answers = [one for one in found if one["search"] == name]
        lost = np.array([one["lost"] for one in answers])
        records[name] = {
            # Scores of one outfit differ by rounding from batch to batch.
            "found": float((lost < 1e-6).mean()),
            "users": len(answers),
            "lost_mean": float(lost.mean()),
            "lost_max": float(lost.max()),
            "visited": max(one["visited"] for one in answers),
            "seconds": float(np.median([one["seconds"] for one in answers])),
        }
    return records


def one_draw(
    model: OutfitRecommender,
    data: OutfitData,
    vectors: np.ndarray,
    draw: int,
    users: Sequence[str],
) -> list[dict[str, Any]]:
    """What the searches give for some users and one draw of the items."""
    assert data.categories is not None
    assert data.item_category is not None
    assert model.vocabulary is not None
    rng = np.random.default_rng((0, draw))
    composers = {
        "composer": OutfitComposer(
            model, data, vectors, exhaustive=0, budget=BUDGET, seed=draw
        ),
        "proof": OutfitComposer(model, data, vectors),
    }
    template = rng.choice(len(data.categories), 3, replace=False)
    pools = [
        rng.choice(np.flatnonzero(data.item_category == c), ITEMS, False)
        for c in template
    ]
    chosen = np.zeros(data.num_items)
    chosen[np.concatenate(pools)] = 1
    limits = [Limit("chosen", chosen, least=1, of="each")]
    names = data.categories.take(template)
    sets = np.stack(np.meshgrid(*pools, indexing="ij"), -1).astype(np.int32)
    outfits = model.embed_outfits(vectors, sets.reshape(-1, 3))
    pairs = model.embed_outfits(vectors, sets[:, :, 0, :2].reshape(-1, 2))
    singles = model.embed_outfits(vectors, sets[:, 0, 0, :1])
    found: list[dict[str, Any]] = []
    for number, user in enumerate(users):
        index = model.vocabulary.users.rows([user]) + 1
        vector = np.asarray(model.encode_users(index))[0]
        table = (outfits @ vector).reshape(ITEMS, ITEMS, ITEMS)
        best = {
            "draws": plain_search.draws(table, BUDGET, rng),
            "beam": plain_search.beam(
                singles @ vector,
                (pairs @ vector).reshape(ITEMS, ITEMS),
                table,
                BUDGET,
            ),
            "swaps": plain_search.swaps(table, BUDGET, rng),
        }

        def note(
            name: str,
            score: float,
            visited: float,
            seconds: float,
            most: float = float(table.max()),
        ) -> None:
            found.append(
                {
                    "search": name,
                    "lost": most - score,
                    "visited": visited,
                    "seconds": seconds,
                }
            )

        for name, score in best.items():
            note(name, score, BUDGET / table.size, 0.0)
        for name, composer in composers.items():
            if name == "proof" and number:
                continue
            started = time.perf_counter()
            answer = composer.compose(user, names, limits=limits, new=False)
            seconds = time.perf_counter() - started
            assert answer.optimal == (name == "proof")
            rows = data.items.rows(answer.outfits[0].item_ids)
            place = tuple(
                int(np.flatnonzero(pool == row)[0])
                for pool, row in zip(pools, rows, strict=True)
            )
            note(name, float(table[place]), answer.visited_share, seconds)
    return found


def many_items(
    model: OutfitRecommender, data: OutfitData, vectors: np.ndarray
) -> dict[str, float]:
    """Times with many items a slot."""
    assert data.item_category is not None
    rng = np.random.default_rng(0)
    template = ["a", "b", "c"]
    # The three largest categories.
    largest = np.argsort(-np.bincount(data.item_category))[:3]
    rows = np.concatenate(
        [
            rng.choice(np.flatnonzero(data.item_category == c), LARGE)
            for c in largest
        ]
    )
    blur = rng.normal(size=(len(rows), vectors.shape[1]))
    many = vectors[rows] + 0.3 * vectors.std(axis=0) * blur
    names = [f"item{row}" for row in range(len(rows))]
    shop = from_tables(
        pa.table({"item_id": names, "category": np.repeat(template, LARGE)}),
        pa.table({"outfit_id": ["o"], "item_ids": [names[:2]]}),
        {"train": pa.table({"user_id": ["u"], "outfit_id": ["o"]})},
    )
    many = many.astype(np.float32)
    quick = OutfitComposer(model, shop, many)
    slow = OutfitComposer(model, shop, many, budget=60_000)
    users = data.users.take(
        rng.choice(data.num_users, LARGE_USERS, replace=False)
    )
    quick.compose(users[0], template)
    seconds, lost, shares = [], [], []
    for user in users:
        started = time.perf_counter()
        found = quick.compose(user, template)
        seconds.append(time.perf_counter() - started)
        best = slow.compose(user, template)
        lost.append(best.outfits[0].score - found.outfits[0].score)
        shares.append(found.better_share())
    unit = float(model.score.from_cosine(1.0) - model.score.from_cosine(0.0))
    return {
        "median": float(np.median(seconds)),
        "p95": float(np.quantile(seconds, 0.95)),
        "lost_mean": float(np.mean(lost)) / unit,
        "lost_max": float(np.max(lost)) / unit,
        "better_share": float(np.max(shares)),
    }


if __name__ == "__main__":
    main()
