"""How well outfits are completed, beside chance and popularity.

    python -m benchmarks.completion --out DIR --wardrobe DIR MODEL_DIR...

For each like of valid one item is taken away. Fill-in-the-blank: it stands
against three of its category, and what `OutfitCompleter` chooses is compared
with what the model's scores of the four whole outfits choose. Then it is ranked
among all items of its category. Writes `completion.json` and `completion.md`.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import report
from fndrec import OutfitCompleter, OutfitData
from fndrec.cli._data import image_size_of, load_model_folder
from fndrec.data import load_data
from fndrec.evaluation.baselines import ItemPopularity
from fndrec.evaluation.candidates import Candidates
from fndrec.evaluation.user_metrics import best_choice_rate
from fndrec.files import atomic_write
from fndrec.models import OutfitRecommender

HEADER = (
    *("ranked by", "median percentile", "recall@10", "fill-in-the-blank"),
    *("by all scores", "choices that differ", "ms to rank a category"),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.completion", description=__doc__
    )
    parser.add_argument("models", nargs="+", type=Path, metavar="MODEL_DIR")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--wardrobe", type=Path, required=True, metavar="DIR")
    parser.add_argument("--photo-cache", type=Path, metavar="DIR")
    args = parser.parse_args(arguments)
    models = {path.name: load_model_folder(path) for path in args.models}
    data = load_data(args.wardrobe)
    drawn = Candidates.from_data(data, "valid")
    blanks = Blanks(data, drawn)
    records = {"chance": blanks.chance(), "popularity": blanks.popularity()}
    for name, model in models.items():
        size = image_size_of(model)
        shop = (
            data if size is None else data.with_photos(size, args.photo_cache)
        )
        records[name] = blanks.model(model, shop)
        print(name, records[name], flush=True)
    section = report.Section(
        "Ranks",
        f"{len(drawn.user):,} likes of valid, {blanks.items:.0f} items a "
        "category in the mean.",
        HEADER,
        [[name, *row(record)] for name, record in records.items()],
    )
    report.write_json(
        args.out / "completion.json",
        {"sections": [vars(section)], "records": records},
    )
    page = report.markdown("Completing outfits", [section])
    atomic_write(args.out / "completion.md", page)
    print(page)


def row(record: dict[str, Any]) -> list[str]:
    """The cells of a record."""
    found = [
        f"{record['median_percentile']:.3f}",
        f"{record['recall_at_10']:.3f}",
        f"{record['fitb']:.4f}",
    ]
    if "fitb_exhaustive" not in record:
        return [*found, "", "", ""]
    return [
        *found,
        f"{record['fitb_exhaustive']:.4f}",
        f"{record['differing_choices']}",
        f"{record['ms_median']:.1f}",
    ]


class Blanks:
    """Outfits with an item taken away.

    Args:
        data: The data set.
        drawn: Likes with their choices for the blank.
    """

    def __init__(self, data: OutfitData, drawn: Candidates) -> None:
        assert data.item_category is not None
        assert data.categories is not None
        self.data, self.drawn = data, drawn
        whole = drawn.blanks[:, 0]
        self.slot = (drawn.blanks != drawn.blanks[:, :1]).any(1).argmax(axis=1)
        rows = np.arange(len(whole))
        self.choices = drawn.blanks[rows, :, self.slot]
        self.given = [
            np.array([r for r in np.delete(one, slot) if r >= 0], np.int32)
            for one, slot in zip(whole, self.slot, strict=True)
        ]
        self.category = data.item_category[self.choices[:, 0]]
        self.pools = [
            np.setdiff1d(np.flatnonzero(data.item_category == c), given)
            for c, given in zip(self.category, self.given, strict=True)
        ]
        self.items = float(np.mean([len(pool) for pool in self.pools]))

    def chance(self) -> dict[str, Any]:
        """What constant scores get."""
        sizes = np.array([len(pool) for pool in self.pools])
        return {
            "median_percentile": 0.5,
            "recall_at_10": float(np.minimum(10 / sizes, 1.0).mean()),
            "fitb": 1 / self.choices.shape[1],
        }

    def popularity(self) -> dict[str, Any]:
        """What a ranking by likes in train gets."""
        value = ItemPopularity(self.data).value
        ranks = [
            rank(value[pool], pool, true)
            for pool, true in zip(self.pools, self.choices[:, 0], strict=True)
        ]
        return {
            **self.summary(ranks),
            "fitb": best_choice_rate(value[self.choices]),
        }

    def summary(self, ranks: list[tuple[float, float]]) -> dict[str, Any]:
        """Of each blank the percentile and the recall."""
        percentile, recall = np.array(ranks).T
        return {
            "median_percentile": float(np.median(percentile)),
            "recall_at_10": float(recall.mean()),
        }

    def model(
        self, model: OutfitRecommender, data: OutfitData
    ) -> dict[str, Any]:
        """What a model gets."""
        completer = OutfitCompleter(model, data)
        assert model.vocabulary is not None
        seen = data.with_vocabulary(model.vocabulary)
        exhaustive = model.score_sets(
            seen, seen.user_index[self.drawn.user], self.drawn.blanks
        )
        users = data.users.take(self.drawn.user)
        assert data.categories is not None
        by_complete = np.empty_like(exhaustive)
        ranks, seconds = [], []
        for i, user in enumerate(users):
            given = [data.items.take(self.given[i])]
            names = data.items.take(self.choices[i])
            four = completer.complete([user], given, k=4, choices=[names])[0]
            score = {one.item_id: one.score for one in four}
            by_complete[i] = [score[name] for name in names]
            category = data.categories[int(self.category[i])]
            started = time.perf_counter()
            all_of_them = completer.complete([user], given, category, 10**6)[0]
            seconds.append(time.perf_counter() - started)
            pool = data.items.rows([one.item_id for one in all_of_them])
            assert set(pool.tolist()) == set(self.pools[i].tolist())
            scores = np.array([one.score for one in all_of_them])
            ranks.append(rank(scores, pool, self.choices[i, 0]))
        best = by_complete.argmax(axis=1) != exhaustive.argmax(axis=1)
        return {
            **self.summary(ranks),
            "fitb": best_choice_rate(by_complete),
            "fitb_exhaustive": best_choice_rate(exhaustive),
            "differing_choices": int(best.sum()),
            "largest_difference": float(np.abs(by_complete - exhaustive).max()),
            "ms_median": 1e3 * float(np.median(seconds)),
            "ms_p95": 1e3 * float(np.quantile(seconds, 0.95)),
        }


def rank(
    scores: np.ndarray, pool: np.ndarray, true: int
) -> tuple[float, float]:
    """Percentile of an item among the others, and whether it is in the ten.

    Ties are fair: of each it is above one half.
    """
    own = scores[pool == true][0]
    above = (scores > own).sum()
    tied = (scores == own).sum()
    percentile = 1.0 - (above + (tied - 1) / 2) / max(len(pool) - 1, 1)
    return percentile, float(np.clip((10 - above) / tied, 0.0, 1.0))


if __name__ == "__main__":
    main()
