"""The runs of the harness as tasks that processes share: which faults and which power cuts, all of them or a sample."""

from __future__ import annotations

import tempfile
import time
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from tests.faults import commands
from tests.faults.sweep import Outcome, World, shapes
from tests.faults.tracer import Action, Fault
from tests.faults.workloads import BY_NAME

if TYPE_CHECKING:
    from tests.faults.disk import Image

ACTIONS: tuple[Action, ...] = ("kill", "EIO", "ENOSPC", "full", "twice")


@dataclass(frozen=True, slots=True)
class Task:
    """A share of the runs of one workload and seed. ``sample``: so many of them, 0 for all; ``cuts``: power cuts."""

    workload: str
    seed: int
    actions: tuple[Action, ...]
    sample: int
    cuts: int
    variants: int
    part: int = 0
    parts: int = 1
    until: float = float("inf")


@dataclass(frozen=True, slots=True)
class Ran:
    """An outcome with what it belongs to."""

    workload: str
    action: str
    outcome: Outcome


def perform(task: Task, place: Path) -> list[Ran]:
    """Do a task's share; nothing when its time is over."""
    ran: list[Ran] = []
    if time.time() >= task.until:
        return ran
    world = _world(task.workload, task.seed, place)
    for fault in _faults(world, task):
        if time.time() < task.until:
            ran.append(Ran(task.workload, fault.action, world.strike(fault)))
    for name, ended, image in _cuts(world, task):
        if time.time() < task.until:
            ran.append(Ran(task.workload, "power cut", world.cut(name, ended, image)))
    return ran


@lru_cache(maxsize=len(BY_NAME))
def _world(workload: str, seed: int, place: Path) -> World:
    """One for each process: to make it takes longer than a run in it."""
    commands.preload()
    return World(BY_NAME[workload], seed, Path(tempfile.mkdtemp(dir=place)))


def _faults(world: World, task: Task) -> list[Fault]:
    """All calls with all actions; or a sample that meets as many kinds of calls as it can."""
    calls = world.traced.calls
    if not task.sample:
        every = [Fault(action, call.number) for call in calls for action in task.actions]
        return sorted((fault for fault in every if _mixed(fault) % task.parts == task.part), key=_mixed)
    dice = Random(f"{task.workload} {task.seed}")
    by_name: dict[str, list[int]] = {}
    for (name, _), numbers in shapes(calls).items():
        by_name.setdefault(name, []).append(dice.choice(numbers))
    names = sorted(by_name)
    dice.shuffle(names)
    rounds = [dice.choice(by_name[name]) for _ in range(task.sample) for name in names][: task.sample]
    first = dice.randrange(len(task.actions))
    return [Fault(task.actions[(first + at) % len(task.actions)], number) for at, number in enumerate(rounds)]


def _mixed(fault: Fault) -> int:
    """A number that deals faults out to parts, the same ones in every process, and all kinds to each."""
    return zlib.crc32(str(fault).encode())


def _cuts(world: World, task: Task) -> Iterable[tuple[str, bool, Image]]:
    if not task.cuts:
        return ()
    images = world.images(task.variants, Random(task.seed))
    if not task.sample:
        return islice(images, task.part, None, task.parts)
    *others, last = images
    return [*Random(task.seed).sample(others, min(task.cuts, len(others) + 1) - 1), last]
