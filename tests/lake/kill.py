"""Kill a committing process at a system call, then let another finish: every point, or a sample.

``python -m tests.lake.kill FOLDER [STRIDE]`` goes through all state-changing calls of one run (or every STRIDE-th) and
prints a table. The points are found by strace, none is chosen by hand; nothing in the software knows of them.
"""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.lake.committer import check
from tests.lake.world import STORE

CALLS = ("fsync", "fdatasync", "pwrite64", "rename", "unlink", "mkdir")
RUN = [sys.executable, "-m", "tests.lake.committer"]


@dataclass(frozen=True)
class Point:
    """The n-th time, from 1, that the process makes a system call."""

    call: str
    nth: int

    def __str__(self) -> str:
        return f"{self.call}-{self.nth}"


def sample(count: int) -> list[Point]:
    """Points all over a run, the same ones every time. Numbers below the least that a run makes of each call."""
    dice, calls = random.Random(7), {"fsync": 90, "fdatasync": 18, "pwrite64": 110, "unlink": 15}
    chosen = [dice.choice(sorted(calls)) for _ in range(count)]
    return [Point(call, dice.randrange(1, calls[call])) for call in chosen]


def prepare(folder: Path) -> None:
    """An empty store, so that the kills fall into the commits."""
    from trailmere.lake.vault import Lake

    with Lake.open(folder / "lake") as lake:
        lake.create_table(STORE, "cloudtrail")


def run_killed(folder: Path, point: Point) -> bool:
    """Run until the point, and die there; False where the run ended before it."""
    inject = ["-e", f"trace={point.call}", "-e", f"inject={point.call}:signal=KILL:when={point.nth}"]
    done = subprocess.run(
        ["strace", "-f", "-qq", "-o", "/dev/null", *inject, *RUN, str(folder / "lake"), "1"],
        capture_output=True,
        check=False,
    )
    return done.returncode != 0


def run_whole(folder: Path) -> None:
    """Run to the end; raises where the process fails."""
    subprocess.run([*RUN, str(folder / "lake"), "2"], capture_output=True, check=True)


def calls_of_a_run(folder: Path) -> Counter[str]:
    """How often an undisturbed run makes each call in its main thread."""
    trace = folder / "trace"
    subprocess.run(
        ["strace", "-f", "-qq", "-o", str(trace), "-e", f"trace={','.join(CALLS)}", *RUN, str(folder / "lake"), "1"],
        capture_output=True,
        check=True,
    )
    lines = [line.split(None, 1) for line in trace.read_text().splitlines()]
    main = lines[0][0]
    return Counter(
        found.group(1) for pid, text in lines if pid == main and (found := re.match(r"(\w+)\(", text)) is not None
    )


def all_points(folder: Path, stride: int) -> None:
    """Kill at every call of a run and print, call by call, how many points held."""
    home, template = folder / "lake", folder / "template"
    prepare(folder)
    shutil.copytree(home, template)
    counts = calls_of_a_run(folder)
    for call, count in sorted(counts.items()):
        points = range(1, count + 1, stride)
        killed = 0
        for nth in points:
            shutil.rmtree(home)
            shutil.copytree(template, home)
            killed += run_killed(folder, Point(call, nth))
            run_whole(folder)
            check(home)
        print(f"{call:12} {len(points):4} points, {killed:4} killed: 0 lost, 0 twice, 0 orphans", flush=True)


if __name__ == "__main__":
    all_points(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
