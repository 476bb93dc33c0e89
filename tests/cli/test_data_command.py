"""`fndrec data inspect` and `fndrec data convert`."""

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from published import (
    difashion,
    iqon3000,
    pog,
    polyvore_outfits,
    polyvore_u,
    polyvore_u_names,
    polyvore_u_photos,
    write_lmdb,
)

from fndrec.cli import main
from fndrec.cli.main import parser
from fndrec.data import load_data, read_fixed


def commands() -> dict[str, argparse.ArgumentParser]:
    [action] = (
        action
        for action in parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    return dict(action.choices)


def run(*words: object) -> int:
    return main(["data", *map(str, words)])


def fails(
    capsys: pytest.CaptureFixture[str], words: list[object], *named: object
) -> None:
    """Asserts that the command gives one line that names what is wrong."""
    assert run(*words) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1, error
    assert error.startswith("fndrec data: error: ")
    for name in named:
        assert str(name) in error


def test_inspect(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    polyvore_u(tmp_path)
    polyvore_u_photos(tmp_path)
    out = tmp_path / "new" / "sheet.png"
    assert run("inspect", tmp_path, "--out", out, "--photo-size", 16) == 0
    printed = capsys.readouterr().out
    assert "tuples_630: 3 users, 15 items, 7 outfits" in printed
    assert "candidates `fitb_test`: 2 blanks, 4 outfits each" in printed
    assert f"3 outfits are drawn in {out}" in printed
    with Image.open(out) as image:
        image.load()
        assert image.format == "PNG"
    assert list(out.parent.iterdir()) == [out]
    # Nothing is left beside the photos either.
    photos = tmp_path / "images" / "291x291"
    assert {path.name for path in photos.iterdir()} == set(polyvore_u_names())
    assert run("inspect", tmp_path, "--out", out, "--outfits", 1) == 0
    assert "1 outfits are drawn" in capsys.readouterr().out


def test_inspect_every_layout(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases: list[tuple[Path, list[object], str]] = [
        (pog(tmp_path / "pog"), ["--min-likes", 2, "--valid", 0], "2 users"),
        (difashion(tmp_path / "difashion"), ["--allow-pickle"], "2 users"),
        (iqon3000(tmp_path / "iqon"), ["--valid", 0.4, "--seed", 1], "2 users"),
        (
            polyvore_outfits(tmp_path / "po", variant="disjoint"),
            ["--variant", "disjoint"],
            "1 users",
        ),
    ]
    for folder, words, first in cases:
        assert run("inspect", folder, *words) == 0
        assert first in capsys.readouterr().out


def test_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unknown = tmp_path / "unknown"
    unknown.mkdir()
    fails(capsys, ["inspect", unknown], unknown, "iqon3000", "user_data.txt")
    fails(capsys, ["inspect", tmp_path / "none"], "existing folder")
    folder = difashion(tmp_path / "difashion")
    fails(capsys, ["inspect", folder], "train.npy", "--allow-pickle")
    folder = pog(tmp_path / "pog")
    fails(capsys, ["inspect", folder, "--variant", "x"], "variant", "'pog'")
    fails(
        capsys,
        ["inspect", folder, "--out", tmp_path / "x.png"],
        "items with photos were expected",
    )
    fails(capsys, ["inspect", folder, "--out", folder], "should be a file")
    with (folder / "user_data.txt").open("a") as file:
        file.write("u1,i1,o9\n")
    fails(capsys, ["inspect", folder], "user_data.txt, line 6", "'o9'")
    assert run("inspect", folder, "--on-error", "drop") == 0
    for words in (
        ["inspect"],
        ["look", folder],
        ["inspect", folder, "--valid"],
    ):
        with pytest.raises(SystemExit):
            run(*words)


def test_without_the_extra(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    polyvore_u(tmp_path)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    words = ["inspect", tmp_path, "--features", tmp_path]
    fails(capsys, words, ".[lmdb]'")


def test_convert(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "polyvore"
    polyvore_u(folder)
    photos = polyvore_u_photos(folder)
    out = tmp_path / "out"
    assert run("convert", folder, out) == 0
    assert f"is in {out}" in capsys.readouterr().out
    data = load_data(folder)
    before = read_fixed(folder, data)
    store = data.with_photos(8).store
    assert store is not None
    pixels = store.gather(np.arange(len(store)))
    # Links share the file with DIR, and outlive it.
    assert (out / "photos" / "top00.jpg").samefile(photos / "top00.jpg")
    shutil.rmtree(folder)
    again = load_data(out)
    np.testing.assert_array_equal(again.outfit_items, data.outfit_items)
    assert again.photos is not None
    assert again.photos[0].as_py() == "photos/top00.jpg"
    store = again.with_photos(8).store
    assert store is not None
    np.testing.assert_array_equal(store.gather(np.arange(len(store))), pixels)
    after = read_fixed(out, again)
    assert sorted(after) == sorted(before)
    np.testing.assert_array_equal(
        after["hard_test"].outfits, before["hard_test"].outfits
    )
    record = json.loads((out / "run.json").read_text())
    assert record["command"] == "data"
    assert record["metrics"]["likes"] == {"train": 4, "valid": 2, "test": 2}


def test_convert_photos_of_an_lmdb(tmp_path: Path) -> None:
    folder = tmp_path / "polyvore"
    polyvore_u(folder)
    photos = polyvore_u_photos(tmp_path / "other")
    files = {n: (photos / n).read_bytes() for n in polyvore_u_names()}
    write_lmdb(folder / "images" / "lmdb", files)
    assert run("convert", folder, tmp_path / "out") == 0
    for name, contents in files.items():
        path = tmp_path / "out" / "photos" / name
        assert path.read_bytes() == contents
    assert run("convert", folder, tmp_path / "bare", "--no-photos") == 0
    assert load_data(tmp_path / "bare").photos is None


def test_convert_to_another_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("Invalid cross-device link")

    monkeypatch.setattr("os.link", refuse)
    folder = iqon3000(tmp_path / "iqon")
    assert run("convert", folder, tmp_path / "out") == 0
    data = load_data(tmp_path / "out")
    assert data.photos is not None
    name = data.photos[0].as_py()
    assert name == "photos/11/100/1_m.jpg"
    assert (tmp_path / "out" / name).read_bytes() == (
        folder / "11" / "100" / "1_m.jpg"
    ).read_bytes()


def test_convert_is_whole_or_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = pog(tmp_path / "pog")
    out = tmp_path / "out"
    (folder / "item_data.txt").unlink()
    fails(capsys, ["convert", folder, out], "item_data.txt")
    assert not out.exists()
    pog(tmp_path / "again")
    assert run("convert", tmp_path / "again", out) == 0
    capsys.readouterr()
    fails(capsys, ["convert", tmp_path / "again", out], out, "--overwrite")
    assert run("convert", tmp_path / "again", out, "--overwrite") == 0
    capsys.readouterr()
    # What no conversion made is not deleted.
    words: list[object] = ["convert", tmp_path / "again", folder, "--overwrite"]
    fails(capsys, words, folder, "run.json")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["again", "out", "pog"]


@pytest.mark.parametrize("action", ["inspect", "convert"])
def test_help_shows_every_default(
    action: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as done:
        run(action, "--help")
    assert done.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "default: None" not in shown
    [action_of] = (
        choice
        for choice in commands()["data"]._actions
        if isinstance(choice, argparse._SubParsersAction)
    )
    for option in action_of.choices[action]._actions:
        if not option.option_strings or option.dest == "help":
            continue
        assert option.help, option.dest
        if option.default is None:
            assert "default: " in option.help, option.dest
        else:
            assert f"(default: {option.default})" in shown, option.dest
