"""Users a model has not seen, and items: by what they are best known.

    python -m benchmarks.new_users --out DIR --wardrobe DIR

Of the data set `wardrobe`, whose photos are ready features here, 50 users are
held out whole, others for each seed. Models of each kind of users learn from
the rest, and one of a user table from all. The held-out users then give some
likes away. Every run is kept in a file under `DIR/runs`: started again, what
is there is not done again. Writes `new_users.json` and `new_users.md` to
`DIR`.
"""

import argparse
import dataclasses
import importlib.metadata
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.study import report
from benchmarks.study.statistics import paired_difference
from benchmarks.study.worlds import Places, load_world
from fndrec.data import OutfitData, atomic_write

WORLD = "wardrobe-features"
SEEDS = (0, 1, 2)
CHOICE_SEED = 100
COLD = 50
GIVEN = (0, 1, 5, None)
NEGATIVES = 30
HISTORY = 15
COLD_ITEMS = 0.05
MODEL: dict[str, Any] = {"dim": 32, "num_blocks": 1}
BATCH_SIZE = 128
EPOCHS = 24
PRIORS = (0.5, 1.0, 2.0, 4.0, 8.0)
PACKAGES = ("fndrec", "tensorflow", "keras", "numpy")
KNOWN = "known"
LABELS = {
    "history": "history encoder",
    "table": "user table, folded in",
    "anchors": "anchors, folded in",
}


@dataclass(frozen=True)
class Run:
    """One model.

    Attributes:
        kind: What users are: `table`, `history` or `anchors`; `known` is a
            table of all users, the held-out ones too.
        seed: Seed of weights and batches, and of who is held out.
        split: Split that is ranked: `valid` to choose, `test` for the end.
    """

    kind: str
    seed: int
    split: str = "test"

    def path(self, out: Path) -> Path:
        """The file of its record."""
        name = f"new_users--{self.split}--{self.kind}--{self.seed}.json"
        return out / "runs" / name

    def settings(self) -> dict[str, Any]:
        """What its record must say to be its record."""
        return {
            **dataclasses.asdict(self),
            "model": MODEL,
            "batch_size": BATCH_SIZE,
            "epochs": EPOCHS,
            "history": HISTORY,
            "held_out": COLD,
            "negatives": NEGATIVES,
        }

    def record(self, out: Path) -> dict[str, Any] | None:
        """Its record, `None` if it has not been done as it is now."""
        if not self.path(out).exists():
            return None
        record = json.loads(self.path(out).read_text(encoding="utf-8"))
        return record if record["settings"] == self.settings() else None


def do(run: Run, data: OutfitData, out: Path) -> dict[str, Any]:
    """Trains a model and asks it, unless that has been done.

    Args:
        run: The run.
        data: The data set with all users.
        out: Folder of the records.

    Returns:
        The record.
    """
    found = run.record(out)
    if found is not None:
        return found
    from fndrec.evaluation import evaluate_cold_items, hold_out_items
    from fndrec.evaluation.held_out_users import hold_out_users

    started = time.time()
    warm, cold = hold_out_users(data, COLD, run.seed)
    record: dict[str, Any] = {"settings": run.settings()}
    if run.kind == "items":
        part = hold_out_items(data, COLD_ITEMS, run.seed)
        model = train("table", part, run.seed)
        items = evaluate_cold_items(
            model, part, run.split, negatives=NEGATIVES, seed=1
        )
        record["items"] = rounded(items.auc_by_user)
        record["likes"] = len(part.likes("train"))
    elif run.kind == KNOWN:
        model = train("table", data, run.seed)
        record["warm"] = rounded(named_auc(model, data, run.split, cold))
    else:
        model = train(run.kind, warm, run.seed)
        record["warm"] = rounded(named_auc(model, warm, run.split, None))
        record["cold"] = rounded(cold_auc(model, data, cold, run.split))
    if False:
        record["priors"] = {
            f"{prior:g}": rounded(
                cold_auc(model, data, cold, run.split, prior=prior)
            )
            for prior in PRIORS
        }
    record["user_parameters"] = model.user_embedding.count_params()
    record["seconds"] = round(time.time() - started, 1)
    atomic_write(run.path(out), json.dumps(record))
    means = {
        part: {
            k: round(float(np.nanmean(numbers(v))), 4) for k, v in of.items()
        }
        for part, of in record.items()
        if part in ("warm", "cold", "items")
    }
    print(run, f"{record['seconds']:.0f} s", means, flush=True)
    return record


def train(kind: str, data: OutfitData, seed: int) -> Any:
    """A model, its last weights: nothing is chosen on any likes.

    Args:
        kind: What users are.
        data: What it learns from.
        seed: Seed of weights and batches.

    Returns:
        The model.
    """
    import keras

    from fndrec import FNDTeacher
    from fndrec.cli._fit import optimizer

    keras.utils.set_random_seed(seed)
    model = FNDTeacher.from_data(data, users=kind, seed=seed, **MODEL)
    arguments = argparse.Namespace(
        epochs=EPOCHS,
        learning_rate=3e-3,
        weight_decay=None,
        batch_size=BATCH_SIZE,
    )
    model.compile(optimizer(arguments, data))
    batches = data.batches(
        "train",
        BATCH_SIZE,
        # More gain nothing: those of the whole batch count too.
        negatives=1,
        history=HISTORY if kind == "history" else None,
        seed=seed,
    )
    model.fit(batches, epochs=EPOCHS, verbose=0)
    return model


def named_auc(
    model: Any, data: OutfitData, split: str, users: Sequence[str] | None
) -> dict[str, np.ndarray]:
    """AUC of each user asked by name; of some users alone if they are given."""
    from fndrec.evaluation import Candidates
    from fndrec.evaluation.user_metrics import metrics_by_user

    model, data = model.seeing(data)
    found = Candidates.of(data, split, NEGATIVES, seed=1)
    rows = np.ones(len(found.user), bool)
    if users is not None:
        rows = np.isin(found.user, data.users.rows(list(users)))
    user, outfits = found.user[rows], found.outfits[rows]
    scores = model.score_sets(data, data.user_index[user], outfits)
    return {"by name": metrics_by_user(user, scores)["auc"]}


def cold_auc(
    model: Any,
    data: OutfitData,
    users: Sequence[str],
    split: str,
    prior: float | None = None,
) -> dict[str, np.ndarray]:
    """AUC of held-out users by the likes they give away."""
    from fndrec.evaluation import evaluate_cold_users

    if prior is not None:
        model.prior_likes = prior
    found = evaluate_cold_users(
        model, data, users, GIVEN, split, negatives=NEGATIVES, seed=1
    )
    return found.auc_by_user


def rounded(auc: Mapping[str, np.ndarray]) -> dict[str, list[float | None]]:
    """AUC of each user as JSON keeps it."""
    return {
        name: [None if np.isnan(v) else round(float(v), 5) for v in by_user]
        for name, by_user in auc.items()
    }


def numbers(values: Sequence[float | None]) -> np.ndarray:
    """AUC of each user back from JSON."""
    return np.array(values, np.float64)


def compared(
    first: Sequence[np.ndarray], second: Sequence[np.ndarray]
) -> dict[str, Any]:
    """A paired difference over seeds, each with its users, and its interval."""
    width = max(map(len, first))
    one, two = (
        np.array(
            [
                np.pad(r, (0, width - len(r)), constant_values=np.nan)
                for r in rows
            ]
        )
        for rows in (first, second)
    )
    # The users of one seed are others than those of the next: each row is a
    # world of its own, so that users are drawn within their seed.
    found = paired_difference(
        [row[None] for row in one], [row[None] for row in two]
    )
    return report.as_dict(found)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.new_users", description=__doc__
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--wardrobe", type=Path, required=True, metavar="DIR")
    parser.add_argument(
        "--kinds",
        nargs="+",
        default=["history", "table", KNOWN, "anchors", "items"],
        help="models to train (default: all)",
    )
    args = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    out = args.out.resolve()
    data = load_world(WORLD, Places(out, wardrobe=args.wardrobe)).data
    for seed in SEEDS:
        for kind in args.kinds:
            do(Run(kind, seed), data, out)
    print("done")


if __name__ == "__main__":
    main()
