"""What `fndrec serve` adds to a call of the SavedModel.

    python -m benchmarks.serving_overhead --out DIR [--repetitions 300]

The same requests to a SavedModel in this process, and through the client to
`fndrec serve` in another, over gRPC and REST: candidates to score in a shop of
photos, and outfits to recommend from 10,000, 100,000 and 1,000,000. Writes
`serving_overhead.json` and `serving_overhead.md` to `DIR`; exports of such
indexes that are there from an earlier run are used again.
"""

import argparse
import dataclasses
import importlib.metadata
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

import fndrec
from benchmarks.common import report
from benchmarks.common.server_process import ServerProcess
from benchmarks.serving_latency.__main__ import CANDIDATES, OUTFITS, indexed
from fndrec.files import atomic_write
from fndrec.serving import Client

PORT = 18511
PACKAGES = ("tensorflow", "grpcio", "starlette", "uvicorn")
Inputs = dict[str, np.ndarray]


def requests_of(data: fndrec.OutfitData) -> dict[str, tuple[str, Inputs]]:
    """Requests by name: the signature and its inputs."""
    user = np.array([data.users[0]], object)
    made = {}
    rng = np.random.default_rng(0)
    ids = np.array(data.items.to_list(), object)
    for count in CANDIDATES:
        items = rng.choice(ids, (1, count, 4))
        made[f"score_outfits, {count:,} candidates"] = (
            "score_outfits",
            {
                "user_id": user,
                "item_id": items,
                "length": np.full((1, count), 4, np.int32),
            },
        )
    return made


def measure(calls: Sequence[Callable[[], Any]], repetitions: int) -> np.ndarray:
    """Milliseconds `(calls, repetitions)`, by turns: all meet the same noise.

    Args:
        calls: What to time.
        repetitions: How often.

    Returns:
        The times.
    """
    found = np.empty((len(calls), repetitions))
    for call in calls:
        for _ in range(5):
            call()
    for repetition in range(repetitions):
        for number, call in enumerate(calls):
            start = time.perf_counter()
            call()
            found[number, repetition] = 1e3 * (time.perf_counter() - start)
    return found


def compared(
    path: Path, requests: Mapping[str, tuple[str, Inputs]], repetitions: int
) -> list[dict[str, Any]]:
    """Measures requests of one export.

    Args:
        path: The SavedModel, in a folder of versions.
        requests: The requests by name.
        repetitions: Repetitions of small requests; large ones get fewer.

    Returns:
        A row for each request: p50 and p95 in milliseconds.
    """
    loaded = tf.saved_model.load(str(path))
    log = path.parent.with_name(f"{path.parent.name}.log")
    server = ServerProcess(path.parent, log, PORT, 64)
    server.start()
    rows = []
    try:
        with (
            Client(server.grpc, timeout=60) as by_grpc,
            Client(server.rest, "rest", timeout=60) as by_rest,
        ):
            for name, (signature, inputs) in requests.items():
                function = loaded.signatures[signature]

                def here(f: Any = function, i: Inputs = inputs) -> Any:
                    given = {k: tf.constant(v) for k, v in i.items()}
                    return {k: v.numpy() for k, v in f(**given).items()}

                calls = [
                    here,
                    lambda s=signature, i=inputs: by_grpc.predict(s, i),
                    lambda s=signature, i=inputs: by_rest.predict(s, i),
                ]
                size = sum(value.size for value in inputs.values())
                times = measure(
                    calls, repetitions // 10 if size > 10_000 else repetitions
                )
                row: dict[str, Any] = {"request": name}
                for way, one in zip(
                    ("in_process", "grpc", "rest"), times, strict=True
                ):
                    p50, p95 = np.percentile(one, [50, 95])
                    row[way] = {
                        "p50": round(float(p50), 2),
                        "p95": round(float(p95), 2),
                    }
                rows.append(row)
                print(row, flush=True)
    finally:
        server.terminate()
    return rows


def scoring(folder: Path, repetitions: int) -> list[dict[str, Any]]:
    """Measures a student that looks at photos, as `compared`."""
    shutil.rmtree(folder, ignore_errors=True)
    shop = fndrec.SyntheticShop.generate(
        folder / "shop", num_users=60, items_per_category=100, image_size=64
    )
    data = shop.data.with_photos(64)
    model = fndrec.FNDStudent.from_data(data)
    path = fndrec.export(model, folder / "export", data)
    return compared(path, requests_of(data), repetitions)


def recommending(
    folder: Path, count: int, repetitions: int
) -> list[dict[str, Any]]:
    """Measures `recommend` over an index of some size, as `compared`."""
    inputs: Inputs = {
        "user_id": np.array(["user0"], object),
        "k": np.array([10], np.int32),
    }
    name = f"recommend, k=10, of {count:,} outfits"
    return compared(
        indexed(folder, count), {name: ("recommend", inputs)}, repetitions
    )


def as_section(rows: Sequence[dict[str, Any]]) -> report.Section:
    """The table of the page."""
    ways = ("in_process", "grpc", "rest")
    return report.Section(
        "Latency",
        "Milliseconds, p50 / p95.",
        ["request", "SavedModel", "`fndrec serve`, gRPC", "REST"],
        [
            [
                row["request"],
                *(f"{row[way]['p50']} / {row[way]['p95']}" for way in ways),
            ]
            for row in rows
        ],
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.serving_overhead", description=__doc__
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--repetitions", type=int, default=300)
    args = parser.parse_args(arguments)
    folder = args.out.resolve() / "overhead"
    rows = scoring(folder / "photos", args.repetitions)
    for count in OUTFITS:
        rows += recommending(folder, count, args.repetitions)
    write(args.out, rows, args.repetitions)


def write(out: Path, rows: list[dict[str, Any]], repetitions: int) -> None:
    """Writes what was measured."""
    section = as_section(rows)
    report.write_json(
        out / "serving_overhead.json",
        {
            "versions": {
                name: importlib.metadata.version(name) for name in PACKAGES
            },
            "cores": os.cpu_count(),
            "repetitions": repetitions,
            "rows": rows,
            "sections": [dataclasses.asdict(section)],
        },
    )
    atomic_write(
        out / "serving_overhead.md",
        report.markdown("What the server adds", [section]),
    )


if __name__ == "__main__":
    main()
