"""Markdown tables."""

from collections.abc import Sequence


def markdown_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Returns a Markdown table with right-aligned numbers.

    Args:
        heads: The heads of the columns.
        rows: The rows, as long as the heads.

    Returns:
        The table, its columns aligned.
    """
    widths = [
        max(len(cell) for cell in column)
        for column in zip(heads, *rows, strict=True)
    ]
    lines = [
        [
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        for row in (heads, *rows)
    ]
    rule = ["-" * width for width in widths]
    rule[1:] = [f"{dashes[1:]}:" for dashes in rule[1:]]
    lines.insert(1, rule)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
