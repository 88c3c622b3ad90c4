"""What a value shows of itself in a notebook: small HTML, with everything that comes from a model escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["block", "escape", "paragraph", "table"]

CELL = "padding:1px 10px;text-align:right"


def paragraph(text: str) -> str:
    """Words."""
    return f"<p>{escape(text)}</p>"


def block(text: str) -> str:
    """Text in which every character is as wide as any other."""
    return f'<pre style="line-height:1.25;overflow-x:auto">{escape(text)}</pre>'


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table, the first column of names.

    >>> table(["a"], [["<b>"]])
    '<table><thead><tr><th>a</th></tr></thead><tbody><tr><th>&lt;b&gt;</th></tr></tbody></table>'
    """
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(
        "<tr>" + "".join(f"<th>{escape(str(cell))}</th>" if i == 0 else f'<td style="{CELL}">{escape(str(cell))}</td>'
                         for i, cell in enumerate(row)) + "</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
