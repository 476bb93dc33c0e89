"""The site as `make docs` builds it, with warnings as errors."""

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
NAME = re.compile(r"</code>\s*(fndrec[\w.]+)")


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


def test_rooms_are_those_with_public_names() -> None:
    assert {"data", "evaluation", "layers", "losses", "retrieval"} <= set(
        rooms()
    )
    assert "cli" not in rooms()


def test_the_reference_shows_every_public_name_and_no_other(
    site: Path,
) -> None:
    for room, module in rooms().items():
        text = (site / "reference" / f"{room}.html").read_text("utf-8")
        shown = [
            name[1]
            for heading in HEADING.findall(text)
            if (name := NAME.search(heading))
        ]
        names = [f"fndrec.{room}.{name}" for name in module.__all__]
        assert sorted(shown) == sorted(names)
        assert set(names) <= ids(site / "reference" / f"{room}.html")


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
    """A page that is looked at loads what lies beside it, and no more."""
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
