"""The page in a real browser, wide and narrow, light and dark."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import (
    LOW_CONTRAST,
    SCHEMES,
    STICKING_OUT,
    WIDTHS,
    chromium,
    opened,
)
from report_worlds import full_report


@pytest.fixture(scope="module")
def page_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    path = folder / "report.html"
    full_report(folder).save(path)
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_page(
    browser: Any, page_path: Path, width: int, scheme: str, tmp_path: Path
) -> None:
    with opened(browser, page_path, width, scheme) as page:
        # What is folded away has to fit too.
        page.evaluate(
            "document.querySelectorAll('details').forEach(d => d.open = true)"
        )
        assert page.evaluate("innerWidth") == width
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width
        assert page.evaluate(STICKING_OUT) == []
        images = page.evaluate(
            "[...document.images].map(i => [i.complete, i.naturalWidth, i.alt])"
        )
        assert len(images) > 20
        assert all(done and size > 0 and alt for done, size, alt in images)
        plots = page.evaluate(
            "[...document.querySelectorAll('svg')].map(s => [s.role, "
            "s.ariaLabel, s.getBoundingClientRect().height])"
        )
        assert len(plots) >= 8
        assert all(
            role == "img" and label and height > 150
            for role, label, height in plots
        )
        assert page.evaluate(LOW_CONTRAST) == []
        paper, ink = page.evaluate(
            "(style => [style.backgroundColor, style.color])"
            "(getComputedStyle(document.body))"
        )
        dark = scheme == "dark"
        assert _brightness(paper) < 60 if dark else _brightness(paper) > 240
        assert _brightness(ink) > 200 if dark else _brightness(ink) < 60


def test_headings_and_ids(browser: Any, page_path: Path) -> None:
    with opened(browser, page_path, 1280, "light") as page:
        levels = page.evaluate(
            "[...document.querySelectorAll('h1,h2,h3,h4')]"
            ".map(h => Number(h.tagName[1]))"
        )
        assert levels[0] == 1
        assert levels.count(1) == 1
        # None is left out on the way down.
        assert all(b <= a + 1 for a, b in itertools.pairwise(levels))
        ids = page.evaluate(
            "[...document.querySelectorAll('[id]')].map(n => n.id)"
        )
        assert len(ids) == len(set(ids))
        links = page.evaluate(
            "[...document.querySelectorAll('nav a')].map(a => a.hash.slice(1))"
        )
        assert len(links) >= 7
        assert set(links) <= set(ids)


def test_what_is_wide_scrolls_by_itself(browser: Any, page_path: Path) -> None:
    with opened(browser, page_path, 390, "light") as page:
        boxes = page.evaluate(
            "[...document.querySelectorAll('.scroll')].map(b => "
            "[b.scrollWidth > b.clientWidth, getComputedStyle(b).overflowX, "
            "b.tabIndex, b.getAttribute('aria-label')])"
        )
        wide = [box for box in boxes if box[0]]
        assert len(wide) >= 2
        # Those who have no mouse scroll with the keyboard.
        assert all(
            overflow == "auto" and tab == 0 and label
            for _, overflow, tab, label in boxes
        )


def test_the_checks_see_what_is_wrong(browser: Any, page_path: Path) -> None:
    with opened(browser, page_path, 390, "light") as page:
        page.evaluate("document.body.style.setProperty('--ink', '#999999')")
        found = page.evaluate(LOW_CONTRAST)
        assert any("student" in text for text in found)
        assert any("Curves by epoch" in text for text in found)
        page.evaluate("document.querySelector('h1').style.width = '500px'")
        assert any("<h1" in text for text in page.evaluate(STICKING_OUT))
        assert page.evaluate("document.scrollingElement.scrollWidth") > 390


def _brightness(colour: str) -> float:
    parts = colour.removeprefix("rgb(").removesuffix(")").split(",")
    return sum(map(float, parts)) / 3
