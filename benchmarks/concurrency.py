"""``python -m benchmarks.concurrency WORK SECONDS``: one warm service, 1, 2, 4 and 8 who ask at the same time.

Each asks one question after the other, all the small ones in turn, without a pause. Prints JSON: how many at once ->
questions a second, and the times in which half and nineteen of twenty were answered.
"""

from __future__ import annotations

import json
import statistics
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import questions
from benchmarks.ours import opened
from benchmarks.takers import THREADS

if TYPE_CHECKING:
    from trailmere.app import App

AT_ONCE = (1, 2, 4, 8)


def measure_all(work: Path, seconds: float) -> dict[str, Any]:
    """The figures for each number of askers, over one application."""
    asked = [question.sql for question in questions.main_questions(questions.load(work / "needles.json"))]
    with opened(work / "trailmere", query_threads=THREADS) as app:
        for sql in asked:
            _ask(app, sql)
        return {str(number): _measure(app, asked, number, seconds) for number in AT_ONCE}


def _measure(app: App, asked: list[str], number: int, seconds: float) -> dict[str, float]:
    until = time.perf_counter() + seconds
    milliseconds: list[float] = []
    failures: list[str] = []

    def ask_on(first: int) -> None:
        turn = first
        while time.perf_counter() < until:
            began = time.perf_counter()
            try:
                _ask(app, asked[turn % len(asked)])
            except Exception as error:  # counted and told: the others go on
                failures.append(f"{type(error).__name__}: {error}"[:160])
            else:
                milliseconds.append((time.perf_counter() - began) * 1000)
            turn += 1

    threads = [threading.Thread(target=ask_on, args=(index,)) for index in range(number)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    steps = statistics.quantiles(milliseconds, n=20) if len(milliseconds) > 1 else [0.0] * 19
    answered = len(milliseconds)
    return {"answered": answered, "a_second": answered / took, "p50": steps[9], "p95": steps[18]} | (
        {"failed": len(failures)} if failures else {}
    )


def _ask(app: App, sql: str) -> None:
    for _batch in app.queries.run(sql, rows=None).batches:
        pass


if __name__ == "__main__":
    print(json.dumps(measure_all(Path(sys.argv[1]), float(sys.argv[2]))))
