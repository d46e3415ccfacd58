"""Imports: the five operations on them. They are performed by ``trailmere.ingest.imports``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trailmere.api.paging import page, place, token
from trailmere.errors import ImportNotFound, InvalidParameter
from trailmere.registry.imports import ImportStatus

if TYPE_CHECKING:
    from trailmere.api.call import Call
    from trailmere.registry.imports import Import

MOST_LISTED = 1000
OF_A_NEW_ONE = ("Destinations", "ImportSource", "StartEventTime", "EndEventTime")


def start(call: Call) -> Mapping[str, Any]:
    """StartImport: a new one, or one that failed or was stopped once more."""
    import_id = call.input.get("ImportId")
    given = [name for name in OF_A_NEW_ONE if name in call.input]
    if import_id is not None:
        if given:
            raise InvalidParameter(f"expected ImportId alone, to retry an import, got {', '.join(given)} too")
        return _described(call, call.app.imports.retry(_to_retry(call, import_id).id))
    if "Destinations" not in call.input or "ImportSource" not in call.input:
        raise InvalidParameter("expected Destinations and ImportSource, or the ImportId of an import to retry")
    store = call.store(call.input["Destinations"][0])
    source = call.input["ImportSource"]["S3"]
    started = call.app.imports.start(
        call.account_id,
        call.region,
        store,
        source["S3LocationUri"],
        bucket_region=source["S3BucketRegion"],
        role_arn=source["S3BucketAccessRoleArn"],
        start_event_time=call.input.get("StartEventTime"),
        end_event_time=call.input.get("EndEventTime"),
    )
    return _described(call, started)


def stop(call: Call) -> Mapping[str, Any]:
    """StopImport."""
    stopped = call.app.imports.stop(_mine(call, call.input["ImportId"]).id)
    return {**_described(call, stopped), "ImportStatistics": _statistics(stopped)}


def get(call: Call) -> Mapping[str, Any]:
    """GetImport."""
    found = _mine(call, call.input["ImportId"])
    return {**_described(call, found), "ImportStatistics": _statistics(found)}


def list_all(call: Call) -> Mapping[str, Any]:
    """ListImports: newest first."""
    call.allow()
    destination, status = call.input.get("Destination"), call.input.get("ImportStatus")
    here = call.app.imports.records.list(
        call.account_id,
        call.region,
        store_id=None if destination is None else call.store(destination, "cloudtrail:GetEventDataStore").id,
        status=None if status is None else ImportStatus(status),
    )
    found, more = page(call, here, _newest_first, MOST_LISTED)
    listed = ("ImportId", "ImportStatus", "Destinations", "CreatedTimestamp", "UpdatedTimestamp")
    return {"Imports": [{name: _described(call, one)[name] for name in listed} for one in found], **more}


def list_failures(call: Call) -> Mapping[str, Any]:
    """ListImportFailures: by place."""
    found = _mine(call, call.input["ImportId"])
    size = call.input.get("MaxResults", MOST_LISTED)
    failures = call.app.imports.records.failures(found.id, after=place(call) or "", limit=size + 1)
    more = {"NextToken": token(call, failures[size - 1].location)} if len(failures) > size else {}
    told = [
        {
            "Location": one.location,
            "Status": one.status,
            "ErrorType": one.error_type,
            "ErrorMessage": one.error_message,
            "LastUpdatedTime": one.updated,
        }
        for one in failures[:size]
    ]
    return {"Failures": told, **more}


def _mine(call: Call, import_id: str) -> Import:
    """The import of this id, if it is the account's. Raises AccessDenied, ImportNotFound."""
    call.allow()
    return _here(call, import_id)


def _to_retry(call: Call, import_id: str) -> Import:
    """As ``_mine``, for whoever may import into its store."""
    try:
        found = _here(call, import_id)
    except ImportNotFound:
        call.allow()  # whether there is such an import is told to those who may import
        raise
    call.store(found.store_id)
    return found


def _here(call: Call, import_id: str) -> Import:
    found = call.app.imports.records.get(import_id)
    if (found.account_id, found.region) != (call.account_id, call.region):
        raise ImportNotFound(f"no import has the id {import_id}")
    return found


def _newest_first(record: Import) -> str:
    return f"{(1 << 62) - int(record.created.timestamp() * 1_000_000):020d} {record.id}"


def _described(call: Call, record: Import) -> dict[str, Any]:
    source = {
        "S3LocationUri": record.location,
        "S3BucketRegion": record.bucket_region,
        "S3BucketAccessRoleArn": record.role_arn,
    }
    return {
        "ImportId": record.id,
        "Destinations": [call.arn(f"eventdatastore/{record.store_id}", account_id=record.account_id)],
        "ImportSource": {"S3": source},
        "StartEventTime": record.start_event_time,
        "EndEventTime": record.end_event_time,
        "ImportStatus": record.status,
        "CreatedTimestamp": record.created,
        "UpdatedTimestamp": record.updated,
    }


def _statistics(record: Import) -> dict[str, int]:
    counts = record.statistics
    return {
        "PrefixesFound": counts.prefixes_found,
        "PrefixesCompleted": counts.prefixes_completed,
        "FilesCompleted": counts.files_completed,
        "EventsCompleted": counts.events_completed,
        "FailedEntries": counts.failed_entries,
    }


OPERATIONS = {
    "StartImport": start,
    "StopImport": stop,
    "GetImport": get,
    "ListImports": list_all,
    "ListImportFailures": list_failures,
}
