"""From your own tables to a table of recommendations.

DATA_DIR holds items.csv, outfits.csv, train.csv and valid.csv, and perhaps
photos and features.npy: see docs/start/data.md. Rows that cannot be used are
dropped and logged. The teacher recommends: a student is worth its training
where answers have to be fast, not for a table that is computed once.

    python examples/own_data.py my_shop --out recommendations.csv
"""

import argparse
import csv
import logging
from pathlib import Path

import fndrec
from fndrec.training import Recipe


def main() -> None:
    """Runs the example."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data_dir", type=Path, metavar="DATA_DIR")
    parser.add_argument("--out", type=Path, default="recommendations.csv")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--image-size", type=int, default=64)
    parser.add_argument("--per-user", type=int, default=10)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")

    data = fndrec.load_data(args.data_dir, on_error="drop")
    if data.photos is not None:
        data = data.with_photos(args.image_size, on_error="drop")
    print(data)

    model = fndrec.FNDTeacher.from_data(data)
    recipe = Recipe.for_model(model, data, epochs=args.epochs)
    fndrec.train(model, data, recipe=recipe, verbose=2)
    print(f"\n{fndrec.evaluate(model, data, 'valid')}\n")

    found = fndrec.recommend(model, data, list(data.users), k=args.per_user)
    with args.out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("user_id", "rank", "outfit_id", "item_ids", "score"))
        for best in found:
            for rank, one in enumerate(best, start=1):
                items = ";".join(one.item_ids)
                writer.writerow(
                    (one.user_id, rank, one.outfit_id, items, one.score)
                )
    print(f"The recommendations are in {args.out}")


if __name__ == "__main__":
    main()
