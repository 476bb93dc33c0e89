"""Docstrings in Keras form as mkdocstrings reads them."""

import re
import textwrap
from typing import Any

import griffe

# Of what comes back only the signature tells the type: a colon in its text is
# a colon.
RESULT = re.compile(r"^(Returns|Yields):\n((?:(?: {4}.*)?\n?)+)", re.MULTILINE)
EXAMPLE = re.compile(r"^>>> .*(?:\n.+)*", re.MULTILINE)


def as_google(text: str) -> str:
    """A docstring in Keras form as one in Google's form.

    Args:
        text: The docstring, without its common indentation.

    Returns:
        The docstring with its examples in fences, which Keras leaves at the
        left margin, and with call arguments as a second list of arguments.
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
