"""Processes that train together."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from tiny_models import copy_shop

from fndrec.data import OutfitData, load_data

HERE = Path(__file__).parent


def shop_of(data: OutfitData, folder: Path) -> Path:
    """A shop on disk, its photos decoded already."""
    copy_shop(data, folder)
    load_data(folder).with_photos(16)
    return folder


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens at."""
    found = [socket.socket() for _ in range(count)]
    for one in found:
        one.bind(("127.0.0.1", 0))
    ports = [int(one.getsockname()[1]) for one in found]
    for one in found:
        one.close()
    return ports


def environment(**more: str) -> dict[str, str]:
    """The environment of a process on few threads."""
    threads = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3"}
    return {**os.environ, **threads, **quiet, **more}


def train(sharing: str, kind: str, shop: Path, out: Path) -> list[Path]:
    """Runs `train_alone.py`, in two processes where they are workers.

    Args:
        sharing: `one`, `mirrored` or `workers`.
        kind: What is trained.
        shop: The shop.
        out: Folder for what comes out.

    Returns:
        What each process wrote.
    """
    tasks: list[dict[str, str]] = [{}]
    if sharing == "workers":
        cluster = [f"127.0.0.1:{port}" for port in free_ports(2)]
        tasks = [{"TF_CONFIG": json.dumps(_task(cluster, i))} for i in range(2)]
    files = [out / f"{kind}-{sharing}-{i}.npz" for i in range(len(tasks))]
    started = [
        subprocess.Popen(
            [
                sys.executable,
                HERE / "train_alone.py",
                sharing,
                kind,
                shop,
                file,
            ],
            env=environment(**task),
            stderr=subprocess.PIPE,
            text=True,
        )
        for task, file in zip(tasks, files, strict=True)
    ]
    for process in started:
        _, error = process.communicate(timeout=550)
        assert process.returncode == 0, error[-3000:]
    return files


def _task(cluster: list[str], index: int) -> dict[str, Any]:
    return {
        "cluster": {"worker": cluster},
        "task": {"type": "worker", "index": index},
    }
