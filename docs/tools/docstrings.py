"""Converts docstrings in Keras form for mkdocstrings."""

import re
import textwrap
from typing import Any

import griffe

# The signature alone gives the type of a result, so a colon in its text is a
# colon.
RESULT = re.compile(r"^(Returns|Yields):\n((?:(?: {4}.*)?\n?)+)", re.MULTILINE)
EXAMPLE = re.compile(r"^>>> .*(?:\n.+)*", re.MULTILINE)


def as_google(text: str) -> str:
    """Converts a docstring from Keras's form to Google's.

    Args:
        text: The docstring, without its common indentation.

    Returns:
        The docstring with its examples, which Keras leaves at the left
        margin, in fences, and its call arguments as a second list.
    """
    text = RESULT.sub(_as_text, text)
    text = re.sub(r"^Example:$", "**Example**", text, flags=re.MULTILINE)
    text = EXAMPLE.sub(lambda block: f"```pycon\n{block[0]}\n```", text)
    return re.sub(
        r"^Call arguments:$", "Args: Call arguments", text, flags=re.MULTILINE
    )


def _as_text(section: re.Match[str]) -> str:
    return f"**{section[1]}**\n\n{textwrap.dedent(section[2])}"


class KerasDocstrings(griffe.Extension):
    """Reads the docstrings of the package in Keras form."""

    def on_object(self, *, obj: Any, **kwargs: Any) -> None:
        """Called by griffe for each module, class, function, attribute."""
        if obj.docstring is not None:
            obj.docstring.value = as_google(obj.docstring.value)
