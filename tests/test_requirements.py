"""The locked versions are those that pyproject.toml admits."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]


def wanted() -> list[Requirement]:
    """What the package and its tests need."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    texts = [
        *project["dependencies"],
        *project["optional-dependencies"]["dev"],
    ]
    return [Requirement(text) for text in texts]


def locked(name: str) -> dict[str, list[Requirement]]:
    """Pins by package; several where they differ by Python."""
    found: dict[str, list[Requirement]] = {}
    for line in (
        (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
    ):
        if line and not line.startswith("#"):
            pin = Requirement(line)
            found.setdefault(pin.name, []).append(pin)
    return found


def version(pin: Requirement) -> str:
    (one,) = pin.specifier
    assert one.operator == "==", pin
    return one.version


@pytest.mark.parametrize("name", ["newest", "lowest"])
def test_every_requirement_is_locked(name: str) -> None:
    pins = locked(name)
    for requirement in wanted():
        # If not, `make lock` makes the files anew.
        assert requirement.name in pins, f"make lock: {requirement}"
        for pin in pins[requirement.name]:
            assert version(pin) in requirement.specifier, f"make lock: {pin}"


def test_the_lowest_are_the_bounds() -> None:
    pins = locked("lowest")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for text in project["dependencies"]:
        requirement = Requirement(text)
        (bound,) = (s for s in requirement.specifier if s.operator == ">=")
        # Another Python may need a later one.
        first = next(version(pin) for pin in pins[requirement.name])
        same = bound.version.split(".")
        assert first.split(".")[: len(same)] == same, requirement


def test_no_registry_is_named() -> None:
    for name in ("newest", "lowest"):
        text = (ROOT / "requirements" / f"{name}.txt").read_text()
        assert "://" not in text
        assert "index" not in text
