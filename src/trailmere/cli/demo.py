"""``trailmere demo``: a simulated organisation, its logs taken in, and an incident investigated question by question.

What is asked and what it means is told in ``trailmere.simulator.scenarios``; here it is put on the screen.
Everything is made and kept on this machine, in a lake of the demo's own unless another is named.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from trailmere.cli.common import open_app, talk, write_table

if TYPE_CHECKING:
    from rich.console import Console

    from trailmere.app import App
    from trailmere.registry.records import EventDataStore
    from trailmere.simulator import Summary, TrailSimulator
    from trailmere.simulator.scenarios import Question

RETENTION_DAYS = 3653  # the incidents lie years back; the longest retention keeps them
OWN_QUESTION = "SELECT errorCode, count(*) FROM incident-1 GROUP BY 1 ORDER BY 2 DESC"
WIDEST = 120
MOST_ROWS = 16  # of an answer on the screen
LONGEST_CELL = 300


@dataclass(frozen=True, slots=True)
class Chapter:
    """An incident with the store that holds its period. ``simulator`` names a function of ``trailmere.simulator``."""

    store: str
    store_id: str
    simulator: str
    title: str


CHAPTERS = (
    Chapter("incident-1", "1994bee2-d4a0-460e-8c07-1b5ee04765d8", "demo_march", "a compromised access key"),
    Chapter("incident-2", "467f2e52-84b9-4d41-8049-bc8f8fad35dd", "demo_september", "a compromised person"),
)

LakeFolder = Annotated[
    Path | None,
    Parameter(name="--lake", help="Folder of the lake. Default: $TRAILMERE_LAKE, else a lake of the demo's own."),
]


def demo(
    *,
    lake: LakeFolder = None,
    keep: Annotated[bool, Parameter(negative="", help="Leave the simulated log files beside the lake.")] = False,
    yes: Annotated[bool, Parameter(name=["--yes", "-y"], negative="", help="Do not ask before adding stores.")] = False,
) -> int:
    """Investigate an incident on a simulated organisation.

    Builds the logs of an organisation of seven accounts, takes them into two event data stores, and walks through the
    nine questions that lead from an access key to what was done with it. Nothing leaves this machine. Running it again
    uses what is there.
    """
    home = lake or _default_lake()
    console = talk()
    with open_app(home) as app:
        if not _may_add(app, yes):
            console.print("Nothing was done.", markup=False, soft_wrap=True)
            return 1
        for chapter in CHAPTERS:
            _prepare(app, chapter, home, keep, console)
        failed = _investigate(app)
    _farewell(home, lake is not None, keep)
    return 1 if failed else 0


def _default_lake() -> Path:
    named = os.environ.get("TRAILMERE_LAKE")
    if named:
        return Path(named)
    from trailmere.settings import default_lake

    return default_lake().parent / "demo"


def _may_add(app: App, yes: bool) -> bool:
    """Whether the two stores may be made. Only a lake that others use is asked for, and only at a terminal."""
    names = set(app.stores.names()) if (app.settings.lake / "lake.db").exists() else set()
    others = names - {chapter.store for chapter in CHAPTERS}
    if yes or not others or len(names) - len(others) == len(CHAPTERS) or not sys.stdin.isatty():
        return True
    sys.stderr.write(
        f"{app.settings.lake} holds {len(others)} other event data stores; two will be added. Go on? [Y/n] "
    )
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("", "y", "yes")


# -- building ----------------------------------------------------------------------------------------------------------


def _prepare(app: App, chapter: Chapter, home: Path, keep: bool, console: Console) -> None:
    """Logs, store and ingest of one chapter, or a word that they are there."""
    receipt = home / "demo" / f"{chapter.store}.json"
    store = _store(app, chapter)
    rows = app.lake.scan(store.id).total_rows
    if receipt.exists() and rows >= json.loads(receipt.read_text())["events"] > 0:
        console.print(
            f"{store.name}: {rows:,} events are there from before and are used again.", markup=False, soft_wrap=True
        )
        return
    logs = home / "demo" / f"{chapter.store}-logs"
    summary = _simulate(chapter, logs, console)
    _take_in(app, store, logs, summary, console)
    receipt.write_text(json.dumps({"events": summary.events, "files": summary.files}))
    if not keep:
        shutil.rmtree(logs)


def _store(app: App, chapter: Chapter) -> EventDataStore:
    from trailmere.events.selector_templates import template
    from trailmere.registry.records import Operation

    if app.stores.find(chapter.store_id) is None:
        app.lifecycle.create(
            chapter.store,
            store_id=chapter.store_id,
            selectors=template("everything"),
            organization=True,
            retention_days=RETENTION_DAYS,
            termination_protection=False,
        )
    return app.lifecycle.use(chapter.store_id, Operation.INGEST)


def _simulate(chapter: Chapter, logs: Path, console: Console) -> Summary:
    from trailmere import simulator

    made: TrailSimulator = getattr(simulator, chapter.simulator)()
    began = time.perf_counter()
    shutil.rmtree(logs, ignore_errors=True)
    summary = made.write(logs)
    console.print(
        f"{chapter.store} ({chapter.title}): {summary.events:,} events of 7 accounts in {summary.files:,} log files "
        f"({summary.redelivered} of them the same file again) and {summary.insight_files:,} Insights files; "
        f"{summary.copies:,} of the events also by a second trail; "
        f"{summary.content_bytes / 1e6:.0f} MB of JSON. {time.perf_counter() - began:.1f} s",
        markup=False,
        soft_wrap=True,
    )
    return summary


def _take_in(app: App, store: EventDataStore, logs: Path, summary: Summary, console: Console) -> None:
    from trailmere.cli.ingest import account_lines, shown_progress
    from trailmere.ingest.run import ingest
    from trailmere.sources.opening import open_source

    with shown_progress() as progress:
        account = ingest(app.lake, store, open_source(str(logs)), app.ingest_limits, progress=progress)
    for name, line in account_lines(account).items():
        console.print(f"  {name:<12} {line}", markup=False, soft_wrap=True)
    rows = app.lake.scan(store.id).total_rows
    same = "exactly as many as the simulator made" if rows == summary.events else "NOT what the simulator made"
    console.print(f"  {'in the store':<12} {rows:,} events: {same}\n", markup=False, soft_wrap=True)


# -- asking ------------------------------------------------------------------------------------------------------------


def _investigate(app: App) -> bool:
    """Ask the nine questions. True when an answer was not what the incident implies."""
    from trailmere.simulator.scenarios import COMPROMISED_KEY_QUESTIONS

    out = sys.stdout
    out.write(
        "\nAn access key of account 555555555555 was published by mistake. On 15 March 2022 GuardDuty reports that\n"
        "AKIAIOSFODNN7EXAMPLE is used from an unusual address. What happened? Nine questions, each born of the last.\n"
    )
    app.queries.prepare()
    failed = False
    for question in COMPROMISED_KEY_QUESTIONS:
        out.write(f"\n{_rule(question)}\n{question.sql}\n\n")
        found, seconds = _ask(app, question)
        out.write(f"\n{found:,} {'row' if found == 1 else 'rows'}, {seconds * 1000:.0f} ms\n")
        out.write(f"{_wrapped(f'=> {question.meaning}')}\n")
        expected = len(question.rows())
        if found != expected:
            failed = True
            out.write(f"!! expected {expected:,} rows; please report this\n")
        out.flush()
    return failed


def _rule(question: Question) -> str:
    title = f"-- {question.number}  {question.title} "
    return title + "-" * max(0, _width() - len(title))


def _wrapped(text: str) -> str:
    """At a terminal, lines that end between words; in a pipe the text as it is."""
    return textwrap.fill(text, _width(), subsequent_indent="   ") if sys.stdout.isatty() else text


def _width() -> int:
    return min(WIDEST, shutil.get_terminal_size((100, 24)).columns)


def _ask(app: App, question: Question) -> tuple[int, float]:
    """Print the answer, long ones cut; its number of rows, and the seconds until it was there."""
    from trailmere.query.results import rows
    from trailmere.query.values import text

    began = time.perf_counter()
    answer = app.queries.run(question.sql, rows=None)
    try:
        found = list(rows(answer))
    finally:
        answer.close()
    seconds = time.perf_counter() - began
    cells = [[text(cell) for cell in row] for row in found]
    if not question.ordered:  # an answer without ORDER BY has no order of its own; the same story is told each time
        cells.sort(key=lambda row: [cell or "" for cell in row])
    shown = [[_cut(cell) for cell in row] for row in cells[:MOST_ROWS]]
    if shown:
        write_table([column.name for column in answer.columns], shown)
    if len(found) > MOST_ROWS:
        sys.stdout.write(f"... and {len(found) - MOST_ROWS:,} rows more\n")
    return len(found), seconds


def _cut(cell: str | None) -> str | None:
    return cell if cell is None or len(cell) <= LONGEST_CELL else cell[: LONGEST_CELL - 1] + "\u2026"


def _write_questions(home: Path) -> Path:
    """All nineteen questions as files that ``trailmere query -f`` takes."""
    from trailmere.simulator.scenarios import QUESTIONS

    folder = home / "demo" / "questions"
    folder.mkdir(parents=True, exist_ok=True)
    for question in QUESTIONS.values():
        (folder / f"{question.number}.sql").write_text(f"-- {question.title}\n{question.sql}\n")
    return folder


def _own_name() -> str:
    """``trailmere`` where the shell finds this one by that name, else its path: what is printed can be typed."""
    program = Path(sys.argv[0])
    found = shutil.which("trailmere")
    if program.name != "trailmere" or (found and Path(found).samefile(program)):
        return "trailmere"
    return str(program)


def _farewell(home: Path, named: bool, keep: bool) -> None:
    """What to try next, as commands that can be copied."""
    questions = shlex.quote(str(_write_questions(home)))
    where = f"--lake {shlex.quote(str(home))}"
    run = shlex.quote(_own_name())
    lines = [
        "",
        "What to try next",
        "  The same in a browser, without SQL; the first start gives a link to sign in. The time range of the incident",
        "  is 2022-03-14 to 2022-03-17:",
        f"    {run} serve --open {where}",
        "  The second incident: an instance mines cryptocurrency, launched by an Identity Center user. Ten questions:",
        f"    {run} query {where} -f {questions}/2.1.sql    ... to 2.10.sql",
        "  A question of your own, and what it would read:",
        f"    {run} query {where} {shlex.quote(OWN_QUESTION)}",
        f"    {run} query {where} --explain -f {questions}/1.9.sql",
        "  The stores; a store for your own logs:",
        f"    {run} store list {where}",
        f"    {run} store create mine --selectors everything {where}",
        f"    {run} ingest FOLDER --store mine {where}",
    ]
    if keep:
        lines.append(f"  The simulated log files: {home / 'demo'}")
    if not named:
        lines.append(f"  To be rid of all this: rm -r {shlex.quote(str(home))}")
    sys.stdout.write("\n".join(lines) + "\n")
