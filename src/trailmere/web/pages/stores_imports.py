"""Imports: logs that are copied from a bucket or a folder into a store. Started, followed, stopped, tried again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from trailmere.errors import ImportNotFound, InvalidParameter
from trailmere.registry.records import Operation, partition, status_after
from trailmere.web.pages.stores_change import REFUSED, is_denied, said
from trailmere.web.pages.stores_read import asked
from trailmere.web.visit import Answer, Page, Redirect, Visit

if TYPE_CHECKING:
    from trailmere.registry.imports import Import
    from trailmere.registry.records import EventDataStore

LISTED = 50
FAILURES = 100
POLLED = ("INITIALIZING", "IN_PROGRESS")
STATUSES = ("INITIALIZING", "IN_PROGRESS", "COMPLETED", "FAILED", "STOPPED")
FIELDS = ("location", "store", "since", "until", "bucket_region", "role")


def show_list(visit: Visit) -> Page:
    """All of them, newest first; of one store (``store``), with one status (``status``)."""
    store = _named_store(visit, visit.arg("store"))
    status = visit.arg("status") if visit.arg("status") in STATUSES else None
    told = asked(
        visit,
        "ListImports",
        Destination=store.arn if store else None,
        ImportStatus=status,
        MaxResults=LISTED,
        NextToken=visit.arg("after") or None,
    )
    listed = () if told.output is None else [_listed(visit, one) for one in told.output["Imports"]]
    context = {
        "refused": told.refused,
        "imports": listed,
        "after": None if told.output is None else told.output.get("NextToken"),
        "store": store,
        "status": status,
        "statuses": STATUSES,
        "may_start": visit.may("cloudtrail:StartImport", _any_store(visit)),
        "polled": any(one["ImportStatus"] in POLLED for one in listed),
    }
    return Page("stores_imports_table.html" if visit.is_part else "stores_imports.html", context)


def new(visit: Visit) -> Page:
    """The form."""
    visit.allow("cloudtrail:StartImport", _any_store(visit))
    return Page(
        "stores_imports_new.html", _form(visit, {"store": visit.arg("store"), "location": visit.arg("location")})
    )


def start(visit: Visit) -> Answer:
    """Begin one, and follow it."""
    typed = {name: visit.field(name).strip() for name in FIELDS}
    try:
        source = {
            "S3LocationUri": _location(typed["location"]),
            "S3BucketRegion": typed["bucket_region"] or visit.region,
            "S3BucketAccessRoleArn": typed["role"] or _usual_role(visit),
        }
        begun = visit.perform(
            "StartImport",
            ImportSource={"S3": source},
            Destinations=[typed["store"]],
            StartEventTime=_moment(visit, typed["since"]),
            EndEventTime=_moment(visit, typed["until"]),
        )
    except REFUSED as error:
        if is_denied(error):
            raise
        return Page("stores_imports_new.html", _form(visit, typed) | {"wrong": said(error)}, 400)
    return Redirect(visit.link(f"/stores/imports/{begun['ImportId']}"), said="The import has begun.")


def show(visit: Visit) -> Page:
    """One: how far it is, what failed. While it runs a part of the page asks again."""
    context = _context(visit)
    return Page("stores_import_part.html" if visit.is_part else "stores_import.html", context)


def act(visit: Visit) -> Answer:
    """Stop it, or try it once more."""
    import_id = visit.values["import_id"]
    try:
        if visit.field("do") == "stop":
            visit.perform("StopImport", ImportId=import_id)
            words = "The import was asked to stop. What came in stays."
        else:
            visit.perform("StartImport", ImportId=import_id)
            words = "The import goes on: what is there already is not taken twice."
    except REFUSED as error:
        if is_denied(error):
            raise
        return Page("stores_import.html", _context(visit) | {"wrong": said(error)}, 400)
    return Redirect(visit.link(f"/stores/imports/{import_id}"), said=words)


def _context(visit: Visit) -> dict[str, Any]:
    told = visit.perform("GetImport", ImportId=visit.values["import_id"])
    record = _record(visit, told["ImportId"])
    failures = asked(
        visit,
        "ListImportFailures",
        ImportId=record.id,
        MaxResults=FAILURES,
        NextToken=visit.arg("after") or None,
    )
    wrong: Mapping[str, str] | None = None
    store = _named_store(visit, record.store_id)
    return {
        "told": told,
        "counts": told["ImportStatistics"],
        "found": record.statistics.files_found,
        "stopping": record.stopping,
        "running": told["ImportStatus"] in POLLED,
        "store": store,
        "store_id": record.store_id,
        "failures": failures.output["Failures"] if failures.output else (),
        "failures_refused": failures.refused,
        "after": failures.output.get("NextToken") if failures.output else None,
        "may_stop": visit.may("cloudtrail:StopImport"),
        "may_start": visit.may("cloudtrail:StartImport", _store_arn(visit, record.store_id)),
        "wrong": wrong,
    }


def _record(visit: Visit, import_id: str) -> Import:
    """The record: how many files were found is no member of GetImport. Raises ImportNotFound."""
    found = visit.app.imports.records.get(import_id)
    if (found.account_id, found.region) != (visit.account_id, visit.region):
        raise ImportNotFound(f"no import has the id {import_id}")
    return found


def _listed(visit: Visit, told: Mapping[str, Any]) -> Mapping[str, Any]:
    """A row of the list, with what ListImports leaves out."""
    record = _record(visit, told["ImportId"])
    store = visit.app.stores.find(told["Destinations"][0])
    return {**told, "record": record, "store": record.store_id if store is None else store.name}


def _form(visit: Visit, typed: Mapping[str, str]) -> dict[str, Any]:
    """What the form needs: stores that logs can be imported into, and from where it may be."""
    settings = visit.app.settings
    wrong: Mapping[str, str] | None = None
    return {
        "typed": dict.fromkeys(FIELDS, "") | dict(typed),
        "stores": [one for one in visit.app.stores_in(visit.account_id, visit.region).list() if _takes(visit, one)],
        "folders": [one for one in settings.import_folders.split(":") if one],
        "buckets": [one.strip() for one in settings.import_buckets.split(",") if one.strip()],
        "wrong": wrong,
    }


def _takes(visit: Visit, store: EventDataStore) -> bool:
    try:
        status_after(store, Operation.IMPORT)
    except REFUSED:
        return False
    return store.family == "cloudtrail" and visit.may("cloudtrail:StartImport", store.arn)


def _location(text: str) -> str:
    """A folder as people write it is ``file://`` too."""
    return f"file://{text}" if text.startswith("/") else text


def _moment(visit: Visit, text: str) -> datetime | None:
    """A time of the form, in the zone of the page. Raises InvalidParameter."""
    if not text:
        return None
    try:
        read = datetime.fromisoformat(text)
        return (read if read.tzinfo else read.replace(tzinfo=visit.zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidParameter(f"expected a time such as 2026-05-01T10:00, got {text[:60]!r}") from None


def _usual_role(visit: Visit) -> str:
    """StartImport wants one; here logs are read with the server's own rights."""
    return f"arn:{partition(visit.region)}:iam::{visit.account_id}:role/import"


def _named_store(visit: Visit, wanted: str) -> EventDataStore | None:
    here = visit.app.stores_in(visit.account_id, visit.region).list()
    found = next((one for one in here if wanted and wanted in (one.id, one.name)), None)
    return found if found is not None and visit.may("cloudtrail:GetEventDataStore", found.arn) else None


def _any_store(visit: Visit) -> str:
    return _store_arn(visit, "*")


def _store_arn(visit: Visit, store_id: str) -> str:
    return f"arn:{partition(visit.region)}:cloudtrail:{visit.region}:{visit.account_id}:eventdatastore/{store_id}"


ROUTES = (
    ("GET", "/stores/imports", show_list),
    ("GET", "/stores/imports/new", new),
    ("POST", "/stores/imports/new", start),
    ("GET", "/stores/imports/{import_id}", show),
    ("POST", "/stores/imports/{import_id}", act),
)
