"""What a query worker does to itself before it accepts SQL, so that whatever the SQL does, it can only read.

Each measure is one function; each says whether it holds, because kernels and containers differ: a worker runs
without one that the kernel lacks, and ``trailmere doctor`` shows which. Linux only; elsewhere nothing holds and the
report says so. The measures are irreversible: ``apply`` is for the worker, ``cage_report`` is for everybody else.

Sources: landlock(7) and linux/landlock.h; prctl(2), unshare(2), capset(2), setrlimit(2).
"""

from __future__ import annotations

import ctypes
import os
import resource
import struct
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Measure:
    """One guard: its name, whether it holds in this process, and what it does or why it does not hold."""

    name: str
    holds: bool
    detail: str


@dataclass(frozen=True, slots=True)
class CagePlan:
    """What the worker may still do: ``readable`` are folders or files it may read; ``open_files`` their number."""

    readable: tuple[Path, ...]
    open_files: int = 16_384


def apply(plan: CagePlan) -> tuple[Measure, ...]:
    """Lock this process in, for ever. Call it while it has one thread: Landlock and namespaces bind a thread each."""
    return tuple(_guarded(name, measure, plan) for name, measure in MEASURES.items())


def cage_report(memory_bytes: int, threads: int) -> tuple[Measure, ...]:
    """The measures that hold on this machine, from a real worker that is started, asked and ended.

    Raises EngineError where no worker can be started at all.
    """
    from trailmere.query.pool import WorkerProcess, WorkerSettings

    with WorkerProcess(WorkerSettings(Path(__file__).parent, memory_bytes, threads)) as worker:
        return worker.measures()


# --- the measures -----------------------------------------------------------------------------------------------------

MIN_LANDLOCK_FOR_TRUNCATE = 3
MIN_LANDLOCK_FOR_IOCTL = 5
MIN_LANDLOCK_FOR_TCP = 4
MIN_LANDLOCK_FOR_SCOPES = 6

# landlock.h; the numbers of the three system calls are the same on every architecture.
SYS_CREATE_RULESET, SYS_ADD_RULE, SYS_RESTRICT_SELF = 444, 445, 446
CREATE_RULESET_VERSION = 1
RULE_PATH_BENEATH = 1
READ_FILE, READ_DIR = 1 << 2, 1 << 3
ALL_SINCE_ABI_1 = (1 << 13) - 1
REFER, TRUNCATE, IOCTL_DEVICE = 1 << 13, 1 << 14, 1 << 15
TCP_BIND_AND_CONNECT = 0b11
SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11

PR_SET_NO_NEW_PRIVS = 38
PR_SET_DUMPABLE = 4
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SYS_CAPSET = {"x86_64": 126, "aarch64": 91}
CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_READ_SEARCH = 1 << 2


def no_new_privileges(_plan: CagePlan) -> str:
    """No program that it starts gains rights (Landlock demands it); no other process may look into it."""
    _call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _call("prctl", PR_SET_DUMPABLE, 0, 0, 0, 0)
    return "cannot gain privileges; leaves no core dump"


def limit_files(plan: CagePlan) -> str:
    """A file can be written no byte; there are no core dumps; the number of open files is bounded."""
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write fails with EFBIG instead of killing the worker
    for limit in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        resource.setrlimit(limit, (0, 0))
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = plan.open_files if hard == resource.RLIM_INFINITY else min(plan.open_files, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    return f"files of 0 bytes at most; {files} open at once"


def leave_network(_plan: CagePlan) -> str:
    """A network namespace of its own, without interfaces. Needs root, or a kernel that lets users make namespaces."""
    try:
        _call("unshare", CLONE_NEWNET)
    except OSError:
        _call("unshare", CLONE_NEWUSER | CLONE_NEWNET)
    return "a network namespace without interfaces"


def read_only_files(plan: CagePlan) -> str:
    """Landlock: reads beneath the named folders, and nothing else of the file system; no TCP; no signals outside."""
    version = _landlock_version()
    handled = _handled_files(version)
    attributes = struct.pack("=QQQ", handled, TCP_BIND_AND_CONNECT, SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS)
    size = 24 if version >= MIN_LANDLOCK_FOR_SCOPES else 16 if version >= MIN_LANDLOCK_FOR_TCP else 8
    ruleset = _system_call(SYS_CREATE_RULESET, attributes, size, 0)
    try:
        for path in plan.readable:
            _allow_reading(ruleset, path)
        _system_call(SYS_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    what = "reads the lake's data files and the interpreter's, writes nowhere"
    if version < MIN_LANDLOCK_FOR_TRUNCATE:
        raise OSError(f"Landlock version {version}: {what}, but files can be truncated before version 3")
    return f"Landlock version {version}: {what}" + (", opens no TCP" if version >= MIN_LANDLOCK_FOR_TCP else "")


def drop_capabilities(_plan: CagePlan) -> str:
    """What root could do beyond its files. Root keeps reading others' files: Landlock says which."""
    kept = CAP_DAC_READ_SEARCH if os.geteuid() == 0 else 0
    header = struct.pack("=Ii", CAPABILITY_VERSION_3, 0)
    data = struct.pack("=6I", kept, kept, 0, 0, 0, 0)
    number = SYS_CAPSET.get(os.uname().machine)
    if number is None:
        raise OSError(f"not known for {os.uname().machine}")
    _system_call(number, header, data)
    return "none kept" if not kept else "started by root: none kept but reading"


def empty_environment(_plan: CagePlan) -> str:
    """The worker is started with an empty environment; this checks it."""
    secrets = sorted(set(os.environ) - set(HARMLESS_ENVIRONMENT))
    if secrets:
        raise OSError("still set: " + ", ".join(secrets))
    return "holds no variable of the user's"


# The worker's whole environment: allocators that start no threads of their own before the cage is shut, and that
# reserve little address space. The loader's path is passed on where it is set: the interpreter may need it.
HARMLESS_ENVIRONMENT: dict[str, str] = {
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "MALLOC_ARENA_MAX": "2",
    "LC_CTYPE": "C.UTF-8",
    "LD_LIBRARY_PATH": "",
}

# DuckDB asks at each start how much memory its container has, and ends the process if it may not ask.
ENGINE_READS = (Path("/proc/self/cgroup"), Path("/sys/fs/cgroup"))

# In this order: the namespace needs rights that the later ones give up.
MEASURES: dict[str, Callable[[CagePlan], str]] = {
    "environment": empty_environment,
    "file limits": limit_files,
    "network": leave_network,
    "privileges": no_new_privileges,
    "file system": read_only_files,
    "capabilities": drop_capabilities,
}


LEAST_ROOM_BYTES = 64 * MIB  # less, and the engine's threads cannot start


def limit_memory(memory_bytes: int, present_bytes: int) -> Measure:
    """Bound the address space: what the process has mapped now, plus ``memory_bytes``, plus a tenth for stacks.

    The engine's own limit does not see every allocation (a string of four gigabytes, a deep parse tree); this does.
    """
    limit = present_bytes + memory_bytes + max(memory_bytes // 10, LEAST_ROOM_BYTES)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    except (OSError, ValueError) as error:
        return Measure("memory", False, f"address space not limited: {error}")
    return Measure("memory", True, f"address space of {limit // MIB} MiB, {memory_bytes // MIB} of them for queries")


# --- the system -------------------------------------------------------------------------------------------------------


def _guarded(name: str, measure: Callable[[CagePlan], str], plan: CagePlan) -> Measure:
    if sys.platform != "linux":
        return Measure(name, False, f"not available on {sys.platform}")
    try:
        return Measure(name, True, measure(plan))
    except (OSError, AttributeError, ValueError) as error:
        return Measure(name, False, f"does not hold here: {error}")


def _handled_files(version: int) -> int:
    """The accesses that this version of Landlock knows; all of them are denied unless allowed."""
    handled = ALL_SINCE_ABI_1
    for since, access in ((2, REFER), (MIN_LANDLOCK_FOR_TRUNCATE, TRUNCATE), (MIN_LANDLOCK_FOR_IOCTL, IOCTL_DEVICE)):
        handled |= access if version >= since else 0
    return handled


def _landlock_version() -> int:
    try:
        return _system_call(SYS_CREATE_RULESET, None, 0, CREATE_RULESET_VERSION)
    except OSError as error:
        raise OSError(f"this kernel has no Landlock ({error.strerror})") from None


def _allow_reading(ruleset: int, path: Path) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return  # a library folder that this installation does not have
    try:
        rights = READ_FILE | READ_DIR if path.is_dir() else READ_FILE
        _system_call(SYS_ADD_RULE, ruleset, RULE_PATH_BENEATH, struct.pack("=Qi", rights, handle), 0)
    finally:
        os.close(handle)


def _system_call(number: int, *arguments: int | bytes | None) -> int:
    return _call("syscall", number, *arguments)


def _call(name: str, *arguments: int | bytes | None) -> int:
    library = ctypes.CDLL(None, use_errno=True)
    given = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    result: int = getattr(library, name)(*given)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def readable_folders(warehouse: Path, modules: Sequence[str]) -> tuple[Path, ...]:
    """What a worker reads: the warehouse, the standard library, these packages, and the container's own limits."""
    from importlib.util import find_spec

    library = [Path(os.__file__).parent, *(Path(entry) for entry in sys.path if entry.endswith("lib-dynload"))]
    packages = []
    for spec in filter(None, map(find_spec, modules)):
        origin = Path(spec.origin or os.devnull)
        packages.append(origin if spec.submodule_search_locations is None else origin.parent)
    return (warehouse, *library, *packages, *ENGINE_READS)
