"""``trailmere import``: logs copied from a bucket or a folder into an event data store, as StartImport does.

A thin door over ``trailmere.ingest.imports``. JSON output has the members of AWS's GetImport.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App as CommandApp
from cyclopts import Parameter

from trailmere.cli.common import (
    LakeOption,
    OutputFormat,
    OutputOption,
    open_lake,
    talk,
    time_text,
    write_json,
    write_pairs,
    write_table,
)

if TYPE_CHECKING:
    from trailmere.app import App
    from trailmere.registry.imports import Import, ImportFailure

imports = CommandApp(
    name="import",
    help="Imports: copy logs from a bucket or a folder, whatever the store selects; stop and retry.",
    help_format="plaintext",
    version_flags=[],
)

IdArgument = Annotated[str, Parameter(name="id", help="Id of the import.")]
DetachOption = Annotated[bool, Parameter(name="--detach", help="Leave it to a running `trailmere serve`.", negative=())]
LOOK_SECONDS = 0.5
MOST_FAILURES = 1000  # shown


@imports.command
def start(
    location: Annotated[str, Parameter(help="s3://bucket/prefix, or a folder.")],
    *,
    store: Annotated[str, Parameter(help="Name, id or ARN of the event data store.")],
    start_time: Annotated[datetime | None, Parameter(help="Only files whose names are of then or later, UTC.")] = None,
    end_time: Annotated[datetime | None, Parameter(help="Only files whose names are of then or earlier, UTC.")] = None,
    detach: DetachOption = False,
    lake: LakeOption = None,
    output: OutputOption = "table",
) -> int:
    """Import logs, and wait for the end. As with AWS, what the store selects does not matter.

    Exits with 0 where all came in, 1 where something failed, 130 where a signal stopped it: it can be retried.
    """
    place = location if "://" in location else Path(location).resolve().as_uri()
    folder = None if "://" in location else str(Path(location).resolve())  # whoever types it may read it
    with open_lake(lake, import_folders=folder) as app:
        settings = app.settings
        begun = app.imports.start(
            settings.account_id,
            settings.region,
            app.stores.get(store),
            place,
            start_event_time=_utc(start_time),
            end_event_time=_utc(end_time),
            perform=not detach,
        )
        return _see_to_its_end(app, begun, detach, output)


@imports.command
def retry(
    import_id: IdArgument, *, detach: DetachOption = False, lake: LakeOption = None, output: OutputOption = "table"
) -> int:
    """Begin an import that failed or was stopped once more, and wait for its end."""
    with open_lake(lake) as app:
        return _see_to_its_end(app, app.imports.retry(import_id, perform=not detach), detach, output)


@imports.command
def stop(import_id: IdArgument, *, lake: LakeOption = None, output: OutputOption = "table") -> None:
    """Stop an import; what came in stays. Where a server performs it, that sees it within seconds."""
    with open_lake(lake) as app:
        _write(app, app.imports.stop(import_id), output)


@imports.command(name="list")
def list_imports(*, lake: LakeOption = None, output: OutputOption = "table") -> None:
    """The imports of the account and Region in the settings, newest first."""
    with open_lake(lake) as app:
        found = app.import_records.list(app.settings.account_id, app.settings.region)
        if output == "json":
            write_json([_as_json(app, one) for one in found])
            return
        rows = [(one.id, one.status, _store(app, one), one.location, _counts(one)) for one in found]
    write_table(("id", "status", "store", "from", "files"), rows, empty="no imports", whole=("id",))


@imports.command
def show(import_id: IdArgument, *, lake: LakeOption = None, output: OutputOption = "table") -> None:
    """One import: how far it is, and what failed."""
    with open_lake(lake) as app:
        _write(app, app.import_records.get(import_id), output)


def _see_to_its_end(app: App, begun: Import, detach: bool, output: OutputFormat) -> int:
    """Wait, tell, and give the exit code."""
    from trailmere.cli.ingest import INTERRUPTED, stopped_by_signals
    from trailmere.registry.imports import ImportStatus

    ended = begun
    if detach:
        talk().print("a running `trailmere serve` performs it; see: trailmere import show", begun.id, markup=False)
    else:
        with stopped_by_signals() as signalled, _shown(begun) as show:
            while (ended := app.imports.wait(begun.id, LOOK_SECONDS)).is_ongoing:
                show(ended)
                if signalled.is_set():
                    ended = app.imports.stop(begun.id)
                    break
    _write(app, ended, output)
    if ended.status is ImportStatus.STOPPED or ended.stopping:
        talk().print("stopped; go on with: trailmere import retry", ended.id, markup=False)
        return INTERRUPTED
    return 1 if ended.status is ImportStatus.FAILED else 0


@contextlib.contextmanager
def _shown(begun: Import) -> Iterator[Any]:
    """How far it is, on a terminal; silence elsewhere."""
    with talk().status(f"import {begun.id}") as line:
        yield lambda one: line.update(f"import {one.id}: {_counts(one)}, {one.statistics.events_completed:,} events")


def _write(app: App, one: Import, output: OutputFormat) -> None:
    failures = app.import_records.failures(one.id, limit=MOST_FAILURES)
    if output == "json":
        write_json(_as_json(app, one) | {"Failures": [_failure(failure) for failure in failures]})
        return
    write_pairs(
        {
            "id": one.id,
            "status": "stopping" if one.stopping and one.is_ongoing else one.status,
            "store": _store(app, one),
            "from": one.location,
            **({"since": time_text(one.start_event_time)} if one.start_event_time else {}),
            **({"until": time_text(one.end_event_time)} if one.end_event_time else {}),
            "files": _counts(one),
            "events": f"{one.statistics.events_completed:,} kept",
            "created": time_text(one.created),
            "updated": time_text(one.updated),
        }
    )
    _write_failures(failures)


def _write_failures(failures: Sequence[ImportFailure]) -> None:
    if failures:
        rows = [(one.location, one.status, one.error_type, one.error_message) for one in failures]
        write_table(("place", "status", "error", "message"), rows)


def _counts(one: Import) -> str:
    counts = one.statistics
    return f"{counts.files_found:,} found, {counts.files_completed:,} completed, {counts.failed_entries:,} failed"


def _store(app: App, one: Import) -> str:
    found = app.stores.find(one.store_id)
    return one.store_id if found is None else found.name


def _as_json(app: App, one: Import) -> dict[str, Any]:
    found = app.stores.find(one.store_id)
    counts = one.statistics
    return {
        "ImportId": one.id,
        "Destinations": [] if found is None else [found.arn],
        "ImportSource": {
            "S3": {
                "S3LocationUri": one.location,
                "S3BucketRegion": one.bucket_region,
                "S3BucketAccessRoleArn": one.role_arn,
            }
        },
        **({"StartEventTime": one.start_event_time} if one.start_event_time else {}),
        **({"EndEventTime": one.end_event_time} if one.end_event_time else {}),
        "ImportStatus": one.status,
        "CreatedTimestamp": one.created,
        "UpdatedTimestamp": one.updated,
        "ImportStatistics": {
            "PrefixesFound": counts.prefixes_found,
            "PrefixesCompleted": counts.prefixes_completed,
            "FilesCompleted": counts.files_completed,
            "EventsCompleted": counts.events_completed,
            "FailedEntries": counts.failed_entries,
        },
    }


def _failure(one: ImportFailure) -> dict[str, Any]:
    return {
        "Location": one.location,
        "Status": one.status,
        "ErrorType": one.error_type,
        "ErrorMessage": one.error_message,
        "LastUpdatedTime": one.updated,
    }


def _utc(moment: datetime | None) -> datetime | None:
    """With its zone; a time without one is UTC."""
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
