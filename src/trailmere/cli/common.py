"""What the commands share: the lake option, opening the application, tables and JSON, errors on stderr."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

if TYPE_CHECKING:
    from rich.console import Console

    from trailmere.app import App
    from trailmere.errors import TrailmereError

LakeOption = Annotated[
    Path | None,
    Parameter(name="--lake", help="Folder of the lake. Default: $TRAILMERE_LAKE, else the user's data directory."),
]
OutputFormat = Literal["table", "json"]
OutputOption = Annotated[OutputFormat, Parameter(name=["--output", "-o"], help="table, or json for scripts.")]


@contextlib.contextmanager
def open_app(lake: Path | None = None, **settings: Any) -> Iterator[App]:
    """The application over the lake that the user named, closed at the end."""
    from trailmere.app import build
    from trailmere.settings import load

    app = build(load(lake=lake, **settings))
    try:
        yield app
    finally:
        app.close()


@contextlib.contextmanager
def open_lake(lake: Path | None = None, **settings: Any) -> Iterator[App]:
    """As ``open_app``, where there is a lake: a folder that was mistyped is told, and no lake is made in it."""
    from trailmere.errors import InvalidParameter

    with open_app(lake, **settings) as app:
        if not app.has_lake:
            raise InvalidParameter(
                f"there is no lake in {app.settings.lake}",
                hint="name its folder with --lake, or make one: trailmere store create NAME",
            )
        yield app


def talk() -> Console:
    """Where people are spoken to: stderr, with colours and progress only at a terminal."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def write_json(value: object) -> None:
    """One JSON document on stdout; times as ``time_text`` writes them."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=_in_json) + "\n")


def _in_json(value: object) -> str:
    return time_text(value) if isinstance(value, datetime) else str(value)


def time_text(moment: datetime) -> str:
    """ISO 8601 with its zone; a time without one is UTC: ``2026-05-31T12:00:00+00:00``."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()


def write_table(
    columns: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str = "nothing", whole: Sequence[str] = ()
) -> None:
    """A table on stdout; ``empty`` on stderr when there are no rows. Cells are shown as text, never as markup.

    ``whole``: columns that are not folded where the terminal is narrow, because people copy what stands in them.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not rows:
        talk().print(empty)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column in whole)
    for row in rows:
        table.add_row(*(Text(printable("" if cell is None else str(cell))) for cell in row))
    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    if not sys.stdout.isatty():
        console.width = 10_000  # a pipe has no width; do not fold what a script will read
    console.print(table)


def write_pairs(pairs: Mapping[str, object]) -> None:
    """Names and values, one pair a line, on stdout."""
    width = max((len(name) for name in pairs), default=0)
    for name, value in pairs.items():
        sys.stdout.write(f"{name:<{width}}  {printable('' if value is None else str(value))}\n")


def printable(text: str) -> str:
    """``text`` with control characters shown as escapes: log content must not drive the terminal."""
    return "".join(
        char if char.isprintable() or char in "\n\t" else char.encode("unicode_escape").decode() for char in text
    )


def report_error(error: TrailmereError) -> None:
    """The error, its place and what to do about it, on stderr."""
    line, column = getattr(error, "line", None), getattr(error, "column", None)
    place = f"line {line}, column {column}: " if line is not None else ""
    sys.stderr.write(f"trailmere: {place}{printable(error.message)}\n")
    if error.hint:
        sys.stderr.write(f"  {printable(error.hint)}\n")
