"""Put a finished folder in its place in one step: whoever is killed meanwhile leaves the old one or the new one."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

PARTIAL, ASIDE = ".partial", ".old"
_NO_REPLACE, _EXCHANGE = 1, 2  # linux/fs.h: RENAME_NOREPLACE, RENAME_EXCHANGE
_HERE = -100  # AT_FDCWD


@contextlib.contextmanager
def scratch_folder(target: Path) -> Iterator[Path]:
    """A folder beside `target`, removed at the end; what was left by exports that were killed goes too.

    It is locked as long as its process lives, by which others know that it is in use.

    Raises:
        OSError: when it cannot be made.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_name(f".{target.name[:100]}.{secrets.token_hex(8)}{PARTIAL}")
    unlocked = scratch.with_suffix(".new")  # a name that nobody clears away before it is locked
    unlocked.mkdir()
    lock = os.open(unlocked, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _clear(target, scratch)
        unlocked.rename(scratch)
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        os.close(lock)


def _clear(target: Path, own: Path) -> None:
    """Remove the folders of exports to `target` that no process holds; an old project that stepped aside comes back."""
    for aside in target.parent.glob(f".{_escaped(target.name[:100])}.*{PARTIAL}{ASIDE}"):
        with contextlib.suppress(OSError):
            aside.rename(target)  # which fails where there is a newer one
        shutil.rmtree(aside, ignore_errors=True)
    for path in target.parent.glob(f".{_escaped(target.name[:100])}.*{PARTIAL}"):
        if path == own or path.is_symlink():
            continue
        with contextlib.suppress(OSError):
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(lock)


def _escaped(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def put(scratch: Path, target: Path, *, replace: bool) -> None:
    """Move a folder to its place; with `replace` what is there takes the place of `scratch`.

    Raises:
        FileExistsError: when there is something and it may not be replaced.
        OSError: when it cannot be moved.
    """
    if replace and target.exists():
        if not _rename(scratch, target, _EXCHANGE):
            _step_aside(scratch, target)
    elif not _rename(scratch, target, _NO_REPLACE):
        if target.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
        scratch.rename(target)


def _rename(scratch: Path, target: Path, how: int) -> bool:
    """Linux's rename with flags; False where the system or the file system has none."""
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:
        return False
    if call(_HERE, os.fsencode(scratch), _HERE, os.fsencode(target), how) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.EINVAL, errno.ENOSYS):
        return False
    raise OSError(code, os.strerror(code), str(target))


def _step_aside(scratch: Path, target: Path) -> None:
    """In two steps: the old folder steps aside and comes back if the new one cannot take its place."""
    aside = scratch.with_name(f"{scratch.name}{ASIDE}")
    target.rename(aside)
    try:
        scratch.rename(target)
    except BaseException:  # an interrupt included
        if not target.exists():
            aside.rename(target)
        raise
    shutil.rmtree(aside, ignore_errors=True)
