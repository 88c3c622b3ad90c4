"""Long work on a thread of its own, one at a time, with progress and cancel. What goes wrong is told, never lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

LEAST_S = 0.1
"""Between two reports: front ends need no more than ten a second."""


class CancelledError(Exception):
    """The user ended the work."""


@dataclass(eq=False)
class Job:
    """Work under way.

    Attributes:
        name: what it is, for the user.
        cancelled: set when the user wants it to end.
    """

    name: str
    cancelled: threading.Event = field(default_factory=threading.Event)
    _tell: Callable[[str, float | None], None] = field(default=lambda text, part: None, repr=False)
    _told: float = field(default=0.0, repr=False)
    _text: str = field(default="", repr=False)

    def tell(self, text: str, part: float | None = None) -> None:
        """Say how far it is, as often as convenient; part is 0 to 1, None where unknown."""
        now = time.monotonic()
        if text != self._text or now - self._told >= LEAST_S:
            self._told, self._text = now, text
            self._tell(text, part)

    def check(self) -> None:
        """End the work if the user wants that.

        Raises:
            CancelledError: if so.
        """
        if self.cancelled.is_set():
            raise CancelledError


class Jobs:
    """Runs one job at a time.

    Args:
        tell: called on the job's thread with its text and part done.
        done: called on the job's thread with its result, or with the exception that ended it.
    """

    def __init__(self, tell: Callable[[str, float | None], None], done: Callable[[Job, Any, BaseException | None], None]
                 ) -> None:
        self._tell, self._done = tell, done
        self._lock = threading.Lock()
        self._job: Job | None = None
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> Job | None:
        """The job under way."""
        return self._job

    def start(self, name: str, work: Callable[[Job], Any]) -> bool:
        """Begin; false when another job is under way."""
        with self._lock:
            if self._job is not None:
                return False
            self._job = job = Job(name, _tell=self._tell)
            self._thread = threading.Thread(target=self._run, args=(job, work), name=f"aie {name}", daemon=True)
            self._thread.start()
            return True

    def _run(self, job: Job, work: Callable[[Job], Any]) -> None:
        result, failure = None, None
        try:
            result = work(job)
        except BaseException as error:
            failure = error
        self._job = None
        self._done(job, result, failure)

    def cancel(self) -> None:
        """Ask the job under way to end."""
        job = self._job
        if job is not None:
            job.cancelled.set()

    def wait(self, timeout_s: float = 120.0) -> None:
        """Wait for the job under way and for what is done with its result."""
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout_s)
