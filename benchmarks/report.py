"""From results to the page: what was measured, on what, and the tables. It computes and measures nothing else."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import bars, scans, tables
from benchmarks.answerers import ANSWERERS

if TYPE_CHECKING:
    from benchmarks.figures import Results

PACKAGES = (
    "trailmere",
    "duckdb",
    "pyarrow",
    "pyiceberg",
    "msgspec",
    "deflate",
    "chdb",
    "chdb-core",
    "polars",
    "pyspark",
    "pysimdjson",
)
CORPORA = (bars.LARGE, bars.SMALL)
COMMITS = Path(__file__).parent / "COMMITS.md"  # written by python -m benchmarks.commits


def begin(command: str, repeat: int, full: bool) -> dict[str, Any]:
    """Results of a run that begins now, on this machine."""
    return {
        "command": command,
        "repeat": repeat,
        "full": full,
        "machine": machine(),
        "corpora": {},
        "ingest": {},
        "storage": {},
        "answers": {},
        "touched": {},
        "growth": {},
        "concurrency": {},
        "help": [],
        "disagreements": None,
        "failures": [],
        "notes": [],
    }


def machine() -> dict[str, Any]:
    """What this is measured on."""
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": f"{platform.system()} {platform.release().partition('-')[0]} on {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "load": os.getloadavg()[0],
    }


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "(absent)"


def failures(answers: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Who did not answer what, and why, a line for each reason."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, given in answers.items():
        for question, answer in given.items():
            if why := answer.get("not_run") or answer.get("failed"):
                verb = "not run" if "not_run" in answer else "failed"
                found.setdefault((label(name), f"{verb}: {why}"), []).append(question)
    for (who, why), asked in found.items():
        yield f"{who}, {', '.join(asked)}: {why.replace('|', '/')}"


def label(contestant: str) -> str:
    """A contestant's name for people."""
    return ANSWERERS[contestant][0] if contestant in ANSWERERS else scans.LABELS[contestant]


def write(results: dict[str, Any], path: Path) -> None:
    """The page, written whole; parts that were not run (yet) are left out."""
    parts = [
        [
            "# Benchmark results",
            "",
            "Written by `python -m benchmarks.run`; do not edit. Trust ratios, not absolute times.",
        ],
        _machine(results),
        _bars(results),
        *(tables.ingest(results, corpus) for corpus in results["ingest"]),
        tables.small_files(results),
        tables.extrapolation(results),
        tables.storage(results),
        tables.compaction(results),
        tables.queries(results, label),
        tables.seed(results, label),
        tables.growth(results),
        _commits(results),
        tables.concurrency(results),
        _start_up(results),
        _notes(results),
    ]
    path.write_text("\n\n".join("\n".join(part) for part in parts if part) + "\n")


def _machine(results: Results) -> list[str]:
    found = results["machine"]
    return [
        "## What was measured",
        "",
        f"- To repeat it: `{results['command']}`; the usual sizes are those of "
        f"`make {'bench-full' if results['full'] else 'bench'}`",
        f"- {found['cores']} cores, {found['memory_gib']} GiB memory, {found['system']}, Python {found['python']}",
        "- " + ", ".join(f"{name} {version}" for name, version in found["packages"].items()),
        f"- Load of the machine when the run began: {found['load']:.1f}"
        + (" (**it was not alone: the figures are noisy**)" if found["load"] > 1.5 else ""),
        f"- Each figure is the median of {results['repeat']} interleaved rounds, every run of ingest a fresh process; "
        "contestants have two threads or processes unless said otherwise. Who takes long is measured once",
        "- Python's bytecode is compiled beforehand, as an installer does; nothing else is warm but the file cache",
        *(f"- {tables.describe(corpus)}" for corpus in results["corpora"].values()),
    ]


def _bars(results: Results) -> list[str]:
    return [
        "## The bars",
        "",
        "Each a figure of this run. *Worst*: of all the questions of the kind. Warm is a service that is kept open.",
        "",
        *bars.table({**results, "commits": tables.commits(COMMITS)}),
    ]


def _commits(_results: Results) -> list[str]:
    found = tables.commits(COMMITS)
    told = found["table"] if found else ["Not run: `python -m benchmarks.commits` measures it, and takes its time."]
    return ["## A thousand commits", "", *told]


def _start_up(results: Results) -> list[str]:
    if not results["help"]:
        return []
    wall, cpu = (
        statistics.median(run[name] for run in results["help"]) * 1000 for name in ("wall_seconds", "cpu_seconds")
    )
    return ["## Start-up", "", f"`trailmere --help`: {wall:.0f} ms wall, {cpu:.0f} ms CPU (of {len(results['help'])})."]


def _notes(results: Results) -> list[str]:
    told = list(results["notes"])
    if results["disagreements"] is not None:
        told += results["disagreements"] or [
            "Every contestant that answered a question gave the same rows, and for the nineteen questions those that "
            "the incidents' scripts imply. jq's and grep's output is not compared."
        ]
    told += results["failures"]
    return ["## Notes", "", *(f"- {note}" for note in told)] if told else []
