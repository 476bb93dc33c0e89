"""Whether millions of likes fit: reading, memory, batches.

    python -m benchmarks.large_shop --work DIR --out DIR

Writes a shop of random outfits and likes as Parquet files to `--work`, reads
it, and takes batches of it. What is liked is left to chance: the sizes matter,
not the tastes. Writes `large_shop.json` and `large_shop.md`.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import fndrec
from benchmarks.common import report
from fndrec.files import atomic_write

SLOTS = 4
FEATURES = 64
CATEGORIES = 40
BATCH = 1024
DIM = 64


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.large_shop", description=__doc__
    )
    parser.add_argument("--work", type=Path, required=True, metavar="DIR")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--likes", type=int, default=10_000_000)
    parser.add_argument("--batches", type=int, default=100)
    args = parser.parse_args(arguments)
    args.out.mkdir(parents=True, exist_ok=True)
    write_shop(args.work, args.likes)
    sections = measure(args.work, args.batches)
    report.write_json(
        args.out / "large_shop.json",
        {"likes": args.likes, "sections": [vars(one) for one in sections]},
    )
    page = report.markdown("A large shop", sections)
    atomic_write(args.out / "large_shop.md", page)
    print(page)


def write_shop(folder: Path, likes: int) -> None:
    """A shop with a tenth as many users, a fifth outfits, a 20th items."""
    users, outfits = max(2, likes // 10), max(2, likes // 5)
    items = max(CATEGORIES * SLOTS, likes // 20)
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    feature = rng.normal(size=items * FEATURES).astype(np.float32)
    _write(
        folder / "items.parquet",
        item_id=np.arange(items),
        category=pa.array(
            [f"c{row}" for row in rng.integers(CATEGORIES, size=items)]
        ),
        feature=pa.FixedSizeListArray.from_arrays(feature, FEATURES),
    )
    # Of distinct items, whatever the draw: one of each quarter.
    quarter = items // SLOTS
    chosen = rng.integers(quarter, size=(outfits, SLOTS))
    chosen += np.arange(SLOTS) * quarter
    _write(
        folder / "outfits.parquet",
        outfit_id=np.arange(outfits),
        item_ids=pa.FixedSizeListArray.from_arrays(
            pa.array(chosen.ravel()), SLOTS
        ),
    )
    for split, count in (("train", likes), ("valid", max(20, likes // 100))):
        _write(
            folder / f"{split}.parquet",
            user_id=rng.integers(users, size=count),
            outfit_id=rng.integers(outfits, size=count),
        )


def _write(path: Path, **columns: object) -> None:
    pq.write_table(pa.table(columns), path)


def measure(folder: Path, batches: int) -> list[report.Section]:
    """Reads the shop and takes batches of it."""
    before = _resident()
    started, computing = time.perf_counter(), time.process_time()
    data = fndrec.load_data(folder)
    reading = time.perf_counter() - started
    computing = time.process_time() - computing
    held = _resident() - before
    print(data, flush=True)
    dataset = iter(data.batches("train", BATCH, negatives=1))
    next(dataset)
    started = time.perf_counter()
    for _ in range(batches):
        next(dataset)
    a_batch = (time.perf_counter() - started) / batches

    files = sum(file.stat().st_size for file in folder.glob("*.parquet"))
    table = DIM * (len(data.vocabulary.users) + 1)
    history = fndrec.layers.UserHistoryEncoder(DIM)
    history.build(None)
    return [
        report.Section(
            "Ten million likes",
            "Random outfits and likes, on two cores that other work used too.",
            ("", ""),
            [
                ["likes", f"{len(data.likes('train')):,}"],
                ["users, outfits, items", _counts(data)],
                ["Parquet files", f"{files / 1e6:,.0f} MB"],
                ["reading and checking", f"{reading:.0f} s"],
                ["CPU time of that", f"{computing:.0f} s"],
                ["memory afterwards", f"{held / 1e6:,.0f} MB"],
                [
                    f"a batch of {BATCH:,} likes, 1 negative each",
                    f"{1000 * a_batch:.0f} ms",
                ],
                ["weights of a table of users", f"{table:,}"],
                ["weights of users by likes", f"{history.count_params():,}"],
            ],
        )
    ]


def _counts(data: fndrec.OutfitData) -> str:
    return f"{data.num_users:,}, {data.num_outfits:,}, {data.num_items:,}"


def _resident() -> int:
    """Bytes of memory that this process holds."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise OSError("/proc/self/status should tell VmRSS")


if __name__ == "__main__":
    main()
