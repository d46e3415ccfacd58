"""``python -m benchmarks.run``: make the corpora, let everyone take them in and answer, write RESULTS.md.

The order is interleaved (round after round, every contestant once a round) so that a machine whose speed drifts drifts
for all alike. A contestant that fails, runs out of time or memory, or is not installed is reported as such, and the
others go on. What it makes lies in ``benchmarks/work`` and is removed at the end unless ``--keep`` is given.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import questions, report
from benchmarks.answerers import ANSWERERS
from benchmarks.measure import BYTECODE, Measurement, measure
from benchmarks.takers import TAKERS

HERE = Path(__file__).parent
STORE = "events"
EVENTS_A_LARGE_FILE, EVENTS_A_SMALL_FILE = 500, 25
SMALL_SHARE = 6  # the corpus of small files holds a sixth of the events
ONCE = frozenset({"duckdb-raw"})  # reads the whole corpus for each question, warm or cold
SMALL_TAKERS = ("limit", "trailmere", "duckdb")
PARTS = ("ingest", "queries", "help")
SECONDS_A_RUN = 120.0
SECONDS_TO_REPEAT = 12.0  # who takes longer than this is measured once


def main(arguments: list[str] | None = None) -> None:
    """Run what was asked for and write the page."""
    options = _options(arguments)
    work: Path = options.work
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    results = report.Results(command=_command(arguments), repeat=options.repeat)
    started = time.perf_counter()
    try:
        _make_corpora(options, results)
        _ingest(options, results)
        if "queries" in options.only:
            _queries(options, results)
        if "help" in options.only:
            _help(options, results)
    finally:
        if not options.keep:
            shutil.rmtree(work, ignore_errors=True)
            shutil.rmtree(BYTECODE, ignore_errors=True)
    results.notes.append(f"The whole run took {time.perf_counter() - started:.0f} seconds.")
    report.write(results, options.results)
    _say(f"written: {options.results}")


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--events", type=int, default=300_000, help="events in the corpus of large files")
    parser.add_argument("--repeat", type=int, default=3, help="rounds")
    parser.add_argument("--only", action="append", choices=PARTS, help="this part only; may be repeated")
    parser.add_argument("--seed", type=int, default=1, help="seed of the corpora")
    parser.add_argument("--work", type=Path, default=HERE / "work", help="scratch folder; emptied first")
    parser.add_argument("--results", type=Path, default=HERE / "RESULTS.md", help="the page to write")
    parser.add_argument("--keep", action="store_true", help="keep the scratch folder")
    options = parser.parse_args(arguments)
    options.only = options.only or list(PARTS)
    options.work = options.work.resolve()
    return options


def _command(arguments: list[str] | None) -> str:
    return " ".join(["python -m benchmarks.run", *(sys.argv[1:] if arguments is None else arguments)])


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


# -- corpora


def _make_corpora(options: argparse.Namespace, results: report.Results) -> None:
    if options.only == ["help"]:
        return
    large, small = options.events, options.events // SMALL_SHARE
    results.corpora += [
        _corpus(options, "corpus-a", "large files", large, max(large // EVENTS_A_LARGE_FILE, 2)),
        _corpus(options, "corpus-b", "small files", small, max(small // EVENTS_A_SMALL_FILE, 2)),
    ]
    one = next(options.work.joinpath("corpus-a").rglob("*.json.gz"))
    (options.work / "corpus-one").mkdir()
    shutil.copy(one, options.work / "corpus-one" / one.name)
    questions.save(questions.draw_needles(options.work / "corpus-a"), options.work / "needles.json")


def _corpus(options: argparse.Namespace, folder: str, name: str, events: int, files: int) -> report.Corpus:
    from benchmarks.corpus import corpus

    _say(f"corpus of {name}: {events:,} events in {files:,} files")
    corpus(options.work / folder, events=events, files=files, seed=options.seed)
    return _count(options.work / folder, name)


def _count(folder: Path, name: str) -> report.Corpus:
    """What the corpus holds, counted independently of who made it."""
    import deflate

    events = files = stored = inflated = 0
    for path in folder.rglob("*.json.gz"):
        content = path.read_bytes()
        text = deflate.gzip_decompress(content)
        events += len(json.loads(bytes(text))["Records"])
        files, stored, inflated = files + 1, stored + len(content), inflated + len(text)
    return report.Corpus(name=name, events=events, files=files, gzip_bytes=stored, json_bytes=inflated)


# -- ingest


def _ingest(options: argparse.Namespace, results: report.Results) -> None:
    """Measure everyone, or, where only queries are wanted, fill what the questions need."""
    if "ingest" in options.only:
        _say("start-up costs, on one file")
        starts = {name: _start(options, name) for name in TAKERS}
        for corpus, folder, names in (
            (results.corpora[0], "corpus-a", tuple(TAKERS)),
            (results.corpora[1], "corpus-b", SMALL_TAKERS),
        ):
            results.taken[corpus.name] = _rounds(options, corpus, folder, names, starts)
    elif "queries" in options.only:
        for name in ("trailmere", "chdb-mergetree"):
            _take(options, name, "corpus-a")


def _start(options: argparse.Namespace, name: str) -> Measurement:
    """The least of several starts: the first finds nothing in the file cache, and what is subtracted must not."""
    runs = [_take(options, name, "corpus-one") for _ in range(options.repeat + 1)]
    return min((run for run in runs if not run.failed), key=lambda run: run.cpu_seconds, default=runs[0])


def _rounds(
    options: argparse.Namespace,
    corpus: report.Corpus,
    folder: str,
    names: tuple[str, ...],
    starts: dict[str, Measurement],
) -> dict[str, report.Taken]:
    runs: dict[str, list[Measurement]] = {name: [] for name in names}
    disk = dict.fromkeys(names, 0)
    for round_number in range(options.repeat):
        for name in names:
            if any(run.failed or run.wall_seconds > SECONDS_TO_REPEAT for run in runs[name]):
                continue
            run = _take(options, name, folder)
            runs[name].append(run)
            disk[name] = _disk_bytes(options.work / _out(name, folder))
            took = (
                f"failed: {run.complaint}" if run.failed else f"{run.wall_seconds:.2f} s, CPU {run.cpu_seconds:.2f} s"
            )
            _say(f"{corpus.name}, round {round_number + 1}: {name} {took}")
    return {name: _taken(name, corpus, runs[name], starts[name], disk[name]) for name in names}


def _taken(name: str, corpus: report.Corpus, runs: list[Measurement], start: Measurement, disk: int) -> report.Taken:
    failed = next((run for run in runs if run.failed), None)
    return report.Taken(
        label=TAKERS[name][0],
        corpus=corpus,
        runs=runs,
        start=None if start.failed else start,
        disk_bytes=disk,
        failure=failed.complaint if failed else None,
    )


def _out(name: str, folder: str) -> str:
    """Where a contestant puts what it makes; of the first corpus it is kept for the questions."""
    return name if folder == "corpus-a" else f"{name}-{folder}"


def _take(options: argparse.Namespace, name: str, folder: str) -> Measurement:
    out = options.work / _out(name, folder)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    if name == "trailmere":
        made = _create_store(out)
        if made.failed:
            return made
    command = [sys.executable, "-m", "benchmarks.takers", name, str(options.work / folder), str(out)]
    return measure(command, seconds=SECONDS_A_RUN, cwd=HERE.parent)


def _create_store(lake: Path) -> Measurement:
    """A store that wants everything the corpora hold, made before the clock runs."""
    command = [sys.executable, "-m", "trailmere", "store", "create", STORE, "--lake", str(lake)]
    return measure([*command, "--selectors", "everything"])


def _disk_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


# -- queries


def _queries(options: argparse.Namespace, results: report.Results) -> None:
    asked = questions.questions(questions.load(options.work / "needles.json"))
    gathered: dict[str, dict[str, Any]] = {}
    cold: dict[str, dict[str, Any]] = {"cli": {}, "grep": {}}
    for round_number in range(options.repeat):
        for name in ANSWERERS:
            if round_number and name in ONCE:
                continue
            _say(f"queries, round {round_number + 1}: {name}")
            _merge(gathered.setdefault(name, {}), _answers(options, name, asked))
        for question in asked:
            _merge(cold["cli"], {question.name: _cold(options, question)})
            if question.grep and not round_number:
                _merge(cold["grep"], {question.name: _grep(options, question.grep)})
    results.answers = {name: (ANSWERERS[name][0], gathered[name]) for name in ANSWERERS}
    results.cold = {
        "cli": ("`trailmere query`, cold", cold["cli"]),
        "grep": ("zcat and grep over the raw .json.gz", cold["grep"]),
    }
    results.notes += list(_disagreements(gathered)) or [AGREED]
    results.notes += _failures(gathered)


AGREED = "All contestants that answered gave the same numbers of rows and of events."


def _failures(gathered: dict[str, dict[str, Any]]) -> list[str]:
    found: dict[tuple[str, str], list[str]] = {}
    for name, answers in gathered.items():
        for question, answer in answers.items():
            if "failed" in answer:
                found.setdefault((ANSWERERS[name][0], answer["failed"]), []).append(question)
    return [f"{label} failed at {', '.join(asked)}: {why}" for (label, why), asked in found.items()]


def _answers(options: argparse.Namespace, name: str, asked: tuple[questions.Question, ...]) -> dict[str, Any]:
    times = 1 if name in ONCE else 5
    command = [sys.executable, "-m", "benchmarks.answerers", name, str(options.work), str(times)]
    run = measure(command, seconds=SECONDS_A_RUN, cwd=HERE.parent)
    if run.failed:
        return {question.name: {"failed": run.complaint} for question in asked}
    answers: dict[str, Any] = json.loads(run.stdout.strip().splitlines()[-1])
    return answers


def _cold(options: argparse.Namespace, question: questions.Question) -> dict[str, Any]:
    lake = str(options.work / "trailmere")
    command = [sys.executable, "-m", "trailmere", "query", question.sql, "--lake", lake]
    return _once(measure([*command, "--output", "ndjson", "--limit", "0"], seconds=SECONDS_A_RUN))


def _grep(options: argparse.Namespace, text: str) -> dict[str, Any]:
    pipe = 'find "$1" -name "*.json.gz" -print0 | xargs -0 zcat | grep --only-matching --fixed-strings -- "$2" | wc -l'
    return _once(measure(["sh", "-c", pipe, "sh", str(options.work / "corpus-a"), text], seconds=SECONDS_A_RUN))


def _once(run: Measurement) -> dict[str, Any]:
    return {"failed": run.complaint} if run.failed else {"milliseconds": [run.wall_seconds * 1000]}


def _merge(into: dict[str, Any], answers: dict[str, Any]) -> None:
    for question, answer in answers.items():
        known = into.setdefault(question, answer)
        if known is not answer and "failed" not in known:
            if "failed" in answer:
                into[question] = answer
            else:
                known["milliseconds"] += answer["milliseconds"]


def _disagreements(gathered: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Questions that two contestants answered differently: a benchmark of wrong answers is worth nothing."""
    for question in next(iter(gathered.values()), {}):
        found = {
            name: (answers[question]["rows"], answers[question]["events"])
            for name, answers in gathered.items()
            if "rows" in answers.get(question, {})
        }
        if len(set(found.values())) > 1:
            yield f"**Different answers** to {question!r} (rows, events): {found}"


# -- start-up


def _help(options: argparse.Namespace, results: report.Results) -> None:
    command = [sys.executable, "-m", "trailmere", "--help"]
    measure(command)
    runs = [measure(command) for _ in range(3 + 2 * options.repeat)]
    results.help_seconds = [run.wall_seconds for run in runs]
    results.help_cpu_seconds = [run.cpu_seconds for run in runs]
    _say(f"--help: {statistics.median(results.help_seconds) * 1000:.0f} ms")


if __name__ == "__main__":
    main()
