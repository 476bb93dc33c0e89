"""The site as `make docs` builds it, with warnings as errors."""

import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import fndrec
from docs.tools.reference import rooms
from fndrec.cli.main import COMMANDS

ROOT = Path(fndrec.__file__).parent.parent
HEADING = re.compile(r'<h2 id="[^"]+" class="doc doc-heading">(.*?)</h2>', re.S)
TAG = re.compile(r"<[^>]+>")
NAME = re.compile(r"fndrec[\w.]+")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )
    assert done.returncode == 0, done.stderr
    return folder


def ids(page: Path) -> set[str]:
    return set(re.findall(r'\bid="([^"]+)"', page.read_text("utf-8")))


def headings(page: Path) -> list[str]:
    """The names that a page of the reference documents."""
    heads = HEADING.findall(page.read_text("utf-8"))
    names = (NAME.search(TAG.sub("", head)) for head in heads)
    return [name[0] for name in names if name]


def test_rooms_are_those_with_public_names() -> None:
    modules = (getattr(fndrec, name) for name in fndrec.__all__)
    assert {
        module.__name__.removeprefix("fndrec.")
        for module in modules
        if inspect.ismodule(module)
    } <= set(rooms())
    assert {"callbacks", "data", "plots", "report", "training"} <= set(rooms())
    assert "cli" not in rooms()


def test_a_public_name_is_in_one_room_where_it_is_defined() -> None:
    places: dict[str, list[str]] = {}
    for room, module in rooms().items():
        assert len(set(module.__all__)) == len(module.__all__)
        for name in module.__all__:
            places.setdefault(name, []).append(room)
            # A constant does not know where it is defined.
            home = getattr(getattr(module, name), "__module__", None)
            if home is not None:
                assert f"{home}.".startswith(f"fndrec.{room}."), name
    assert {name: at for name, at in places.items() if len(at) > 1} == {}


def test_what_a_room_takes_from_its_files_is_public() -> None:
    for room, module in rooms().items():
        for name, thing in vars(module).items():
            home = str(getattr(thing, "__module__", ""))
            if not name.startswith("_") and home.startswith(f"fndrec.{room}."):
                assert name in module.__all__, f"fndrec.{room}.{name}"


def test_names_of_the_package_are_those_of_its_rooms() -> None:
    for name in set(fndrec.__all__) - {"DataError"}:
        thing = getattr(fndrec, name)
        if not inspect.ismodule(thing):
            homes = [
                room
                for room, module in rooms().items()
                if name in module.__all__
            ]
            assert len(homes) == 1, name
            assert getattr(rooms()[homes[0]], name) is thing


def test_the_reference_shows_every_public_name_once_and_no_other(
    site: Path,
) -> None:
    for room, module in rooms().items():
        page = site / "reference" / f"{room}.html"
        names = [f"fndrec.{room}.{name}" for name in module.__all__]
        assert sorted(headings(page)) == sorted(names)
        assert set(names) <= ids(page)
    # Everything else of the package is documented in its room.
    assert headings(site / "reference" / "index.html") == ["fndrec.DataError"]


def test_the_reference_shows_every_name_of_the_package(site: Path) -> None:
    page = site / "reference" / "index.html"
    assert {f"fndrec.{name}" for name in fndrec.__all__} <= ids(page)


def test_a_name_behind_a_file_of_its_name_is_the_function(site: Path) -> None:
    text = (site / "reference" / "losses.html").read_text("utf-8")
    assert "Returns distances in standard deviations from the user" in text
    assert "doc-module" not in text


def test_every_command_is_shown(site: Path) -> None:
    page = site / "reference" / "commands.html"
    names = [module.__name__.split(".")[-1] for module in COMMANDS]
    anchors = {f"fndrec-{name.replace('_', '-')}" for name in names}
    assert anchors <= ids(page)
    assert "--kd-temperature" in page.read_text("utf-8")


def test_every_page_is_named_in_the_navigation() -> None:
    named = re.findall(
        r"^ +- .+: (.+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.M
    )
    for page in sorted((ROOT / "docs").rglob("*.md")):
        name = page.relative_to(ROOT / "docs").as_posix()
        assert name in named, f"`nav` of mkdocs.yml should name docs/{name}"


def test_nothing_is_asked_of_other_hosts(site: Path) -> None:
    """A page loads nothing from another host."""
    loaded = re.compile(
        r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"(?:https?:)?//"
        r"|<link\b(?![^>]*rel=\"(?:canonical|next|prev)\")[^>]*"
        r"href=\"(?:https?:)?//"
    )
    for page in site.rglob("*.html"):
        assert not loaded.search(page.read_text("utf-8")), page
    for sheet in site.rglob("*.css"):
        assert not re.search(
            r"(?:url\(|@import )['\"]?(?:https?:)?//", sheet.read_text("utf-8")
        ), sheet


def test_search_finds_pages_and_the_reference(site: Path) -> None:
    index = json.loads((site / "search" / "search_index.json").read_text())
    places = {entry["location"].split("#")[0] for entry in index["docs"]}
    assert {"start/tutorial.html", "reference/losses.html"} <= places


def test_files_outside_of_the_pages_are_there(site: Path) -> None:
    place = site / "repository"
    assert (place / "examples" / "own_data.py").is_file()
    assert (place / "benchmarks" / "results" / "widths.png").is_file()
    readme = (place / "readme.html").read_text("utf-8")
    concepts = "../start/concepts.html#false-negative-distillation"
    assert f'href="{concepts}"' in readme


def test_tables_of_the_benchmarks_have_titles(site: Path) -> None:
    page = (site / "train" / "towers.html").read_text("utf-8")
    assert '<p class="caption">Towers</p>' in page
    assert "<!-- table" not in page
