"""Links work in the repository and on the site."""

from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any

import pytest

from docs.tools import repository
from docs.tools.repository import fitted, place


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("docs/start/data.md", "start/data.md"),
        ("README.md", "repository/readme.md"),
        ("LICENSE", "repository/LICENSE"),
        ("examples/own_data.py", "repository/examples/own_data.py"),
    ],
)
def test_place(path: str, found: str) -> None:
    assert place(PurePosixPath(path)) == found


@pytest.mark.parametrize(
    ("page", "link", "found"),
    [
        ("docs/faq.md", "start/data.md#groups", "start/data.md#groups"),
        ("docs/start/data.md", "concepts.md", "../start/concepts.md"),
        ("docs/start/data.md", "../faq.md", "../faq.md"),
        (
            "docs/start/data.md",
            "../../LICENSE",
            "../repository/LICENSE",
        ),
        ("docs/faq.md", "../LICENSE", "repository/LICENSE"),
        ("docs/faq.md", "../README.md#install", "repository/readme.md#install"),
        ("docs/faq.md", "#data", "#data"),
        ("docs/faq.md", "https://keras.io", "https://keras.io"),
        ("README.md", "docs/start/data.md#groups", "../start/data.md#groups"),
        ("README.md", "LICENSE", "../repository/LICENSE"),
    ],
)
def test_links_are_made_to_fit(page: str, link: str, found: str) -> None:
    text, _ = fitted(f"See [this]({link}).", PurePosixPath(page))
    assert text == f"See [this]({found})."


def test_files_outside_are_returned() -> None:
    page = "[a](../LICENSE) [b](start/data.md) ![c](../benchmarks/none.png)"
    _, outside = fitted(page, PurePosixPath("docs/faq.md"))
    assert outside == {PurePosixPath("LICENSE")}


def test_a_link_to_nothing_stays_for_mkdocs_to_complain_of() -> None:
    text = "[a](no-such-page.md)"
    assert fitted(text, PurePosixPath("docs/faq.md"))[0] == text


def test_pages_that_the_navigation_forgets_stand_at_its_end() -> None:
    nav: list[Any] = [{"A": "a.md"}, {"B": [{"C": "c.md"}]}]
    pages = [
        SimpleNamespace(src_uri=name)
        for name in ("a.md", "c.md", "d.md", "repository/readme.md")
    ]
    files = SimpleNamespace(documentation_pages=lambda: pages)
    repository._add_unnamed(files, nav)
    assert nav[2:] == [{"More": ["d.md"]}]


def test_pages_of_the_project_are_there() -> None:
    for name in repository.PAGES:
        assert Path(repository.ROOT, name).is_file()
