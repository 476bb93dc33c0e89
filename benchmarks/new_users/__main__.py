"""Compares encodings of new users and new items.

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
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import report
from benchmarks.common.records import Records
from benchmarks.common.statistics import paired_difference
from benchmarks.common.worlds import Places, load_world
from fndrec.data import OutfitData
from fndrec.files import atomic_write
from fndrec.layers.shrunken_mean import PRIOR_LIKES
from fndrec.models import align, by_history

WORLD = "wardrobe-features"
SEEDS = (1, 2, 3, 4, 5, 6, 7, 8)
CHOICE_SEED = 100
COLD = 50
GIVEN = (0, 1, 5, None)
NEGATIVES = 30
HISTORY = 15
COLD_ITEMS = 0.05
MODEL: dict[str, Any] = {"dim": 32, "num_blocks": 1}
BATCH_SIZE = 128
EPOCHS = 14
MORE_EPOCHS = 6
MORE_BATCH_SIZE = 256
LEARNING_RATE = 3e-3
PRIORS = (0.5, 1.0, 2.0, 4.0, 8.0)
PACKAGES = ("fndrec", "tensorflow", "keras", "numpy")
KNOWN = "known"
LONGER = "longer"
LABELS = {
    "history": "history encoder",
    "table": "user table, folded in",
    LONGER: "user table trained as long, folded in",
    "anchors": "anchors, folded in",
}


@dataclass(frozen=True)
class Run:
    """One model.

    Attributes:
        kind: What users are: `table`, `history` or `anchors`; `longer` is a
            table that goes on for as many epochs as the histories do, and
            `known` one of all users, the held-out ones too.
        seed: Seed of weights and batches, and of who is held out.
        split: Split that is ranked: `valid` to choose, `test` for the end.
    """

    kind: str
    seed: int
    split: str = "test"

    @property
    def name(self) -> str:
        """The name of its record."""
        return f"{self.split}--{self.kind}--{self.seed}"

    def settings(self) -> dict[str, Any]:
        """What its record must say to be its record."""
        return {
            **dataclasses.asdict(self),
            "model": MODEL,
            "batch_size": BATCH_SIZE,
            "epochs": EPOCHS,
            **({"history": HISTORY} if self.kind == "history" else {}),
            **(
                {
                    "more_epochs": MORE_EPOCHS,
                    "more_batch_size": MORE_BATCH_SIZE,
                    "more_learning_rate": LEARNING_RATE,
                }
                if self.kind in ("history", LONGER)
                else {}
            ),
            "held_out": COLD,
            "negatives": NEGATIVES,
        }

    def record(self, out: Path) -> dict[str, Any] | None:
        """Its record, `None` if it has not been done as it is now."""
        record = records(out).read().get(self.name)
        if record is None or record["settings"] != self.settings():
            return None
        return record


def records(out: Path) -> Records:
    """The records of all runs."""
    return Records(out / "runs" / "new_users.jsonl")


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
        model = trained(run, warm, out)
        record["warm"] = rounded(named_auc(model, warm, run.split, None))
        record["cold"] = rounded(cold_auc(model, data, cold, run.split))
    if run.split == "valid" and run.kind == "table":
        record["priors"] = {
            f"{prior:g}": rounded(
                cold_auc(model, data, cold, run.split, prior=prior)
            )
            for prior in PRIORS
        }
    record["user_parameters"] = model.user_embedding.count_params()
    record["seconds"] = round(time.time() - started, 1)
    records(out).add(run.name, record)
    means = {
        part: {
            k: round(float(np.nanmean(numbers(v))), 4) for k, v in of.items()
        }
        for part, of in record.items()
        if part in ("warm", "cold", "items")
    }
    print(run, f"{record['seconds']:.0f} s", means, flush=True)
    return record


def trained(run: Run, data: OutfitData, out: Path) -> Any:
    """Trains the model of a run on warm users.

    Args:
        run: The run.
        data: What it learns from.
        out: Folder of the models.

    Returns:
        The model. One of histories goes on from the table of its seed, by
        `by_history`; one trained longer goes on as it is.
    """
    from fndrec import load_model

    def kept(kind: str) -> Path:
        name = f"new_users--{run.split}--{kind}--{run.seed}-{EPOCHS}.keras"
        return out / "models" / name

    if run.kind not in ("history", LONGER):
        model = train(run.kind, data, run.seed)
        kept(run.kind).parent.mkdir(parents=True, exist_ok=True)
        model.save(kept(run.kind))
        return model
    path = kept("table")
    if path.exists():
        table = load_model(path)
    else:
        table = train("table", data, run.seed)
    model = by_history(table) if run.kind == "history" else table
    fit(
        model,
        data,
        run.seed,
        MORE_EPOCHS,
        MORE_BATCH_SIZE,
        HISTORY if run.kind == "history" else None,
    )
    return model


def train(kind: str, data: OutfitData, seed: int) -> Any:
    """Trains a model and keeps its last weights, so nothing is selected.

    Args:
        kind: What users are.
        data: What it learns from.
        seed: Seed of weights and batches.

    Returns:
        The model.
    """
    import keras

    from fndrec import FNDTeacher

    keras.utils.set_random_seed(seed)
    model = FNDTeacher.from_data(data, users=kind, seed=seed, **MODEL)
    fit(model, data, seed, EPOCHS, BATCH_SIZE)
    return model


def fit(
    model: Any,
    data: OutfitData,
    seed: int,
    epochs: int,
    batch_size: int,
    history: int | None = None,
) -> None:
    """Trains a model as `fndrec train` does."""
    from fndrec.training import Recipe

    recipe = Recipe.for_model(
        model,
        data,
        epochs=epochs,
        batch_size=batch_size,
        # More gain nothing beside the in-batch negatives.
        negatives=1,
        learning_rate=LEARNING_RATE,
        history=history or HISTORY,
        seed=seed,
    )
    model.compile(recipe.optimizer(data))
    model.fit(recipe.batches(data), epochs=epochs, verbose=0)


def named_auc(
    model: Any, data: OutfitData, split: str, users: Sequence[str] | None
) -> dict[str, np.ndarray]:
    """AUC of each user asked by name; of some users alone if they are given."""
    from fndrec.evaluation import Candidates
    from fndrec.evaluation.user_metrics import metrics_by_user

    model, data = align(model, data)
    found = Candidates.from_data(data, split, NEGATIVES, seed=1)
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
    prior: float = PRIOR_LIKES,
) -> dict[str, np.ndarray]:
    """AUC of held-out users by the likes they give away."""
    from fndrec.evaluation import evaluate_cold_users

    found = evaluate_cold_users(
        model,
        data,
        users,
        GIVEN,
        split,
        negatives=NEGATIVES,
        prior_likes=prior,
        seed=1,
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
    """A paired difference and its interval.

    Args:
        first: AUC by user, one array a seed; NaN of a user who has none.
        second: Of the same users.

    Returns:
        See `report.as_dict`. Users are drawn within their seed, as those of
        one seed are others than those of the next.
    """
    return report.as_dict(
        paired_difference(
            [row[None] for row in first], [row[None] for row in second]
        )
    )


def write(out: Path, choice: Mapping[str, Any] | None = None) -> None:
    """Writes the tables of what has been done.

    Args:
        out: Folder of the records.
        choice: Record of the run that the prior was chosen on.
    """
    done = {
        (kind, seed): record
        for kind in (*LABELS, KNOWN, "items")
        for seed in SEEDS
        if (record := Run(kind, seed).record(out)) is not None
    }

    def auc(kind: str, part: str, case: str) -> list[np.ndarray]:
        return [
            numbers(done[kind, seed][part][case])
            for seed in SEEDS
            if (kind, seed) in done
        ]

    def mean(rows: Sequence[np.ndarray]) -> str:
        by_seed = [float(np.nanmean(row)) for row in rows]
        return f"{np.mean(by_seed):.3f} ({np.std(by_seed, ddof=1):.3f})"

    def has(kind: str) -> bool:
        return all((kind, seed) in done for seed in SEEDS)

    cases = ["all likes" if n is None else f"{n} likes" for n in GIVEN]
    rows = [
        [LABELS[kind], *(mean(auc(kind, "cold", case)) for case in cases)]
        for kind in LABELS
        if has(kind)
    ]
    if has(KNOWN):
        known = auc(KNOWN, "warm", "by name")
        rows.append(
            ["user table that learned with them", "", "", "", mean(known)]
        )
    sections = [
        report.Section(
            "Users held out",
            f"AUC of the test likes of {COLD} users held out whole, by how "
            "many of their train likes are given; mean over "
            f"{len(SEEDS)} seeds, each with other users, and its standard "
            "deviation.",
            ["users", *cases],
            rows,
        )
    ]
    pairs = []
    if has("history") and has("table"):
        encoder = {case: auc("history", "cold", case) for case in cases}
        folded = {case: auc("table", "cold", case) for case in cases}
        cold = folded["0 likes"]
        for case in cases[1:]:
            pairs.append((f"fold-in, {case}", encoder[case], folded[case]))
            if has(LONGER):
                longer = auc(LONGER, "cold", case)
                name = f"fold-in, trained as long, {case}"
                pairs.append((name, encoder[case], longer))
            pairs.append((f"cold-start vector, {case}", encoder[case], cold))
        warm = auc("history", "warm", "by name")
        for kind, name in (
            ("table", "user table"),
            (LONGER, "user table trained as long"),
        ):
            if has(kind):
                other = auc(kind, "warm", "by name")
                name += ", users known to both, all likes"
                pairs.append((name, warm, other))
        if has(KNOWN):
            pairs.append(
                (
                    "user table that learned with them, all likes",
                    encoder["all likes"],
                    known,
                )
            )
    differences = {name: compared(one, two) for name, one, two in pairs}
    sections.append(
        report.Section(
            "The history encoder against others",
            "Paired difference in hundredths of AUC, of users held out "
            "unless it says otherwise, and its 95% bootstrap interval over "
            "the users of all seeds.",
            ["history encoder minus", "difference", "seeds won"],
            [
                [name, report.shown(d), f"{d['wins']} of {d['runs']}"]
                for name, d in differences.items()
            ],
        )
    )
    sections.append(
        report.Section(
            "Users known",
            "AUC of the test likes of the users trained on, and parameters "
            "that are of users.",
            ["users", "AUC", "parameters"],
            [
                [
                    label.split(",")[0],
                    mean(auc(kind, "warm", "by name")),
                    f"{done[kind, SEEDS[0]]['user_parameters']:,}",
                ]
                for kind, label in LABELS.items()
                if has(kind)
            ],
        )
    )
    if has("items"):
        sections.append(
            report.Section(
                "Items held out",
                "AUC of test likes, by whether an item stood in no outfit of "
                "train.",
                ["likes of outfits with", "AUC"],
                [
                    [case, mean(auc("items", "items", case))]
                    for case in ("known items", "new items")
                ],
            )
        )
    if choice is not None:
        sections.append(
            report.Section(
                "The prior of the closed form",
                "AUC of valid likes of other users held out: what the "
                "default was chosen on.",
                ["prior likes", *cases[1:]],
                [
                    [
                        prior,
                        *(
                            f"{np.nanmean(numbers(auc[c])):.3f}"
                            for c in cases[1:]
                        ),
                    ]
                    for prior, auc in choice["priors"].items()
                ],
            )
        )
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    report.write_json(
        out / "new_users.json",
        {
            "versions": versions,
            "world": WORLD,
            "sections": [dataclasses.asdict(s) for s in sections],
            "differences": differences,
            "runs": list(done.values()),
        },
    )
    page = report.markdown("New users and items", sections)
    atomic_write(out / "new_users.md", page)


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
        default=["table", "history", LONGER, KNOWN, "anchors", "items"],
        help="models to train (default: all)",
    )
    args = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    out = args.out.resolve()
    data = load_world(WORLD, Places(out, wardrobe=args.wardrobe)).data
    for seed in SEEDS:
        for kind in args.kinds:
            do(Run(kind, seed), data, out)
    choice = Run("table", CHOICE_SEED, "valid").record(out)
    if "table" in args.kinds:
        choice = do(Run("table", CHOICE_SEED, "valid"), data, out)
    write(out, choice)


if __name__ == "__main__":
    main()
