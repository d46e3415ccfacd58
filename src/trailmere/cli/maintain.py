"""``trailmere maintain``: small files become large ones, what is past its time goes; what was done on stdout."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from trailmere.checkup import size
from trailmere.cli.common import (
    LakeOption,
    OutputFormat,
    OutputOption,
    open_lake,
    printable,
    report_error,
    talk,
    write_json,
    write_table,
)
from trailmere.errors import InvalidParameter, TrailmereError

if TYPE_CHECKING:
    from trailmere.app import App
    from trailmere.lake.records import Maintained, MaintenanceProgress
    from trailmere.registry.records import EventDataStore

QUIET_SECONDS = 2.0  # what is done sooner needs no progress bar
SHORTEST = timedelta(seconds=1)
COLUMNS = ("store", "files", "size", "rows removed", "snapshots expired", "files removed")


def maintain(
    *,
    store: Annotated[tuple[str, ...], Parameter(help="Only this event data store; may be given again.")] = (),
    dry_run: Annotated[bool, Parameter(negative="", help="Say what would be done; change nothing.")] = False,
    every: Annotated[
        timedelta | None, Parameter(help="Do it again and again, so long apart (1h, 30m); stop with Ctrl-C or SIGTERM.")
    ] = None,
    expire_snapshots_after: Annotated[
        timedelta | None,
        Parameter(help="Age at which snapshots go (7d). Default: $TRAILMERE_MAINTAIN_SNAPSHOT_DAYS."),
    ] = None,
    rest: Annotated[
        timedelta | None,
        Parameter(
            help="Time without a new file after which all small files of a day become one (24h; 0s: now). "
            "Default: $TRAILMERE_MAINTAIN_REST_HOURS."
        ),
    ] = None,
    output: OutputOption = "table",
    lake: LakeOption = None,
) -> int:
    """Keep event data stores small and quick: to be run now and then, or all the time with --every.

    Merges small data files of a day into large ones in the order of time, removes events past the retention of their
    store, expires old snapshots (--at reaches less far back then), and removes files that nobody needs. Safe beside
    ingests and queries, and may be killed: a query that has begun is answered from the files that it began with.
    Exits with 0, or 1 when a store could not be maintained or a damaged file was met; such a file stays as it is.
    """
    for name, value in (("--every", every), ("--expire-snapshots-after", expire_snapshots_after), ("--rest", rest)):
        if value is not None and value < (SHORTEST if name == "--every" else timedelta()):
            raise InvalidParameter(f"{name}: expected a length of time such as 1h, got {value}")
    if every is not None and dry_run:
        raise InvalidParameter("--every goes not with --dry-run", hint="leave one of them out")
    days = None if expire_snapshots_after is None else expire_snapshots_after / timedelta(days=1)
    hours = None if rest is None else rest / timedelta(hours=1)
    with open_lake(lake, maintain_snapshot_days=days, maintain_rest_hours=hours) as app:
        if every is None:
            return _round(app, store, dry_run, output)
        return _rounds(app, store, every, output)


def _rounds(app: App, names: Sequence[str], every: timedelta, output: OutputFormat) -> int:
    from trailmere.cli.ingest import stopped_by_signals

    with stopped_by_signals() as stop:
        while True:
            failed = _round(app, names, False, output, stop)
            if stop.wait(every.total_seconds()):
                return failed


def _round(
    app: App, names: Sequence[str], dry_run: bool, output: OutputFormat, stop: threading.Event | None = None
) -> int:
    """All stores once; a store that cannot be maintained does not keep the others from it."""
    done: list[tuple[EventDataStore, Maintained]] = []
    failed = False
    with shown_progress() as show:
        for store in _stores(app, names, dry_run):
            if stop is not None and stop.is_set():
                break
            try:
                done.append((store, app.maintain(store, dry_run=dry_run, show=show)))
            except TrailmereError as error:
                failed = True
                talk().print(f"{store.name}:", markup=False)
                report_error(error)
    _write(done, dry_run, output)
    return 1 if failed or any(result.damaged for _, result in done) else 0


def _stores(app: App, names: Sequence[str], dry_run: bool) -> list[EventDataStore]:
    """Those that were named, or all that can be queried. One that is pending deletion stays as it was."""
    from trailmere.registry.records import Operation

    if names:
        return [app.stores.require(name, Operation.QUERY) for name in names]
    if not dry_run:
        app.lifecycle.tidy()
    found = []
    for store in app.stores.list():
        with contextlib.suppress(TrailmereError):
            found.append(app.stores.require(store.id, Operation.QUERY))
    return found


def _write(done: Sequence[tuple[EventDataStore, Maintained]], dry_run: bool, output: OutputFormat) -> None:
    if output == "json":
        write_json([{"store": store.name, "dry_run": dry_run, **asdict(result)} for store, result in done])
        return
    write_table(
        COLUMNS, [_row(store, result) for store, result in done], empty="no event data stores", whole=("store",)
    )
    for store, result in done:
        for damage in result.damaged:
            talk().print(printable(f"{store.name}: {damage.path}: {damage.why}"), markup=False)
        if result.snapshots_leased:
            talk().print(f"{store.name}: {result.snapshots_leased} snapshots are being read and stay", markup=False)
    if dry_run:
        talk().print("dry run: nothing was changed")


def _row(store: EventDataStore, result: Maintained) -> tuple[Any, ...]:
    after = "" if result.bytes_after is None else f" -> {size(result.bytes_after)}"
    return (
        store.name,
        f"{result.files_before:,} -> {result.files_after:,}",
        f"{size(result.bytes_before)}{after}",
        f"{result.rows_removed:,}",
        f"{result.snapshots_expired:,}",
        f"{result.files_removed:,} ({size(result.bytes_removed)})",
    )


@contextlib.contextmanager
def shown_progress() -> Iterator[Callable[[MaintenanceProgress], None]]:
    """A progress bar on a terminal, once it takes longer than two seconds; silence elsewhere."""
    console = talk()
    if not console.is_terminal:
        yield lambda _progress: None
        return
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    began = time.monotonic()
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    task = bar.add_task("", total=None)

    def show(progress: MaintenanceProgress) -> None:
        bar.update(task, description=progress.step, completed=progress.done, total=progress.total or None)
        if time.monotonic() - began > QUIET_SECONDS:
            bar.start()

    try:
        yield show
    finally:
        bar.stop()
