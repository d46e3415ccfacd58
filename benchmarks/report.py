"""From measurements to ``benchmarks/RESULTS.md``: tables, ratios, the machine. It computes and measures nothing."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.measure import Measurement, median

PACKAGES = ("trailmere", "duckdb", "pyarrow", "pyiceberg", "msgspec", "deflate", "chdb", "polars", "pysimdjson")
# The backlog that AWS's "Log Lake" post reports on.
SEED_EVENTS, SEED_FILES, SEED_GZIP_BYTES = 199_000_000, 400_000, 15_900_000_000


@dataclass(frozen=True, slots=True)
class Corpus:
    """A corpus: how many events and files, and how large as gzip and as JSON."""

    name: str
    events: int
    files: int
    gzip_bytes: int
    json_bytes: int

    def describe(self) -> str:
        """One line for people."""
        return (
            f"{self.name}: {self.events:,} events in {self.files:,} files of about {self.events // self.files:,}; "
            f"{self.gzip_bytes / self.events:,.0f} bytes of gzip, {self.json_bytes / self.events:,.0f} of JSON an event"
        )


@dataclass(frozen=True, slots=True)
class Taken:
    """How one contestant took one corpus in: repeated runs, the fixed cost of starting, and what it left on disk."""

    label: str
    corpus: Corpus
    runs: Sequence[Measurement]
    start: Measurement | None
    disk_bytes: int
    failure: str | None = None

    @property
    def cpu_microseconds(self) -> float:
        """CPU per event without the fixed cost of starting."""
        fixed = self.start.cpu_seconds if self.start else 0.0
        return max(median(self.runs, lambda run: run.cpu_seconds) - fixed, 0.0) / self.corpus.events * 1e6

    @property
    def wall_seconds(self) -> float:
        """Median of the whole process, start included."""
        return median(self.runs, lambda run: run.wall_seconds)

    @property
    def marginal_wall_seconds(self) -> float:
        """Median without the fixed cost of starting; never less than a tenth of the whole, which is all but noise."""
        fixed = self.start.wall_seconds if self.start else 0.0
        return max(self.wall_seconds - fixed, self.wall_seconds / 10)


@dataclass(slots=True)
class Results:
    """All that a run of the benchmarks found."""

    command: str
    repeat: int
    corpora: list[Corpus] = field(default_factory=list)
    taken: dict[str, dict[str, Taken]] = field(default_factory=dict)  # corpus name -> contestant -> Taken
    answers: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)  # contestant -> label, answers
    cold: dict[str, Any] = field(default_factory=dict)
    help_seconds: list[float] = field(default_factory=list)
    help_cpu_seconds: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def write(results: Results, path: Path) -> None:
    """The page, written whole."""
    parts = [
        "# Benchmark results\n\nWritten by `python -m benchmarks.run`; do not edit. "
        "Trust ratios: absolute times are those of one machine.",
        _machine(results),
        *(_ingest(results, corpus) for corpus in results.corpora if corpus.name in results.taken),
        _small_files(results),
        _extrapolation(results),
        _queries(results),
        _start_up(results),
        _notes(results),
    ]
    path.write_text("\n\n".join(part for part in parts if part) + "\n")


def _machine(results: Results) -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{name} {_version(name)}" for name in PACKAGES)
    lines = [
        "## What was measured",
        "",
        f"- To repeat it: `{results.command}` (or `make bench`)",
        f"- {os.cpu_count()} cores, {memory:.0f} GiB memory, {platform.system()} on {platform.machine()}, "
        f"Python {platform.python_version()}",
        f"- {versions}",
        f"- Load of the machine when the run began: {os.getloadavg()[0]:.1f}",
        f"- Each figure is the median of {results.repeat} interleaved runs, every run a fresh process; contestants "
        "have two threads or processes unless said otherwise",
        "- Python's bytecode is compiled beforehand, as an installer does; nothing else is warm but the file cache",
        *(f"- {corpus.describe()}" for corpus in results.corpora),
    ]
    return "\n".join(lines)


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "(absent)"


def _ingest(results: Results, corpus: Corpus) -> str:
    taken = results.taken[corpus.name]
    limit = taken.get("limit")
    rows = [
        f"## Ingest: {corpus.name}",
        "",
        "CPU is user and system time of the process and its children. Starting (imports, opening; measured on a corpus "
        "of one file) is shown apart and taken off the figures per event and per second.",
        "",
        "| | CPU us/event | x limit | wall s | of it start s | thousand events/s | x DuckDB wall | peak MB "
        "| disk / gzip |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    rows += [_ingest_row(one, limit, taken.get("duckdb")) for one in taken.values()]
    return "\n".join(rows)


def _ingest_row(one: Taken, limit: Taken | None, duckdb: Taken | None) -> str:
    if one.failure:
        return f"| {one.label} | failed: {_cell(one.failure)} | | | | | | | |"
    ratio = _quotient(one.cpu_microseconds, limit.cpu_microseconds) if limit and not limit.failure else None
    against = (
        _quotient(one.marginal_wall_seconds, duckdb.marginal_wall_seconds) if duckdb and not duckdb.failure else None
    )
    rate = _quotient(one.corpus.events / 1000, one.marginal_wall_seconds)
    disk = one.disk_bytes / one.corpus.gzip_bytes
    return (
        f"| {one.label} | {one.cpu_microseconds:.2f} | {_number(ratio)} | {one.wall_seconds:.2f} "
        f"| {one.start.wall_seconds if one.start else 0:.2f} "
        f"| {_number(rate)} | {_number(against, 2)} "
        f"| {median(one.runs, lambda run: run.peak_bytes) / 1e6:.0f} | {f'{disk:.2f}' if one.disk_bytes else ''} |"
    )


def _quotient(part: float, whole: float) -> float | None:
    """None where the whole is too small to be measured: a run no longer than starting is."""
    return part / whole if whole > 0 else None


def _small_files(results: Results) -> str:
    if len(results.corpora) < 2 or any(corpus.name not in results.taken for corpus in results.corpora[:2]):
        return ""
    large, small = (results.taken[corpus.name] for corpus in results.corpora[:2])
    lines = [
        "## Small files against large ones, CPU per event",
        "",
        "| | large | small | small / large |",
        "|---|---|---|---|",
    ]
    for name, one in large.items():
        other = small.get(name)
        if other and not one.failure and not other.failure and one.cpu_microseconds:
            ratio = other.cpu_microseconds / one.cpu_microseconds
            lines.append(f"| {one.label} | {one.cpu_microseconds:.2f} | {other.cpu_microseconds:.2f} | {ratio:.2f} |")
    return "\n".join(lines)


def _extrapolation(results: Results) -> str:
    """Wall time as a line through both corpora: so much an event, so much a file."""
    pair = [results.taken.get(corpus.name, {}).get("trailmere") for corpus in results.corpora[:2]]
    if len(pair) < 2 or any(one is None or one.failure for one in pair):
        return ""
    large, small = pair[0], pair[1]
    assert large is not None
    assert small is not None
    per_event, per_file = _line(large, small)
    seconds = SEED_EVENTS * per_event + SEED_FILES * per_file
    disk = large.disk_bytes / large.corpus.gzip_bytes * SEED_GZIP_BYTES / 1e9
    return (
        "## Extrapolated: a backlog of 199 million events\n\n"
        "199 million events, 15.9 GB of gzip, 400,000 files (not run). From the two corpora above, wall time on this "
        f"machine is {per_event * 1e6:.2f} us an event and {per_file * 1e3:.2f} ms a file: "
        f"**{seconds / 60:.0f} minutes** and about {disk:.0f} GB on disk. It assumes that a commit costs the same "
        "however large the table is, and events of the size measured here "
        f"({large.corpus.gzip_bytes / large.corpus.events:.0f} bytes of gzip an event; there "
        f"{SEED_GZIP_BYTES / SEED_EVENTS:.0f})."
    )


def _line(large: Taken, small: Taken) -> tuple[float, float]:
    """Seconds an event and a file: events * a + files * b = wall, solved for two corpora, b at least 0."""
    first, second = large.corpus, small.corpus
    determinant = first.events * second.files - second.events * first.files
    per_file = (first.events * small.marginal_wall_seconds - second.events * large.marginal_wall_seconds) / determinant
    per_file = max(per_file, 0.0)
    return (large.marginal_wall_seconds - first.files * per_file) / first.events, per_file


def _queries(results: Results) -> str:
    if not results.answers:
        return ""
    names = list(next(iter(results.answers.values()))[1])
    every = {**results.answers, **{key: value for key, value in results.cold.items() if value}}
    lines = [
        "## Queries, milliseconds",
        "",
        "Warm: one process that has answered the question once before. Cold: a new process for each, start included. "
        "Whoever reads the raw files reads all of them each time, and was asked once.",
        "",
        "| | " + " | ".join(names) + " |",
        "|---" * (len(names) + 1) + "|",
    ]
    for label, answers in every.values():
        lines.append(f"| {label} | " + " | ".join(_milliseconds(answers.get(name)) for name in names) + " |")
    lines += _query_ratios(results, names)
    return "\n".join(lines)


def _query_ratios(results: Results, names: Sequence[str]) -> list[str]:
    if "trailmere" not in results.answers:
        return []
    ours = results.answers["trailmere"][1]
    lines = ["", "Trailmere warm / peer (below 1: Trailmere is faster):", "", "| | " + " | ".join(names) + " |"]
    lines.append("|---" * (len(names) + 1) + "|")
    for peer, (label, answers) in results.answers.items():
        if peer != "trailmere":
            ratios = (_ratio(ours.get(name), answers.get(name)) for name in names)
            lines.append(f"| {label} | " + " | ".join(ratios) + " |")
    return lines


def _milliseconds(answer: dict[str, Any] | None) -> str:
    if not answer:
        return ""
    if "failed" in answer:
        return "failed"
    middle = statistics.median(answer["milliseconds"])
    return f"{middle:.1f}" if middle < 100 else f"{middle:,.0f}"


def _ratio(ours: dict[str, Any] | None, theirs: dict[str, Any] | None) -> str:
    if not ours or not theirs or "failed" in ours or "failed" in theirs:
        return ""
    value = statistics.median(ours["milliseconds"]) / statistics.median(theirs["milliseconds"])
    return f"{value:.2f}" if value >= 0.1 else f"1/{1 / value:.0f}"


def _start_up(results: Results) -> str:
    if not results.help_seconds:
        return ""
    return (
        "## Start-up\n\n"
        f"`trailmere --help`: {statistics.median(results.help_seconds) * 1000:.0f} ms wall, "
        f"{statistics.median(results.help_cpu_seconds) * 1000:.0f} ms CPU (median of {len(results.help_seconds)})."
    )


def _notes(results: Results) -> str:
    return "## Notes\n\n" + "\n".join(f"- {note}" for note in results.notes) if results.notes else ""


def _number(value: float | None, digits: int = 1) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _cell(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ")
