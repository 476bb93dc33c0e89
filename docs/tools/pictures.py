"""Draws the pictures of the concepts page.

    python -m docs.tools.pictures

Generates a shop, trains a teacher on it, and draws both. The ground truth of
the shop is known, so the pictures can show false negatives.
"""

import tempfile
from pathlib import Path

import keras
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

import fndrec
from fndrec.data import (
    NegativeSampler,
    OutfitData,
    SyntheticShop,
    similar_items,
)
from fndrec.evaluation import Candidates
from fndrec.models import OutfitRecommender, TeacherTargets

PICTURES = Path(__file__).parent.parent / "pictures"
# Distinguishable for readers with red-green color blindness.
LIKED, HIDDEN, REST = "#00796b", "#e08214", "#b3b9c2"
COLOURS = 256


def shrink(path: Path) -> None:
    """Shrinks a PNG file by reducing its colors.

    Args:
        path: The file, which is replaced.
    """
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(
            COLOURS, dither=Image.Dither.NONE
        )
    small.save(path, optimize=True)


def _figure(width: float, height: float) -> Figure:
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _plain(axes: object) -> None:
    axes.spines[["top", "right"]].set_visible(False)  # type: ignore[attr-defined]


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, format="png", dpi=130)
    shrink(path)


def draw_space(
    shop: SyntheticShop,
    data: OutfitData,
    teacher: OutfitRecommender,
    path: Path,
    user: int = 0,
) -> None:
    """Draws the catalogue around one user, by nearness and direction.

    Args:
        shop: The shop, which knows the truth.
        data: Its data, with photos.
        teacher: A model of it.
        path: The PNG file to write.
        user: Row of the user.
    """
    outfits = teacher.embed_outfits(
        teacher.embed_items(data), data.outfit_items
    )
    vector = teacher.user_vectors(data)[data.user_index[user]]
    targets = TeacherTargets.from_model(teacher, data)
    radius = float(targets.radius[data.user_index[user]])
    # Along the user, and along what differs most beside that.
    cosine = outfits @ vector
    beside = outfits - cosine[:, None] * vector
    axis = np.linalg.svd(beside - beside.mean(axis=0), full_matrices=False)[2]
    across = beside @ axis[0]

    train = data.likes("train")
    known = np.zeros(len(outfits), bool)
    known[train.outfit[train.user == user]] = True
    liked = shop.truth.liked(
        np.full(len(outfits), user, np.int32), data.outfit_items
    )
    figure = _figure(6.4, 4.2)
    axes = figure.subplots()
    _plain(axes)
    for name, rows, colour, size in (
        ("not liked", ~liked & ~known, REST, 7),
        ("liked in truth, nobody knows", liked & ~known, HIDDEN, 16),
        ("known likes in train", known, LIKED, 26),
    ):
        axes.scatter(
            across[rows],
            cosine[rows],
            s=size,
            color=colour,
            label=name,
            linewidths=0,
        )
    axes.scatter([0], [1], marker="*", s=180, color="black", label="the user")
    edge = 1 - radius**2 / 2
    axes.axhline(edge, color="black", linewidth=0.8, linestyle="--")
    axes.annotate(
        "the user's radius",
        (1.0, edge),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        xytext=(0, 3),
        ha="right",
        fontsize=8,
    )
    axes.set_ylabel("cosine to the user")
    axes.set_xlabel("the direction in which outfits differ most beside that")
    axes.legend(fontsize=8, frameon=False, loc="upper right")
    _save(figure, path)


def draw_distance_zscore(
    shop: SyntheticShop,
    data: OutfitData,
    teacher: OutfitRecommender,
    path: Path,
) -> None:
    """Draws z-scores of unseen likes, negatives and false negatives.

    Args:
        shop: The shop, which knows the truth.
        data: Its data, with photos.
        teacher: A model of it.
        path: The PNG file to write.
    """
    candidates = Candidates.from_data(data, "valid", 20)
    index = data.user_index[candidates.user]
    cosine = (
        teacher.score_sets(data, index, candidates.outfits)
        * teacher.score.temperature
    )
    distance = np.sqrt(np.maximum(2 - 2 * cosine, 0))
    targets = TeacherTargets.from_model(teacher, data)
    z = fndrec.losses.distance_zscore(
        distance,
        targets.radius.numpy()[index],
        targets.deviation.numpy()[index],
    ).numpy()
    drawn = candidates.outfits[:, 1:]
    liked = shop.truth.liked(
        np.repeat(candidates.user, drawn.shape[1]),
        drawn.reshape(-1, drawn.shape[-1]),
    ).reshape(drawn.shape[:2])
    figure = _figure(6.4, 3.4)
    axes = figure.subplots()
    _plain(axes)
    bins = np.linspace(-3, 8, 45).tolist()
    for name, values, colour in (
        ("negatives, not liked", z[:, 1:][~liked], REST),
        ("false negatives: liked in truth", z[:, 1:][liked], HIDDEN),
        ("likes that the teacher has not seen", z[:, 0], LIKED),
    ):
        axes.hist(
            values,
            bins,
            density=True,
            histtype="stepfilled",
            color=colour,
            alpha=0.35,
        )
        axes.hist(
            values,
            bins,
            density=True,
            histtype="step",
            color=colour,
            label=name,
        )
    axes.axvline(0, color="black", linewidth=0.8, linestyle="--")
    axes.set_xlabel("distance z-score: 0 is the user's radius")
    axes.set_ylabel("density")
    axes.set_yticks([])
    axes.legend(fontsize=8, frameon=False)
    _save(figure, path)


def draw_push(path: Path) -> None:
    """Draws how hard FND pushes a negative, by its distance z-score.

    Args:
        path: The PNG file to write.
    """
    figure = _figure(6.4, 3.2)
    axes = figure.subplots()
    _plain(axes)
    z = np.linspace(-3, 3, 200)
    # The liked outfit and this negative score alike, nothing else is there.
    for alpha, colour in ((0, REST), (0.5, HIDDEN), (1, LIKED), (2, "black")):
        push = 1 / (1 + np.exp(-alpha * z))
        axes.plot(z, push, color=colour, label=f"alpha = {alpha:g}")
    axes.axvline(0, color="black", linewidth=0.8, linestyle="--")
    axes.set_xlabel("distance z-score of the negative, by the teacher")
    axes.set_ylabel("push on its score")
    axes.set_ylim(0, 1)
    axes.legend(fontsize=8, frameon=False)
    _save(figure, path)


def draw_negatives(shop: SyntheticShop, data: OutfitData, path: Path) -> None:
    """Draws a liked outfit and its negatives, with their ground truth.

    Args:
        shop: The shop, which knows the truth.
        data: Its data, with photos.
        path: The PNG file to write.
    """
    train = data.likes("train")
    users, outfits = train.user[:200], train.outfit[:200]
    sampler = NegativeSampler(data, "train", "recombined")
    drawn = sampler(users, outfits, 3, np.random.default_rng(0))
    liked = shop.truth.liked(
        np.repeat(users, 3), drawn.reshape(-1, drawn.shape[-1])
    ).reshape(drawn.shape[:2])
    # A like of most items with exactly one false negative.
    length = (data.outfit_items[outfits] >= 0).sum(axis=1)
    row = int(np.argmax(length * (liked.sum(axis=1) == 1)))
    rows = [("liked", data.outfit_items[outfits[row]])] + [
        ("negative,\nliked in truth" if false else "negative", outfit)
        for false, outfit in zip(liked[row], drawn[row], strict=True)
    ]
    _sheet(data, rows, path)


def draw_views(data: OutfitData, path: Path) -> None:
    """Draws an outfit and the two kinds of views of the contrastive loss.

    Args:
        data: The data, with photos.
        path: The PNG file to write.
    """
    length = (data.outfit_items >= 0).sum(axis=1)
    outfit = data.outfit_items[[int(np.argmax(length))]]
    assert data.item_category is not None
    table = similar_items(data.item_category, k=8)
    views = (fndrec.EraseItem(seed=0), fndrec.ReplaceItem(table, seed=0))
    rows = [("liked", outfit[0])]
    names = ("EraseItem", "ReplaceItem")
    for name, view in zip(names, views, strict=True):
        rows.append((name, np.array(view(outfit))[0]))
    _sheet(data, rows, path)


def _sheet(
    data: OutfitData, rows: list[tuple[str, np.ndarray]], path: Path
) -> None:
    named = [
        (label, data.items.take(outfit[outfit >= 0])) for label, outfit in rows
    ]
    fndrec.outfit_sheet(data, named, path)
    shrink(path)


def draw(
    shop: SyntheticShop,
    data: OutfitData,
    teacher: OutfitRecommender,
    folder: Path,
) -> None:
    """Draws all pictures.

    Args:
        shop: The shop, which knows the truth.
        data: Its data, with photos.
        teacher: A model of it.
        folder: Folder to write to.
    """
    draw_space(shop, data, teacher, folder / "space.png")
    draw_distance_zscore(shop, data, teacher, folder / "distance_zscore.png")
    draw_push(folder / "push.png")
    draw_negatives(shop, data, folder / "negatives.png")
    draw_views(data, folder / "views.png")


def main() -> None:
    """Runs the command."""
    keras.utils.set_random_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        shop = SyntheticShop.generate(Path(folder, "shop"), seed=1)
        data = shop.data.with_photos(64)
        teacher = fndrec.FNDTeacher.from_data(data)
        teacher.compile(keras.optimizers.AdamW(1e-3))
        stop = keras.callbacks.EarlyStopping(
            "val_auc", mode="max", patience=4, restore_best_weights=True
        )
        teacher.fit(
            data.batches("train"),
            epochs=16,
            callbacks=[fndrec.Validation(data), stop],
            verbose=2,
        )
        draw(shop, data, teacher, PICTURES)


if __name__ == "__main__":
    main()
