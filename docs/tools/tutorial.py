"""Updates the output and the pictures of the tutorial.

    python -m docs.tools.tutorial

Runs the blocks of `docs/start/tutorial.md` in order, in a new folder.
"""

import contextlib
import io
import os
import re
import shutil
import tempfile
from pathlib import Path

from docs.tools.pictures import PICTURES, shrink
from fndrec.files import atomic_write

PAGE = Path(__file__).parent.parent / "start" / "tutorial.md"
# A block of code and, if it prints something, what it printed.
BLOCK = re.compile(
    r"^```python\n(?P<code>.*?)^```$"
    r"(?P<shown>\n\n```text\n(?P<text>.*?)^```$)?",
    re.DOTALL | re.MULTILINE,
)


def run(page: str) -> list[str]:
    """Runs the blocks of a page; their files stay in the folder.

    Args:
        page: The page.

    Returns:
        The output of each block, in order.
    """
    namespace: dict[str, object] = {"__name__": "__main__"}
    outputs = []
    for block in BLOCK.finditer(page):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(block["code"], PAGE.name, "exec"), namespace)  # noqa: S102
        outputs.append(printed.getvalue())
    return outputs


def filled(page: str, outputs: list[str]) -> str:
    """Returns a page with its outputs in place.

    Args:
        page: The page.
        outputs: What its blocks print, in order.

    Raises:
        ValueError: If a block prints something and shows nothing, or the
            other way round.
    """
    left = iter(outputs)

    def fill(block: re.Match[str]) -> str:
        output = next(left)
        if bool(output) != bool(block["shown"]):
            raise ValueError(
                "A block should show what it prints, if it prints something. "
                f"Received: the output {output!r} of {block['code']!r}"
            )
        code = f"```python\n{block['code']}```"
        return f"{code}\n\n```text\n{output}```" if output else code

    return BLOCK.sub(fill, page)


def main() -> None:
    """Runs the command."""
    page = PAGE.read_text(encoding="utf-8")
    start = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            outputs = run(page)
        finally:
            os.chdir(start)
        for picture in Path(folder).glob("*.png"):
            shrink(picture)
            shutil.copy(picture, PICTURES / picture.name)
    atomic_write(PAGE, filled(page, outputs))


if __name__ == "__main__":
    main()
