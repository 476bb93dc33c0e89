"""Study of distillation and contrastive losses.

    python -m benchmarks.ablation --out DIR --wardrobe DIR --polyvore DIR
    python -m benchmarks.ablation --out DIR --quick

Every run is kept in a file under `DIR/runs`; started again, the study goes on
where it was stopped. It leaves `ablation.json`, `ablation.md` and
a picture of each comparison in `DIR`.
"""

import argparse
import dataclasses
import importlib.metadata
import os
import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.ablation import plan
from benchmarks.ablation.results import Results
from benchmarks.ablation.runs import Run, do_all, teachers_of
from benchmarks.ablation.variant import Variant
from benchmarks.common import report
from benchmarks.common.worlds import Places
from fndrec.files import atomic_write

PACKAGES = ("fndrec", "tensorflow", "keras", "numpy")
STAGES = ("choice", "final", "why", "forms", "shares", "polyvore")
TEST, TRUE = "auc_by_user", "true_auc_by_user"
SHOPS = "generated shops"


class Study:
    """Runs stage after stage and collects what they show.

    Args:
        places: Where things are.
        workers: Runs done at once.
    """

    def __init__(self, places: Places, workers: int) -> None:
        self.places = places
        self.workers = workers
        self.results = Results(places.out)
        self.runs: dict[Run, None] = {}
        self.choices: dict[str, Any] = {}
        self.comparisons: list[dict[str, Any]] = []
        self.sections: list[report.Section] = []

    def do(
        self,
        variants: Iterable[Variant],
        on: Mapping[str, Sequence[int]],
        final: bool = False,
    ) -> None:
        """Does the runs of some variants, on the seeds of each world."""
        variants = list(variants)
        wanted = [
            Run(world, variant, seed, final)
            for world, seeds in on.items()
            for seed in seeds
            for variant in variants
        ]
        do_all(wanted, self.places, self.workers)
        self.runs.update(dict.fromkeys(wanted))

    def choose(
        self,
        name: str,
        variants: Sequence[Variant],
        on: Mapping[str, Sequence[int]],
    ) -> Variant:
        """Keeps the best variant under a name of its own."""
        best = self.results.best(variants, on)[0]
        self.choices[name] = best.to_dict()
        print(f"{name}: {best.name}", flush=True)
        return best

    def show_choice(
        self,
        title: str,
        variants: Sequence[Variant],
        on: Mapping[str, Sequence[int]],
    ) -> None:
        """A table of AUCs on `valid`."""
        rows = [
            [
                variant.name,
                *(
                    f"{100 * self.results.valid_auc(variant, {w: seeds}):.2f}"
                    for w, seeds in on.items()
                ),
            ]
            for variant in variants
        ]
        columns = [
            f"{world} (seeds {', '.join(map(str, seeds))})"
            for world, seeds in on.items()
        ]
        self.sections.append(
            report.Section(
                title,
                "AUC on valid, in hundredths.",
                ["student", *columns],
                rows,
            )
        )

    def compare(
        self,
        variants: Sequence[Variant],
        to: Variant,
        worlds: Sequence[str],
        seeds: Sequence[int],
        key: str,
        label: str,
        stage: str,
    ) -> None:
        """Paired differences on likes that no choice has seen."""
        for variant in variants:
            if variant == to:
                continue
            found = self.results.difference(variant, to, worlds, seeds, key)
            self.comparisons.append(
                {
                    "stage": stage,
                    "world": label,
                    "variant": variant.name,
                    "to": to.name,
                    "metric": "true_auc" if key == TRUE else "test_auc",
                    "difference": report.as_dict(found),
                }
            )

    def show_means(
        self,
        title: str,
        variants: Sequence[Variant],
        groups: Sequence[tuple[str, list[str], Sequence[int]]],
    ) -> None:
        """A table of means, deviations over seeds, and the teacher's."""
        columns: list[tuple[str, list[str], Sequence[int], str]] = []
        for label, worlds, seeds in groups:
            columns.append((f"{label}, test_auc", worlds, seeds, TEST))
            if label == SHOPS:
                columns.append((f"{label}, true_auc", worlds, seeds, TRUE))

        def teacher(world: str, key: str) -> float:
            record = self.results.record(Run(world, None, 0, True))
            return float(np.nanmean(np.array(record[key], float)))

        rows = [
            [
                "teacher",
                *(
                    f"{100 * np.mean([teacher(w, key) for w in worlds]):.2f}"
                    for _, worlds, _, key in columns
                ),
            ]
        ]
        for variant in variants:
            row = [variant.name]
            for _, worlds, seeds, key in columns:
                by_seed = np.mean(
                    [
                        np.nanmean(
                            self.results.by_user(variant, w, seeds, key), axis=1
                        )
                        for w in worlds
                    ],
                    axis=0,
                )
                row.append(
                    f"{100 * by_seed.mean():.2f} "
                    f"({100 * by_seed.std(ddof=1):.2f})"
                )
            rows.append(row)
        self.sections.append(
            report.Section(
                title,
                "AUC in hundredths, mean and standard deviation of the seeds.",
                ["model", *(column[0] for column in columns)],
                rows,
            )
        )

    def show_final(self, title: str, stage: str, to: Sequence[str]) -> None:
        """A table of the differences of a stage."""
        found = [c for c in self.comparisons if c["stage"] == stage]
        worlds = list(dict.fromkeys((c["world"], c["metric"]) for c in found))
        for other in to:
            rows = []
            names = [c["variant"] for c in found if c["to"] == other]
            for name in dict.fromkeys(names):
                cells = {
                    (c["world"], c["metric"]): report.shown(c["difference"])
                    + f" ({c['difference']['wins']}/{c['difference']['runs']})"
                    for c in found
                    if c["to"] == other and c["variant"] == name
                }
                rows.append([name, *(cells.get(w, "") for w in worlds)])
            self.sections.append(
                report.Section(
                    f"{title}, against {other}",
                    "AUC in hundredths: mean difference of paired runs, its "
                    "95% bootstrap interval over seeds and users, and in how "
                    "many pairs it was positive.",
                    ["student", *(f"{w}, {m}" for w, m in worlds)],
                    rows,
                )
            )

    def write(self) -> None:
        """Writes what there is so far."""
        out = self.places.out
        report.write_json(
            out / "ablation.json",
            {
                "versions": {
                    name: importlib.metadata.version(name) for name in PACKAGES
                },
                "python": platform.python_version(),
                "cpus": os.cpu_count(),
                "choices": self.choices,
                "sections": [dataclasses.asdict(s) for s in self.sections],
                "comparisons": self.comparisons,
                "teachers": [
                    report.summary(run, out) for run in teachers_of(self.runs)
                ],
                "runs": [report.summary(run, out) for run in self.runs],
            },
        )
        atomic_write(
            out / "ablation.md", report.markdown("The ablation", self.sections)
        )
        for stage in dict.fromkeys(c["stage"] for c in self.comparisons):
            found = [
                {**c, "world": f"{c['world']}, {c['metric']}"}
                for c in self.comparisons
                if c["stage"] == stage and c["to"] == plan.PLAIN.name
            ]
            if found:
                report.plot_differences(
                    found, out / f"ablation-{stage}.png", f"Study: {stage}"
                )


def full(study: Study, until: str) -> None:
    """The whole study, or its stages up to one of them.

    Args:
        study: The study.
        until: The last of `STAGES` that is done.
    """
    plain, kd, fnd, mixture = choices(study)
    stages: dict[str, Callable[[], None]] = {
        "final": lambda: finalists(study, plain, kd, fnd, mixture),
        "why": lambda: why(study, plain, kd, fnd),
        "shares": lambda: by_share(study, plain, kd, fnd),
        "forms": lambda: one_changed(study, mixture),
        "polyvore": lambda: check(study, [plain, kd, fnd, mixture]),
    }
    for name in STAGES[1 : STAGES.index(until) + 1]:
        stages[name]()
        study.write()


def choices(study: Study) -> tuple[Variant, Variant, Variant, Variant]:
    """Chooses on `valid`: plain, KD, FND and what mixes all.

    Args:
        study: The study.

    Returns:
        The variants chosen.
    """
    settings = [*plan.tuning(), *plan.alphas()]
    study.do(settings, plan.FIRST)
    study.show_choice("Tuning", settings, plan.FIRST)
    study.write()

    parts = [plan.plain_settings(), plan.kd_second(), plan.fnd_second()]
    every = [variant for part in parts for variant in part]
    study.do(every, plan.SECOND)
    study.show_choice("On a second world", every, plan.SECOND)
    study.write()
    plain, kd, fnd = (
        study.choose(name, part, plan.SECOND).but(name)
        for name, part in zip(("none", "kd", "fnd"), parts, strict=True)
    )

    mixed = [plain, kd, fnd, *plan.together(plain, kd, fnd)]
    study.do(mixed, plan.CHOICE)
    study.show_choice("Both, and with the contrastive loss", mixed, plan.CHOICE)
    study.write()

    last = [v for v in mixed if v.contrastive and (v.kd or v.fnd)]
    study.do([kd, *last], plan.LAST_CHOICE)
    study.show_choice("On photos", [kd, *last], plan.LAST_CHOICE)
    mixture = study.choose("mixture", last, plan.LAST_CHOICE)
    study.write()
    return plain, kd, fnd, mixture


def finalists(
    study: Study, plain: Variant, kd: Variant, fnd: Variant, mixture: Variant
) -> None:
    """Compares the finalists on photos, on held-out likes.

    The mixture becomes the default only if it is surely better than KD, the
    simpler one, in every world.
    """
    groups: list[tuple[str, list[str], Sequence[int]]] = [
        (SHOPS, list(plan.FINAL_SHOPS), plan.FINAL_SEEDS),
        ("wardrobe", ["wardrobe"], plan.FINAL_SEEDS),
    ]
    better = True
    variants = [plain, kd, fnd, mixture]
    for label, names, seeds in groups:
        study.do(variants, dict.fromkeys(names, seeds), final=True)
        for key in (TEST, TRUE) if label == SHOPS else (TEST,):
            for to in (plain, kd):
                study.compare(variants, to, names, seeds, key, label, "final")
            better &= study.results.difference(
                mixture, kd, names, seeds, key
            ).is_above_zero
        study.write()
    study.choices["default"] = (mixture if better else kd).to_dict()
    study.show_means("On likes that no choice has seen", variants, groups)
    study.show_final("The last comparison", "final", ["none", "kd"])


def check(study: Study, variants: Sequence[Variant]) -> None:
    """Where there are no photos."""
    names, seeds = ["polyvore_u"], plan.CHECK_SEEDS
    study.do(variants, dict.fromkeys(names, seeds), final=True)
    for to in variants[:2]:
        study.compare(variants, to, names, seeds, TEST, names[0], "polyvore")
    study.show_final("Ids and categories", "polyvore", ["none", "kd"])


def one_changed(study: Study, mixture: Variant) -> None:
    """One thing changed at a time."""
    changed = [mixture, *plan.forms(mixture)]
    study.do(changed, plan.FIRST)
    study.show_choice("One thing changed", changed, plan.FIRST)


def why(study: Study, plain: Variant, kd: Variant, fnd: Variant) -> None:
    """Controls on shops whose truth is known, students far from teachers."""
    variants = plan.controls(plain, kd, fnd)
    worlds, seeds = plan.WHY_SHOPS, plan.WHY_SEEDS
    study.do(variants, dict.fromkeys(worlds, seeds), final=True)
    label = f"{len(worlds)} shops"
    for key in (TEST, TRUE):
        study.compare(variants, variants[0], worlds, seeds, key, label, "why")
    study.show_final("Why", "why", ["none"])


def by_share(study: Study, plain: Variant, kd: Variant, fnd: Variant) -> None:
    """More and fewer false negatives."""
    seeds = plan.WHY_SEEDS
    by_name = {v.name: v for v in plan.controls(plain, kd, fnd)}
    few = [by_name[name] for name in ("none", "kd", "fnd", plan.ORACLE)]
    for share in plan.SHARES:
        world = f"{plan.SHARES_SHOP}-{share:g}-features"
        study.do(few, {world: seeds}, final=True)
        label = f"{100 * share:g}% liked"
        study.compare(few, few[0], [world], seeds, TRUE, label, "shares")
    study.show_final("By the share of false negatives", "shares", ["none"])


def quick(study: Study) -> None:
    """A small part of it, in minutes."""
    seeds, worlds = (0, 1), [plan.CHOICE_SHOP]
    kd, fnd = plan.KD, plan.FND
    variants = [
        plan.PLAIN,
        kd,
        fnd,
        fnd.but("fnd + cl", contrastive=0.1),
        fnd.but("fnd, z reversed", control="reversed"),
    ]
    study.do(variants, dict.fromkeys(worlds, seeds), final=True)
    for key in (TEST, TRUE):
        study.compare(
            variants, variants[0], worlds, seeds, key, "shop", "quick"
        )
    study.show_final("A quick look", "quick", ["none"])
    study.write()


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.ablation", description=__doc__
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--wardrobe", type=Path, metavar="DIR")
    parser.add_argument("--polyvore", type=Path, metavar="DIR")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument(
        "--workers",
        type=int,
        default=os.cpu_count() or 1,
        help="runs done at once, each with one thread",
    )
    parser.add_argument(
        "--until",
        choices=STAGES,
        default=STAGES[-1],
        help="the last stage of the full form that is done",
    )
    args = parser.parse_args(arguments)
    if not args.quick and args.wardrobe is None:
        parser.error("the full form needs --wardrobe")
    if not args.quick and args.until == STAGES[-1] and args.polyvore is None:
        parser.error(f"--until {args.until} needs --polyvore")
    places = Places(args.out.resolve(), args.wardrobe, args.polyvore)
    study = Study(places, args.workers)
    if args.quick:
        quick(study)
    else:
        full(study, args.until)
    print(f"The study is in {args.out}", flush=True)


if __name__ == "__main__":
    main()
