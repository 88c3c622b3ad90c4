"""The exceptions a user can meet.

Every error says what is wrong, where, and what would work; each front end (Python, command line, widgets)
shows the same text.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

LONGEST_WORD = 300


class AieExplorerError(Exception):
    """Something the user asked for cannot be done.

    Args:
        problem: what is wrong, one sentence.
        where: the file, layer or argument it is about.
        rule: the rule that forbids it, with its document where it is a hardware rule.
        remedy: what would work instead.
    """

    def __init__(
        self, problem: str, *, where: str | None = None, rule: str | None = None, remedy: str | None = None
    ) -> None:
        self.problem = _bounded(problem)
        self.where = where and _bounded(where)
        self.rule = rule
        self.remedy = remedy and _bounded(remedy)
        super().__init__(self.problem)

    def __str__(self) -> str:
        text = f"{self.where}: {self.problem}" if self.where else self.problem
        if self.rule:
            text += f" ({self.rule})"
        if self.remedy:
            text += f". {self.remedy}"
        return text if text.endswith((".", "?", "!")) else text + "."


class ModelError(AieExplorerError):
    """A model file or object cannot be read, or holds something that has no exact integer meaning here."""


class DeviceError(AieExplorerError):
    """A device, part or board is unknown or lacks what is asked of it."""


class DesignError(AieExplorerError):
    """A design, option or constraint does not exist or is not legal."""


class PlacementError(AieExplorerError):
    """The blocks of a design do not fit on the array."""


class ExportError(AieExplorerError):
    """A project cannot be written or read."""


class MissingExtraError(AieExplorerError):
    """An optional package is not installed."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs {package}, which is not installed",
            remedy=f'Install it with: pip install "aie-explorer[{extra}]"',
        )


def _bounded(text: str) -> str:
    """The text with words of more than LONGEST_WORD characters cut: what a damaged file holds has no end."""
    return re.sub(rf"(\S{{{LONGEST_WORD}}})\S+", r"\1...", text)


def nearest(asked: str, known: Iterable[str], count: int = 4) -> str:
    """The known names closest to what was asked for, as words for a remedy.

    >>> nearest("vek28", ["VEK280", "VCK190"])
    'VEK280'
    """
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(asked.lower(), list(by_lower), n=count, cutoff=0.3)
    return ", ".join(by_lower[name] for name in close or sorted(by_lower))
