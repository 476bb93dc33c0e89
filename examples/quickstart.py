"""From a generated shop to recommendations.

Generates a small shop of drawn garments, trains a teacher on its likes,
distils a student from it, evaluates both beside baselines, and draws what the
student recommends to one user.

    python examples/quickstart.py --out quickstart
"""

import argparse
from pathlib import Path

import keras

import fndrec


def main() -> None:
    """Runs the example."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("quickstart"))
    parser.add_argument("--epochs", type=int, default=12)
    args = parser.parse_args()

    keras.utils.set_random_seed(0)
    shop = fndrec.SyntheticShop.generate(
        args.out / "shop", num_users=40, items_per_category=60, image_size=32
    )
    data = shop.data.with_photos(32)
    print(data)

    teacher = fndrec.FNDTeacher.from_data(data, width=0.5)
    teacher.compile(keras.optimizers.AdamW(1e-3))
    fit(teacher, data.batches("train"), data, args.epochs)

    student = fndrec.FNDStudent.from_data(data)
    student.compile(
        keras.optimizers.AdamW(1e-3),
        distillation=fndrec.losses.KnowledgeDistillation(8.0, weight=0.9),
        teacher=teacher,
    )
    fit(student, data.batches("train"), data, args.epochs)

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


def fit(
    model: fndrec.models.OutfitRecommender,
    batches: object,
    data: fndrec.OutfitData,
    epochs: int,
) -> None:
    """Trains until the AUC on valid no longer improves."""
    callbacks = [
        fndrec.Validation(data),
        keras.callbacks.EarlyStopping(
            "val_auc", mode="max", patience=4, restore_best_weights=True
        ),
    ]
    model.fit(batches, epochs=epochs, callbacks=callbacks, verbose=2)


if __name__ == "__main__":
    main()
