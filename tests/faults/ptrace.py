"""ptrace(2), seccomp(2) and a tracee's memory, as far as the tracer needs them. x86-64 Linux.

A seccomp filter stops the process at the calls of ``calls.KINDS`` and at no others, so that tracing costs next to
nothing between them; processes it starts inherit the filter.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.faults.calls import AT_FDCWD, KINDS, O_CREATING

SUPPORTED = sys.platform == "linux" and platform.machine() == "x86_64"

CONT, SYSCALL = 7, 24
GETEVENTMSG, GETREGSET, SETREGSET, SEIZE, LISTEN, GET_SYSCALL_INFO = 0x4201, 0x4204, 0x4205, 0x4206, 0x4208, 0x420E
# TRACESYSGOOD, TRACEFORK, TRACEVFORK, TRACECLONE, TRACEEXEC, TRACESECCOMP, EXITKILL
OPTIONS = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x80 | 0x100000
EVENT_SECCOMP, EVENT_STOP = 7, 128
WALL = 0x40000000

_NT_PRSTATUS = 1
_REGISTERS = 27  # user_regs_struct: 27 words; rax is the 11th, orig_rax the 16th
_RAX, _ORIG_RAX = 10, 15
_AUDIT_ARCH_X86_64 = 0xC000003E
_RET_TRACE, _RET_ALLOW = 0x7FF00000, 0x7FFF0000
_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_OPEN_FLAGS = {2: 1, 257: 2}  # open, openat: which argument holds the flags
_MMAP, _PROT_WRITE, _MAP_SHARED = 9, 2, 1

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
_libc.ptrace.restype = ctypes.c_long


def ptrace(request: int, pid: int, address: int = 0, data: int | None = 0) -> int:
    """One request. Raises OSError; ProcessLookupError where the tracee has died meanwhile."""
    done = int(_libc.ptrace(request, pid, address, data))
    if done < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return done


@dataclass(frozen=True, slots=True)
class Entry:
    """A system call that is about to be made."""

    number: int
    arguments: tuple[int, ...]


def entry(pid: int) -> Entry:
    """What the tracee is about to call."""
    words = _syscall_info(pid)
    return Entry(words[3], words[4:10])


def result(pid: int) -> int:
    """What the call returned, negative where it failed."""
    return int(struct.unpack_from("<q", struct.pack("<Q", _syscall_info(pid)[3]))[0])


def _syscall_info(pid: int) -> tuple[int, ...]:
    buffer = ctypes.create_string_buffer(88)
    ptrace(GET_SYSCALL_INFO, pid, len(buffer), ctypes.addressof(buffer))
    return struct.unpack_from("<QQQQ6Q", buffer.raw)


def refuse(pid: int, error: int) -> None:
    """Let the call that the tracee is about to make not happen, and return an error."""
    registers = (ctypes.c_ulonglong * _REGISTERS)()
    vector = (ctypes.c_void_p * 2)(ctypes.addressof(registers), ctypes.sizeof(registers))
    ptrace(GETREGSET, pid, _NT_PRSTATUS, ctypes.addressof(vector))
    registers[_ORIG_RAX], registers[_RAX] = 2**64 - 1, 2**64 - error
    ptrace(SETREGSET, pid, _NT_PRSTATUS, ctypes.addressof(vector))


def read_memory(pid: int, address: int, size: int) -> bytes:
    """Bytes of the tracee."""
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        memory.seek(address)
        parts = []
        while size > 0 and (part := memory.read(size)):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)


def read_text(pid: int, address: int) -> str:
    """A path of the tracee."""
    content = b""
    while b"\0" not in content:
        content += read_memory(pid, address + len(content), 4096 - (address + len(content)) % 4096)
    return os.fsdecode(content.partition(b"\0")[0])


def absolute(pid: int, folder: int, path: str) -> str:
    """A path as the tracee means it, from the folder of a descriptor or its own."""
    place = "cwd" if _signed(folder) == AT_FDCWD else f"fd/{folder}"
    start = "/" if path.startswith("/") else Path(f"/proc/{pid}/{place}").readlink()
    return os.path.normpath(start / Path(path))


def of_descriptor(pid: int, descriptor: int) -> str:
    """What a descriptor of the tracee is open on; the path ends in " (deleted)" where that has no name any more."""
    return str(Path(f"/proc/{pid}/fd/{descriptor}").readlink())


def position(pid: int, descriptor: int) -> int:
    """Where the next write of a descriptor goes."""
    lines = Path(f"/proc/{pid}/fdinfo/{descriptor}").read_text().splitlines()
    facts = dict(line.split(":", 1) for line in lines if ":" in line)
    if int(facts["flags"], 8) & os.O_APPEND:
        return Path(f"/proc/{pid}/fd/{descriptor}").stat().st_size
    return int(facts["pos"])


def _signed(number: int) -> int:
    return number - 2**32 if number >= 2**31 and number < 2**32 else number - 2**64 if number >= 2**63 else number


def install_filter() -> None:
    """Stop this process, and all that it starts, at the calls that change files; the tracer decides what becomes of
    them. Opens count that create or truncate, maps that are shared and writable."""
    program = _program()
    code = b"".join(struct.pack("<HBBI", *line) for line in program)
    lines = ctypes.create_string_buffer(code)
    header = ctypes.create_string_buffer(struct.pack("<HxxxxxxQ", len(program), ctypes.addressof(lines)))
    if _libc.prctl(38, 1, 0, 0, 0) != 0 or _libc.prctl(22, 2, ctypes.byref(header), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "seccomp filter")


def _program() -> list[tuple[int, int, int, int]]:
    """Berkeley packet filter code: (operation, lines to skip if true, if false, constant)."""
    lines = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, _AUDIT_ARCH_X86_64), (_RETURN, 0, 0, _RET_ALLOW), (_LOAD, 0, 0, 0)]
    for kind in KINDS:
        if kind.number in _OPEN_FLAGS:
            conditions = [(_OPEN_FLAGS[kind.number], O_CREATING)]
        elif kind.number == _MMAP:
            conditions = [(2, _PROT_WRITE), (3, _MAP_SHARED)]
        else:
            conditions = []
        body = []
        for argument, bits in conditions:
            body += [(_LOAD, 0, 0, 16 + 8 * argument), (_ANY_BIT, 1, 0, bits), (_RETURN, 0, 0, _RET_ALLOW)]
        body.append((_RETURN, 0, 0, _RET_TRACE))
        lines += [(_EQUAL, 0, len(body), kind.number), *body]
    return [*lines, (_RETURN, 0, 0, _RET_ALLOW)]
