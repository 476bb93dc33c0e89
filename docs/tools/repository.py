"""Adds pages and files from outside `docs/` to the site.

A hook of MkDocs. The same links work in a view of the repository and on the
site: a file outside `docs/` that a page links to becomes part of the site, and
links to it and from it are rewritten. Titles of benchmark tables, which are
comments in the pages, become captions.
"""

import re
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).parent.parent.parent
# The place of files of the repository on the site.
PLACE = "repository/"
LINK = re.compile(r"(?<=\]\()(?!https?://|#)([^)\s#]+)(#[^)\s]*)?(?=\))")
# The comment before a benchmark table, with its title.
TABLE = re.compile(r"^<!-- table \w+: (.+?) -->$", re.MULTILINE)
# Pages of the repository that the navigation names.
PAGES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")
MORE = "More"


def place(path: PurePosixPath) -> str:
    """Returns the place of a file of the repository on the site.

    Args:
        path: The file, relative to the root of the repository.

    Returns:
        Its path relative to that of the site's pages.
    """
    if path.parts[0] == "docs":
        return PurePosixPath(*path.parts[1:]).as_posix()
    if path.suffix == ".md":
        return f"{PLACE}{path.as_posix().lower()}"
    return f"{PLACE}{path.as_posix()}"


def fitted(text: str, page: PurePosixPath) -> tuple[str, set[PurePosixPath]]:
    """Rewrites the links of a page for the site.

    Args:
        text: The page.
        page: Its path, relative to the root of the repository.

    Returns:
        The page, and the files outside of `docs/` that it links to.
    """
    outside: set[PurePosixPath] = set()
    here = PurePosixPath(place(page)).parent

    def fit(link: re.Match[str]) -> str:
        target = _normal(page.parent / link[1])
        if not (ROOT / target).is_file():
            return link[0]
        if target.parts[0] != "docs":
            outside.add(target)
        return _relative(place(target), here) + (link[2] or "")

    return LINK.sub(fit, text), outside


def _normal(path: PurePosixPath) -> PurePosixPath:
    parts: list[str] = []
    for part in path.parts:
        if part == ".." and parts:
            parts.pop()
        elif part != ".":
            parts.append(part)
    return PurePosixPath(*parts)


def _relative(target: str, start: PurePosixPath) -> str:
    return "/".join([".."] * len(start.parts) + [target])


def on_files(files: Any, config: Any) -> Any:
    """Adds the files that pages link to, and those that these link to."""
    waiting = {PurePosixPath(name) for name in PAGES}
    for file in files.documentation_pages():
        if file.generated_by is None:
            page = PurePosixPath("docs", file.src_uri)
            text = Path(file.abs_src_path).read_text(encoding="utf-8")
            waiting |= fitted(text, page)[1]
    done: set[PurePosixPath] = set()
    while waiting:
        path = waiting.pop()
        done.add(path)
        if path.suffix == ".md":
            text = (ROOT / path).read_text(encoding="utf-8")
            text, found = fitted(text, path)
            waiting |= found - done
            made = File.generated(config, place(path), content=text)
        else:
            made = File.generated(
                config, place(path), abs_src_path=str(ROOT / path)
            )
        files.append(made)
    _add_unnamed(files, config.nav)
    return files


def _named(nav: Any) -> set[str]:
    """Returns the pages that a navigation names."""
    if isinstance(nav, str):
        return {nav}
    entries = nav.values() if isinstance(nav, dict) else nav
    return set().union(*map(_named, entries))


def _add_unnamed(files: Any, nav: list[Any]) -> None:
    """Appends pages that the navigation forgets."""
    named = _named(nav)
    missing = [
        file.src_uri
        for file in files.documentation_pages()
        if file.src_uri not in named and not file.src_uri.startswith(PLACE)
    ]
    if missing:
        nav.append({MORE: missing})


def on_page_markdown(markdown: str, page: Any, **kwargs: Any) -> str:
    """Rewrites the links of a page, and shows the titles of tables."""
    if page.file.generated_by is not None:
        return markdown
    markdown = TABLE.sub("\\1\n{: .caption }\n", markdown)
    return fitted(markdown, PurePosixPath("docs", page.file.src_uri))[0]
