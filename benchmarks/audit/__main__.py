"""How well an audit finds false negatives, where the truth is known.

    python -m benchmarks.audit --out DIR

Generated shops, a teacher each, and the likes among the negatives that the
audit does not see. Writes `audit.json` and `audit.md` to `DIR`; what
`benchmarks.ablation` left there, shops and teachers, is used.
"""

import argparse
import dataclasses
import importlib.metadata
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.ablation import plan
from benchmarks.ablation.runs import Run, do_all, teacher_path
from benchmarks.common import report
from benchmarks.common.worlds import Places, World, load_world
from fndrec import audit_negatives, load_model
from fndrec.files import atomic_write

SHOPS = (*plan.FINAL_SHOPS, *plan.WHY_SHOPS)
SEEDS = (0,)
KINDS = ("catalogue", "hard")
HEAD = 1000
KNOWN = "calibration_error_with_true_prior"
PACKAGES = ("fndrec", "tensorflow", "keras", "numpy", "scikit-learn")


def one_audit(model: Any, world: World, kind: str, seed: int) -> dict[str, Any]:
    """An audit held against the truth.

    Args:
        model: The teacher.
        world: The shop.
        kind: Kind of the negatives.
        seed: Seed of the negatives.

    Returns:
        What was found.
    """
    assert world.truth is not None
    arguments: dict[str, Any] = {"negative_sampling": kind, "seed": seed}
    audit = audit_negatives(model, world.data, **arguments)
    liked = world.truth.liked(audit.user, audit.outfits)
    found = audit.precision_recall(liked)
    share = float(liked.mean())
    told = audit_negatives(model, world.data, prior=share, **arguments)
    known = told.precision_recall(world.truth.liked(told.user, told.outfits))
    return {
        "shop": world.name,
        "negatives": kind,
        "seed": seed,
        **{
            name: round(float(value), 5)
            for name, value in dataclasses.asdict(found).items()
            if np.ndim(value) == 0
        },
        "prior": round(audit.chance.prior, 5),
        "prior_bound": round(audit.chance.prior_bound or 1.0, 5),
        KNOWN: round(known.calibration_error, 5),
        "liked_in_head": round(float(liked[:HEAD].mean()), 5),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.audit", description=__doc__
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    args = parser.parse_args(arguments)
    places = Places(args.out.resolve())
    teachers = [Run(shop, None, 0, True) for shop in SHOPS]
    do_all(teachers, places, os.cpu_count() or 1)
    found = []
    for shop in SHOPS:
        world = load_world(shop, places)
        model = load_model(teacher_path(places.out, shop, "large"))
        for kind in KINDS:
            for seed in SEEDS:
                found.append(one_audit(model, world, kind, seed))
                print(found[-1], flush=True)
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    section = as_section(found)
    report.write_json(
        places.out / "audit.json",
        {
            "versions": versions,
            "sections": [dataclasses.asdict(section)],
            "audits": found,
        },
    )
    page = report.markdown("Audits", [section])
    atomic_write(places.out / "audit.md", page)


def as_section(audits: Sequence[dict[str, Any]]) -> report.Section:
    """A table of means of the seeds."""

    def mean(shop: str, kind: str, key: str) -> float:
        return float(
            np.mean(
                [
                    audit[key]
                    for audit in audits
                    if (audit["shop"], audit["negatives"]) == (shop, kind)
                ]
            )
        )

    rows = []
    for kind in KINDS:
        for shop in SHOPS:
            base = mean(shop, kind, "base_rate")
            precision = mean(shop, kind, "average_precision")
            rows.append(
                [
                    shop,
                    "recombined" if kind == "catalogue" else kind,
                    f"{base:.3f}",
                    f"{precision:.3f} ({precision / base:.1f} x)",
                    f"{mean(shop, kind, 'radius_precision'):.2f}, "
                    f"{mean(shop, kind, 'radius_recall'):.2f}",
                    f"{mean(shop, kind, 'prior'):.3f}, "
                    f"{mean(shop, kind, 'prior_bound'):.3f}",
                    f"{mean(shop, kind, 'calibration_error'):.3f}",
                    f"{mean(shop, kind, KNOWN):.3f}",
                    f"{mean(shop, kind, 'liked_in_head'):.2f}",
                ]
            )
    header = [
        "shop",
        "negatives",
        "true share",
        "average precision",
        "at z < 0: precision, recall",
        "prior, bound",
        "calibration error",
        "with the true prior",
        f"liked of the first {HEAD}",
    ]
    return report.Section(
        "False negatives found",
        f"Seeds of the negatives: {SEEDS}.",
        header,
        rows,
    )


if __name__ == "__main__":
    main()
