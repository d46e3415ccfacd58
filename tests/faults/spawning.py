"""Processes that a command spawns, without the time that a new interpreter takes to import everything.

``multiprocessing`` starts its children (workers, the resource tracker) as new interpreters, and their imports were half
of what a run of the harness cost. Here a child is a fork of a process that stands by, which was forked before the
command began: it has imported what children import, and opened and done nothing. The child has the command as its
parent, the descriptors it was given, under their numbers, and the source text that the interpreter would have run. What
it does from there is the library's and the product's own code.

The child is a sibling of the process that forks it (clone(2), CLONE_PARENT), so that the command can wait for it.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import multiprocessing.util
import os
import signal
import socket
import sys
import traceback
from collections.abc import Mapping, Sequence
from typing import Any

_SYS_CLONE, _CLONE_PARENT = 56, 0x8000  # x86-64 Linux
_MOST_BYTES, _MOST_DESCRIPTORS = 1 << 16, 16
_FREE_FROM = 200  # no process of the harness has descriptors of such numbers


def stand_by() -> None:
    """Fork the process that stands by; children of this process are forks of that one from now on."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        ours.close()
        _serve(theirs)
    theirs.close()

    def spawn(path: bytes, args: Sequence[Any], passfds: Sequence[int]) -> int:
        numbers = sorted(set(passfds))
        asked = {
            "arguments": [os.fsdecode(one) for one in args],
            "numbers": numbers,
            "blocked": [int(one) for one in signal.pthread_sigmask(signal.SIG_BLOCK, ())],
        }
        socket.send_fds(ours, [json.dumps(asked).encode()], numbers)
        return int(ours.recv(_MOST_BYTES))

    multiprocessing.util.spawnv_passfds = spawn


def _serve(stream: socket.socket) -> None:
    """A child whenever one is asked for, until the command has ended."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(stream, _MOST_BYTES, _MOST_DESCRIPTORS)
        if not message:
            os._exit(0)
        pid = _fork_sibling()
        if pid == 0:
            stream.close()
            _live(json.loads(message), descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        stream.send(str(pid).encode())


def _fork_sibling() -> int:
    """fork(2), but that the child's parent is the parent of this process."""
    python = ctypes.pythonapi
    python.PyOS_BeforeFork()
    pid = int(python.syscall(_SYS_CLONE, _CLONE_PARENT | signal.SIGCHLD, 0, 0, 0, 0))
    (python.PyOS_AfterFork_Parent if pid else python.PyOS_AfterFork_Child)()
    return pid


def _live(asked: Mapping[str, Any], descriptors: Sequence[int]) -> None:
    """Be what ``python [options] -c text [arguments]`` would be."""
    code = 1
    try:
        _place(descriptors, asked["numbers"])
        signal.pthread_sigmask(signal.SIG_SETMASK, asked["blocked"])
        at = asked["arguments"].index("-c")
        sys.argv = ["-c", *asked["arguments"][at + 2 :]]
        exec(asked["arguments"][at + 1], {"__name__": "__main__"})
        code = 0
    except SystemExit as stopped:
        code = stopped.code if isinstance(stopped.code, int) else int(stopped.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _place(descriptors: Sequence[int], numbers: Sequence[int]) -> None:
    """Give descriptors the numbers that they have in the command, by way of others: old and new ones may overlap."""
    moved = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, _FREE_FROM) for descriptor in descriptors]
    for descriptor in descriptors:
        os.close(descriptor)
    for descriptor, number in zip(moved, numbers, strict=True):
        os.dup2(descriptor, number)
        os.close(descriptor)
