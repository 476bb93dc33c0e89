"""Pictures of outfits."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from fndrec.checks import ids
from fndrec.data import OutfitData
from fndrec.errors import DataError
from fndrec.files import atomic_path


def outfit_sheet(
    data: OutfitData,
    rows: Sequence[tuple[str, Sequence[str]]],
    path: str | Path,
    title: str = "",
) -> None:
    """Draws outfits, one per row, with a label on the left.

    Args:
        data: The data set, with photos loaded.
        rows: For each outfit its label and the ids of its items.
        path: The PNG file to write.
        title: Title of the picture.

    Raises:
        DataError: If the photos are not loaded or an item is not known.

    Example:

    >>> best = fndrec.recommend(model, data, ["u007"], k=3)[0]
    >>> fndrec.outfit_sheet(
    ...     data, [(f"{r.score:.2f}", r.item_ids) for r in best], "best.png")
    """
    if data.store is None:
        raise DataError(
            f"{data.name}: loaded photos were expected, see "
            "`OutfitData.with_photos`. Received: a data set without them"
        )
    columns = max((len(ids("rows", items)) for _, items in rows), default=1)
    figure = Figure(
        figsize=(1.3 * (columns + 1), 1.3 * len(rows) + 0.6),
        layout="constrained",
    )
    FigureCanvasAgg(figure)
    if title:
        figure.suptitle(title, fontsize=11, parse_math=False)
    axes = figure.subplots(max(len(rows), 1), columns + 1, squeeze=False)
    for axis in axes.ravel():
        axis.set_axis_off()
    for row, (label, items) in zip(axes, rows, strict=False):
        row[0].text(
            0.5,
            0.5,
            label,
            ha="center",
            va="center",
            fontsize=9,
            parse_math=False,
        )
        found = data.items.rows(list(items))
        if len(found) and found.min() < 0:
            unknown = list(items)[int(found.argmin())]
            raise DataError(
                f"`rows` should name items of {data.name}. "
                f"Received: {unknown!r}"
            )
        for axis, image in zip(row[1:], data.store.gather(found), strict=False):
            axis.imshow(image, interpolation="nearest")
    with atomic_path(Path(path)) as draft:
        figure.savefig(draft, format="png", dpi=110)
