"""Whether `fndrec serve` holds out.

    python -m benchmarks.serving_soak --out DIR [--minutes 10] [--clients 8]

Clients over gRPC and REST ask all signatures, one request in a hundred
malformed. Half-way a new version is dropped in, then one that does not load;
at the end the server is killed with SIGKILL and started again, and last it is
asked to stop. Every answer is held against what the SavedModel gives in this
process. Writes `serving_soak.json` to `DIR`; fails if a good request did.
"""

import argparse
import collections
import dataclasses
import importlib.metadata
import os
import random
import shutil
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import fndrec
from benchmarks.common import report
from benchmarks.common.server_process import ServerProcess
from benchmarks.serving_soak.good import Good, good_requests
from benchmarks.serving_soak.malformed import (
    grpc_sender,
    is_refusal,
    rest_sender,
)
from fndrec.serving import Client, ServingError

MALFORMED = 0.01
LIMIT_MB = 8
PORT = 18501
PAUSE = 0.02
PACKAGES = ("tensorflow", "grpcio", "starlette", "uvicorn")


class Tally:
    """What the clients saw, of all threads together."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.good: collections.Counter[str] = collections.Counter()
        self.versions: collections.Counter[int] = collections.Counter()
        self.failed: list[str] = []
        self.refused: collections.Counter[str] = collections.Counter()
        self.not_refused: list[str] = []
        self.seconds: dict[str, list[float]] = collections.defaultdict(list)

    def answered(self, name: str, version: int | None, seconds: float) -> None:
        """A good request that was answered."""
        with self._lock:
            if version is None:
                self.failed.append(f"{name}: an answer of no version")
                return
            self.good[name] += 1
            self.versions[version] += 1
            self.seconds[name].append(seconds)

    def failure(self, name: str, error: Exception) -> None:
        """A good request that failed."""
        with self._lock:
            self.failed.append(f"{name}: {type(error).__name__}: {error}")

    def bad(self, kind: str, status: str) -> None:
        """A malformed request."""
        with self._lock:
            if is_refusal(status):
                self.refused[f"{kind}: {status}"] += 1
            else:
                self.not_refused.append(f"{kind}: {status}")


def ask(
    number: int,
    server: ServerProcess,
    requests: Sequence[Good],
    tally: Tally,
    stop: threading.Event,
) -> None:
    """What a client does until it is to stop."""
    protocol: Any = ("grpc", "rest")[number % 2]
    address = {"grpc": server.grpc, "rest": server.rest}[protocol]
    sender = {"grpc": grpc_sender, "rest": rest_sender}[protocol]
    bad = sender(address, LIMIT_MB * 2**20)
    rng = random.Random(number)  # noqa: S311
    # While the server is started again, a client waits.
    with Client(address, protocol, timeout=120, retries=200) as client:
        while not stop.is_set():
            if rng.random() < MALFORMED:
                kind, send = rng.choice(bad)
                try:
                    tally.bad(kind, send())
                # Whatever it is, it is no refusal.
                except Exception as error:
                    tally.bad(kind, f"{type(error).__name__}: {error}")
            else:
                request = rng.choice(requests)
                name = f"{protocol} {request.signature}"
                start = time.perf_counter()
                try:
                    answer = request.ask(client)
                except (ServingError, ValueError, KeyError) as error:
                    tally.failure(name, error)
                else:
                    seconds = time.perf_counter() - start
                    version = request.version_of(answer)
                    tally.answered(name, version, seconds)
            stop.wait(PAUSE * rng.uniform(0.5, 1.5))


def make_versions(folder: Path) -> tuple[fndrec.OutfitData, dict[int, Path]]:
    """A shop and two models of it, not trained.

    Args:
        folder: Where to put them.

    Returns:
        The shop and the SavedModels by number.
    """
    shutil.rmtree(folder, ignore_errors=True)
    shop = fndrec.SyntheticShop.generate(
        folder / "shop", num_users=60, items_per_category=40, image_size=64
    )
    data = shop.data.with_photos(64)
    paths = {}
    for version in (1, 2):
        model = fndrec.FNDStudent.from_data(data, seed=version)
        paths[version] = fndrec.export(
            model, folder / "export", data, version=version
        )
    return data, paths


def sample(server: ServerProcess, seconds: float) -> list[tuple[float, float]]:
    """The server's memory, every two seconds: time and MB."""
    found = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found.append((time.monotonic(), server.memory()))
        time.sleep(2)
    return found


def wait_for(client: Client, version: int, state: str) -> float:
    """Seconds until a version is in a state."""
    begun = time.monotonic()
    while client.status().get(version) != state:
        if time.monotonic() - begun > 120:
            raise RuntimeError(f"version {version} did not become {state}")
        time.sleep(0.05)
    return time.monotonic() - begun


def soak(folder: Path, minutes: float, clients: int) -> dict[str, Any]:
    """All of it.

    Args:
        folder: Where the models are.
        minutes: How long, without killing and stopping.
        clients: Number of clients.

    Returns:
        What was found.
    """
    data, made = make_versions(folder)
    served = folder / "served"
    served.mkdir()
    shutil.copytree(made[1], served / "1")
    requests = good_requests(data, made)
    server = ServerProcess(served, folder / "serve.log", PORT, LIMIT_MB)
    found: dict[str, Any] = {"start_s": server.start()}
    tally, stop = Tally(), threading.Event()
    threads = [
        threading.Thread(
            target=ask, args=(number, server, requests, tally, stop)
        )
        for number in range(clients)
    ]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    try:
        with Client(server.rest, "rest", timeout=60, retries=50) as watcher:
            half = minutes * 30
            memory = sample(server, half)
            found["answered_by_version_1"] = tally.versions[1]
            shutil.copytree(made[2], folder / ".2")
            (folder / ".2").rename(served / "2")
            found["swap_s"] = wait_for(watcher, 2, "AVAILABLE")
            swapped = time.monotonic()
            (served / "3").mkdir()
            (served / "3" / "saved_model.pb").write_bytes(b"no model")
            wait_for(watcher, 3, "END")
            memory += sample(server, half - (time.monotonic() - swapped))
            found["main"] = summary(tally, time.monotonic() - begun)
            found["memory"] = flatness(memory, begun, swapped, minutes)
            before, failed = sum(tally.good.values()), len(tally.failed)
            killed = time.monotonic()
            server.kill()
            server.start()
            back = sum(tally.good.values())
            while sum(tally.good.values()) < back + 10 * clients:
                time.sleep(0.05)
            found["kill_and_restart"] = {
                "until_served_again_s": time.monotonic() - killed,
                "answered_since": sum(tally.good.values()) - before,
                "failed": len(tally.failed) - failed,
            }
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        found["exit_status_of_sigterm"] = server.terminate()
    found["failed"] = tally.failed[:20]
    found["not_refused"] = tally.not_refused[:20]
    return found


def summary(tally: Tally, seconds: float) -> dict[str, Any]:
    """What the clients saw."""
    return {
        "seconds": round(seconds),
        "good": sum(tally.good.values()),
        "failed": len(tally.failed),
        "answers_by_version": dict(tally.versions),
        "malformed_refused": sum(tally.refused.values()),
        "malformed_not_refused": len(tally.not_refused),
        "refusals": dict(sorted(tally.refused.items())),
        "latency_ms": {
            name: [
                round(1e3 * float(value), 2)
                for value in np.percentile(values, [50, 95, 100])
            ]
            for name, values in sorted(tally.seconds.items())
        },
    }


def flatness(
    memory: Sequence[tuple[float, float]],
    begun: float,
    swapped: float,
    minutes: float,
) -> dict[str, Any]:
    """Whether memory grows: means of the first and last tenth, of stretches.

    The first tenth of all is left out, in which the server warms up.
    """

    def stretch(start: float, end: float) -> dict[str, float]:
        values = [mb for at, mb in memory if start <= at <= end and mb > 0]
        tenth = max(len(values) // 10, 1)
        first, last = np.mean(values[:tenth]), np.mean(values[-tenth:])
        return {
            "first_mb": round(float(first), 1),
            "last_mb": round(float(last), 1),
            "growth": round(float(last / first - 1), 4),
        }

    warm = begun + minutes * 6
    end = memory[-1][0]
    return {
        "all": stretch(warm, end),
        "before_the_swap": stretch(warm, swapped),
        "after_the_swap": stretch(swapped + minutes * 6, end),
        "samples_mb": [round(mb) for _, mb in memory],
    }


def as_section(found: dict[str, Any]) -> report.Section:
    """The table of the page."""
    main, memory = found["main"], found["memory"]["all"]
    killed = found["kill_and_restart"]
    one, two = (
        main["answers_by_version"].get(version, 0) for version in (1, 2)
    )
    rows = {
        "good requests": f"{main['good']:,}, {main['failed']} failed",
        "answered by version 1, by version 2": f"{one:,}, {two:,}",
        "malformed requests": f"{main['malformed_refused']:,} refused, "
        f"{main['malformed_not_refused']} not",
        "memory, from the second minute to the last": (
            f"{memory['first_mb']:.0f} to {memory['last_mb']:.0f} MB "
            f"({memory['growth']:+.1%})"
        ),
        "from `kill -9` to serving again": (
            f"{killed['until_served_again_s']:.0f} s, "
            f"{killed['failed']} requests failed"
        ),
    }
    return report.Section(
        "Soak", "", ["", ""], [[key, value] for key, value in rows.items()]
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.serving_soak", description=__doc__
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--clients", type=int, default=8)
    args = parser.parse_args(arguments)
    found = soak(args.out.resolve() / "soak", args.minutes, args.clients)
    report.write_json(
        args.out / "serving_soak.json",
        {
            "versions": {
                name: importlib.metadata.version(name) for name in PACKAGES
            },
            "cores": os.cpu_count(),
            "minutes": args.minutes,
            "clients": args.clients,
            **found,
            "sections": [dataclasses.asdict(as_section(found))],
        },
    )
    print(found["main"], found["memory"]["all"], found["kill_and_restart"])
    if found["failed"] or found["not_refused"]:
        raise SystemExit(f"failed: {found['failed']} {found['not_refused']}")


if __name__ == "__main__":
    main()
