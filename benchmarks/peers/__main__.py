"""Compares models, peers' models and counts on the same likes.

    python -m benchmarks.peers --out DIR --wardrobe DIR --polyvore DIR \
        --ifashion DIR

Each method learns from `train`, stops by `valid`, and ranks likes held out of
train for the end, by each protocol that makes sense for the data set; three
seeds, all of which rank the same candidates. Every run is kept in a file under
`DIR/runs`: started again, what is there is not done again. Writes
`peers.json` and `peers.md` to `DIR`.
"""

import argparse
import dataclasses
import importlib.metadata
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common.report import Section, markdown, write_json
from benchmarks.common.worlds import Places, hold_out, load_world
from fndrec.data import OutfitData, load_data
from fndrec.files import atomic_path, atomic_write

SEEDS = (1, 2, 3)
CANDIDATES_SEED = 7
PACKAGES = ("fndrec", "tensorflow", "keras", "implicit", "numpy")


@dataclass(frozen=True)
class World:
    """A data set, and how models learn from it.

    Attributes:
        title: What it is, in the tables.
        protocols: Names of the protocols.
        epochs: Passes over the likes at most.
        batch_size: Likes in a step.
        left_out: Methods that are others by another name there.
    """

    title: str
    protocols: tuple[str, ...]
    epochs: int
    batch_size: int
    left_out: tuple[str, ...] = ()


WORLDS = {
    "wardrobe-features": World(
        "wardrobe, ready features of its photos",
        ("type-aware", "hard"),
        22,
        128,
    ),
    "polyvore_u": World(
        "polyvore_u, ids and categories", ("type-aware", "hard"), 12, 256
    ),
    "ifashion": World(
        "ifashion, ids",
        ("hard", "all outfits"),
        4,
        1024,
        # Where items are ids alone, the set transformer knows them anyway.
        ("set transformer, ids too",),
    ),
}
SHOWN = {
    "type-aware": ("auc", "ndcg", "mean_ndcg", "fitb"),
    "hard": ("auc", "ndcg", "mean_ndcg"),
    "all outfits": ("recall@20", "ndcg@20", "recall@40", "ndcg@40"),
}

METHODS: dict[str, dict[str, Any]] = {
    "set transformer": {"dim": 32, "num_blocks": 1},
    "student, KD": {"dim": 16, "num_blocks": 1},
    "set transformer, ids too": {"dim": 32, "num_blocks": 1, "use_id": True},
    "anchors (LPAE-style)": {"dim": 32, "num_blocks": 1, "users": "anchors"},
    "mean pool": {"dim": 32, "aggregator": "mean"},
    "binary codes (FHN-style)": {
        "dim": 128,
        "aggregator": "codes",
        "users": "codes",
    },
    "BPR-MF": {"factors": 64, "epochs": 60},
}
TEACHER, STUDENT, FACTORED = "set transformer", "student, KD", "BPR-MF"


def world_data(name: str, places: Places, ifashion: Path | None) -> OutfitData:
    """A data set with likes for the end."""
    if name == "ifashion":
        assert ifashion is not None
        return hold_out(load_data(ifashion))
    return load_world(name, places).data


def fitted(
    method: str, world: World, data: OutfitData, seed: int, teacher: Any
) -> Any:
    """A trained model, or factors."""
    import keras

    from fndrec import FNDStudent, FNDTeacher
    from fndrec.evaluation import MatrixFactorization
    from fndrec.training import ID_WEIGHT_DECAY, Recipe, train

    settings = METHODS[method]
    if method == FACTORED:
        return MatrixFactorization(data, seed=seed, **settings)
    keras.utils.set_random_seed(seed)
    kind = FNDStudent if method == STUDENT else FNDTeacher
    model = kind.from_data(
        data, seed=seed, **{"aggregator": "set_transformer", **settings}
    )
    shared = data.shares_outfits
    settings_of_shared: dict[str, Any] = {}
    if shared:
        # Drawn negatives, as all records of such a data set have them.
        settings_of_shared = {
            "in_batch_negatives": False,
            "sampling_probability": False,
            "weight_decay": ID_WEIGHT_DECAY,
        }
    train(
        model,
        data,
        teacher if method == STUDENT else None,
        recipe=Recipe.for_model(
            model,
            data,
            epochs=world.epochs,
            patience=3,
            batch_size=world.batch_size,
            # More gain nothing beside the in-batch negatives.
            negatives=4 if shared else 1,
            **settings_of_shared,
            seed=seed,
        ),
        verbose=0,
    )
    return model


def settings_of(name: str, method: str, seed: int) -> dict[str, Any]:
    """What the record of a run must say to be its record."""
    return {
        "world": name,
        "epochs": WORLDS[name].epochs,
        "batch_size": WORLDS[name].batch_size,
        "method": method,
        "seed": seed,
        "candidates": CANDIDATES_SEED,
        "model": METHODS.get(method),
    }


def record_path(out: Path, name: str, method: str, seed: int) -> Path:
    """The file of a run."""
    words = "".join(c if c.isalnum() else "-" for c in method)
    return out / "runs" / f"peers--{name}--{words}--{seed}.npz"


def kept(out: Path, name: str, method: str, seed: int) -> dict[str, Any] | None:
    """The record of a run, `None` if it has not been done as it is now."""
    path = record_path(out, name, method, seed)
    if not path.exists():
        return None
    with np.load(path) as found:
        arrays = {key: found[key] for key in found.files}
    about = json.loads(str(arrays.pop("about")))
    wanted = json.loads(json.dumps(settings_of(name, method, seed)))
    return {**about, "arrays": arrays} if about["settings"] == wanted else None


def keep(
    out: Path,
    name: str,
    method: str,
    seed: int,
    measured: Mapping[str, Mapping[str, Any]],
    **about: Any,
) -> None:
    """Writes the record of a run: the metrics of each user."""
    path = record_path(out, name, method, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    about["settings"] = settings_of(name, method, seed)
    arrays = {
        f"{protocol}/{metric}/{part}": getattr(values, part)
        for protocol, metrics in measured.items()
        for metric, values in metrics.items()
        for part in ("total", "count")
    }
    with atomic_path(path) as draft, draft.open("wb") as file:
        np.savez_compressed(file, about=json.dumps(about), **arrays)


def do(name: str, places: Places, ifashion: Path | None) -> None:
    """Does all runs of a data set that are not done."""
    from fndrec.evaluation import PROTOCOLS, default_baselines
    from fndrec.evaluation.scorer import ModelScorer

    out, world = places.out, WORLDS[name]
    data = world_data(name, places, ifashion)
    rankings = {
        protocol: PROTOCOLS[protocol].prepare(data, "test", CANDIDATES_SEED)
        for protocol in world.protocols
    }

    def measured(scorer: Any) -> dict[str, Any]:
        return {key: one.measure(scorer) for key, one in rankings.items()}

    for baseline in default_baselines(data):
        if kept(out, name, baseline.name, 0) is None:
            keep(out, name, baseline.name, 0, measured(baseline))
    for seed in SEEDS:
        teacher = None
        for method in METHODS:
            if method in world.left_out or kept(out, name, method, seed):
                continue
            if method == STUDENT and teacher is None:
                teacher = fitted(TEACHER, world, data, seed, None)
            started = time.time()
            model = fitted(method, world, data, seed, teacher)
            seconds = round(time.time() - started, 1)
            if method == TEACHER:
                teacher = model
            is_model = method != FACTORED
            found = measured(ModelScorer(model, data) if is_model else model)
            keep(
                out,
                name,
                method,
                seed,
                found,
                seconds=seconds,
                parameters=model.count_params() if is_model else None,
            )
            shown = {
                f"{key} {metric}": round(found[key][metric].mean, 4)
                for key in world.protocols
                for metric in SHOWN[key]
            }
            print(name, method, seed, f"{seconds:.0f} s", shown, flush=True)


def write(out: Path) -> None:
    """Writes the tables of what has been done."""
    from fndrec.evaluation import PROTOCOLS, UserValues

    sections, numbers = [], {}
    for name, world in WORLDS.items():
        found: dict[str, list[dict[str, Any]]] = {}
        counts = ("item popularity", "outfit popularity", "category frequency")
        for method in (*METHODS, *counts):
            seeds = SEEDS if method in METHODS else (0,)
            records = [kept(out, name, method, seed) for seed in seeds]
            done = [record for record in records if record is not None]
            if done:
                found[method] = done
        for protocol in world.protocols if found else ():
            columns = PROTOCOLS[protocol].columns
            rows = []
            for method, runs in found.items():
                row = [method, str(len(runs)) if method in METHODS else ""]
                for metric in SHOWN[protocol]:
                    values = UserValues.stacked(
                        [
                            UserValues(
                                *(
                                    run["arrays"][f"{protocol}/{metric}/{part}"]
                                    for part in ("total", "count")
                                )
                            )
                            for run in runs
                        ]
                    )
                    found_at = values.interval()
                    low, high = found_at.low, found_at.high
                    numbers[f"{name}/{protocol}/{method}/{metric}"] = {
                        "mean": values.mean,
                        "low": low,
                        "high": high,
                        "runs": len(runs),
                    }
                    row.append(f"{values.mean:.4f} [{low:.4f}, {high:.4f}]")
                rows.append(row)
            heads = [columns[metric] for metric in SHOWN[protocol]]
            sections.append(
                Section(
                    f"{name}, {protocol}",
                    f"{world.title}; {PROTOCOLS[protocol].source}.",
                    ["method", "seeds", *heads],
                    rows,
                )
            )
    write_json(
        out / "peers.json",
        {
            "seeds": list(SEEDS),
            "methods": METHODS,
            "worlds": {k: dataclasses.asdict(v) for k, v in WORLDS.items()},
            "versions": {p: importlib.metadata.version(p) for p in PACKAGES},
            "numbers": numbers,
            "sections": [dataclasses.asdict(one) for one in sections],
        },
    )
    atomic_write(out / "peers.md", markdown("Peers", sections))


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--wardrobe", type=Path)
    parser.add_argument("--polyvore", type=Path)
    parser.add_argument("--ifashion", type=Path)
    args = parser.parse_args()
    places = Places(args.out, args.wardrobe, args.polyvore)
    for name, given in (
        ("wardrobe-features", args.wardrobe),
        ("polyvore_u", args.polyvore),
        ("ifashion", args.ifashion),
    ):
        if given is not None:
            do(name, places, args.ifashion)
            write(args.out)


if __name__ == "__main__":
    main()
