"""``trailmere dashboard``: what dashboards show, in the terminal; refreshed, and kept as files.

Whoever may read the lake's folder may do everything, so refreshes ask no policy here.
"""

from __future__ import annotations

import sys
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from trailmere.cli.common import LakeOption, OutputOption, open_lake, printable, talk, write_json, write_table
from trailmere.errors import InvalidParameter

if TYPE_CHECKING:
    from trailmere.app import App as Application
    from trailmere.dashboards.board import Board
    from trailmere.registry.dashboards import Refresh
    from trailmere.registry.query_records import Query

dashboard = App(name="dashboard", help="Dashboards: show, refresh, keep them as files.")
StoreName = Annotated[str | None, Parameter(name="--store", help="The event data store that a managed one is about.")]
FileName = Annotated[Path, Parameter(help="A file of `trailmere dashboard export`.")]
COLUMNS = ("name", "type", "widgets", "schedule", "refreshed", "failure")
POLL_SECONDS = 0.1


@dashboard.command(name="list")
def list_(*, output: OutputOption = "table", lake: LakeOption = None) -> None:
    """All dashboards: those that come with the software, then your own."""
    with open_lake(lake) as app:
        found = [_told(app, one) for one in _all(app)]
    if output == "json":
        write_json(found)
        return
    rows = [tuple({**one, "refreshed": _minute(one["refreshed"])}[key] for key in COLUMNS) for one in found]
    write_table(COLUMNS, rows, whole=("name",))


@dashboard.command
def show(name: str, *, output: OutputOption = "table", lake: LakeOption = None) -> None:
    """What the latest refresh of NAME has found."""
    with open_lake(lake) as app:
        board = _find(app, name)
        refresh = app.dashboards.latest(board)
        found = _told(app, board) | {"given": {} if refresh is None else dict(refresh.given)}
        widgets = _widgets(app, board, refresh)
    if output == "json":
        write_json(found | {"widgets": widgets})
        return
    if refresh is None:
        talk().print(f"{board.name} was not refreshed yet: trailmere dashboard refresh {board.name}", soft_wrap=True)
        return
    given = refresh.given
    span = f"{given.get('$StartTime$', '')} to {given.get('$EndTime$', '')}" if given else "nothing"
    sys.stdout.write(f"{board.name}  shows {span}, asked {refresh.started:%Y-%m-%d %H:%M:%S} UTC\n")
    for one in widgets:
        _draw(one)


@dashboard.command
def refresh(
    name: str,
    *,
    store: StoreName = None,
    since: Annotated[datetime | None, Parameter(name="--from", help="UTC without a zone. Default: a day ago.")] = None,
    until: Annotated[datetime | None, Parameter(name="--to", help="Default: now.")] = None,
    wait: Annotated[bool, Parameter(negative="", help="Run the queries here, and tell when all have ended.")] = False,
    output: OutputOption = "table",
    lake: LakeOption = None,
) -> int:
    """Ask all widgets of NAME anew. Without --wait a server runs what is asked."""
    from trailmere.dashboards.records import END, START, STORE

    with open_lake(lake) as app:
        board = _find(app, name)
        moments = {START: since, END: until}
        values = {key: _moment(value) for key, value in moments.items() if value is not None}
        if board.managed is not None:
            values[STORE] = app.stores.get(_named(store, board)).id
        begun = app.dashboards.refresh(board, values, _owner(app, board))
        failure = _waited(app, board) if wait else None
    if output == "json":
        write_json({"name": board.name, "refresh_id": begun, "failure": failure})
    else:
        waiting = "" if wait else "; a server runs it, or: --wait"
        talk().print(f"refresh {begun} of {board.name}{waiting}", markup=False, soft_wrap=True)
        if failure is not None:
            talk().print(printable(failure), markup=False, soft_wrap=True)
    return 0 if failure is None else 1


@dashboard.command
def export(name: str, *, store: StoreName = None, lake: LakeOption = None) -> None:
    """NAME as a file, on standard output: trailmere dashboard export mine > mine.json"""
    from trailmere.dashboards.files import as_file, text_of, with_store

    with open_lake(lake) as app:
        file = as_file(_find(app, name))
        sys.stdout.write(text_of(file if store is None else with_store(file, app.stores.get(store).id)))


@dashboard.command
def lint(file: FileName, *, store: StoreName = None, output: OutputOption = "table", lake: LakeOption = None) -> int:
    """What is wrong with a file: its shape, statements, columns of views, limits. Exits with 1 where something is."""
    from trailmere.dashboards.files import lint as findings_of
    from trailmere.registry.database import utc_now

    text = _text(file)
    with open_lake(lake) as app:
        store_id = None if store is None else app.stores.get(store).id

        def columns_of(statement: str) -> list[str]:
            return [column.name for column in app.queries.check(statement).columns]

        findings = findings_of(text, columns_of, utc_now(), store_id)
    if output == "json":
        write_json({"file": str(file), "findings": [{"place": one.place, "message": one.message} for one in findings]})
    else:
        write_table(("place", "finding"), [(one.place, one.message) for one in findings], empty="nothing is wrong")
    return 1 if findings else 0


@dashboard.command
def apply(
    file: FileName,
    *,
    name: Annotated[str | None, Parameter(help="Another name than the file's.")] = None,
    store: StoreName = None,
    dry_run: Annotated[bool, Parameter(negative="", help="Say what would change, and change nothing.")] = False,
    output: OutputOption = "table",
    lake: LakeOption = None,
) -> None:
    """Make or change the dashboard that FILE describes, and say what changed."""
    from dataclasses import replace

    from trailmere.dashboards.files import as_file, changes, needs_store, read, with_store

    wanted = read(_text(file))
    wanted = wanted if name is None else replace(wanted, name=name)
    with open_lake(lake) as app:
        if needs_store(wanted):
            wanted = with_store(wanted, app.stores.get(_named(store, None)).id)
        before = app.dashboards.find(app.settings.account_id, app.settings.region, wanted.name)
        told = changes(None if before is None else as_file(before), wanted)
        if told and not dry_run:
            _apply(app, before, wanted)
    if output == "json":
        write_json({"name": wanted.name, "changes": told, "dry_run": dry_run})
    else:
        write_table(("would" if dry_run else "done",), [(one,) for one in told], empty="it is as the file says already")


def _apply(app: Application, before: Board | None, wanted: Any) -> None:
    from trailmere.app import StoreCatalog

    settings, catalog = app.settings, StoreCatalog(app.stores)
    kept = {"schedule": wanted.schedule, "termination_protected": wanted.termination_protection}
    if before is None:
        place = (settings.account_id, settings.region, wanted.name)
        app.dashboards.create(*place, wanted.widgets, catalog, tags=wanted.tags, **kept)
        return
    after = app.dashboards.update(before, catalog, widgets=wanted.widgets, **kept)
    if dict(after.tags) != dict(wanted.tags):
        app.dashboards.change_tags(after, lambda _present: wanted.tags)


def _minute(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"


def _all(app: Application) -> list[Board]:
    return app.dashboards.all(app.settings.account_id, app.settings.region)


def _find(app: Application, name: str) -> Board:
    """By name; of those that come with the software without what their names begin with, too."""
    from trailmere.dashboards.board import PREFIX

    place = app.settings.account_id, app.settings.region
    return (
        app.dashboards.find(*place, name)
        or app.dashboards.find(*place, PREFIX + name)
        or app.dashboards.get(*place, name)
    )


def _named(store: str | None, board: Board | None) -> str:
    if store is None:
        what = "the file" if board is None else board.name
        raise InvalidParameter(f"{what} leaves open which event data store it is about", hint="name it with --store")
    return store


def _owner(app: Application, board: Board) -> Any:
    from trailmere.app import StoreCatalog
    from trailmere.dashboards.board import Asker
    from trailmere.registry.records import partition

    arn = f"arn:{partition(board.region)}:iam::{board.account_id}:root"
    return Asker(arn, board.account_id, StoreCatalog(app.stores_in(board.account_id, board.region)))


def _waited(app: Application, board: Board) -> str | None:
    app.jobs.resume()
    latest = app.dashboards.latest(board)
    while latest is not None and app.dashboards.is_running(board, latest):
        time.sleep(POLL_SECONDS)
    return None if latest is None else app.dashboards.failure(board, latest)


def _told(app: Application, board: Board) -> dict[str, Any]:
    latest = app.dashboards.latest(board)
    record = board.record
    schedule = None if record is None or record.schedule is None or not record.schedule.enabled else record.schedule
    return {
        "name": board.name,
        "arn": board.arn,
        "type": "custom" if board.is_custom else "managed",
        "widgets": len(board.widgets),
        "schedule": None if schedule is None else f"{schedule.value} {schedule.unit.lower()}",
        "refreshed": None if latest is None else latest.started,
        "failure": None if latest is None else app.dashboards.failure(board, latest),
    }


def _widgets(app: Application, board: Board, latest: Refresh | None) -> list[dict[str, Any]]:
    refresh_id = None if latest is None else latest.refresh_id
    aliases = [one.alias for one in board.widgets]
    queries = [] if refresh_id is None else app.jobs.of_refresh(board.account_id, aliases, refresh_id)
    by_alias = {one.alias: one for one in queries}
    return [_widget(app, dict(one.properties), by_alias.get(one.alias)) for one in board.widgets]


def _widget(app: Application, properties: dict[str, str], query: Query | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "title": properties.get("Title", ""),
        "view": properties.get("View", ""),
        "properties": properties,
        "status": "NEVER" if query is None else str(query.status),
        "error": None if query is None else query.error_message,
        "statement": None if query is None else query.statement,
    }
    rows = [] if query is None or query.answer is None else app.jobs.page(query).rows
    columns = [name for cell in rows[0] for name in cell] if rows else []
    return told | {"columns": columns, "rows": [[value for cell in row for value in cell.values()] for row in rows]}


def _draw(one: dict[str, Any]) -> None:
    """One widget as text."""
    from trailmere.cli.drawn import lines, plain
    from trailmere.dashboards.drawing import drawing

    sys.stdout.write(f"\n{printable(one['title'])}\n")
    if one["status"] != "FINISHED":
        sys.stdout.write(f"  {printable(one['error'] or 'no answer: ' + one['status'].lower())}\n")
        return
    if not one["rows"]:
        sys.stdout.write("  nothing in this time\n")
        return
    drawn = drawing(one["properties"], one["columns"], one["rows"])
    as_text = lines(drawn, one["columns"], one["rows"])
    if as_text:
        knows_blocks = (sys.stdout.encoding or "").lower().startswith("utf")
        sys.stdout.writelines(f"  {printable(line if knows_blocks else plain(line))}\n" for line in as_text)
    else:
        write_table(one["columns"], one["rows"])


def _moment(moment: datetime) -> str:
    from datetime import UTC

    exact = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return exact.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidParameter(f"{path} is not UTF-8: byte {error.start} cannot be read") from None
    except OSError as error:
        raise InvalidParameter(f"{path}: {error.strerror or error}") from None
