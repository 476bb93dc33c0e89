from pathlib import Path

import pytest
from PIL import Image

from fndrec import DataError, outfit_sheet
from fndrec.data import OutfitData


@pytest.mark.parametrize("title", ["", "Best"])
def test_writes_a_picture(
    tiny_photo_data: OutfitData, tmp_path: Path, title: str
) -> None:
    path = tmp_path / "new" / "sheet.png"
    rows = [("one", ["item1"]), ("two", ["item1", "item2", "item3"])]
    outfit_sheet(tiny_photo_data, rows, path, title)
    with Image.open(path) as image:
        assert image.format == "PNG"
        # A label and three items wide, two outfits and a title high.
        assert image.size == (int(1.3 * 4 * 110), int((1.3 * 2 + 0.6) * 110))
        colours = image.convert("RGB").getcolors(2**24)
    assert colours is not None
    assert len(colours) > 100
    assert [file.name for file in path.parent.iterdir()] == ["sheet.png"]


def test_labels_are_no_formulas(
    tiny_photo_data: OutfitData, tmp_path: Path
) -> None:
    path = tmp_path / "sheet.png"
    outfit_sheet(tiny_photo_data, [("$_$ $\\no$", ["item1"])], path, "$^$")
    assert path.exists()


def test_no_outfits(tiny_photo_data: OutfitData, tmp_path: Path) -> None:
    outfit_sheet(tiny_photo_data, [], tmp_path / "sheet.png")
    assert (tmp_path / "sheet.png").exists()


def test_errors_write_nothing(
    tiny_data: OutfitData,
    tiny_photo_data: OutfitData,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "sheet.png"
    with pytest.raises(DataError, match="'no such'"):
        outfit_sheet(tiny_photo_data, [("x", ["item1", "no such"])], path)
    with pytest.raises(DataError, match="with_photos"):
        outfit_sheet(tiny_data, [("x", ["item1"])], path)

    def fail(self: object, file: Path, **kwargs: object) -> None:
        file.write_text("half")
        raise OSError("disk full")

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", fail)
    with pytest.raises(OSError, match="disk full"):
        outfit_sheet(tiny_photo_data, [("x", ["item1"])], path)
    assert not list(tmp_path.iterdir())
