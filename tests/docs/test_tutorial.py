"""The tutorial shows below its code what the code prints."""

import re
from pathlib import Path

import numpy as np
import pytest

from docs.tools import tutorial

PAGE = """Text.

```python
x = 1
```

```python
print(x)
```

```text
old
```

```bash
ls
```
"""


def test_outputs_take_the_place_of_older_ones() -> None:
    outputs = tutorial.run(PAGE)
    assert outputs == ["", "1\n"]
    page = tutorial.filled(PAGE, outputs)
    assert page == PAGE.replace("old", "1")


def test_an_output_without_a_place() -> None:
    with pytest.raises(ValueError, match="should show what it prints"):
        tutorial.filled(PAGE, ["out\n", "1\n"])


def test_each_block_that_prints_shows_what() -> None:
    page = tutorial.PAGE.read_text(encoding="utf-8")
    prints = 0
    for block in tutorial.BLOCK.finditer(page):
        code = re.sub(r"^def .*?^(?=\S)", "", block["code"], flags=re.S | re.M)
        says = "print(" in code or re.search(r"^fit\(", code, re.M)
        assert bool(says) == bool(block["text"]), block["code"]
        prints += bool(says)
    assert prints > 5


@pytest.mark.slow
def test_the_tutorial_shows_what_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Machines round differently: AUCs may differ by a few hundredths."""
    monkeypatch.chdir(tmp_path)
    page = tutorial.PAGE.read_text(encoding="utf-8")
    shown = [block["text"] or "" for block in tutorial.BLOCK.finditer(page)]
    outputs = tutorial.run(page)
    assert [bool(text) for text in outputs] == [bool(text) for text in shown]
    assert outputs[0] == shown[0]
    for row in ("teacher", "student", "item popularity"):
        pattern = re.compile(rf"^\| {row} +\| +([\d.]+)", re.M)
        new, old = (
            float(pattern.findall("\n".join(texts))[0])
            for texts in (outputs, shown)
        )
        np.testing.assert_allclose(new, old, atol=0.03)
    assert {path.name for path in tmp_path.glob("*.png")} == {
        *("likes.png", "best.png", "why.png"),
    }
