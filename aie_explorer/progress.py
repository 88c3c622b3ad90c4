"""How long work tells what it is at, and is ended."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

Step = Callable[[str], None]
"""Called with the name of a step when it begins, and several times a second while a program runs for it, perhaps on
another thread. Whatever it raises ends the work, and the programs that run for it."""

POLL_S = 0.1


def silent(_step: str) -> None:
    """Tell nobody."""


def communicate(process: subprocess.Popen[str], step: str, progress: Step, timeout_s: float) -> tuple[str, str]:
    """Wait for a program and read what it says, telling `progress` meanwhile.

    Raises:
        subprocess.TimeoutExpired: when it takes longer than `timeout_s`; the program still runs.
    """
    left = timeout_s
    while True:
        progress(step)
        try:
            return process.communicate(timeout=min(POLL_S, left))
        except subprocess.TimeoutExpired:
            left -= POLL_S
            if left <= 0:
                raise
