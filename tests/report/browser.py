"""A page in a real browser: Debian's Chromium, driven by Playwright."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# In the order of preference; the first is small and has no window.
BROWSERS = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
)
WIDTHS = (1280, 390)
SCHEMES = ("light", "dark")

# What does not meet WCAG 2 AA: text on the next background that is not
# transparent. Text in plots is drawn, and has its colour from `fill`.
LOW_CONTRAST = """() => {
  const parse = (text) => {
    const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
    return { rgb: [r, g, b], a };
  };
  const light = ([r, g, b]) => [r, g, b]
    .map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const found = [];
  const judge = (name, node, ink) => {
    let behind = node, paper;
    do {
      paper = parse(getComputedStyle(behind).backgroundColor);
      behind = behind.parentElement;
    } while (paper.a < 1 && behind);
    const [a, b] = [light(ink.rgb), light(paper.rgb)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const large = parseFloat(getComputedStyle(node).fontSize) >= 24;
    if (!(ratio >= (large ? 3 : 4.5))) found.push(`${name}: ${ratio}`);
  };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode.parentElement;
    const box = node.getBoundingClientRect();
    if (!walk.currentNode.data.trim() || !box.width) continue;
    judge(walk.currentNode.data, node, parse(getComputedStyle(node).color));
  }
  const drawn = document.querySelectorAll('svg g[id*=text_] use');
  if (!drawn.length) found.push('no text in plots');
  for (const glyph of drawn) {
    const svg = glyph.closest('svg');
    judge(svg.ariaLabel, svg, parse(getComputedStyle(glyph).fill));
  }
  return found;
}"""

# Boxes that stick out of the page although they do not scroll by themselves.
STICKING_OUT = """() => [...document.querySelectorAll('body *')]
  .filter((node) => !node.closest('.scroll, pre, svg'))
  .filter((node) => node.getBoundingClientRect().right > innerWidth + 0.5)
  .map((node) => node.outerHTML.slice(0, 80))"""


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """The browser; skips where there is none."""
    playwright = pytest.importorskip("playwright.sync_api")
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(
            "no browser: `apt-get install chromium-headless-shell`, or any of "
            + ", ".join(BROWSERS)
        )
    # Its sandbox refuses to run as root.
    args = ["--no-sandbox"] if os.geteuid() == 0 else []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=args)
        yield browser
        browser.close()


@contextlib.contextmanager
def opened(browser: Any, path: Path, width: int, scheme: str) -> Iterator[Any]:
    """A page; errors and requests while it is open fail the test."""
    page = browser.new_page(
        viewport={"width": width, "height": 844}, color_scheme=scheme
    )
    troubles: list[str] = []
    asked: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: troubles.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    yield page
    page.close()
    assert not troubles
    # The page itself, and what it has in itself.
    asked = [url for url in asked if not url.startswith("data:")]
    assert asked == [path.as_uri()]
