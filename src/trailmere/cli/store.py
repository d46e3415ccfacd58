"""``trailmere store``: create, list, show, change and delete event data stores.

A thin door: what is allowed is decided in ``trailmere.registry``, what happens to tables in
``trailmere.lake.lifecycle``. JSON output has the members of AWS's GetEventDataStore.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App as CommandApp
from cyclopts import Parameter

from trailmere.cli.common import (
    LakeOption,
    OutputFormat,
    OutputOption,
    open_app,
    open_lake,
    report_error,
    talk,
    write_json,
    write_pairs,
    write_table,
)
from trailmere.errors import InvalidEventSelectors, InvalidParameter, LakeError

if TYPE_CHECKING:
    from trailmere.app import App
    from trailmere.events.selectors import AdvancedEventSelector
    from trailmere.lake.records import Totals
    from trailmere.registry.records import BillingMode, EventDataStore

store = CommandApp(
    name="store",
    help="Create, list, change and delete event data stores.",
    help_format="plaintext",
    version_flags=[],
)

StoreArgument = Annotated[str, Parameter(help="Name, id or ARN of the event data store.")]
SelectorsOption = Annotated[
    str | None,
    Parameter(
        help="Which events it takes in: the name of a template (see `trailmere store templates`), a file of advanced "
        "event selectors, or the JSON itself."
    ),
]
RetentionOption = Annotated[
    int | None, Parameter(help="Days to keep events, by eventTime: 7 to 3653. `trailmere maintain` removes older ones.")
]
BillingOption = Annotated[
    Literal["EXTENDABLE_RETENTION_PRICING", "FIXED_RETENTION_PRICING"] | None,
    Parameter(help="Nobody is billed; it decides default and maximum of the retention: 366 of 3653 days, or 2557."),
]


@store.command
def create(
    name: Annotated[str, Parameter(help="3 to 128 letters, digits, dots, underscores and hyphens.")],
    *,
    selectors: SelectorsOption = None,
    retention_days: RetentionOption = None,
    termination_protection: Annotated[bool, Parameter(help="Refuse to delete it.")] = True,
    billing_mode: BillingOption = None,
    organization: Annotated[bool, Parameter(help="It is for the events of a whole organisation.", negative=())] = False,
    multi_region: Annotated[bool, Parameter(help="It is for the events of all Regions.")] = True,
    kms_key: Annotated[str | None, Parameter(help="Kept with the store; Trailmere encrypts nothing with it.")] = None,
    tag: Annotated[tuple[str, ...], Parameter(help="KEY=VALUE; may be given again.", negative=())] = (),
    start_ingestion: Annotated[bool, Parameter(help="Take events in from the beginning.")] = True,
    lake: LakeOption = None,
    output: OutputOption = "table",
) -> None:
    """Create an event data store with its table. Without --selectors it takes all management events."""
    wishes: dict[str, Any] = {
        "selectors": read_selectors(selectors),
        "retention_days": retention_days,
        "termination_protection": termination_protection,
        "billing_mode": _billing_mode(billing_mode),
        "organization": organization,
        "multi_region": multi_region,
        "kms_key": kms_key,
        "tags": parse_tags(tag),
        "start_ingestion": start_ingestion,
    }
    given = {key: value for key, value in wishes.items() if value is not None}
    with open_app(lake) as app:
        created = app.lifecycle.create(name, **given)
    _write(created, output)
    talk().print(f"next: trailmere ingest SOURCE --store {created.name}", markup=False)


@store.command(name="list")
def list_stores(*, lake: LakeOption = None, output: OutputOption = "table") -> None:
    """All event data stores of the lake, also those that are pending deletion."""
    with open_app(lake) as app:
        stores = _settled(app) if app.has_lake else ()
    if output == "json":
        write_json([as_json(one) for one in stores])
        return
    columns = ("name", "id", "status", "days", "events")
    empty = "no event data stores: trailmere store create NAME"
    write_table(columns, [_row(one) for one in stores], empty=empty, whole=("name", "id", "days"))


@store.command
def show(name: StoreArgument, *, lake: LakeOption = None, output: OutputOption = "table") -> None:
    """One event data store: its selectors, what is in it, and the sums of its ledger."""
    with open_lake(lake) as app:
        _settled(app)
        found = app.stores.get(name)
        totals = app.lake.totals(found.id)
    _write(found, output, totals)


@store.command
def update(
    store: StoreArgument,
    *,
    name: Annotated[str | None, Parameter(help="Its new name.")] = None,
    selectors: SelectorsOption = None,
    retention_days: RetentionOption = None,
    termination_protection: Annotated[bool | None, Parameter(help="Refuse to delete it.")] = None,
    billing_mode: BillingOption = None,
    organization: Annotated[bool | None, Parameter(help="It is for the events of a whole organisation.")] = None,
    multi_region: Annotated[bool | None, Parameter(help="It is for the events of all Regions.")] = None,
    kms_key: Annotated[str | None, Parameter(help="Can be given once and not changed.")] = None,
    lake: LakeOption = None,
    output: OutputOption = "table",
) -> None:
    """Change what is given. New selectors count for what is ingested from now on; nothing is taken out."""
    changes: dict[str, Any] = {
        "name": name,
        "selectors": read_selectors(selectors),
        "retention_days": retention_days,
        "termination_protection": termination_protection,
        "billing_mode": _billing_mode(billing_mode),
        "organization": organization,
        "multi_region": multi_region,
        "kms_key": kms_key,
    }
    with open_lake(lake) as app:
        if changes["selectors"] is not None:
            app.insights.check_change(app.stores.get(store), changes["selectors"])
        changed = app.stores.update(store, **changes)
    _write(changed, output)


@store.command
def delete(name: StoreArgument, *, lake: LakeOption = None, output: OutputOption = "table") -> None:
    """Pending deletion: it can be restored for seven days, then it is deleted with all its events."""
    with open_lake(lake) as app:
        deleted = app.lifecycle.delete(name)
    _write(deleted, output)
    talk().print(f"to keep it: trailmere store restore {deleted.name}", markup=False)


@store.command
def restore(name: StoreArgument, *, lake: LakeOption = None, output: OutputOption = "table") -> None:
    """Bring an event data store back that is pending deletion."""
    with open_lake(lake) as app:
        restored = app.lifecycle.restore(name)
    _write(restored, output)


@store.command
def start_ingestion(name: StoreArgument, *, lake: LakeOption = None, output: OutputOption = "table") -> None:
    """Let an event data store take events in again."""
    with open_lake(lake) as app:
        started = app.stores.start_ingestion(name)
    _write(started, output)


@store.command
def stop_ingestion(name: StoreArgument, *, lake: LakeOption = None, output: OutputOption = "table") -> None:
    """Let an event data store take no more events in. It can still be queried."""
    with open_lake(lake) as app:
        stopped = app.stores.stop_ingestion(name)
    _write(stopped, output)


@store.command
def seal(name: StoreArgument, *, lake: LakeOption = None, output: OutputOption = "table") -> None:
    """Accept the record of an event data store as it is now, after `trailmere verify` said that it was changed.

    Look at it first (`trailmere store show`): its retention decides what `trailmere maintain` removes.
    """
    with open_lake(lake) as app:
        accepted = app.stores.seal(name)
    _write(accepted, output)


@store.command
def templates(*, output: OutputOption = "table") -> None:
    """Event selectors by name, for --selectors. Some take values: data-events:AWS::S3::Object,AWS::SQS::Queue."""
    from trailmere.events.selector_templates import TEMPLATES, template
    from trailmere.events.selectors import to_json

    if output == "json":
        write_json({name: to_json(template(name)) for name in TEMPLATES})
        return
    rows = [(one.name, one.values, one.meaning) for one in TEMPLATES.values()]
    write_table(("name", "takes", "meaning"), rows, whole=("name",))


def read_selectors(given: str | None) -> tuple[AdvancedEventSelector, ...] | None:
    """Selectors from JSON text, a template's name or a file. Raises InvalidEventSelectors, InvalidParameter."""
    from trailmere.events.selector_templates import TEMPLATES, template
    from trailmere.events.selectors import parse_selectors, to_json

    if given is None:
        return None
    text = given.strip()
    if text.partition(":")[0] in TEMPLATES:
        return template(text)
    if not text.startswith(("[", "{")):
        if not (path := Path(given)).exists() and not path.suffix and path.name == given:
            return template(text)  # neither a file nor meant as one: say which templates there are
        text = _file_text(path)
    data = _json(text)
    everything = template("everything")  # wider than AWS allows; accepted back as `store show` wrote it
    return everything if data == to_json(everything) else parse_selectors(data)


def parse_tags(given: Sequence[str]) -> dict[str, str]:
    """``("team=ir",)`` as ``{"team": "ir"}``. Raises InvalidParameter."""
    tags: dict[str, str] = {}
    for one in given:
        key, equals, value = one.partition("=")
        if not equals:
            raise InvalidParameter(f"expected a tag as KEY=VALUE, got {one!r}")
        if key in tags:
            raise InvalidParameter(f"expected each tag once, got {key!r} again")
        tags[key] = value
    return tags


def as_json(store: EventDataStore) -> dict[str, object]:
    """The members of AWS's GetEventDataStore, with its tags; times in ISO 8601."""
    from trailmere.events.selectors import to_json

    members: dict[str, object] = {
        "EventDataStoreArn": store.arn,
        "Name": store.name,
        "Status": store.status,
        "AdvancedEventSelectors": to_json(store.selectors),
        "MultiRegionEnabled": store.multi_region,
        "OrganizationEnabled": store.organization,
        "RetentionPeriod": store.retention_days,
        "TerminationProtectionEnabled": store.termination_protection,
        "CreatedTimestamp": store.created.isoformat(),
        "UpdatedTimestamp": store.updated.isoformat(),
        "BillingMode": store.billing_mode,
        "TagsList": [{"Key": key, "Value": value} for key, value in store.tags.items()],
    }
    if store.kms_key is not None:
        members["KmsKeyId"] = store.kms_key
    return members


def _settled(app: App) -> Sequence[EventDataStore]:
    """All stores, when what a killed process left is finished and what is due is purged, as far as that can be done."""
    try:
        for purged in app.lifecycle.tidy():
            talk().print(f"deleted for good: {purged.name} ({purged.id})", markup=False)
    except LakeError as error:
        report_error(error)  # a table that cannot be made or dropped now must not hide the others
    return app.stores.list()


def _contents(totals: Totals) -> dict[str, str]:
    """What is in a store, line by line; the two sums are those of the account that ``ingest`` closes with."""
    return {
        "rows": f"{totals.rows:,} in {totals.files:,} files, {totals.bytes / 1e6:,.1f} MB",
        **({"retention removed": f"{totals.expired:,} of the rows kept"} if totals.expired else {}),
        "deliveries": f"{totals.deliveries_seen:,} seen = {totals.deliveries_taken:,} taken "
        f"+ {totals.deliveries_known:,} already known + {totals.deliveries_rejected:,} rejected",
        "records": f"{totals.parsed:,} parsed = {totals.kept:,} kept + {totals.filtered:,} filtered "
        f"+ {totals.duplicate:,} duplicate + {totals.dead:,} dead-lettered",
        "conflicts": f"{totals.conflicting_places:,} places with other bytes than before, "
        f"{totals.conflicting_events:,} eventIDs with other content",
        "dead letters": f"{totals.dead_letters_open:,} open",
    }


def _write(store: EventDataStore, output: OutputFormat, totals: Totals | None = None) -> None:
    if output == "json":
        write_json(as_json(store) | ({} if totals is None else {"Contents": asdict(totals)}))
        return
    from trailmere.events.selectors import to_json

    write_pairs(
        {
            "name": store.name,
            "id": store.id,
            "arn": store.arn,
            "status": store.status,
            **({"deleted at": _minute(store.deletion_due)} if store.deletion_due else {}),
            "events": _events(store),
            "retention": f"{store.retention_days} days",
            "termination protection": _on(store.termination_protection),
            "multi-Region": _on(store.multi_region),
            "organisation": _on(store.organization),
            "billing mode": store.billing_mode,
            **({"KMS key": store.kms_key} if store.kms_key else {}),
            **({"tags": ", ".join(f"{key}={value}" for key, value in store.tags.items())} if store.tags else {}),
            "created": _minute(store.created),
            "updated": _minute(store.updated),
            **({} if totals is None else _contents(totals)),
            "selectors": json.dumps(to_json(store.selectors), ensure_ascii=False),
        }
    )


def _row(store: EventDataStore) -> tuple[object, ...]:
    due = f" until {_minute(store.deletion_due)}" if store.deletion_due else ""
    return (store.name, store.id, f"{store.status}{due}", store.retention_days, _events(store))


def _events(store: EventDataStore) -> str:
    """What it takes in, in few words: the names of its selectors, else the categories."""
    from trailmere.events.selectors import categories_of

    names = [one.name for one in store.selectors if one.name]
    return "; ".join(names) if len(names) == len(store.selectors) else ", ".join(categories_of(store.selectors))


def _minute(moment: Any) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _on(value: bool) -> str:
    return "on" if value else "off"


def _billing_mode(name: str | None) -> BillingMode | None:
    from trailmere.registry.records import BillingMode

    return None if name is None else BillingMode(name)


def _file_text(path: Path) -> str:
    try:
        return sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidParameter(
            f"cannot read the event selectors in {path}: {error}",
            hint="give a file, JSON that starts with [, or one of: trailmere store templates",
        ) from error


def _json(text: str) -> object:
    """The list of selectors, also out of what the AWS CLI prints for a store."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InvalidEventSelectors(f"expected JSON: {error.msg}", place=place) from error
    return data["AdvancedEventSelectors"] if isinstance(data, dict) and "AdvancedEventSelectors" in data else data
