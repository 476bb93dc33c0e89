"""`docs/evaluate/protocols.md` quotes what its code prints."""

import contextlib
import io
import re
from pathlib import Path

import fndrec

ROOT = Path(fndrec.__file__).parent.parent


def test_numbers_are_those_that_are_printed() -> None:
    page = (ROOT / "docs" / "evaluate" / "protocols.md").read_text(
        encoding="utf-8"
    )
    namespace: dict[str, object] = {"__name__": "__main__"}
    compared = 0
    for code in re.findall(r"^```python\n(.*?)^```$", page, re.S | re.M):
        # Those need the shop and the model that the other tests bring.
        if 'open("shop")' in code or "model" in code:
            continue
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, "protocols.md", "exec"), namespace)  # noqa: S102
        lines = printed.getvalue().splitlines()
        below = re.findall(r"^# (.+)$", code, re.M)
        beside = re.findall(r"  # ([\d.]+)", code)
        if below:
            assert lines == below
            compared += len(lines)
        elif beside:
            assert [round(float(x), 4) for x in lines] == list(
                map(float, beside)
            )
            compared += len(lines)
    assert compared >= 11
