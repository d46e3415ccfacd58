"""The tables of the page, one function each: results in, lines of Markdown out, none where nothing was run."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks import bars, figures, questions
from benchmarks.figures import Results, shown

# The backlog that AWS's "Log Lake" post reports on.
SEED_EVENTS, SEED_FILES, SEED_GZIP_BYTES = 199_000_000, 400_000, 15_900_000_000
OURS = bars.OURS
PLAN_COLUMN = "plan + open ms"
Label = Callable[[str], str]


def describe(corpus: Mapping[str, Any]) -> str:
    """A corpus in one line."""
    return (
        f"{corpus['name']}: {corpus['events']:,} events in {corpus['files']:,} files, {corpus['days']} days, "
        f"{corpus['accounts']} accounts; {corpus['gzip_bytes'] / corpus['events']:,.0f} bytes of gzip, "
        f"{corpus['json_bytes'] / corpus['events']:,.0f} of JSON an event"
    )


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    """Lines of a Markdown table."""
    return [_row(head), "|---" * len(head) + "|", *map(_row, rows)]


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


# -- ingest


def ingest(results: Results, corpus: str) -> list[str]:
    """How each contestant took one corpus in."""
    taken, shape = results["ingest"][corpus], results["corpora"][corpus]
    head = ["", "CPU us/event", "x limit", "wall s", "of it start s", "thousand events/s", "x DuckDB wall"]
    rows = [_taken(one, taken, shape) for one in taken.values()]
    return [
        f"## Ingest: {corpus}",
        "",
        "CPU is user and system time of the process and its children. Starting (imports, opening; measured on a corpus "
        "of one file) is shown apart and taken off the figures per event and per second. Memory is the peak of all "
        "processes of a run together.",
        "",
        *table([*head, "peak MB", "disk / gzip"], rows),
    ]


def _taken(one: dict[str, Any], taken: dict[str, Any], shape: dict[str, Any]) -> list[str]:
    if not one["runs"]:
        return [one["label"], f"failed: {one['failure']}", *[""] * 7]
    events = shape["events"]
    cpu, wall = figures.cpu_microseconds(one, events), figures.wall_seconds(one)
    limit = figures.cpu_microseconds(taken["limit"], events) if "limit" in taken else None
    duckdb = figures.wall_seconds(taken["duckdb"]) if "duckdb" in taken else None
    return [
        one["label"],
        shown(cpu, 2),
        shown(figures.ratio(cpu, limit)),
        shown(figures.median_of(one["runs"], "wall_seconds"), 2),
        shown(one["start"]["wall_seconds"], 2) if one["start"] else "",
        shown(figures.ratio(events / 1000, wall)),
        shown(figures.ratio(wall, duckdb), 2),
        f"{figures.median_of(one['runs'], 'peak_bytes') / 1e6:.0f}",
        shown(one["disk"] / shape["gzip_bytes"], 2) if one["disk"] else "",
    ]


def small_files(results: Results) -> list[str]:
    """What small files cost more, for each contestant that took both corpora."""
    taken = results["ingest"]
    if not {bars.LARGE, bars.SMALL} <= set(taken):
        return []
    rows = []
    for name, other in taken[bars.SMALL].items():
        large = figures.cpu_microseconds(taken[bars.LARGE][name], results["corpora"][bars.LARGE]["events"])
        small = figures.cpu_microseconds(other, results["corpora"][bars.SMALL]["events"])
        rows.append([other["label"], shown(large, 2), shown(small, 2), shown(figures.ratio(small, large), 2)])
    return [
        "## Small files against large ones, CPU us/event",
        "",
        *table(["", "large", "small", "small / large"], rows),
    ]


def extrapolation(results: Results) -> list[str]:
    """Wall time as a line through both corpora: so much an event, so much a file."""
    taken = results["ingest"]
    if not {bars.LARGE, bars.SMALL} <= set(taken):
        return []
    large, small = results["corpora"][bars.LARGE], results["corpora"][bars.SMALL]
    walls = [figures.wall_seconds(taken[name][OURS]) for name in (bars.LARGE, bars.SMALL)]
    if walls[0] is None or walls[1] is None:
        return []
    determinant = large["events"] * small["files"] - small["events"] * large["files"]
    per_file = max((large["events"] * walls[1] - small["events"] * walls[0]) / determinant, 0.0)
    per_event = (walls[0] - large["files"] * per_file) / large["events"]
    minutes = (SEED_EVENTS * per_event + SEED_FILES * per_file) / 60
    disk = taken[bars.LARGE][OURS]["disk"] / large["gzip_bytes"] * SEED_GZIP_BYTES / 1e9
    return [
        "## Extrapolated: a backlog of 199 million events",
        "",
        "199 million events, 15.9 GB of gzip, 400,000 files, 150 accounts (not run). From the two corpora above, wall "
        f"time on this machine is {per_event * 1e6:.2f} us an event and {per_file * 1e3:.2f} ms a file: "
        f"**{minutes:.0f} minutes** and about {disk:.0f} GB on disk. It assumes that a commit costs the same however "
        "large the table is (see below how cost grows), and events of the size measured here "
        f"({large['gzip_bytes'] / large['events']:.0f} bytes of gzip an event; there "
        f"{SEED_GZIP_BYTES / SEED_EVENTS:.0f}).",
    ]


def storage(results: Results) -> list[str]:
    """What lies on disk, and what maintenance made of it at which cost."""
    found = results["storage"]
    if not found:
        return []
    shape = results["corpora"][bars.LARGE]
    rows = []
    told = {
        "before": "before `trailmere maintain`",
        "after": "after `trailmere maintain`",
        "rested": "after that of a day later (`--rest 0s`)",
    }
    for when, words in told.items():
        if when in found:
            weight, gzip = found[when], shape["gzip_bytes"]
            parts = [f"{weight[name] / gzip:.2f}" for name in ("everything", "data", "read_ready")]
            rows.append([words, *parts, f"{weight['files']:,}", f"{weight['files_on_disk']:,}"])
    head = ["bytes / gzip input", "everything", "data files", "columns but eventJson", "data files", "files on disk"]
    lines = ["## Storage and maintenance", "", *table(head, rows), ""]
    if "run" in found:
        runs = [("`trailmere maintain`", found["run"]), ("That of a day later", found.get("rest"))]
        costs = [
            f"{name}: {run['cpu_seconds']:.2f} s CPU, start included, {run['wall_seconds']:.2f} s wall, "
            f"{run['peak_bytes'] / 1e6:.0f} MB at most."
            for name, run in runs
            if run
        ]
        return [*lines, *costs, "The questions below were asked after it."]
    return [*lines, f"`trailmere maintain`: not run, {found.get('not_run', 'not asked for')}."]


def compaction(results: Results) -> list[str]:
    """What merging the files of many small commits cost and gave."""
    found = results.get("compaction")
    if not found:
        return []
    merging, idle = found["runs"]
    events, gzip = results["corpora"][bars.SMALL]["events"], results["corpora"][bars.SMALL]["gzip_bytes"]
    spent = max(merging["cpu_seconds"] - idle["cpu_seconds"], 0.0) / events * 1e6
    rows = [
        [
            when,
            f"{found[when]['files']:,}",
            f"{found[when]['data'] / gzip:.2f}",
            f"{found[when]['read_ready'] / gzip:.2f}",
        ]
        for when in ("before", "after")
    ]
    return [
        "## Compaction of small commits",
        "",
        f"The small files, taken in by up to twenty commits: **{spent:.2f} us CPU an event** to merge them (a second "
        f"maintenance, which finds nothing to do, is taken off), {merging['wall_seconds']:.2f} s wall, "
        f"{merging['peak_bytes'] / 1e6:.0f} MB at most.",
        "",
        *table(["", "live data files", "their bytes / gzip", "columns but eventJson / gzip"], rows),
    ]


# -- queries


def queries(results: Results, label: Label) -> list[str]:
    """Milliseconds of each contestant for each question, and Trailmere against each."""
    answers = results["answers"]
    if not answers:
        return []
    names = list(questions.NAMES)
    rows = [[label(name), *(_time(given.get(question)) for question in names)] for name, given in answers.items()]
    if results["touched"]:
        read = [shown(figures.milliseconds(results["touched"].get(question)), 3) for question in names]
        rows.append(["limit: the bytes of the touched columns, read from memory", *read])
    ratios = [
        [label(peer), *(shown(figures.query_ratio(results, OURS, peer, question), 2) for question in names)]
        for peer in answers
        if peer != OURS
    ]
    return [
        "## Queries, milliseconds",
        "",
        "Warm: one process that has answered the question before. Cold: a new process for each, start included. "
        "Whoever reads the raw files reads all of them each time, and was asked once. PySpark's first answers, which "
        "compile its code, are not counted. grep only counts a text.",
        "",
        *table(["", *names], rows),
        "",
        "Trailmere warm / peer (below 1: Trailmere is faster):",
        "",
        *table(["", *names], ratios),
    ]


def seed(results: Results, label: Label) -> list[str]:
    """The nineteen questions of the two incidents: their sum, and each by itself."""
    names = [question.name for question in questions.seed_questions()]
    rows, sums = [], []
    for contestant, given in results["answers"].items():
        times = [figures.milliseconds(given.get(name)) for name in names]
        if any(time is not None for time in times):
            rows.append([label(contestant), *(_time(given.get(name)) for name in names)])
            known = [time for time in times if time is not None]
            sums.append([label(contestant), f"{len(known)}", shown(sum(known)), shown(statistics.median(known))])
    if not rows:
        return []
    return [
        "## The nineteen questions of two incidents",
        "",
        "AWS's published walk-through, over the same corpus, which holds both incidents. Whoever reads the raw files "
        "was not asked: each question costs them what those above do.",
        "",
        *table(["", "answered", "sum ms", "median ms"], sums),
        "",
        *table(["", *names], rows),
    ]


def _time(answer: Mapping[str, Any] | None) -> str:
    if not answer:
        return ""
    if "not_run" in answer:
        return f"not run: {answer['not_run']}"
    return "failed" if "failed" in answer else shown(figures.milliseconds(answer))


# -- growth


def growth(results: Results) -> list[str]:
    """What ten times as much costs."""
    rows = []
    for name, one in results["growth"].items():
        events = one["corpus"]["events"]
        cpu = figures.median_of(one["runs"], "cpu_seconds") / events * 1e6 if one["runs"] else None
        wall = figures.median_of(one["runs"], "wall_seconds") if one["runs"] else None
        asked = one.get("milliseconds", {})
        files = f"{one['weight']['files']:,}" if "weight" in one else ""
        size = f"{one['weight']['everything'] / one['corpus']['gzip_bytes']:.2f}" if "weight" in one else ""
        shape = f"{name}: {events:,} events, {one['corpus']['files']:,} files, {one['corpus']['days']} days"
        rows.append([shape, shown(cpu, 2), shown(wall, 2), size, files, shown(one.get("planning"), 2)])
        rows[-1] += [shown(milliseconds) for milliseconds in asked.values()]
    if not rows:
        return []
    asked_names = list(next((one["milliseconds"] for one in results["growth"].values() if "milliseconds" in one), {}))
    head = ["", "ingest CPU us/event, start included", "wall s", "disk / gzip", "data files", "compile + plan ms"]
    return [
        "## How cost grows",
        "",
        "Trailmere alone, before maintenance; questions in milliseconds, warm.",
        "",
        *table([*head, *asked_names], rows),
    ]


def concurrency(results: Results) -> list[str]:
    """Several askers of one service."""
    found = results["concurrency"]
    if not found:
        return []
    if "failed" in found["at_once"]:
        return ["## Several at once", "", f"Failed: {found['at_once']['failed']}"]
    rows = [
        [number, shown(one["a_second"]), shown(one["p50"]), shown(one["p95"]), f"{one.get('failed', 0)}"]
        for number, one in found["at_once"].items()
    ]
    return [
        "## Several at once",
        "",
        f"One service, {found['threads']} threads a query; each asks all the questions above in turn, without a pause.",
        "",
        *table(["who ask", "answers/s", "p50 ms", "p95 ms", "failed"], rows),
    ]


def commits(path: Path) -> dict[str, Any] | None:
    """The page that ``benchmarks/commits.py`` left, if it was ever run: its lines, and the last figure of planning."""
    if not path.exists():
        return None
    lines = path.read_text().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    column = rows[0].index(PLAN_COLUMN) if rows and PLAN_COLUMN in rows[0] else None
    body = [line.replace("## ", "### ", 1) for line in lines if not line.startswith(("# ", "<!--"))]
    planning = None if column is None else float(rows[-1][column].replace(",", ""))
    return {"table": "\n".join(body).strip().splitlines(), "plan_open_milliseconds": planning}
