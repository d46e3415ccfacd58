"""``trailmere ingest``: logs into an event data store, with progress on stderr and the account on stdout."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from trailmere.checkup import size
from trailmere.cli.common import LakeOption, OutputOption, open_lake, talk, write_json, write_pairs

if TYPE_CHECKING:
    from types import FrameType

    from trailmere.app import App
    from trailmere.ingest.account import Account
    from trailmere.ingest.run import Progress
    from trailmere.registry.records import EventDataStore
    from trailmere.sources.delivery import Source

INTERRUPTED = 128 + signal.SIGINT
SourceArgument = Annotated[
    str, Parameter(allow_leading_hyphen=True, help="A folder, a file, - for standard input, or s3://bucket/prefix.")
]


def ingest(
    source: SourceArgument,
    *,
    store: Annotated[str, Parameter(help="Name, id or ARN of the event data store.")],
    account: Annotated[tuple[str, ...], Parameter(help="Only logs of this account; may be given again.")] = (),
    region: Annotated[tuple[str, ...], Parameter(help="Only logs of this Region; may be given again.")] = (),
    since: Annotated[datetime | None, Parameter(help="Only files written at this time or later (UTC).")] = None,
    until: Annotated[datetime | None, Parameter(help="Only files written before this time (UTC).")] = None,
    follow: Annotated[bool, Parameter(negative="", help="Keep watching; stop with Ctrl-C or SIGTERM.")] = False,
    every: Annotated[float, Parameter(help="With --follow: seconds between two looks.")] = 10.0,
    dry_run: Annotated[bool, Parameter(negative="", help="Read, decode and count; write nothing.")] = False,
    workers: Annotated[int | None, Parameter(help="Processes that decode. Default: $TRAILMERE_INGEST_WORKERS.")] = None,
    output: OutputOption = "table",
    lake: LakeOption = None,
) -> int:
    """Take CloudTrail logs into an event data store; nothing is lost, nothing is taken twice.

    May be interrupted, killed and repeated at will: what was taken in is known by its bytes. The account at the end
    balances: deliveries seen = taken + known + rejected; records parsed = kept + filtered + duplicate + dead.
    --account, --region, --since and --until go by the names of the objects; the time in a name is when it was written.
    Exits with 0, or 130 when it was interrupted before the end.
    """
    from trailmere.errors import InvalidParameter
    from trailmere.registry.records import Operation
    from trailmere.sources.opening import open_source
    from trailmere.sources.scope import Scope

    if follow and (source == "-" or dry_run):
        raise InvalidParameter("--follow goes with neither standard input nor --dry-run", hint="leave one of them out")
    scope = Scope(account, region, _utc(since), _utc(until))
    with open_lake(lake, ingest_workers=workers) as app, contextlib.closing(open_source(source, scope)) as opened:
        found = app.lifecycle.use(store, Operation.INGEST)
        with stopped_by_signals() as stop, shown_progress() as progress:
            result = _run(app, found, opened, every if follow else None, dry_run, stop, progress)
        if result.kept and not dry_run:
            _tell_of_retention(app, found)
    if output == "json":
        write_json(result.as_dict())
    else:
        write_pairs(account_lines(result))
    return INTERRUPTED if result.interrupted and not follow else 0


def _run(
    app: App,
    store: EventDataStore,
    source: Source,
    every_seconds: float | None,
    dry_run: bool,
    stop: threading.Event,
    progress: Callable[[Progress], None],
) -> Account:
    from trailmere.ingest.follow import follow
    from trailmere.ingest.run import Ingest, ingest

    limits = app.ingest_limits
    if every_seconds is None:
        return ingest(app.lake, store, source, limits, dry_run=dry_run, progress=progress, stop=stop.is_set)
    with Ingest(app.lake, store, limits, progress=progress, stop=stop.is_set) as run:
        return follow(run, source, lambda: stop.wait(every_seconds))


def _tell_of_retention(app: App, store: EventDataStore) -> None:
    """Old logs are what responders bring: whoever maintains the lake must not be surprised that they go."""
    from trailmere.lake.records import Condition
    from trailmere.registry.bounds import RETENTION

    cutoff = (datetime.now(UTC) - timedelta(days=store.retention_days)).replace(tzinfo=None)
    rows = sum(file.rows for file in app.lake.scan(store.id, (Condition("eventtime", "<", cutoff),)).files)
    if not rows:
        return
    sys.stderr.write(
        f"note: up to {rows:,} events of {store.name} are older than its retention of {store.retention_days} days; "
        "trailmere maintain removes them\n"
    )
    longest = RETENTION[store.billing_mode].maximum_days
    if store.retention_days < longest:
        sys.stderr.write(f"  to keep them: trailmere store update {store.name} --retention-days {longest}\n")


def _utc(time: datetime | None) -> datetime | None:
    """Naive UTC; a time without a zone is UTC."""
    return time.astimezone(UTC).replace(tzinfo=None) if time is not None and time.tzinfo is not None else time


@contextlib.contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set. A second one of the same kind ends the process where it stands."""
    stop = threading.Event()

    def handle(number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)
        sys.stderr.write("\nfinishing what is under way; once more to stop at once\n")

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def shown_progress() -> Iterator[Callable[[Progress], None]]:
    """A progress bar on a terminal; silence elsewhere."""
    console = talk()
    if not console.is_terminal:
        yield lambda _progress: None
        return
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} MB"),
        TextColumn("{task.fields[deliveries]:,} deliveries, {task.fields[records]:,} records, {task.fields[rate]:,}/s"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None, deliveries=0, records=0, rate=0)

        def show(progress: Progress) -> None:
            elapsed = bar.tasks[0].elapsed or 1.0
            bar.update(
                task,
                total=progress.total_bytes / 1e6,
                completed=progress.bytes / 1e6,
                deliveries=progress.deliveries,
                records=progress.records,
                rate=round(progress.records / elapsed),
            )

        yield show


def account_lines(account: Account) -> dict[str, str]:
    """The account for people, line by line: the two sums first, then what deserves a look."""
    lines = {
        "deliveries": f"{account.deliveries_seen:,} seen = {account.deliveries_taken:,} taken "
        f"+ {account.deliveries_known:,} already known + {account.deliveries_rejected:,} rejected",
        "records": f"{account.parsed:,} parsed = {account.kept:,} kept + {account.filtered:,} filtered "
        f"+ {account.duplicate:,} duplicate + {account.dead:,} dead-lettered",
    }
    lines |= {name: text for name, text in _remarks(account) if text}
    rate = f", {account.records_per_second:,.0f} records/s" if account.records_per_second >= 1 else ""
    sizes = f", {size(account.stored_bytes)} stored, {size(account.content_bytes)} of records"
    lines["time"] = f"{account.seconds:,.1f} s{rate}{sizes if account.parsed else ''}"
    return lines


def _remarks(account: Account) -> Iterator[tuple[str, str]]:
    yield "known", f"{account.known_rejected:,} of them were rejected before" if account.known_rejected else ""
    yield "left alone", _counts(account.left_alone)
    yield "no records in", _counts(account.foreign)
    yield "out of scope", f"{account.out_of_scope:,}" if account.out_of_scope else ""
    yield "dead letters", f"{_counts(account.reasons)}; see: trailmere deadletters list" if account.reasons else ""
    yield (
        "conflicts",
        f"{account.conflicting_places:,} places with other bytes than before, "
        f"{account.conflicting_events:,} eventIDs with other content"
        if account.conflicting_places or account.conflicting_events
        else "",
    )
    yield "new fields", f"{', '.join(account.new_fields)}; see: trailmere schema drift" if account.new_fields else ""
    yield "recovered", f"{account.recovered:,} batches of a run that was killed" if account.recovered else ""
    yield "dry run", "nothing was written; duplicates are only found when it is done" if account.dry_run else ""
    yield "interrupted", "run it again for the rest" if account.interrupted else ""


def _counts(counts: object) -> str:
    assert isinstance(counts, dict)
    return ", ".join(f"{count:,} {kind}" for kind, count in counts.items())
