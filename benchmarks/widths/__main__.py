"""What students of several widths give and cost.

    python -m benchmarks.widths --out DIR

Distils students of a generated shop, the default but for the width, and
compares them with their teacher. Shop, teacher and the choice of the default
are those that `benchmarks.ablation` left in `DIR`. Writes `widths.json`,
`widths.md` and `widths.png`.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.ablation import plan
from benchmarks.ablation.runs import teacher_path
from benchmarks.ablation.students import train_student
from benchmarks.ablation.variant import Variant
from benchmarks.common.worlds import Places, load_world
from fndrec import compare, load_model
from fndrec.files import atomic_write
from fndrec.models import OutfitRecommender

SIZES = (0.5, 1.0, 2.0)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.widths", description=__doc__
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    out = parser.parse_args(arguments).out.resolve()
    study = json.loads((out / "ablation.json").read_text(encoding="utf-8"))
    default = Variant.from_dict(study["choices"]["default"])
    shop = plan.FINAL_SHOPS[0]
    world = load_world(shop, Places(out))
    teacher = load_model(teacher_path(out, shop, "large"))
    models: dict[str, OutfitRecommender] = {"teacher": teacher}
    for size in SIZES:
        variant = default.but(f"width x{size:g}", size=size)
        student, _, best = train_student(world, teacher, variant, 0)
        models[f"student x{size:g}"] = student
        print(f"{variant.name}: {best:.4f} on valid", flush=True)
    found = compare(models, world.data, "test")
    print(found)
    found.plot(out / "widths.png")
    found.to_json(out / "widths.json")
    atomic_write(out / "widths.md", f"{found}\n")


if __name__ == "__main__":
    main()
