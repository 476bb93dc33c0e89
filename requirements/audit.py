"""Asks a public service for known holes in the locked versions.

`python requirements/audit.py requirements/newest.txt` fails where there is
one. That the service cannot be reached, or knows none of the versions, as a
mirror without such a service answers, is told plainly and is no failure:
nothing has been found out then.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any


def audit(versions: Path) -> int:
    """Prints what is known of the versions.

    Args:
        versions: A file of pinned requirements.

    Returns:
        The exit status.
    """
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "found.json"
        done = subprocess.run(  # noqa: S603
            [
                *(sys.executable, "-m", "pip_audit", "--progress-spinner=off"),
                *("--disable-pip", "--no-deps", "--format=json"),
                *("--requirement", str(versions), "--output", str(found)),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if not found.exists():
            # Found by its words, as the status is that of a finding.
            unreachable = "ConnectionError", "Timeout", "Max retries"
            if any(word in done.stderr for word in unreachable):
                print("Nothing audited: the service cannot be reached.")
                return 0
            print(done.stderr, file=sys.stderr)
            return done.returncode or 1
        answers: list[dict[str, Any]] = json.loads(
            found.read_text(encoding="utf-8")
        )["dependencies"]
    unknown = [one["name"] for one in answers if "skip_reason" in one]
    if len(unknown) == len(answers):
        print(
            f"Nothing audited: the service knows none of {len(answers)} "
            "packages."
        )
        return 0
    holes = [one for one in answers if one.get("vulns")]
    for one in holes:
        for hole in one["vulns"]:
            fixed = ", ".join(hole["fix_versions"]) or "none"
            print(
                f"{one['name']} {one['version']}: {hole['id']}, fixed {fixed}"
            )
    for name in unknown:
        print(f"{name}: not known to the service")
    print(f"{len(answers) - len(unknown)} packages audited.")
    return 1 if holes or unknown else 0


if __name__ == "__main__":
    sys.exit(audit(Path(sys.argv[1])))
