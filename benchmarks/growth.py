"""How Trailmere's cost grows: ten times the events, the files, or the days of one base corpus, each by itself."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import corpus, ours, questions
from benchmarks.measure import measure

BASE_DAYS, EVENTS_A_FILE = 4, 250
ASKED = ("key in a window", "event id", "service and name", "bucket")
TIMES = 9


def shapes(events: int) -> dict[str, corpus.Shape]:
    """The base, and each of the three that grew."""
    files = max(events // EVENTS_A_FILE, 2)
    return {
        "base": corpus.Shape(events, files, BASE_DAYS),
        "10x events": corpus.Shape(events * 10, files * 10, BASE_DAYS),
        "10x files": corpus.Shape(events, files * 10, BASE_DAYS),
        "10x days": corpus.Shape(events, files, BASE_DAYS * 10),
    }


def measure_all(
    work: Path, events: int, repeat: int, seconds: float, say: Callable[[str], None]
) -> dict[str, dict[str, Any]]:
    """Ingest all corpora ``repeat`` times, interleaved, then ask each lake, interleaved too."""
    found: dict[str, dict[str, Any]] = {}
    for name, shape in shapes(events).items():
        say(f"growth: corpus {name}")
        made = corpus.make(_folder(work, name) / "corpus", shape, name)
        found[name] = {"corpus": asdict(made), "runs": []}
    for number in range(repeat):
        for name, one in found.items():
            lake = _folder(work, name) / f"lake-{number}"
            lake.mkdir()
            ours.create_store(lake)
            command = [sys.executable, "-m", "benchmarks.takers", "trailmere", str(_folder(work, name) / "corpus")]
            run = measure([*command, str(lake)], seconds=seconds, cwd=ours.HERE.parent)
            say(f"growth, round {number + 1}: {name} {run.wall_seconds:.2f} s, CPU {run.cpu_seconds:.2f} s")
            if not run.failed:
                one["runs"].append(run.as_dict())
    for name, one in found.items():
        if one["runs"]:
            say(f"growth: questions, {name}")
            one |= _asked(_folder(work, name), len(one["runs"]) - 1)
    return found


def _folder(work: Path, name: str) -> Path:
    return work / "growth" / name.replace(" ", "-")


def _asked(folder: Path, number: int) -> dict[str, Any]:
    """Milliseconds of each question over the last lake, warm, with the part of planning; and the lake's files."""
    lake = folder / f"lake-{number}"
    asked = questions.main_questions(questions.draw_needles(folder / "corpus"))
    with ours.opened(lake) as app:
        milliseconds: dict[str, float] = {}
        planning: list[float] = []
        for question in asked:
            if question.name not in ASKED:
                continue
            for _ in range(2):
                list(app.queries.run(question.sql, rows=None).batches)
            milliseconds[question.name] = _middle(
                lambda sql=question.sql: list(app.queries.run(sql, rows=None).batches)  # type: ignore[misc]
            )
            planning.append(_middle(lambda sql=question.sql: app.queries.explain(sql)))  # type: ignore[misc]
    return {"milliseconds": milliseconds, "planning": statistics.median(planning), "weight": ours.weigh(lake)}


def _middle(work: Callable[[], Any]) -> float:
    taken = []
    for _ in range(TIMES):
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)
