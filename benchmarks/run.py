"""``python -m benchmarks.run``: make the corpora, let everyone take them in and answer, write the page of results.

The order is interleaved (round after round, every contestant once a round) so that a machine whose speed drifts drifts
for all alike. A contestant that fails, runs out of time or memory, or is not installed is reported as such, and the
others go on. After each part the page is written, so that a run that is stopped leaves what it found. What it makes
lies in ``benchmarks/work`` and is removed at the end unless ``--keep`` is given.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import answers, corpus, growth, ours, questions, report, scans
from benchmarks.answerers import ANSWERERS, RAW
from benchmarks.measure import BYTECODE, Measurement, measure
from benchmarks.takers import TAKERS, THREADS

HERE = Path(__file__).parent
EVENTS_A_LARGE_FILE, EVENTS_A_SMALL_FILE = 500, 25
SMALL_SHARE = 3  # the corpus of small files holds a third of the events
SMALL_TAKERS = ("limit", "trailmere", "duckdb")
PARTS = ("ingest", "maintain", "queries", "growth", "concurrency", "help")
COMMITS = 20  # that the corpus of small files is taken in by, for maintenance to merge
SECONDS_A_RUN = 300.0
SECONDS_TO_REPEAT = 60.0  # who takes longer than this is measured once
TIMES = 5  # that a warm contestant is asked each question, in each round
FEWER_TIMES = {"pyspark-parquet": 1, "chdb-raw": 1, "duckdb-raw": 1}


class Bench:
    """One run: what was asked for, and what was found so far."""

    def __init__(self, options: argparse.Namespace, command: str) -> None:
        self.options = options
        self.work: Path = options.work
        self.seconds = SECONDS_A_RUN * (10 if options.full else 1)
        self.results = report.begin(command, options.repeat, options.full)

    def checkpoint(self) -> None:
        """Write what is known by now."""
        (self.work / "results.json").write_text(json.dumps(self.results, indent=1))
        report.write(self.results, self.options.results)

    def wants(self, part: str) -> bool:
        return part in self.options.only


def main(arguments: list[str] | None = None) -> None:
    """Run what was asked for and write the page."""
    options = _options(arguments)
    shutil.rmtree(options.work, ignore_errors=True)
    options.work.mkdir(parents=True)
    bench = Bench(options, _command(options))
    started = time.perf_counter()
    try:
        for part in (make_corpora, ingest, maintain, ask, grow, concur, start_up):
            part(bench)
            bench.checkpoint()
        bench.results["notes"].append(f"The whole run took {time.perf_counter() - started:.0f} seconds.")
        bench.checkpoint()
    finally:
        if not options.keep:
            shutil.rmtree(options.work, ignore_errors=True)
            shutil.rmtree(BYTECODE, ignore_errors=True)
    say(f"written: {options.results}")


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--events", type=int, default=300_000, help="events in the corpus of large files")
    parser.add_argument("--files", type=int, help="its files; default: of 500 events each")
    parser.add_argument("--days", type=int, default=4, help="its days, an even number")
    parser.add_argument("--accounts", type=int, default=7, help="its accounts, at least; they come by seven")
    parser.add_argument("--repeat", type=int, default=3, help="rounds")
    parser.add_argument("--only", action="append", choices=PARTS, help="this part only; may be repeated")
    parser.add_argument("--full", action="store_true", help="every run may take ten times as long; a page of its own")
    parser.add_argument("--seed", default="corpus", help="seed of the corpora")
    parser.add_argument("--work", type=Path, default=HERE / "work", help="scratch folder; emptied first")
    parser.add_argument("--results", type=Path, help="the page to write")
    parser.add_argument("--keep", action="store_true", help="keep the scratch folder")
    options = parser.parse_args(arguments)
    options.only = options.only or list(PARTS)
    options.work = options.work.resolve()
    options.results = options.results or HERE / ("RESULTS-FULL.md" if options.full else "RESULTS.md")
    return options


def _command(options: argparse.Namespace) -> str:
    """How to repeat the run: what decides the figures, not where its files lay."""
    sizes = [f"--{name} {getattr(options, name)}" for name in ("events", "files", "days", "accounts", "repeat", "seed")]
    parts = [] if options.only == list(PARTS) else [f"--only {part}" for part in options.only]
    given = [text for text in sizes if not text.endswith(" None")]
    return " ".join(["python -m benchmarks.run", *given, *parts, *(["--full"] if options.full else [])])


def say(text: str) -> None:
    """Progress, on standard error."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


# -- corpora


def make_corpora(bench: Bench) -> None:
    """The corpus of large files, that of small ones, one file alone, and the needles."""
    options = bench.options
    if options.only == ["help"]:
        return
    files = options.files or max(options.events // EVENTS_A_LARGE_FILE, 2)
    small = options.events // SMALL_SHARE
    shapes = {
        "corpus-a": corpus.Shape(options.events, files, options.days, options.accounts, options.seed),
        "corpus-b": corpus.Shape(small, max(small // EVENTS_A_SMALL_FILE, 2), options.days, seed=options.seed),
    }
    for (folder, shape), name in zip(shapes.items(), report.CORPORA, strict=True):
        say(f"corpus of {name}: {shape.events:,} events in {shape.files:,} files")
        bench.results["corpora"][name] = asdict(corpus.make(bench.work / folder, shape, name))
    one = next((bench.work / "corpus-a").rglob("*.json.gz"))
    (bench.work / "corpus-one").mkdir()
    shutil.copy(one, bench.work / "corpus-one" / one.name)
    questions.save(questions.draw_needles(bench.work / "corpus-a"), bench.work / "needles.json")


# -- ingest


def ingest(bench: Bench) -> None:
    """Measure everyone, or, where only what comes after is wanted, fill what it needs."""
    if bench.wants("ingest"):
        say("start-up costs, on one file")
        starts = {name: _start(bench, name) for name in TAKERS}
        for name, folder, takers in zip(
            report.CORPORA, ("corpus-a", "corpus-b"), (tuple(TAKERS), SMALL_TAKERS), strict=True
        ):
            bench.results["ingest"][name] = _rounds(bench, folder, takers, starts)
            bench.checkpoint()
    elif {"queries", "concurrency", "maintain"} & set(bench.options.only):
        for name in ("trailmere", "chdb-mergetree"):
            say(f"filling: {name}")
            take(bench, name, "corpus-a")


def _start(bench: Bench, name: str) -> dict[str, float] | None:
    """The least of several starts: the first finds nothing in the file cache, and what is subtracted must not."""
    runs = [take(bench, name, "corpus-one") for _ in range(bench.options.repeat + 1)]
    ended = [run.as_dict() for run in runs if not run.failed]
    return min(ended, key=lambda run: run["cpu_seconds"], default=None)


def _rounds(
    bench: Bench, folder: str, names: tuple[str, ...], starts: dict[str, dict[str, float] | None]
) -> dict[str, Any]:
    taken: dict[str, Any] = {
        name: {"label": TAKERS[name][0], "runs": [], "start": starts[name], "disk": 0, "failure": None}
        for name in names
    }
    for number in range(bench.options.repeat):
        for name in names:
            one = taken[name]
            if one["failure"] or any(run["wall_seconds"] > SECONDS_TO_REPEAT for run in one["runs"]):
                continue
            run = take(bench, name, folder)
            if run.failed:
                one["failure"] = run.complaint
            else:
                one["runs"].append(run.as_dict())
                one["disk"] = ours.disk_bytes(bench.work / _out(name, folder))
            told = run.complaint if run.failed else f"{run.wall_seconds:.2f} s, CPU {run.cpu_seconds:.2f} s"
            say(f"{folder}, round {number + 1}: {name} {told}")
    return taken


def _out(name: str, folder: str) -> str:
    """Where a contestant puts what it makes; of the first corpus it is kept for the questions."""
    return name if folder == "corpus-a" else f"{name}-{folder}"


def take(bench: Bench, name: str, folder: str) -> Measurement:
    """Let one contestant take one corpus in."""
    out = bench.work / _out(name, folder)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    if name == "trailmere":
        made = ours.create_store(out)
        if made.failed:
            return made
    command = [sys.executable, "-m", "benchmarks.takers", name, str(bench.work / folder), str(out)]
    return measure(command, seconds=bench.seconds, cwd=HERE.parent)


# -- maintenance and storage


def maintain(bench: Bench) -> None:
    """What lies on disk before and after ``trailmere maintain``, and what that cost; then the peers' view of it."""
    lake = bench.work / "trailmere"
    if not lake.exists():
        return
    found = bench.results["storage"] = {"before": ours.weigh(lake)}
    if bench.wants("maintain"):
        say("maintain")
        run = ours.maintain(lake, bench.seconds)
        if run is None:
            found["not_run"] = "this version has no `trailmere maintain`"
        elif run.failed:
            found["not_run"] = run.complaint
        else:
            found |= {"run": run.as_dict(), "after": ours.weigh(lake)}
            _rest(bench, lake)
            _compact(bench)
    bench.results["notes"] += _missing_rows(bench)
    ours.link_live_files(lake, bench.work / ours.LIVE_FILES)


def _rest(bench: Bench, lake: Path) -> None:
    """The same a day later: what is asked most is asked of days that have come to rest."""
    run = ours.rest(lake, bench.seconds)
    if run is not None and not run.failed:
        bench.results["storage"] |= {"rest": run.as_dict(), "rested": ours.weigh(lake)}


def _compact(bench: Bench) -> None:
    """The small files again, taken in by many commits: what merging costs, less that of finding nothing to merge."""
    lake = bench.work / "trailmere-parts"
    lake.mkdir()
    ours.create_store(lake)
    shape = bench.results["corpora"][report.CORPORA[1]]
    part = (shape["files"] // COMMITS, shape["json_bytes"] // COMMITS)
    if ours.ingest_in_parts(bench.work / "corpus-b", lake, *part, bench.seconds).failed:
        return
    before = ours.weigh(lake)
    runs = [ours.maintain(lake, bench.seconds) for _ in range(2)]
    if all(run is not None and not run.failed for run in runs):
        figures = [run.as_dict() for run in runs if run is not None]
        bench.results["compaction"] = {"before": before, "after": ours.weigh(lake), "runs": figures}


def _missing_rows(bench: Bench) -> list[str]:
    """What would make all that follows worthless: a lake that does not hold the corpus."""
    expected = bench.results["corpora"][report.CORPORA[0]]["events"]
    weights = {when: bench.results["storage"].get(when) for when in ("before", "after", "rested")}
    return [
        f"**{weight['rows']:,} rows {when} maintenance, and {expected:,} events in the corpus.**"
        for when, weight in weights.items()
        if weight and weight["rows"] != expected
    ]


# -- queries


def ask(bench: Bench) -> None:
    """Put every question to everyone, compare the answers, and time the limit."""
    if not bench.wants("queries"):
        return
    asked = questions.main_questions(questions.load(bench.work / "needles.json"))
    given: dict[str, dict[str, Any]] = bench.results["answers"]
    for number in range(bench.options.repeat):
        for name in ANSWERERS:
            if name in RAW and number:
                continue  # asked once, and not the nineteen
            say(f"queries, round {number + 1}: {name}")
            merge(given.setdefault(name, {}), _warm(bench, name))
        for name in scans.LABELS:
            if name != scans.COLD and number:
                continue
            say(f"queries, round {number + 1}: {name}")
            for question in asked:
                answer = scans.ask(name, question, bench.work, bench.seconds)
                merge(given.setdefault(name, {}), {question.name: answer} if answer else {})
        bench.checkpoint()
    with ours.opened(bench.work / "trailmere") as app:
        bench.results["touched"] = {question.name: ours.read_touched(app, question.sql) for question in asked}
    truth = {name: answers.summary(rows) for name, rows in questions.seed_truth().items()}
    warm = {name: given[name] for name in ANSWERERS}
    bench.results["disagreements"] = list(answers.disagreements({**warm, "the incidents' scripts": truth}))
    bench.results["failures"] = list(report.failures(given))


def _warm(bench: Bench, name: str) -> dict[str, Any]:
    times = FEWER_TIMES.get(name, TIMES)
    command = [sys.executable, "-m", "benchmarks.answerers", name, str(bench.work), str(times)]
    run = measure([*command, *(questions.NAMES if name in RAW else ())], seconds=bench.seconds, cwd=HERE.parent)
    if run.failed:
        return {question: {"failed": run.complaint} for question in questions.NAMES}
    found: dict[str, Any] = json.loads(run.stdout.strip().splitlines()[-1])
    return found


def merge(into: dict[str, Any], found: dict[str, Any]) -> None:
    """Add the times of another round; whoever failed once has failed."""
    for question, answer in found.items():
        known = into.setdefault(question, answer)
        if known is answer or "milliseconds" not in known:
            continue
        if "milliseconds" not in answer:
            into[question] = answer
        else:
            known["milliseconds"] += answer["milliseconds"]


# -- growth, concurrency, start-up


def grow(bench: Bench) -> None:
    """How cost grows with events, files and days."""
    if bench.wants("growth"):
        base = bench.options.events // 10
        bench.results["growth"] = growth.measure_all(bench.work, base, min(bench.options.repeat, 2), bench.seconds, say)


def concur(bench: Bench) -> None:
    """Several who ask at once."""
    if bench.wants("concurrency"):
        say("concurrency")
        command = [sys.executable, "-m", "benchmarks.concurrency", str(bench.work), "4"]
        run = measure(command, seconds=bench.seconds, cwd=HERE.parent)
        last = run.stdout.strip().splitlines()[-1:]
        found = {"failed": run.complaint} if run.failed else json.loads(last[0])
        bench.results["concurrency"] = {"threads": THREADS, "at_once": found}


def start_up(bench: Bench) -> None:
    """``trailmere --help``, which waits for nothing but its imports."""
    if not bench.wants("help"):
        return
    command = [sys.executable, "-m", "trailmere", "--help"]
    measure(command)
    runs = [measure(command).as_dict() for _ in range(3 + 2 * bench.options.repeat)]
    bench.results["help"] = runs
    say(f"--help: {statistics.median(run['wall_seconds'] for run in runs) * 1000:.0f} ms")


if __name__ == "__main__":
    main()
