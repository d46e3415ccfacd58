"""``python -m benchmarks.profile ingest|query``: where Trailmere's time goes, step by step.

Ingest: CPU microseconds an event by step, of the workers and of the loop. Query: wall milliseconds by phase, over a
warm service. It says what stands in the way where a bar is missed; how Trailmere compares is said by ``run``.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import corpus, questions, sampler
from benchmarks.ours import RETENTION_DAYS

if TYPE_CHECKING:
    from trailmere.app import App
    from trailmere.query.instance import Instance
    from trailmere.query.records import Statement
    from trailmere.registry.records import EventDataStore

HERE = Path(__file__).parent
STORE = "events"
PLACES = 25
Milliseconds = dict[str, list[float]]


def main(arguments: list[str] | None = None) -> None:
    """Profile the walk that was asked for."""
    options = _options(arguments)
    options.work.mkdir(parents=True, exist_ok=True)
    logs = options.corpus or _made_corpus(options)
    lake = options.work / "profile-lake"
    if options.walk == "ingest":
        profile_ingest(logs, lake, options)
    else:
        if not (lake / "lake.db").exists() or options.fresh:
            profile_ingest(logs, lake, options)
        profile_query(logs, lake, options)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile", description=__doc__)
    parser.add_argument("walk", choices=("ingest", "query"))
    parser.add_argument("--events", type=int, default=100_000, help="events of the corpus, made once and kept")
    parser.add_argument("--files", type=int, help="its files; default: of 500 events each")
    parser.add_argument("--corpus", type=Path, help="a folder of .json.gz files instead")
    parser.add_argument("--workers", type=int, default=2, help="processes that decode")
    parser.add_argument("--repeat", type=int, default=15, help="times that each question is asked")
    parser.add_argument("--fresh", action="store_true", help="query: ingest anew, the code of ingest has changed")
    parser.add_argument("--places", action="store_true", help="ingest: the functions that the time went to, too")
    parser.add_argument("--work", type=Path, default=HERE / "work", help="scratch folder")
    options = parser.parse_args(arguments)
    options.work = options.work.resolve()
    return options


def _made_corpus(options: argparse.Namespace) -> Path:
    files = options.files or max(options.events // 500, 2)
    folder: Path = options.work / f"profile-{options.events}-{files}"
    if not folder.exists():
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        corpus.make(partial, corpus.Shape(options.events, files), "profile")
        partial.rename(folder)
    return folder


@contextmanager
def _opened(lake: Path, **given: Any) -> Iterator[App]:
    from trailmere.app import build
    from trailmere.settings import load

    app = build(load(lake=lake, **given))
    try:
        yield app
    finally:
        app.close()


# -- ingest


def profile_ingest(logs: Path, lake: Path, options: argparse.Namespace) -> None:
    """Take the logs into a new lake, sampled, and say where the CPU time went."""
    from trailmere.events.selector_templates import template

    shutil.rmtree(lake, ignore_errors=True)
    found = lake.with_name("profile-samples")
    shutil.rmtree(found, ignore_errors=True)
    found.mkdir(parents=True)
    os.environ[sampler.FOLDER_VARIABLE] = str(found)
    loop = sampler.Sampler()
    with _opened(lake, ingest_workers=options.workers) as app:
        store = app.lifecycle.create(STORE, selectors=template("everything"), retention_days=RETENTION_DAYS)
        started = time.perf_counter()
        loop.start()
        events = _ingest(app, store, logs)
        loop.stop()
        wall = time.perf_counter() - started
    workers = [json.loads(path.read_text()) for path in found.iterdir()]
    print(f"{events:,} events, {options.workers} workers, {wall:.2f} s wall, load {os.getloadavg()[0]:.1f}")
    _show_steps("workers", _sum(workers, "steps"), events)
    _show_steps("loop", loop.steps, events)
    if options.places:
        _show_steps("functions of the workers", _sum(workers, "places"), events, PLACES)
        _show_steps("functions of the loop", loop.places, events, PLACES)
    _show_limit(logs, events)


def _ingest(app: App, store: EventDataStore, logs: Path) -> int:
    from trailmere.ingest.run import Ingest
    from trailmere.sources.opening import open_source
    from trailmere.sources.scope import Scope

    source = open_source(str(logs), Scope())
    with Ingest(app.lake, store, app.ingest_limits, serve=sampler.serve) as run:
        run.take(list(source.listing()))
        return run.account().parsed


def _sum(parts: list[dict[str, dict[str, float]]], key: str) -> dict[str, float]:
    names = {name for part in parts for name in part[key]}
    return {name: sum(part[key].get(name, 0.0) for part in parts) for name in names}


def _show_steps(title: str, seconds: dict[str, float], events: int, most: int | None = None) -> None:
    started = seconds.get(sampler.START, 0.0)
    whole = sum(seconds.values()) - started
    print(f"\n{title}: {whole / events * 1e6:.2f} us CPU an event, and {started * 1000:.0f} ms once for imports")
    for name, spent in sorted(seconds.items(), key=lambda item: -item[1])[:most]:
        if name != sampler.START:
            print(f"  {spent / events * 1e6:8.2f} us/event  {spent / whole:6.1%}  {name}")


def _show_limit(logs: Path, events: int) -> None:
    """What everything is held against: inflate and parse, nothing else."""
    try:
        from benchmarks.takers import limit

        limit(logs, logs)  # imports are paid for here
        began = time.process_time()
        limit(logs, logs)
    except ImportError as missing:
        print(f"\nthe limit: not run, {missing}")
        return
    print(f"\nthe limit (inflate and parse, keep nothing): {(time.process_time() - began) / events * 1e6:.2f} us/event")


# -- query


def profile_query(logs: Path, lake: Path, options: argparse.Namespace) -> None:
    """Ask each question often over a warm service, and say which phase took how long."""
    asked = questions.main_questions(questions.draw_needles(logs))
    print(f"\nwall milliseconds, median of {options.repeat}; load {os.getloadavg()[0]:.1f}")
    with _opened(lake) as app:
        for number, question in enumerate(asked):
            phases = phases_of(app, question.sql, options.repeat)
            if not number:
                print(f"  {'question':<20}" + "".join(f"{name:>13}" for name in phases))
            print(f"  {question.name:<20}" + "".join(f"{_middle(spent):13.2f}" for spent in phases.values()))
    print(
        "\nrun: the whole, as a door asks; a statement that was asked before is not compiled again."
        "\ncompile, plan: before the engine. worker: from the request to the last row. write: the engine's SQL over the"
        "\nplanned files. execute: the same in a DuckDB of this process (bind, run, fetch). hand-over: what worker"
        "\ntakes beyond those two. json, table: rendering the answer, to nowhere."
    )


def phases_of(app: App, sql: str, repeat: int) -> Milliseconds:
    """Phase -> milliseconds of each time; the first times are warm-up and not counted."""
    from trailmere.query.dialect.macros import macros_of
    from trailmere.query.instance import Instance

    phases: Milliseconds = {}
    with closing(
        Instance(threads=app.settings.query_threads, memory_bytes=app.settings.query_memory_bytes)
    ) as instance:
        instance.add_macros(macros_of(_compiled(app, sql).sql))
        for number in range(repeat + 3):
            for name, spent in _once(app, instance, sql).items():
                if number >= 3:
                    phases.setdefault(name, []).append(spent)
    return phases


def _once(app: App, instance: Instance, sql: str) -> dict[str, float]:
    from trailmere.query.engine import Job

    run, _ = _timed(lambda: list(app.queries.run(sql).batches))
    compiling, statement = _timed(lambda: _compiled(app, sql))
    planning, scans = _timed(
        lambda: tuple((use, app.lake.scan(use.store.id, use.conditions)) for use in statement.tables)
    )
    job = Job(statement, scans)
    worker, _ = _timed(lambda: list(app.engine.run(job).batches))
    writing, written = _timed(lambda: _engine_sql(job))
    executing, _ = _timed(lambda: _answered(instance, written))
    return {
        "run": run,
        "compile": compiling,
        "plan": planning,
        "worker": worker,
        "write": writing,
        "execute": executing,
        "hand-over": worker - writing - executing,
        "json": _render(app, job, "json"),
        "table": _render(app, job, "table"),
    }


def _answered(instance: Instance, sql: str) -> Any:
    from trailmere.query.instance import answer
    from trailmere.query.worker import ROWS_IN_A_BATCH

    with instance.cursor() as cursor:
        return answer(cursor, sql, ROWS_IN_A_BATCH, at_once=True).read_all()


def _compiled(app: App, sql: str) -> Statement:
    from trailmere.app import StoreCatalog
    from trailmere.query.dialect import compile

    return compile(sql, StoreCatalog(app.stores), now=datetime.now(UTC).replace(tzinfo=None))


def _engine_sql(job: Any) -> str:
    """The statement as the engine is given it."""
    from trailmere.query.relations import scan_sql, statement_sql

    relations = {}
    for use, plan in job.scans:
        lacking = {file.path for file in plan.files if file.lacks_hot_columns}
        relations[use.relation] = scan_sql(use.store.family, [file.path for file in plan.files], use.columns, lacking)
    return statement_sql(job.statement.sql, relations)


def _render(app: App, job: Any, format: str) -> float:
    from trailmere.query.results import write_result

    result = app.engine.run(job)
    answer = type(result)(result.columns, result.schema, iter(list(result.batches)), result.statistics, result.outcome)
    return _timed(lambda: write_result(format, answer, io.StringIO()))[0]


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    answer = work()
    return (time.perf_counter() - started) * 1000, answer


def _middle(values: list[float]) -> float:
    return statistics.median(values)


if __name__ == "__main__":
    main(sys.argv[1:])
