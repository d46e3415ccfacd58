"""Run made statements through the dialect and the engine: ``python -m tests.query.fuzz N SEED [EXECUTED]``.

Whatever the text, compiling gives a statement or a QueryError within two seconds of CPU, the engine SQL is one SELECT
that calls no function which reads outside of the planned files, and running it ends within its limits with rows or a
QueryError that speaks the user's words. ``EXECUTED`` of the N statements are run, on a small lake of their own; the
others are compiled only. Statements come from ``sentences``; the same seed gives the same ones.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
import traceback
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from tests.query.probes import hostile_statements
from tests.query.questions import NOW, Shelf
from tests.query.sentences import Sentences
from tests.query.small_lake import make_lake, opened
from trailmere.errors import EngineError, QueryError, TrailmereError
from trailmere.query.dialect import compile

if TYPE_CHECKING:
    from collections.abc import Callable

    from trailmere.query.records import Catalog, Statement
    from trailmere.query.service import QueryService

HERE = Path(__file__).parent
COMPILE_SECONDS = 2.0
GRACE_SECONDS = 2.0
# What the dialect writes, though the engine has table functions of these names too.
OURS = {"unnest", "range", "generate_series", "repeat", "histogram"}
READERS = {
    "getenv",
    "current_setting",
    "nextval",
    "currval",
    "getvariable",
    "query",
    "query_table",
    "write_log",
    "sleep",
}
# Words of the engine that a message must not hold: the user did not write them.
ENGINE_WORDS = re.compile(
    r"\"[tsquv]\d+\"|\b\w+__\w+|\blake_\w+|\"c\d+\"|\bp\d_\d\b|\blist_\w+|\bstruct_\w+|LINE \d|Candidate|INT64|HUGEINT|"
    r"SET \w+ ?=|\bDuckDB\b|Binder Error|Internal",
)
QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
CALLED = re.compile(r"\b(\w+)\s*\(")
TOLD_EVERY = 10_000


@dataclass
class Report:
    """What became of the statements. ``findings``: what must not be, as (kind, statement, details)."""

    statements: int = 0
    compiled: int = 0
    executed: int = 0
    answered: int = 0
    slowest_seconds: float = 0.0
    refusals: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    findings: list[tuple[str, str, str]] = field(default_factory=list)

    def found(self, kind: str, sql: str, details: str) -> None:
        """Remember a statement that broke a rule."""
        self.findings.append((kind, sql, details))


def good_statements() -> tuple[str, ...]:
    """The project's own: the cases, the seed queries, expressions, and what must be refused."""
    from trailmere.simulator.scenarios import QUESTIONS

    cases = [path.read_text() for path in sorted(HERE.glob("cases/*/question.sql"))]
    expressions = [line.split(" => ")[0] for line in (HERE / "expressions.txt").read_text().splitlines()]
    seeds = [re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "trail", question.sql) for question in QUESTIONS.values()]
    short = [sql for sql in hostile_statements() if len(sql) < 300]  # long ones cost as much as hundreds of others
    return (*cases * 8, *seeds * 8, *(f"SELECT {one}" for one in expressions if one[:1] != "#"), *short)


def engine_functions(kinds: str = "%") -> tuple[str, ...]:
    """Every function name of the engine that could be written as a call."""
    found = duckdb.execute(
        "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type LIKE ? "
        "AND regexp_full_match(function_name, '[a-z_0-9]+') ORDER BY 1",
        [kinds],
    ).fetchall()
    return tuple(name for (name,) in found)


class Judge:
    """Compiles and runs statements, and remembers what must not be."""

    def __init__(self, service: QueryService | None = None, catalog: Catalog | None = None) -> None:
        self.report = Report()
        self._service = service
        self._catalog = catalog or Shelf()
        self._parser = duckdb.connect()
        tables = {name for kind in ("table%", "pragma") for name in engine_functions(kind)}
        self._forbidden = (tables | READERS) - OURS

    def compile(self, sql: str) -> Statement | None:
        """The statement, or None where it was refused."""
        self.report.statements += 1
        started = time.monotonic()
        try:
            statement = compile(sql, self._catalog, now=NOW)
        except QueryError as error:
            self.report.refusals[type(error).__name__] += 1
            if ENGINE_WORDS.search(QUOTED.sub("", error.message)) and not ENGINE_WORDS.search(sql):
                self.report.found("engine words", sql, error.message)
            return None
        except Exception:  # exactly what must not be
            self.report.found("foreign exception", sql, traceback.format_exc(limit=-3))
            return None
        finally:
            taken = time.monotonic() - started
            if taken > COMPILE_SECONDS and (busy := self._cpu_seconds(sql)) > COMPILE_SECONDS:
                self.report.found("slow", sql, f"{busy:.1f} s of CPU")
            self.report.slowest_seconds = max(self.report.slowest_seconds, taken)
        self.report.compiled += 1
        self._look_at(sql, statement)
        return statement

    def _cpu_seconds(self, sql: str) -> float:
        """Asking for CPU time is dear; it is asked only of what was slow by the clock."""
        started = time.process_time()
        with suppress(QueryError):
            compile(sql, self._catalog, now=NOW)
        return time.process_time() - started

    def _look_at(self, sql: str, statement: Statement) -> None:
        """The engine SQL, which nobody has run yet."""
        called = set(CALLED.findall(QUOTED.sub("''", statement.sql).lower()))
        if strangers := called & self._forbidden:
            self.report.found("forbidden function", sql, ", ".join(sorted(strangers)))
        try:
            kinds = [one.type for one in self._parser.extract_statements(statement.sql)]
        except duckdb.Error as error:
            self.report.found("engine cannot read", sql, f"{error}\n{statement.sql}")
            return
        if kinds != [duckdb.StatementType.SELECT]:
            self.report.found("no single SELECT", sql, statement.sql)

    def execute(self, sql: str) -> None:
        """Run it through the service to the last row."""
        assert self._service is not None
        self.report.executed += 1
        started = time.monotonic()
        try:
            result = self._service.run(sql, rows=100)
            for _batch in result.batches:
                pass
            self.report.answered += 1
        except EngineError as error:
            self.report.failures[_shape(error.message)] += 1
            self.report.examples.setdefault(_shape(error.message), sql)
            if ENGINE_WORDS.search(error.message) and not ENGINE_WORDS.search(sql):
                self.report.found("engine words", sql, error.message)
        except TrailmereError as error:
            self.report.failures[type(error).__name__] += 1
            if not isinstance(error, QueryError):
                self.report.found("lake error", sql, f"{type(error).__name__}: {error}")
        except Exception:
            self.report.found("foreign exception", sql, traceback.format_exc(limit=-3))
        if (taken := time.monotonic() - started) > self._service.limits.seconds + GRACE_SECONDS:
            self.report.found("outlived its time", sql, f"{taken:.1f} s")


def _shape(message: str) -> str:
    """A message without what differs from statement to statement."""
    return re.sub(r"'[^']*'|\"[^\"]*\"|\d+", "_", message)[:110]


def run(
    statements: int,
    seed: int | str,
    executed: int = 0,
    service: QueryService | None = None,
    said: Callable[[Report], None] = lambda _: None,
) -> Report:
    """That many statements; every so many of them are executed. ``said`` is told of each ten thousand."""
    sentences = Sentences(seed, good_statements(), engine_functions())
    judge = Judge(service)
    every = statements // executed if executed else 0
    due = False
    for number in range(statements):
        sql = sentences.next()
        due = due or bool(every and number % every == 0)
        if judge.compile(sql) is not None and due:
            judge.execute(sql)
            due = False
        if judge.report.statements % TOLD_EVERY == 0:
            said(judge.report)
    return judge.report


def run_on_small_lake(folder: Path, statements: int, seed: int | str, executed: int) -> Report:
    """The same, with a lake to execute on and little time and memory for each query; on stderr how far it is."""
    if not executed:
        return run(statements, seed, said=_told)
    with opened(make_lake(folder), query_seconds=5.0, query_memory_bytes=256 << 20, query_threads=1) as app:
        return run(statements, seed, executed, app.queries, _told)


def _told(report: Report) -> None:
    print(f"{report.statements:>11,} statements, {len(report.findings)} findings", file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    """Print what happened; 1 where something was found."""
    statements, seed, executed = int(arguments[0]), arguments[1], int(arguments[2]) if len(arguments) > 2 else 0
    with tempfile.TemporaryDirectory(prefix="trailmere-fuzz-") as folder:
        report = run_on_small_lake(Path(folder), statements, seed, executed)
    print(f"{report.statements:,} statements: {report.compiled:,} compiled, refused {dict(report.refusals)}")
    print(f"{report.executed:,} executed: {report.answered:,} answered; slowest compile {report.slowest_seconds:.2f} s")
    for shape, count in report.failures.most_common(200):
        print(f"{count:7,}  {shape}\n         {report.examples.get(shape)!r}")
    for kind, sql, details in report.findings[:200]:
        print(f"\n*** {kind}\n{sql!r}\n{details}")
    print(f"\n{len(report.findings)} findings")
    return bool(report.findings)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
