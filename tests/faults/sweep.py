"""One world of a workload and seed, and what is done with it: faults at calls, power cuts between them.

After each: what was acknowledged is there, the command said what happened, the recovery succeeds, and then the checker
finds everything once and nothing left over.
"""

from __future__ import annotations

import hashlib
import shutil
import signal
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from tests.faults import commands
from tests.faults.checker import Holding, Verdict, check
from tests.faults.disk import Disk, Image, restore
from tests.faults.logs import write_logs
from tests.faults.tracer import Fault, Traced, trace
from tests.faults.workloads import PROOF, SWEEP, Wants, Workload, parse

if TYPE_CHECKING:
    from tests.faults.calls import Call
    from tests.faults.commands import Ended


@dataclass(slots=True)
class Outcome:
    """What one run showed."""

    what: str
    hit: str = ""
    violations: list[str] = field(default_factory=list)
    leftovers: Counter[str] = field(default_factory=Counter)
    recovery_seconds: float = 0.0
    said: str = ""


class World:
    """A folder with sources, a lake and its state before the command."""

    def __init__(self, workload: Workload, seed: int, place: Path) -> None:
        self.workload = workload
        self.seed = seed
        self._place = place
        self._folders = write_logs(place / "logs", seed)
        self.lake = place / "lake"
        self._template = place / "template"
        for line in workload.before:
            done = self._run(line)
            if done.code != 0:
                raise RuntimeError(f"{line}: {done}")
        if workload.arrange is not None:
            workload.arrange(self.lake)
        self.lake.mkdir(exist_ok=True)
        shutil.copytree(self.lake, self._template)

    @cached_property
    def traced(self) -> Traced:
        """The command, undisturbed and recorded. Raises where it does not do what it should even so, or where the model
        of the disk, given the calls, is not what is in the folder."""
        self.reset()
        disk = Disk(self.lake)
        traced = self._trace(self.workload.command, record=True)
        if traced.ended.code != 0 or traced.hung:
            raise RuntimeError(f"{self.workload.name} does not succeed undisturbed: {traced.ended}")
        if broken := self._judge(self.workload.wanted).violations:
            raise RuntimeError(f"{self.workload.name}, seed {self.seed}, is wrong undisturbed: {broken}")
        for call in traced.calls:
            disk.apply(call)
        if different := disk.differences(self.lake):
            raise RuntimeError(f"{self.workload.name}: the model of the disk is not what is in the folder: {different}")
        return traced

    def reset(self) -> None:
        """The lake as it was before the command."""
        shutil.rmtree(self.lake)
        shutil.copytree(self._template, self.lake)

    # -- faults at calls -----------------------------------------------------------------------------------------------

    def strike(self, fault: Fault) -> Outcome:
        """Run the command with a fault, and judge it before and after recovery."""
        self.reset()
        traced = self._trace(self.workload.command, fault=fault)
        outcome = Outcome(f"{self.workload.name}, seed {self.seed}, {fault}", str(traced.hit or ""))
        ended = traced.ended
        if traced.hung:
            outcome.violations.append("hung: it did not end by itself")
        if ended.code != -signal.SIGKILL and not ended.is_clear:
            outcome.violations.append(f"unclear: exit code {ended.code}, {_end(ended.err)}")
        if ended.code == 0 and "trailmere:" not in ended.err:
            outcome.violations += [f"not true: {one}" for one in self._judge(self.workload.wanted).violations]
        if fault.action == "twice":
            again = Random(fault.at).randint(1, len(self.traced.calls))
            self._trace((self.workload.recovery or (self.workload.command,))[0], fault=Fault("kill", again))
        outcome.said = f"exit {ended.code}: {ended.err.strip().partition(chr(10))[0]}"
        self._recover(outcome)
        return outcome

    # -- power cuts ----------------------------------------------------------------------------------------------------

    def images(self, variants: int, dice: Random) -> Iterator[tuple[str, bool, Image]]:
        """What could be on the disk after each call, with its name and whether the command had ended: the synced part
        alone, and ``variants`` with parts of the rest. Those that were given before are left out, but for the last."""
        self.reset()
        disk, seen = Disk(self.lake), set[bytes]()
        calls = self.traced.calls
        for call in [None, *calls]:
            if call is not None:
                disk.apply(call)
            for variant in range(variants + 1):
                image = disk.image(dice if variant else None)
                key, ended = _digest(image), call is calls[-1]
                if key not in seen or ended:
                    seen.add(key)
                    yield f"after call {call}, variant {variant}", ended, image

    def cut(self, name: str, ended: bool, image: Image) -> Outcome:
        """Let the power fail: the lake is what the image holds. ``ended``: the command had been acknowledged."""
        shutil.rmtree(self.lake)
        restore(image, self.lake)
        outcome = Outcome(f"{self.workload.name}, seed {self.seed}, power cut {name}")
        if ended:
            outcome.violations += self._judge(self.workload.wanted, settled=False).violations
        self._recover(outcome)
        return outcome

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _recover(self, outcome: Outcome) -> None:
        acknowledged = self._judge(self.workload.acknowledged, settled=False)
        outcome.violations += [f"before recovery: {one}" for one in acknowledged.violations]
        for line in self.workload.recovery or (self.workload.command,):
            done = self._run(line)
            outcome.recovery_seconds += done.seconds
            if done.code != 0 and not (self.workload.already and self.workload.already in done.err):
                outcome.violations.append(f"no recovery: exit code {done.code}, {_end(done.err)}")
        verdict = self._judge(self.workload.wanted)
        outcome.violations += verdict.violations
        outcome.leftovers = verdict.leftovers
        if verdict.leftovers:
            self._succeed(SWEEP, outcome)
            verdict = self._judge(self.workload.wanted)
            outcome.violations += [f"after {SWEEP}: {one}" for one in verdict.violations]
            outcome.violations += [f"never removed: {count} x {kind}" for kind, count in verdict.leftovers.items()]
        self._succeed(PROOF, outcome)

    def _succeed(self, line: str, outcome: Outcome) -> None:
        done = self._run(line)
        if done.code != 0:
            outcome.violations.append(f"{line}: exit code {done.code}, {_end(done.out)} {_end(done.err)}")

    def _judge(self, wanted: Mapping[str, Wants], *, settled: bool = True) -> Verdict:
        return check(
            self.lake, {name: self._holding(wants, settled) for name, wants in wanted.items()}, settled=settled
        )

    def _holding(self, wants: Wants, settled: bool) -> Holding:
        possible = () if settled else tuple(self._folders.values())
        sources = tuple(self._folders[name] for name in wants.sources)
        return Holding(sources, wants.everything, wants.gone, wants.status, possible, wants.retention_days)

    def _run(self, line: str) -> Ended:
        arguments, settings = parse(line, self._folders)
        return commands.run(arguments, self._environment(settings), self._place / "said")

    def _trace(self, line: str, *, fault: Fault | None = None, record: bool = False) -> Traced:
        arguments, settings = parse(line, self._folders)
        talk = self._place / "said"
        return trace(arguments, self._environment(settings), self.lake, talk, fault=fault, record=record)

    def _environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        return {"TRAILMERE_LAKE": str(self.lake), **settings}


def _end(said: str) -> str:
    """The end of what a command said; of a traceback the places in the product."""
    lines = [line.strip() for line in said.strip().splitlines() if not line.startswith("    ")]
    return " | ".join(line for line in lines if "trailmere/" in line or not line.startswith("File"))[-900:]


def shapes(calls: Sequence[Call]) -> dict[tuple[str, str], list[int]]:
    """Numbers of calls by what they do and where: paths with their random parts taken out."""
    found: dict[tuple[str, str], list[int]] = {}
    for call in calls:
        found.setdefault((call.name, shape(call.path)), []).append(call.number)
    return found


def shape(path: str) -> str:
    """A path without what differs from run to run."""
    parts = Path(path).parts
    if len(parts) < 2:
        return path
    name = parts[-1]
    kind = "-r.parquet" if name.endswith("-r.parquet") else Path(name).suffix
    lead = next((lead for lead in ("snap-", "store-", "batch-", "opening", "manifest") if name.startswith(lead)), "")
    return f"{parts[0]}/{len(parts)}/{lead}*{kind}"


def _digest(image: Image) -> bytes:
    digest = hashlib.sha256()
    for path, content in sorted(image.items()):
        digest.update(f"{path}\0{-1 if content is None else len(content)}\0".encode())
        digest.update(content or b"")
    return digest.digest()
