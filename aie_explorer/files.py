"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replaced(path: Path, *, parents: bool = False) -> Iterator[Path]:
    """A temporary file beside `path` to write to, which takes its place at the end, and is gone if that fails.

    Args:
        path: the file; an old one is replaced.
        parents: whether to make the folders that are missing.

    Raises:
        OSError: when it cannot be written; what was there is left.
    """
    if parents:
        path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", dir=path.parent)
    os.close(handle)
    try:
        yield Path(name)
        os.chmod(name, 0o644)
        os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)
