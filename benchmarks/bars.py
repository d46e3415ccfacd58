"""The bars: what Trailmere is held to, as ratios from one run, and whether this run meets them.

A bar is one line of data: its words, its two heights (to be reached now, to be reached later), and how it is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks import figures, questions

if TYPE_CHECKING:
    from benchmarks.figures import Results

OURS, COLD, MERGE_TREE, RAW = "trailmere", "trailmere-cold", "chdb-mergetree", "duckdb-raw"
LARGE, SMALL = "large files", "small files"
NOT_MEASURED = "not measured in this run"
SMALL_QUESTION = "event id"


@dataclass(frozen=True, slots=True)
class Bar:
    """``measure`` gives the figure, or None where the run has not what it takes. Lower is better."""

    says: str
    now: float
    then: float
    measure: Callable[[Results], float | None]
    unit: str = ""


def _ingest_cpu(results: Results, contestant: str, corpus: str) -> float | None:
    one = results["ingest"].get(corpus, {}).get(contestant)
    return figures.cpu_microseconds(one, results["corpora"][corpus]["events"]) if one else None


def _ingest_wall(results: Results, contestant: str) -> float | None:
    one = results["ingest"].get(LARGE, {}).get(contestant)
    return figures.wall_seconds(one) if one else None


def _weight(results: Results, what: str) -> float | None:
    found = results["storage"]
    weights = found.get("rested") or found.get("after") or found.get("before")
    return weights[what] / results["corpora"][LARGE]["gzip_bytes"] if weights else None


def _worst(results: Results, names: tuple[str, ...], peer: str) -> float | None:
    """The worst ratio over some questions: a bar holds for each of them."""
    found = [figures.query_ratio(results, OURS, peer, name) for name in names]
    return max((value for value in found if value is not None), default=None)


def _worker_memory(results: Results) -> float | None:
    one = results["ingest"].get(LARGE, {}).get(OURS)
    return max(run["largest_bytes"] for run in one["runs"]) / 2**30 if one and one["runs"] else None


def _commits(results: Results) -> float | None:
    found: float | None = (results.get("commits") or {}).get("plan_open_milliseconds")
    return found


def _small_question(contestant: str) -> Callable[[Results], float | None]:
    return lambda results: figures.milliseconds(results["answers"].get(contestant, {}).get(SMALL_QUESTION))


def _of_kind(kind: str) -> tuple[str, ...]:
    empty = questions.Needles("", "2022-01-01", *[""] * 6)
    return tuple(question.name for question in questions.main_questions(empty) if question.kind == kind)


NEEDLES, GROUPS = _of_kind(questions.NEEDLE), _of_kind(questions.GROUP)
PARAMETERS = _of_kind(questions.PARAMETER)

BARS: tuple[Bar, ...] = (
    Bar(
        "ingest CPU per event / the limit of inflating and parsing",
        12,
        3,
        lambda r: figures.ratio(_ingest_cpu(r, OURS, LARGE), _ingest_cpu(r, "limit", LARGE)),
    ),
    Bar(
        "ingest, 2 processes / plain DuckDB JSON-to-Parquet on 2 threads, wall",
        1.0,
        0.4,
        lambda r: figures.ratio(_ingest_wall(r, OURS), _ingest_wall(r, "duckdb")),
    ),
    Bar(
        "corpus of small files / of large files, CPU per event",
        1.2,
        1.05,
        lambda r: figures.ratio(_ingest_cpu(r, OURS, SMALL), _ingest_cpu(r, OURS, LARGE)),
    ),
    Bar("bytes on disk, all included / gzip input", 1.6, 1.0, lambda r: _weight(r, "everything")),
    Bar("bytes of the read-ready columns alone / gzip input", 0.72, 0.5, lambda r: _weight(r, "read_ready")),
    Bar("each needle query / chDB MergeTree (the worst)", 1.5, 0.5, lambda r: _worst(r, NEEDLES, MERGE_TREE)),
    Bar("group-bys / chDB MergeTree (the worst)", 0.5, 0.25, lambda r: _worst(r, GROUPS, MERGE_TREE)),
    Bar(
        "request-parameter filters / chDB MergeTree (the worst)",
        0.5,
        0.1,
        lambda r: _worst(r, PARAMETERS, MERGE_TREE),
    ),
    Bar(
        "every query / DuckDB over the raw .json.gz (the worst)", 0.01, 0.001, lambda r: _worst(r, questions.NAMES, RAW)
    ),
    Bar("peak memory of any one process of ingest", 1.0, 0.5, _worker_memory, "GiB"),
    Bar("plan + open, after 1,000 commits and `maintain`", 100, 20, _commits, "ms"),
    Bar(f"small query ({SMALL_QUESTION}), warm service", 100, 30, _small_question(OURS), "ms"),
    Bar(f"small query ({SMALL_QUESTION}), command line from cold", 1000, 300, _small_question(COLD), "ms"),
)


def table(results: Results) -> list[str]:
    """The bars as rows of a table."""
    return [
        "| bar | reach now | then | this run | |",
        "|---|---|---|---|---|",
        *(
            f"| {bar.says} | <= {_number(bar.now, bar)} | <= {_number(bar.then, bar)} | {_verdict(bar, results)} |"
            for bar in BARS
        ),
    ]


def missed(results: Results) -> Iterator[str]:
    """The bars that this run does not reach."""
    for bar in BARS:
        value = bar.measure(results)
        if value is not None and value > bar.now:
            yield bar.says


def _verdict(bar: Bar, results: Results) -> str:
    value = bar.measure(results)
    if value is None:
        return f"{NOT_MEASURED} | "
    met = "met, and then" if value <= bar.then else "met" if value <= bar.now else "**missed**"
    return f"{_number(value, bar)} | {met}"


def _number(value: float, bar: Bar) -> str:
    if value < 0.1 and not bar.unit:
        return f"1/{1 / value:,.0f}" if value else "0"
    return f"{value:,.0f} {bar.unit}" if bar.unit == "ms" else f"{value:.2f} {bar.unit}".rstrip()
