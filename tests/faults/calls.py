"""The system calls that change what a folder holds, as data: number, where the path stands, what the disk model does.

Numbers are those of x86-64 Linux (arch/x86/entry/syscalls/syscall_64.tbl). A call that is missing here would be a fault
that no run ever meets, so the recorder compares its model with the folder after each recording (``tests.faults.disk``).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

AT_FDCWD = -100
O_CREATING = os.O_CREAT | os.O_TRUNC

# How a call names what it works on: the number of the argument, and what stands there.
Naming = Literal["descriptor", "path", "at"]  # at: a folder's descriptor, then a path relative to it


@dataclass(frozen=True, slots=True)
class Kind:
    """One system call. ``effect`` is the disk model's word for it; ``argument`` is the first of those that name it."""

    number: int
    name: str
    effect: str
    naming: Naming
    argument: int = 0


KINDS: tuple[Kind, ...] = (
    Kind(2, "open", "open", "path"),
    Kind(85, "creat", "open", "path"),
    Kind(257, "openat", "open", "at"),
    Kind(437, "openat2", "open", "at"),
    Kind(1, "write", "write", "descriptor"),
    Kind(18, "pwrite64", "write", "descriptor"),
    Kind(20, "writev", "write", "descriptor"),
    Kind(296, "pwritev", "write", "descriptor"),
    Kind(328, "pwritev2", "write", "descriptor"),
    Kind(40, "sendfile", "unmodelled", "descriptor"),
    Kind(275, "splice", "unmodelled", "descriptor", 2),
    Kind(326, "copy_file_range", "unmodelled", "descriptor", 2),
    Kind(285, "fallocate", "unmodelled", "descriptor"),
    Kind(77, "ftruncate", "truncate", "descriptor"),
    Kind(76, "truncate", "truncate", "path"),
    Kind(74, "fsync", "sync", "descriptor"),
    Kind(75, "fdatasync", "sync", "descriptor"),
    Kind(277, "sync_file_range", "nothing", "descriptor"),  # promises nothing about metadata: not counted as a sync
    Kind(26, "msync", "nothing", "descriptor"),
    Kind(82, "rename", "rename", "path"),
    Kind(264, "renameat", "rename", "at"),
    Kind(316, "renameat2", "rename", "at"),
    Kind(86, "link", "unmodelled", "path"),
    Kind(265, "linkat", "unmodelled", "at"),
    Kind(88, "symlink", "unmodelled", "path", 1),
    Kind(266, "symlinkat", "unmodelled", "at", 1),
    Kind(87, "unlink", "unlink", "path"),
    Kind(263, "unlinkat", "unlink", "at"),
    Kind(83, "mkdir", "mkdir", "path"),
    Kind(258, "mkdirat", "mkdir", "at"),
    Kind(84, "rmdir", "rmdir", "path"),
    Kind(90, "chmod", "nothing", "path"),
    Kind(91, "fchmod", "nothing", "descriptor"),
    Kind(92, "chown", "nothing", "path"),
    Kind(93, "fchown", "nothing", "descriptor"),
    Kind(268, "fchmodat", "nothing", "at"),
    Kind(260, "fchownat", "nothing", "at"),
    Kind(280, "utimensat", "nothing", "at"),
    Kind(188, "setxattr", "nothing", "path"),
    Kind(9, "mmap", "map", "descriptor", 4),  # shared and writable only: see ``ptrace.install_filter``
)
BY_NUMBER = {kind.number: kind for kind in KINDS}

# Calls that need room on the disk: what fails from the moment on that it is full.
GROWING = frozenset({"open", "write", "mkdir", "truncate", "rename"})


@dataclass(frozen=True, slots=True)
class Call:
    """One call beneath the watched folder. ``number`` counts all of them from 1, whichever process made them.

    ``path`` and ``target`` are relative to the folder. What was written, and where, is kept in a recording only.
    """

    number: int
    name: str
    effect: str
    path: str
    process: int
    target: str = ""
    offset: int = 0
    content: bytes = b""
    created: bool = False
    truncated: bool = False
    failed: bool = False

    def __str__(self) -> str:
        return f"{self.number}: {self.name} {self.path}"
