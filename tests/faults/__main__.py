"""``python -m tests.faults``: the sweeps, large or small, and a table of them. Exits with 1 on a violation."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from tests.faults.runs import ACTIONS, Ran, Task, perform
from tests.faults.sweep import Outcome
from tests.faults.workloads import BY_NAME, WORKLOADS


def tasks(options: argparse.Namespace) -> Iterator[Task]:
    """All tasks, in parts where they are long, workload after workload in each part, should time end early. Scattered:
    each part in other files, those of the seed that follows."""
    until = time.time() + 60 * options.minutes if options.minutes else float("inf")
    names = options.workload or [workload.name for workload in WORKLOADS]
    for seed in range(options.seed, options.seed + options.seeds):
        parts = 1 if options.sample else options.parts
        for part in range(parts):
            for name in names:
                actions = () if options.only_cuts else tuple(options.action or ACTIONS)
                cuts = options.cuts if options.sample else int(not options.no_cuts)
                files = seed + part * options.seeds if options.scatter else seed
                yield Task(name, files, actions, options.sample, cuts, options.variants, part, parts, until)


def table(ran: Sequence[Ran]) -> str:
    """Runs, violations and leftovers by workload and kind."""
    kinds = sorted({one.action for one in ran}, key=[*ACTIONS, "power cut"].index)
    lines = [("workload", *kinds, "violations", "left over", "longest recovery")]
    for name in [*dict.fromkeys(one.workload for one in ran), "all"]:
        some = [one for one in ran if name in (one.workload, "all")]
        counts = Counter(one.action for one in some)
        left = sum(one.outcome.leftovers.total() for one in some)
        longest = max((one.outcome.recovery_seconds for one in some), default=0.0)
        broken = sum(bool(one.outcome.violations) for one in some)
        lines.append((name, *(f"{counts[kind]:,}" for kind in kinds), f"{broken:,}", f"{left:,}", f"{longest:.1f} s"))
    widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
    return "\n".join("  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) for line in lines)


def main() -> int:
    """Run and report."""
    options = _options()
    with tempfile.TemporaryDirectory(dir=options.place) as place:
        ran = _alone(options, Path(place)) if options.jobs == 1 else _together(options, Path(place))
    if options.share is None:
        print(table(ran))
        kinds: Counter[str] = sum((one.outcome.leftovers for one in ran), Counter())
        print("left over until the next maintain:", dict(kinds) or "nothing")
    return int(any(one.outcome.violations for one in ran))


def _alone(options: argparse.Namespace, place: Path) -> list[Ran]:
    """All tasks, or this process's share of them, one after the other."""
    ran: list[Ran] = []
    first, step = options.share or (0, 1)
    for task in islice(tasks(options), first, None, step):
        some = perform(task, place)
        ran += some
        _tell(some, options.report)
    return ran


def _together(options: argparse.Namespace, place: Path) -> list[Ran]:
    """In several processes with a share each. Each waits for all children it has, so none can be a thread."""
    reports = [place / f"{number}.jsonl" for number in range(options.jobs)]
    command = [sys.executable, "-m", "tests.faults", *sys.argv[1:], "--jobs", "1", "--place", str(place)]
    running = [
        subprocess.Popen([*command, "--report", str(report), "--share", str(number), str(options.jobs)])
        for number, report in enumerate(reports)
    ]
    if any(process.wait() not in (0, 1) for process in running):
        raise SystemExit("a process of the harness came to no end")
    lines = [line for report in reports if report.exists() for line in report.read_text().splitlines()]
    if options.report is not None:
        options.report.write_text("".join(f"{line}\n" for line in lines))
    return [_ran(json.loads(line)) for line in lines]


def _tell(ran: Sequence[Ran], report: Path | None) -> None:
    """Violations on stderr; all outcomes to the report."""
    for one in ran:
        if one.outcome.violations:
            print(f"VIOLATION {one.outcome.what} ({one.outcome.hit})", file=sys.stderr)
            for violation in one.outcome.violations[:6]:
                print(f"    {violation}", file=sys.stderr)
    if report is not None:
        with report.open("a") as file:
            file.writelines(json.dumps(_facts(one)) + "\n" for one in ran)


def _facts(one: Ran) -> dict[str, object]:
    facts = {name: getattr(one.outcome, name) for name in one.outcome.__slots__}
    return {"workload": one.workload, "action": one.action, **facts}


def _ran(facts: dict[str, Any]) -> Ran:
    workload, action, leftovers = facts.pop("workload"), facts.pop("action"), Counter(facts.pop("leftovers"))
    return Ran(workload, action, Outcome(**facts, leftovers=leftovers))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--workload", action="append", choices=list(BY_NAME), help="only this one; may be given again")
    parser.add_argument("--action", action="append", choices=ACTIONS, help="only this fault; may be given again")
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=int, default=1, help="how many")
    parser.add_argument("--sample", type=int, default=0, help="so many faults of each workload instead of all")
    parser.add_argument("--cuts", type=int, default=2, help="with --sample: so many power cuts of each workload")
    parser.add_argument("--no-cuts", action="store_true", help="faults at calls only")
    parser.add_argument("--only-cuts", action="store_true", help="power cuts only")
    parser.add_argument("--variants", type=int, default=2, help="images with unsynced parts, for each call")
    parser.add_argument("--parts", type=int, default=8, help="into how many tasks a workload is cut")
    parser.add_argument(
        "--scatter", action="store_true", help="each part with a seed of its own: as many mixes of files"
    )
    parser.add_argument("--jobs", type=int, default=multiprocessing.cpu_count())
    parser.add_argument("--share", type=int, nargs=2, help="of all tasks each N-th from the K-th: K N")
    parser.add_argument("--minutes", type=float, default=0, help="stop then; 0: when all is done")
    parser.add_argument("--place", type=Path, default=Path(tempfile.gettempdir()), help="where lakes are made")
    parser.add_argument("--report", type=Path, help="a file that all outcomes are added to, as JSON lines")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
