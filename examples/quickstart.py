"""From a generated shop to recommendations.

Generates a small shop of drawn garments, trains a teacher on its likes,
distils a student from it, evaluates both beside baselines, and draws what the
student recommends to one user.

    python examples/quickstart.py --out quickstart
"""

import argparse
from pathlib import Path

import fndrec
from fndrec.training import Recipe


def main() -> None:
    """Runs the example."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("quickstart"))
    parser.add_argument("--epochs", type=int, default=12)
    args = parser.parse_args()

    shop = fndrec.SyntheticShop.generate(
        args.out / "shop", num_users=40, items_per_category=60, image_size=32
    )
    data = shop.data.with_photos(32)
    print(data)

    teacher = fndrec.FNDTeacher.from_data(data, width=0.5)
    recipe = Recipe.for_model(teacher, data, epochs=args.epochs)
    fndrec.train(teacher, data, recipe=recipe, verbose=2)

    student = fndrec.FNDStudent.from_data(data)
    recipe = Recipe.for_model(student, data, epochs=args.epochs)
    fndrec.train(student, data, teacher, recipe=recipe, verbose=2)

    models = {"teacher": teacher, "student": student}
    print(f"\n{fndrec.evaluate(models, data, 'test')}\n")

    user = data.users[0]
    best = fndrec.recommend(student, data, [user], k=5)[0]
    for found in best:
        items = ", ".join(found.item_ids)
        print(f"{user}: {found.outfit_id} ({items}), score {found.score:.2f}")
    rows = [(f"{f.outfit_id}\n{f.score:.2f}", f.item_ids) for f in best]
    picture = args.out / "best_outfits.png"
    fndrec.outfit_sheet(data, rows, picture, f"The best outfits for {user}")
    print(f"The picture is {picture}")


if __name__ == "__main__":
    main()
