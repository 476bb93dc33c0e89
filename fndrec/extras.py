"""Packages that only some functions need."""

import importlib.util


def require(package: str, extra: str, purpose: str) -> None:
    """Raises, before any work, if a package is not installed.

    Args:
        package: Name that the package is imported by.
        extra: The extra of fndrec that installs it.
        purpose: What needs it, for the message.

    Raises:
        ModuleNotFoundError: If it is not installed.
    """
    if importlib.util.find_spec(package) is None:
        raise ModuleNotFoundError(
            f"{purpose} needs {package}, which the extra `{extra}` installs: "
            f"pip install 'fndrec[{extra}]'"
        )
