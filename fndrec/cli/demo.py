"""Run the main job on a generated shop, from photos to recommendations.

Generates a shop with planted tastes, trains a teacher, distils a student,
evaluates both, exports the student, loads it in a fresh process that has
TensorFlow alone, and draws the best outfits of one user.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from fndrec.cli import _types
from fndrec.cli._data import MODEL_FILE
from fndrec.cli._run import RunRecord, check_new_folder
from fndrec.data import OutfitData, SyntheticShop
from fndrec.evaluation import evaluate
from fndrec.files import atomic_folder, atomic_write
from fndrec.models import load_model
from fndrec.plots import outfit_sheet

SHOWN = 6

# What an engineer who has the SavedModel and TensorFlow would write.
SERVE = """
import json, sys
import tensorflow as tf
recommend = tf.saved_model.load(sys.argv[1]).signatures["recommend"]
found = recommend(user_id=tf.constant([sys.argv[2]]), k=tf.constant([40]))
assert "fndrec" not in sys.modules
print(json.dumps({
    "outfits": [i.decode() for i in found["outfit_id"].numpy()[0]],
    "scores": [float(s) for s in found["score"].numpy()[0]],
}))
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of the command."""
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("demo"),
        metavar="DIR",
        help="folder to write to",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace DIR if it is there"
    )
    parser.add_argument(
        "--users", type=_types.positive_int, default=80, help="of the shop"
    )
    parser.add_argument(
        "--epochs",
        type=_types.positive_int,
        default=20,
        help="of each model at most",
    )
    parser.add_argument(
        "--seed", type=_types.seed, default=0, help="of everything"
    )


def run(args: argparse.Namespace) -> None:
    """Runs the command."""
    check_new_folder(args.out, args.overwrite)
    record = RunRecord(args)
    seconds: dict[str, float] = {}

    with atomic_folder(args.out) as folder:
        shop_dir = folder / "shop"

        def step(name: str, title: str) -> None:
            seconds[name] = time.time()
            print(f"\n=== {len(seconds)}. {title}", flush=True)

        def named(text: str) -> str:
            """Replaces temporary paths in a text by the final ones."""
            return text.replace(str(folder), str(args.out))

        def command(*words: object) -> None:
            """Prints a command and runs it."""
            line = [sys.executable, "-m", "fndrec", *map(str, words)]
            print(named(f"$ {' '.join(line[2:])}"), flush=True)
            # A process of its own, with memory and seeds of its own.
            with subprocess.Popen(  # noqa: S603
                line, stdout=subprocess.PIPE, text=True
            ) as process:
                assert process.stdout is not None
                for text in process.stdout:
                    print(named(text), end="", flush=True)
            if process.returncode:
                raise subprocess.CalledProcessError(process.returncode, line)

        step("shop", "A shop with planted tastes")
        shop = SyntheticShop.generate(
            shop_dir, num_users=args.users, seed=args.seed
        )
        print(shop.data)
        step("teacher", "The teacher")
        common = [
            *("--epochs", str(args.epochs), "--seed", str(args.seed)),
            *("--batch-size", "64"),
        ]
        command("train", shop_dir, "--out", folder / "teacher", *common)
        step("student", "The student, distilled from it")
        command(
            *("distill", shop_dir, "--teacher", folder / "teacher"),
            *("--out", folder / "student", *common),
        )
        step("test", "Both on likes that no choice has seen")
        data = shop.data.with_photos(64)
        models = {
            name: load_model(folder / name / MODEL_FILE)
            for name in ("teacher", "student")
        }
        result = evaluate(models, data, "test", seed=args.seed)
        print(result)
        result.save(folder / "test.json")
        step("export", "The student as a SavedModel")
        export = folder / "export"
        command("export", folder / "student", export, "--data", shop_dir)
        step("serve", "Loaded by a process that has TensorFlow alone")
        user = shop.data.users[0]
        _draw(data, shop, export / "1", user, folder / "best_outfits.png")
        # For who goes on with them.
        for path in folder.rglob("run*.json"):
            atomic_write(path, named(path.read_text(encoding="utf-8")))
        seconds["end"] = time.time()
        times = list(seconds.values())
        record.save(
            folder,
            metrics=result.to_dict(),
            parameters={k: m.count_params() for k, m in models.items()},
            steps={
                name: round(after - before, 1)
                for name, before, after in zip(
                    seconds, times, times[1:], strict=False
                )
            },
        )
    print(
        f"\nDone in {times[-1] - times[0]:.0f} s. The shop, both models, the "
        f"SavedModel and the picture best_outfits.png are in {args.out}"
    )


def _draw(
    data: OutfitData, shop: SyntheticShop, model: Path, user: str, path: Path
) -> None:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    answer = subprocess.run(  # noqa: S603
        [sys.executable, "-c", SERVE, str(model), user],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    )
    found = json.loads(answer.stdout.splitlines()[-1])
    row = int(data.users.rows([user])[0])
    liked = {
        int(outfit)
        for likes in data.splits.values()
        for outfit in likes.outfit[likes.user == row]
    }
    rows = [(f"liked\n{data.outfits[o]}", o) for o in sorted(liked)[:2]]
    outfits = data.outfits.rows(found["outfits"])
    print(f"The best outfits of {user} that are not known to be liked:")
    for outfit, score in zip(outfits.tolist(), found["scores"], strict=True):
        if outfit in liked or len(rows) == SHOWN + 2:
            continue
        true = shop.truth.liked(
            np.array([row]), data.outfit_items[outfit][None]
        )[0]
        name = data.outfits[outfit]
        verdict = "truly liked" if true else "not liked"
        print(f"  {name}  score {score:6.2f}  in truth: {verdict}")
        rows.append((f"{name}\n{score:.2f}\n{verdict}", outfit))
    outfit_sheet(
        data,
        [(label, data.outfit_item_ids(outfit)) for label, outfit in rows],
        path,
        f"What {user} liked, and what the student recommends",
    )
