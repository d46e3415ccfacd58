"""Runs a command and sees every call that changes a folder; on request it kills, refuses or records them.

strace counts calls by thread and picks files by their exact names, and the names in a lake are random: it cannot be
told "the 117th call beneath this folder, whoever makes it". This tracer can, kills the process that makes it or lets
the call fail, and takes down what was written, for ``tests.faults.disk``. ``test_tracer.py`` holds it against strace.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import struct
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from tests.faults import ptrace
from tests.faults.calls import BY_NUMBER, GROWING, Call, Kind
from tests.faults.commands import Ended, ended, fork

# full: from this call on, whatever needs room fails with ENOSPC. twice: killed here, and then in its recovery.
Action = Literal["kill", "EIO", "ENOSPC", "full", "twice"]
LONGEST_SECONDS = 600
STRAGGLER_SECONDS = 120  # how long what a command started may outlive it


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens at the n-th call beneath the folder."""

    action: Action
    at: int

    def __str__(self) -> str:
        return f"{self.action} at {self.at}"


@dataclass(slots=True)
class Traced:
    """How a traced command ended, and its calls in the order in which they were done. ``hit``: where the fault fell."""

    ended: Ended
    calls: list[Call]
    hit: Call | None
    hung: bool = False


def trace(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    talk: Path,
    *,
    fault: Fault | None = None,
    record: bool = False,
) -> Traced:
    """Run a command under the tracer. ``record`` keeps what is written."""
    return _Tracer(os.fspath(folder), fault, record).run(arguments, environment, talk)


@dataclass(slots=True)
class _Tracer:
    folder: str
    fault: Fault | None
    record: bool
    main: int = 0
    alive: dict[int, int] = field(default_factory=dict)  # thread -> order of appearance
    under_way: dict[int, Call] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    hit: Call | None = None
    count: int = 0
    code: int | None = None

    def run(self, arguments: Sequence[str], environment: Mapping[str, str], talk: Path) -> Traced:
        began = time.monotonic()
        ready, go = os.pipe()

        def wait_for_tracer() -> None:
            os.close(go)
            os.read(ready, 1)
            os.close(ready)
            ptrace.install_filter()

        self.main = fork(arguments, environment, talk, wait_for_tracer)
        os.close(ready)
        ptrace.ptrace(ptrace.SEIZE, self.main, 0, ptrace.OPTIONS)
        self.alive[self.main] = 0
        os.close(go)
        hung = self._watch()
        seconds = time.monotonic() - began
        return Traced(ended(self.code if self.code is not None else 70, talk, seconds), self.calls, self.hit, hung)

    def _watch(self) -> bool:
        """Until all processes are gone; True where they had to be ended."""
        hung = False
        before = signal.signal(signal.SIGALRM, _raise_timeout)
        signal.alarm(LONGEST_SECONDS)
        try:
            while True:
                try:
                    pid, status = os.waitpid(-1, ptrace.WALL)
                except ChildProcessError:
                    return hung
                except TimeoutError:
                    hung = True
                    self._kill_all()
                    continue
                with contextlib.suppress(ProcessLookupError, FileNotFoundError):
                    self._step(pid, status)
        finally:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, before)

    def _kill_all(self) -> None:
        for pid in self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _step(self, pid: int, status: int) -> None:
        if not os.WIFSTOPPED(status):
            self.alive.pop(pid, None)
            self.under_way.pop(pid, None)
            if pid == self.main:
                self.code = os.waitstatus_to_exitcode(status)
                signal.alarm(STRAGGLER_SECONDS)
            return
        self.alive.setdefault(pid, len(self.alive))
        stop, event = os.WSTOPSIG(status), status >> 16
        if event == ptrace.EVENT_SECCOMP:
            self._enter(pid)
        elif event == ptrace.EVENT_STOP and stop != signal.SIGTRAP:
            ptrace.ptrace(ptrace.LISTEN, pid)
        elif event:
            ptrace.ptrace(ptrace.CONT, pid)
        elif stop == signal.SIGTRAP | 0x80:
            self._leave(pid)
        else:
            ptrace.ptrace(ptrace.CONT, pid, 0, stop)

    def _enter(self, pid: int) -> None:
        entry = ptrace.entry(pid)
        call = self._describe(pid, BY_NUMBER[entry.number], entry.arguments)
        if call is None:
            ptrace.ptrace(ptrace.CONT, pid)
            return
        self.count += 1
        if (error := self._due(call)) is not None:
            self.calls.append(replace(call, failed=True))
            if error == 0:
                os.kill(pid, signal.SIGKILL)
                return
            ptrace.refuse(pid, error)
            ptrace.ptrace(ptrace.CONT, pid)
            return
        self.under_way[pid] = call
        ptrace.ptrace(ptrace.SYSCALL, pid)

    def _leave(self, pid: int) -> None:
        call = self.under_way.pop(pid, None)
        if call is not None:
            returned = ptrace.result(pid)
            if call.effect == "write" and 0 <= returned < len(call.content):
                call = replace(call, content=call.content[:returned])
            self.calls.append(replace(call, failed=returned < 0))
        ptrace.ptrace(ptrace.CONT, pid)

    def _due(self, call: Call) -> int | None:
        """The error that the call is to return, 0 for a kill; None where nothing happens to it."""
        fault = self.fault
        if fault is None or call.number < fault.at:
            return None
        if fault.action == "full":
            if call.effect not in GROWING:
                return None
            self.hit = self.hit or call
            return errno.ENOSPC
        if call.number != fault.at:
            return None
        self.hit = call
        return {"EIO": errno.EIO, "ENOSPC": errno.ENOSPC}.get(fault.action, 0)

    # -- what a call means ---------------------------------------------------------------------------------------------

    def _describe(self, pid: int, kind: Kind, arguments: tuple[int, ...]) -> Call | None:
        """The call, where it is one beneath the folder."""
        place = self._place(pid, kind, arguments)
        path = self._beneath(place)
        if path is None:
            return None
        call = Call(self.count + 1, kind.name, kind.effect, path, self.alive[pid])
        if kind.effect == "open":
            flags = arguments[kind.argument + (2 if kind.naming == "at" else 1)] if kind.name != "creat" else os.O_TRUNC
            call = replace(call, created=not os.path.lexists(place), truncated=bool(flags & os.O_TRUNC))
        elif kind.effect == "rename":
            other = self._beneath(self._other(pid, kind, arguments))
            call = replace(call, target=other or "(elsewhere)")
        elif kind.effect == "truncate":
            call = replace(call, offset=arguments[1])
        elif kind.effect == "write" and self.record:
            offset, content = _written(pid, kind.name, arguments)
            call = replace(call, offset=offset, content=content)
        return call

    def _place(self, pid: int, kind: Kind, arguments: tuple[int, ...]) -> str:
        first = arguments[kind.argument]
        if kind.naming == "path":
            return ptrace.absolute(pid, -100, ptrace.read_text(pid, first))
        if kind.naming == "at":
            return ptrace.absolute(pid, first, ptrace.read_text(pid, arguments[kind.argument + 1]))
        try:
            return ptrace.of_descriptor(pid, first & 0xFFFFFFFF)
        except OSError:  # no such descriptor: the call will fail by itself
            return ""

    def _other(self, pid: int, kind: Kind, arguments: tuple[int, ...]) -> str:
        if kind.naming == "path":
            return ptrace.absolute(pid, -100, ptrace.read_text(pid, arguments[1]))
        return ptrace.absolute(pid, arguments[2], ptrace.read_text(pid, arguments[3]))

    def _beneath(self, place: str) -> str | None:
        if place == self.folder:
            return "."
        return place[len(self.folder) + 1 :] if place.startswith(self.folder + "/") else None


def _written(pid: int, name: str, arguments: tuple[int, ...]) -> tuple[int, bytes]:
    """Where a call writes, and what."""
    descriptor = arguments[0] & 0xFFFFFFFF
    if name in ("write", "pwrite64"):
        content = ptrace.read_memory(pid, arguments[1], arguments[2])
    else:
        vector = ptrace.read_memory(pid, arguments[1], 16 * arguments[2])
        content = b"".join(ptrace.read_memory(pid, *part) for part in struct.iter_unpack("<QQ", vector))
    return (arguments[3] if name.startswith("p") else ptrace.position(pid, descriptor)), content


def _raise_timeout(_number: int, _frame: object) -> None:
    raise TimeoutError
