"""Imports through boto3 from an S3 server: statistics that balance, failures by object, retry, stop, refusals."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.api.asking import a_store_of_activity, rows
from tests.api.buckets import BUCKET, SOURCE, bucket, fill, spoil
from tests.api.serving import ACCOUNT, Serving
from tests.api.test_resource_policies import a_user, refused
from tests.query.background import PATIENCE_SECONDS
from trailmere.sources import s3client

NO_SUCH = "abcdef01-2345-6789-abcd-ef0123456789"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with bucket() as (client, found):
        for name, value in found.items():
            monkeypatch.setenv(name, value)
        s3client.store.cache_clear()
        yield client
    s3client.store.cache_clear()


@pytest.fixture
def cloudtrail(s3: Any, server: Serving) -> Any:
    return server.client()


@pytest.fixture
def store(cloudtrail: Any) -> str:
    made = cloudtrail.create_event_data_store(Name="imported", TerminationProtectionEnabled=False)
    return str(made["EventDataStoreArn"])


def ended(client: Any, import_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (found := client.get_import(ImportId=import_id))["ImportStatus"] in ("INITIALIZING", "IN_PROGRESS"):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return dict(found)


def test_an_import_is_started_followed_and_its_events_are_in_the_next_query(
    s3: Any, cloudtrail: Any, store: str
) -> None:
    fill(s3, 1, 2, 3)

    started = cloudtrail.start_import(Destinations=[store], ImportSource=SOURCE)
    found = ended(cloudtrail, started["ImportId"])

    assert (started["Destinations"], started["ImportSource"], started["ImportStatus"]) == (
        [store],
        SOURCE,
        "INITIALIZING",
    )
    assert (found["ImportStatus"], found["Destinations"]) == ("COMPLETED", [store])
    assert found["ImportStatistics"] == {
        "PrefixesFound": 3,
        "PrefixesCompleted": 3,
        "FilesCompleted": 3,
        "EventsCompleted": 9,
        "FailedEntries": 0,
    }
    assert rows(cloudtrail, f"SELECT count(*) AS n FROM {store.rpartition('/')[2]}") == [{"n": "9"}]


def test_what_failed_is_listed_page_by_page_and_succeeds_when_it_was_mended(
    s3: Any, cloudtrail: Any, store: str
) -> None:
    fill(s3, 1)
    spoilt = sorted(spoil(s3, number) for number in (2, 3, 4))

    import_id = cloudtrail.start_import(Destinations=[store], ImportSource=SOURCE)["ImportId"]
    failed = ended(cloudtrail, import_id)
    pages = list(
        cloudtrail.get_paginator("list_import_failures").paginate(ImportId=import_id, PaginationConfig={"PageSize": 2})
    )
    fill(s3, 2, 3, 4)
    retried = cloudtrail.start_import(ImportId=import_id)
    completed = ended(cloudtrail, import_id)
    (after,) = cloudtrail.get_paginator("list_import_failures").paginate(ImportId=import_id)

    assert (failed["ImportStatus"], failed["ImportStatistics"]["FailedEntries"]) == ("FAILED", 3)
    assert [len(page["Failures"]) for page in pages] == [2, 1]
    assert [one["Location"] for page in pages for one in page["Failures"]] == spoilt
    assert {one["Status"] for page in pages for one in page["Failures"]} == {"FAILED"}
    assert retried["ImportId"] == import_id
    assert completed["ImportStatus"] == "COMPLETED"
    assert completed["ImportStatistics"]["EventsCompleted"] == 12
    assert [one["Status"] for one in after["Failures"]] == ["SUCCEEDED"] * 3


def test_times_bound_what_is_imported_by_the_names_of_objects(s3: Any, cloudtrail: Any, store: str) -> None:
    fill(s3, 1, 2, 3)
    day = datetime(2026, 3, 3, tzinfo=UTC)

    started = cloudtrail.start_import(
        Destinations=[store], ImportSource=SOURCE, StartEventTime=day, EndEventTime=day.replace(hour=23)
    )

    assert started["StartEventTime"] == day
    assert ended(cloudtrail, started["ImportId"])["ImportStatistics"]["FilesCompleted"] == 1


def test_a_store_that_takes_no_events_in_by_itself_can_be_imported_into(s3: Any, cloudtrail: Any, store: str) -> None:
    fill(s3, 1)
    cloudtrail.stop_event_data_store_ingestion(EventDataStore=store)

    import_id = cloudtrail.start_import(Destinations=[store], ImportSource=SOURCE)["ImportId"]

    assert ended(cloudtrail, import_id)["ImportStatus"] == "COMPLETED"


def test_imports_are_listed_newest_first_by_store_and_status(s3: Any, cloudtrail: Any, store: str) -> None:
    fill(s3, 1)
    first = cloudtrail.start_import(Destinations=[store], ImportSource=SOURCE)["ImportId"]
    ended(cloudtrail, first)
    second = cloudtrail.start_import(Destinations=[store], ImportSource=SOURCE)["ImportId"]
    ended(cloudtrail, second)
    other = cloudtrail.create_event_data_store(Name="other")["EventDataStoreArn"]

    paginator = cloudtrail.get_paginator("list_imports")
    pages = list(paginator.paginate(Destination=store, ImportStatus="COMPLETED", PaginationConfig={"PageSize": 1}))

    assert [one["ImportId"] for page in pages for one in page["Imports"]] == [second, first]
    assert cloudtrail.list_imports(Destination=other)["Imports"] == []
    assert cloudtrail.list_imports(ImportStatus="FAILED")["Imports"] == []


def test_a_bucket_that_is_not_there_fails_the_import_by_its_address(cloudtrail: Any, store: str) -> None:
    nowhere = {"S3": {**SOURCE["S3"], "S3LocationUri": "s3://nowhere-at-all/"}}

    import_id = cloudtrail.start_import(Destinations=[store], ImportSource=nowhere)["ImportId"]
    found = ended(cloudtrail, import_id)
    (failure,) = cloudtrail.list_import_failures(ImportId=import_id)["Failures"]

    assert (found["ImportStatus"], failure["Location"]) == ("FAILED", "s3://nowhere-at-all/")


def test_imports_that_cannot_be_are_refused_as_aws_does(cloudtrail: Any, store: str) -> None:
    activity = a_store_of_activity(cloudtrail)

    def code(**members: Any) -> str:
        return refused(lambda: cloudtrail.start_import(**members))[0]

    def source(uri: str) -> dict[str, Any]:
        return {"S3": {**SOURCE["S3"], "S3LocationUri": uri}}

    late, early = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
    assert code() == "InvalidParameterException"
    assert code(ImportId=NO_SUCH) == "ImportNotFoundException"
    assert code(ImportId=NO_SUCH, Destinations=[store]) == "InvalidParameterException"
    assert code(Destinations=[store], ImportSource=source("file:///etc")) == "InvalidImportSourceException"
    assert code(Destinations=[store], ImportSource=source("logs")) == "InvalidImportSourceException"
    assert code(Destinations=[activity], ImportSource=SOURCE) == "InvalidEventDataStoreCategoryException"
    assert code(Destinations=[store[:-12] + "0" * 12], ImportSource=SOURCE) == "EventDataStoreNotFoundException"
    assert (
        code(Destinations=[store], ImportSource=SOURCE, StartEventTime=late, EndEventTime=early)
        == "InvalidParameterException"
    )
    assert refused(lambda: cloudtrail.get_import(ImportId=NO_SUCH))[0] == "ImportNotFoundException"
    assert refused(lambda: cloudtrail.stop_import(ImportId=NO_SUCH))[0] == "ImportNotFoundException"


def test_an_import_under_way_holds_its_account_and_its_store_until_it_is_stopped(
    server: Serving, cloudtrail: Any, store: str
) -> None:
    waiting = server.app.import_records.create(ACCOUNT, "us-east-1", store.rpartition("/")[2], f"s3://{BUCKET}/")

    again = refused(lambda: cloudtrail.start_import(Destinations=[store], ImportSource=SOURCE))
    held = refused(lambda: cloudtrail.delete_event_data_store(EventDataStore=store))
    stopped = cloudtrail.stop_import(ImportId=waiting.id)
    cloudtrail.delete_event_data_store(EventDataStore=store)

    assert again[0] == "AccountHasOngoingImportException"
    assert held[0] == "EventDataStoreHasOngoingImportException"
    assert stopped["ImportStatus"] == "STOPPED"
    assert stopped["ImportStatistics"]["FilesCompleted"] == 0
    assert refused(lambda: cloudtrail.stop_import(ImportId=waiting.id))[0] == "InvalidParameterException"


def test_an_import_of_another_account_is_as_one_that_never_was(server: Serving, cloudtrail: Any, store: str) -> None:
    made = server.app.import_records.create(ACCOUNT, "us-east-1", store.rpartition("/")[2], f"s3://{BUCKET}/")
    theirs = a_user(server, "444455556666", "guest", "AWSCloudTrail_FullAccess")

    for call in (theirs.get_import, theirs.stop_import, theirs.start_import):
        hidden, absent = refused(lambda c=call: c(ImportId=made.id)), refused(lambda c=call: c(ImportId=NO_SUCH))  # type: ignore[misc]
        assert (hidden[0], hidden[1].replace(made.id, NO_SUCH)) == absent
    assert theirs.list_imports()["Imports"] == []


def test_who_may_not_import_may_not_retry_either(server: Serving, cloudtrail: Any, store: str) -> None:
    reader = a_user(server, ACCOUNT, "ada", "AWSCloudTrail_ReadOnlyAccess")

    assert refused(lambda: reader.start_import(Destinations=[store], ImportSource=SOURCE))[0] == "AccessDeniedException"
    assert refused(lambda: reader.start_import(ImportId=NO_SUCH))[0] == "AccessDeniedException"
    assert reader.list_imports()["Imports"] == []
