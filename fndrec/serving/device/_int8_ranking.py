"""The effect of 8-bit weights on the ranking of outfits."""

from pathlib import Path

import numpy as np

from fndrec.data import OutfitData
from fndrec.models import OutfitRecommender
from fndrec.serving.device import _litert
from fndrec.serving.device._device_parts import SAMPLES

K = 10


def int8_best_kept(
    model: OutfitRecommender, data: OutfitData, folder: Path
) -> float:
    """Measures the share of each user's best outfits that 8-bit files keep.

    Args:
        model: The model.
        data: The data set, aligned with the model; its first outfits are
            ranked.
        folder: Folder of the LiteRT files. The float file is used where a part
            has no 8-bit file.

    Returns:
        The mean over users, 1 if the ten best outfits are the same for all.
    """
    assert model.vocabulary is not None
    sets = data.outfit_items[:SAMPLES]
    users = np.arange(min(SAMPLES, len(model.vocabulary.users) + 1))
    rows, positions = np.unique(np.maximum(sets, 0), return_inverse=True)
    positions = positions.reshape(sets.shape)

    def run(part: str, inputs: dict[str, np.ndarray]) -> np.ndarray:
        path = folder / f"{part}_int8.tflite"
        if not path.exists():
            path = folder / f"{part}.tflite"
        return _litert.run(path.read_bytes(), inputs)

    content = data.content(rows, list(model.item_tower.towers))
    items = run("item_tower", {k: np.asarray(v) for k, v in content.items()})
    outfits = run(
        "aggregator",
        {
            "item_embedding": items[positions],
            "length": (sets >= 0).sum(axis=1).astype(np.int32),
        },
    )
    int8_best = _best_outfits(
        run("users", {"user": users.astype(np.int32)}), outfits
    )
    float_best = _best_outfits(
        np.asarray(model.encode_users(users)),
        model.embed_outfits(
            model.embed_items(data, rows),
            np.where(sets >= 0, positions, -1).astype(np.int32),
        ),
    )
    kept = [
        len(np.intersect1d(int8_rows, float_rows)) / len(float_rows)
        for int8_rows, float_rows in zip(int8_best, float_best, strict=True)
    ]
    return float(np.mean(kept))


def _best_outfits(users: np.ndarray, outfits: np.ndarray) -> np.ndarray:
    order = np.argsort(-(users @ outfits.T), axis=1, kind="stable")
    return order[:, :K]
