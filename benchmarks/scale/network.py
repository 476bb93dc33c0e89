"""Bytes that workers send each other in a training step.

Two workers in a network namespace of their own, whose counters see nothing
else: `unshare -n`, which needs the right to make one.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.scale.law import Point

# Width, likes in a batch, users, and whether held out.
SETTINGS = (
    (16, 32, 500, False),
    (64, 32, 500, False),
    (16, 128, 500, False),
    (64, 128, 20_000, False),
    (32, 32, 500, False),
    (32, 64, 10_000, True),
    (48, 96, 500, True),
)
STEPS = 10
COUNTERS = Path("/proc/net/dev")


def points() -> list[Point]:
    """Bytes a step of two workers together, a point a setting.

    Returns:
        None where no network namespace can be made.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "bytes.json"
        command = f"ip link set lo up; {sys.executable} -m {__spec__.name} both"
        done = subprocess.run(  # noqa: S603
            ["unshare", "-n", "bash", "-c", f"{command} {out}"],  # noqa: S607
            check=False,
        )
        if done.returncode:
            return []
        found = json.loads(out.read_text(encoding="utf-8"))
    return [
        Point(
            f"width {dim}, {likes} likes, {users:,} users",
            {
                "step": 1.0,
                "parameter": float(one["parameters"]),
                "gathered number": float(one["gathered"]),
                "table number": float((users + 1) * dim),
            },
            one["bytes"],
            held_out,
        )
        for (dim, likes, users, held_out), one in zip(
            SETTINGS, found, strict=True
        )
    ]


def _both(out: str) -> None:
    """Starts both workers."""
    cluster = {"worker": ["127.0.0.1:23450", "127.0.0.1:23451"]}
    started = []
    for index in range(2):
        task = {"cluster": cluster, "task": {"type": "worker", "index": index}}
        environment = {
            **os.environ,
            "TF_CONFIG": json.dumps(task),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TF_NUM_INTRAOP_THREADS": "1",
            "TF_NUM_INTEROP_THREADS": "1",
        }
        command = [sys.executable, "-m", str(__spec__.name), "worker", out]
        started.append(subprocess.Popen(command, env=environment))  # noqa: S603
    sys.exit(max(process.wait() for process in started))


def _worker(out: str) -> None:
    """Trains one model a setting and counts the bytes of some steps."""
    import tensorflow as tf

    strategy = tf.distribute.MultiWorkerMirroredStrategy()

    import keras

    import fndrec
    from benchmarks.common.generated import outfit_data

    found: list[dict[str, Any]] = []
    for dim, likes, users, _ in SETTINGS:
        data = outfit_data(items=3000, likes=2000, valid=1)
        with strategy.scope():
            parts = fndrec.FNDTeacher.parts_for(data, dim=dim, width=0.25)
            parts["user_embedding"] = fndrec.layers.UserEmbedding(users, dim)
            model = fndrec.FNDTeacher(**parts)
            model.compile(keras.optimizers.AdamW(1e-3))
            model.optimizer.build(model.trainable_variables)
        step = tf.function(
            lambda batch, model=model: strategy.run(
                model.train_step, args=(batch,)
            )
        )
        batches = iter(
            fndrec.distribute(data, "train", likes, strategy, negatives=4)
        )
        step(next(batches))
        before, gathered = _bytes(), 0.0
        for _ in range(STEPS):
            batch = next(batches)
            step(batch)
            rows = batch["whole"]["row"]
            items = strategy.experimental_local_results(rows)[0].shape[0]
            # Vectors of items and of outfits, five a like.
            gathered += dim * (items + 5 * likes)
        found.append(
            {
                "bytes": (_bytes() - before) / STEPS,
                "gathered": gathered / STEPS,
                "parameters": model.count_params() - (users + 1) * dim,
            }
        )
        print(found[-1], flush=True)
    if fndrec.distributed.is_chief(strategy):
        Path(out).write_text(json.dumps(found), encoding="utf-8")


def _bytes() -> int:
    """Bytes that have gone over the loopback."""
    for line in COUNTERS.read_text(encoding="ascii").splitlines():
        name, _, numbers = line.partition(":")
        if name.strip() == "lo":
            return int(numbers.split()[0])
    return 0


if __name__ == "__main__":
    {"both": _both, "worker": _worker}[sys.argv[1]](sys.argv[2])
