"""The pictures of the pages, of a tiny shop."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny_models import tiny_teacher

from docs.tools import pictures
from fndrec import SyntheticShop


@pytest.mark.slow
def test_draw(tmp_path: Path) -> None:
    shop = SyntheticShop.generate(
        tmp_path / "shop",
        num_users=12,
        items_per_category=12,
        likes_per_user=10,
        image_size=16,
    )
    data = shop.data.with_photos(16)
    pictures.draw(shop, data, tiny_teacher(data), tmp_path)
    drawn = {path.name for path in tmp_path.glob("*.png")}
    assert drawn == {
        *("distance_zscore.png", "negatives.png", "push.png", "space.png"),
        "views.png",
    }
    for name in drawn:
        with Image.open(tmp_path / name) as picture:
            pixels = np.asarray(picture.convert("L"))
        assert pixels.std() > 5
        # The pages show those that are committed.
        assert (pictures.PICTURES / name).is_file()


def test_shrink_keeps_what_is_seen(tmp_path: Path) -> None:
    # Sixteen hues, and what a pen draws on them.
    hues = np.random.default_rng(0).integers(0, 256, (4, 4, 3)).astype("uint8")
    photo = np.kron(hues, np.ones((64, 64, 1), "uint8"))
    photo[::16] = 0
    path = tmp_path / "photo.png"
    Image.fromarray(photo).save(path, compress_level=0)
    before = path.stat().st_size
    pictures.shrink(path)
    assert path.stat().st_size < before / 20
    with Image.open(path) as picture:
        small = np.asarray(picture.convert("RGB"))
    np.testing.assert_allclose(small, photo, atol=4)
