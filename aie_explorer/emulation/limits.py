"""What a program of unknown contents may use: memory, processor, files, and no processes or sockets of its own.

The limits keep a mistake in a project from taking the machine with it. They are no sandbox: the program still reads
and writes files as its user.
"""

from __future__ import annotations

import ctypes
import math
import platform
import resource
import signal
import struct
import sys
from collections.abc import Callable

MEMORY_LIMIT_BYTES = 8 << 30
"""Of address space, for the program and for the compiler."""
FILE_LIMIT_BYTES = 1 << 30
"""Of any one file it writes: 300 M numbers, more than can be read back."""
GRACE_S = 5
"""Of the processor beyond the time a program has: we end it before, unless we were ended ourselves."""

# Linux, asm/unistd.h: fork, vfork, clone, clone3, socket; and audit.h: the architecture a filter is for
_CALLS = {"x86_64": (0xC000003E, (57, 58, 56, 435, 41)), "aarch64": (0xC00000B7, (220, 435, 198))}
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06  # bpf_common.h: BPF_LD | BPF_W | BPF_ABS, BPF_JMP | BPF_JEQ | BPF_K, BPF_RET
_ALLOW, _KILL = 0x7FFF0000, 0x80000000  # seccomp.h
_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2  # prctl.h


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


def restrain(seconds: float, *, alone: bool = True) -> Callable[[], None]:
    """What a child process does before it becomes the program.

    Args:
        seconds: of the processor, rounded up, a few more than it may take at all.
        alone: whether it may start no process or thread and open no socket (Linux); a compiler starts processes.
    """
    limits = {resource.RLIMIT_AS: MEMORY_LIMIT_BYTES, resource.RLIMIT_FSIZE: FILE_LIMIT_BYTES, resource.RLIMIT_CORE: 0,
              resource.RLIMIT_CPU: math.ceil(seconds) + GRACE_S}
    bounds = {}
    for which, most in limits.items():
        hard = resource.getrlimit(which)[1]
        bounds[which] = most if hard == resource.RLIM_INFINITY else min(most, hard), hard
    code = _code() if alone else b""
    wanted = _Filter(len(code) // 8, code)  # made here: a child of threads may not allocate
    prctl = ctypes.CDLL(None).prctl if code else None

    def apply() -> None:
        for which, most in bounds.items():
            resource.setrlimit(which, most)
        if prctl is not None:  # a kernel without it refuses, and the other limits hold
            prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
            prctl(_SECCOMP, _FILTER, ctypes.byref(wanted))

    return apply


def _code() -> bytes:
    """The filter's program: end the process at one of the calls; empty where we do not know their numbers."""
    if not sys.platform.startswith("linux") or platform.machine() not in _CALLS or sys.maxsize < 1 << 32:
        return b""
    architecture, calls = _CALLS[platform.machine()]
    rows = [(_LOAD, 0, 0, 4), (_EQUAL, 0, len(calls) + 1, architecture), (_LOAD, 0, 0, 0)]
    rows += [(_EQUAL, len(calls) - i, 0, call) for i, call in enumerate(calls)]
    rows += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _KILL)]
    return b"".join(struct.pack("HBBI", *row) for row in rows)


def ended_by(returncode: int, messages: str) -> str | None:
    """Which limit ended a program, in words; None if none did.

    Args:
        returncode: as subprocess has it.
        messages: what it wrote to standard error.
    """
    if "bad_alloc" in messages or "bad_array_new_length" in messages:
        return f"asked for more than {MEMORY_LIMIT_BYTES >> 30} GB of memory"
    if returncode == -signal.SIGSYS:
        return "started a process or opened a socket, which a kernel has no use for"
    return {-signal.SIGXFSZ: f"wrote a file of more than {FILE_LIMIT_BYTES >> 30} GB",
            -signal.SIGXCPU: "took too much time of the processor",
            -signal.SIGKILL: "was killed, perhaps for want of memory",
            -signal.SIGSEGV: "accessed memory that is not its own"}.get(returncode)
