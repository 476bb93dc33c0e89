"""Docstrings are converted from Keras's form to Google's."""

from docs.tools.docstrings import as_google

KERAS = """One line.

Args:
    dim: Width.

Call arguments:
    images: Photos.

Returns:
    Dictionary: `"a"`
    and so on.

Raises:
    ValueError: If not.

Example:

>>> tower(images).shape
(1, 2)
>>> [1]
[1]

Reference: Somebody 2021.
"""

GOOGLE = """One line.

Args:
    dim: Width.

Args: Call arguments
    images: Photos.

**Returns**

Dictionary: `"a"`
and so on.

Raises:
    ValueError: If not.

**Example**

```pycon
>>> tower(images).shape
(1, 2)
>>> [1]
[1]
```

Reference: Somebody 2021.
"""


def test_sections() -> None:
    assert as_google(KERAS) == GOOGLE


def test_what_is_no_section_stays() -> None:
    text = "It Returns: what Example: says.\n\n    Returns:\n        code"
    assert as_google(text) == text


def test_result_at_the_end() -> None:
    assert as_google("A.\n\nReturns:\n    B.") == "A.\n\n**Returns**\n\nB."
