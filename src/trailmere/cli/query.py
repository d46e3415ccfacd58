"""trailmere query: SQL in, an answer out. Rows go to stdout or a file, everything said to people to stderr."""

from __future__ import annotations

import contextlib
import io
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn, TextIO

from cyclopts import Parameter

from trailmere.checkup import size
from trailmere.cli.common import LakeOption, open_lake, printable, write_json
from trailmere.errors import InvalidParameter, StatementInvalid

if TYPE_CHECKING:
    from trailmere.query.records import ResultSet
    from trailmere.query.service import Explanation, QueryService

Format = Literal["table", "json", "ndjson", "csv", "parquet"]
ALL_ROWS = 0
MIB = 1 << 20


def query(
    sql: Annotated[
        str | None,
        Parameter(
            allow_leading_hyphen=True,
            help="One SELECT in Trino SQL, as in CloudTrail Lake; - reads it from standard input.",
        ),
    ] = None,
    /,
    *,
    file: Annotated[Path | None, Parameter(name=["--file", "-f"], help="Read the statement from this file.")] = None,
    output: Annotated[Format, Parameter(name=["--output", "-o"], help="How the answer is written.")] = "table",
    out: Annotated[Path | None, Parameter(help="Write the answer to this file. Parquet needs it.")] = None,
    limit: Annotated[int | None, Parameter(name=["--limit", "-n"], help="Rows at most; 0: all. Default: 1000.")] = None,
    explain: Annotated[bool, Parameter(negative=(), help="Say what would be read, and read nothing.")] = False,
    at: Annotated[str | None, Parameter(help="Ask as of a time (2024-05-01T12:00:00Z) or a snapshot id.")] = None,
    timing: Annotated[bool, Parameter(negative=(), help="Say where the time went.")] = False,
    csv_exact: Annotated[
        bool, Parameter(negative=(), help="In csv, leave cells that a spreadsheet would take for formulas.")
    ] = False,
    max_seconds: Annotated[float | None, Parameter(help="Time that the query may take.")] = None,
    max_memory: Annotated[int | None, Parameter(help="Memory in MiB that the query may use.")] = None,
    lake: LakeOption = None,
) -> None:
    """Ask event data stores in Trino SQL.

    Stores go by name, id or ARN. An example:

    trailmere query "SELECT eventTime, eventName FROM my-store WHERE userIdentity.userName = 'alice'"
    """
    statement = _statement(sql, file)
    _check_output(output, out)
    when = _moment(at)
    given = {"query_seconds": max_seconds, "query_memory_bytes": max_memory and max_memory * MIB, "query_rows": limit}
    with open_lake(lake, **given) as app:
        clock = Clock()
        if explain:
            _write_explanation(app.queries.explain(statement, at=when), output)
            return
        app.engine.prepare()  # a worker starts while the lake is opened and the statement compiled and planned
        queries = app.queries
        clock.lap("opening the lake")
        _answer(queries, statement, when, app.settings.query_rows, Destination(output, out, csv_exact), clock)
        if timing:
            clock.report()


def _answer(
    queries: QueryService,
    statement: str,
    when: datetime | int | None,
    limit: int,
    destination: Destination,
    clock: Clock,
) -> None:
    result = queries.run(statement, rows=None if limit == ALL_ROWS else limit, at=when)
    clock.lap("compiling, planning, first rows")
    try:
        destination.write(result)
    finally:
        result.close()
    clock.lap("reading and writing rows")
    _tell(result, limit)


def _tell(result: ResultSet, limit: int) -> None:
    """Statistics, and whether there is more, on stderr."""
    taken, rows = result.statistics, result.outcome.rows
    sys.stderr.write(
        f"{rows:,} {'row' if rows == 1 else 'rows'}; read {taken.files:,} of {taken.total_files:,} files, "
        f"{size(taken.bytes_scanned)} of {size(taken.total_bytes)}; {result.outcome.seconds:.2f} s\n"
    )
    if result.cut:
        sys.stderr.write(f"There are more rows than {limit:,}: --limit {limit * 10} shows more, --limit 0 all.\n")


def _write_explanation(explanation: Explanation, output: str) -> None:
    if output == "json":
        write_json(_explanation_as_json(explanation))
        return
    write = sys.stdout.write
    for scan in explanation.scans:
        write(f"{scan.store} ({scan.store_id})\n")
        write(f"  snapshot    {_snapshot(scan.snapshot_id, scan.snapshot_time)}\n")
        write(f"  files       {scan.files:,} of {scan.total_files:,}\n")
        write(f"  bytes       {size(scan.bytes)} of {size(scan.total_bytes)} at most ({scan.bytes:,})\n")
        write(f"  rows        {scan.rows:,} of {scan.total_rows:,}\n")
        conditions = [printable(f"{part.column} {part.operator} {_value(part.value)}") for part in scan.conditions]
        write(f"  conditions  {conditions[0] if conditions else 'none: every file is read'}\n")
        write("".join(f"              {condition}\n" for condition in conditions[1:]))
    write(f"engine SQL\n  {printable(explanation.sql)}\n")


def _explanation_as_json(explanation: Explanation) -> dict[str, object]:
    """As docs/reference/json.md says. A snapshot id is text: readers of JSON round numbers of its size."""
    scans = [
        asdict(scan)
        | {"snapshot_id": None if scan.snapshot_id is None else str(scan.snapshot_id)}
        | {"conditions": [f"{part.column} {part.operator} {_value(part.value)}".rstrip() for part in scan.conditions]}
        for scan in explanation.scans
    ]
    return {"scans": scans, "columns": explanation.columns, "engine_sql": explanation.sql}


def _snapshot(snapshot_id: int | None, taken: datetime | None) -> str:
    if snapshot_id is None:
        return "none: nothing has been ingested yet"
    return f"{snapshot_id}" + ("" if taken is None else f" of {taken:%Y-%m-%d %H:%M:%S} UTC")


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return "(" + ", ".join(map(_value, value)) + ")"
    return "" if value is None else f"'{value}'" if isinstance(value, str) else str(value)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the answer goes: standard output, or a file that appears when it is complete."""

    format: Format
    path: Path | None
    exact_csv: bool

    def write(self, result: ResultSet) -> None:
        """Write all rows."""
        if self.path is None:
            with _standard_output() as stream:
                self._render(result, stream)
            return
        partial = self.path.with_name(f".{self.path.name}.partial")
        try:
            self._write_file(result, partial)
            partial.replace(self.path)
        except OSError as error:
            raise InvalidParameter(f"--out {self.path}: cannot be written: {error.strerror or error}") from None
        finally:
            partial.unlink(missing_ok=True)

    def _write_file(self, result: ResultSet, path: Path) -> None:
        from trailmere.query.results import write_parquet

        if self.format == "parquet":
            write_parquet(result, path)
            return
        with path.open("w", encoding="utf-8", newline="") as stream:
            self._render(result, stream)

    def _render(self, result: ResultSet, stream: TextIO) -> None:
        from trailmere.query.results import Rendering, write_result

        write_result(self.format, result, stream, Rendering(exact_csv=self.exact_csv))


class Clock:
    """Where the time went, lap by lap, in seconds."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._laps: list[tuple[str, float]] = []

    def lap(self, name: str) -> None:
        """What happened since the last lap."""
        now = time.monotonic()
        self._laps.append((name, now - self._last))
        self._last = now

    def report(self) -> None:
        """All laps on stderr."""
        sys.stderr.writelines(f"  {seconds:8.3f} s  {name}\n" for name, seconds in self._laps)


@contextlib.contextmanager
def _standard_output() -> Iterator[TextIO]:
    """Standard output in UTF-8 whatever the locale, without changing line ends."""
    sys.stdout.flush()
    stream = io.TextIOWrapper(
        sys.stdout.buffer, encoding="utf-8", errors="backslashreplace", newline="", write_through=False
    )
    try:
        yield stream
        stream.flush()
    finally:
        with contextlib.suppress(ValueError):
            stream.detach()


def _statement(sql: str | None, file: Path | None) -> str:
    """The text of the one statement: from the command line, a file, or standard input."""
    if (sql is None) == (file is None):
        _usage("give one statement: as text, with -f FILE, or as - to read it from standard input")
    try:
        if file is not None:
            return file.read_text(encoding="utf-8-sig")
        return sys.stdin.buffer.read().decode("utf-8-sig") if sql == "-" else sql or ""
    except UnicodeDecodeError as error:
        raise StatementInvalid(f"the statement is not UTF-8: byte {error.start} cannot be read") from None
    except OSError as error:
        raise InvalidParameter(f"-f {file}: {error.strerror or error}") from None


def _check_output(output: Format, out: Path | None) -> None:
    if output == "parquet" and out is None:
        _usage("--output parquet needs --out FILE")


def _moment(text: str | None) -> datetime | int | None:
    """``--at``: digits are a snapshot id, anything else a time; a time without a zone is UTC."""
    if text is None:
        return None
    if text.isdigit():
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidParameter(
            f"--at: expected a time such as 2024-05-01T12:00:00Z or a snapshot id, got {text!r}"
        ) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _usage(message: str) -> NoReturn:
    sys.stderr.write(f"trailmere query: {message}\n")
    raise SystemExit(2)
