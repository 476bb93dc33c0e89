"""Checks that optional packages are installed."""

import importlib.util


def require(package: str, extra: str, purpose: str) -> None:
    """Raises an error, before any work, if a package is not installed.

    Args:
        package: Name by which the package is imported.
        extra: The extra of fndrec that installs it.
        purpose: What needs the package; the message begins with it.

    Raises:
        ModuleNotFoundError: If the package is not installed.
    """
    if importlib.util.find_spec(package) is None:
        raise ModuleNotFoundError(
            f"{purpose} needs {package}, which the extra `{extra}` installs: "
            f"pip install 'fndrec[{extra}]'"
        )
