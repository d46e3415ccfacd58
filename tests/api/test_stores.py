"""A whole session on event data stores through boto3."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

Client = Callable[..., Any]
NO_STORE = "abcdef01-2345-6789-abcd-ef0123456789"


@pytest.fixture
def cloudtrail(client: Client) -> Any:
    """The administrator's client."""
    return client("cloudtrail")


def code_of(call: Callable[[], Any]) -> str:
    """The error code that a call ends with."""
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value.response["Error"]["Code"])


def test_a_store_that_was_created_is_got_as_it_was_asked_for(cloudtrail: Any) -> None:
    created = cloudtrail.create_event_data_store(
        Name="audit", RetentionPeriod=90, TagsList=[{"Key": "team", "Value": "ir"}], KmsKeyId="alias/lake"
    )

    got = cloudtrail.get_event_data_store(EventDataStore=created["EventDataStoreArn"])
    assert created["Status"] == "CREATED"
    assert created["TagsList"] == [{"Key": "team", "Value": "ir"}]
    assert got["Status"] == "ENABLED"
    assert got["RetentionPeriod"] == 90
    assert got["KmsKeyId"] == "alias/lake"
    assert got["AdvancedEventSelectors"] == created["AdvancedEventSelectors"]
    assert abs(got["CreatedTimestamp"] - datetime.now(UTC)) < timedelta(minutes=5)


def test_a_store_is_named_by_its_id_or_its_arn(cloudtrail: Any) -> None:
    arn = cloudtrail.create_event_data_store(Name="audit")["EventDataStoreArn"]

    by_id = cloudtrail.get_event_data_store(EventDataStore=arn.rpartition("/")[2])
    assert by_id["EventDataStoreArn"] == arn


def test_the_list_of_stores_comes_in_pages(cloudtrail: Any) -> None:
    for name in ("one", "three", "two"):
        cloudtrail.create_event_data_store(Name=name)

    first = cloudtrail.list_event_data_stores(MaxResults=2)
    second = cloudtrail.list_event_data_stores(MaxResults=2, NextToken=first["NextToken"])
    assert [one["Name"] for one in first["EventDataStores"]] == ["one", "three"]
    assert [one["Name"] for one in second["EventDataStores"]] == ["two"]
    assert "NextToken" not in second


def test_a_store_is_changed_stopped_started_deleted_and_restored(cloudtrail: Any) -> None:
    arn = cloudtrail.create_event_data_store(Name="audit")["EventDataStoreArn"]

    def status() -> str:
        return str(cloudtrail.get_event_data_store(EventDataStore=arn)["Status"])

    assert code_of(lambda: cloudtrail.delete_event_data_store(EventDataStore=arn)) == (
        "EventDataStoreTerminationProtectedException"
    )
    changed = cloudtrail.update_event_data_store(EventDataStore=arn, Name="new", TerminationProtectionEnabled=False)
    assert (changed["Name"], changed["TerminationProtectionEnabled"]) == ("new", False)
    cloudtrail.stop_event_data_store_ingestion(EventDataStore=arn)
    assert status() == "STOPPED_INGESTION"
    cloudtrail.start_event_data_store_ingestion(EventDataStore=arn)
    assert status() == "ENABLED"
    cloudtrail.delete_event_data_store(EventDataStore=arn)
    assert status() == "PENDING_DELETION"
    assert code_of(lambda: cloudtrail.update_event_data_store(EventDataStore=arn, Name="x-1")) == (
        "InactiveEventDataStoreException"
    )
    assert cloudtrail.restore_event_data_store(EventDataStore=arn)["Status"] == "ENABLED"


def test_what_is_not_there_is_not_found(cloudtrail: Any) -> None:
    code = code_of(lambda: cloudtrail.get_event_data_store(EventDataStore=NO_STORE))

    assert code == "EventDataStoreNotFoundException"


def test_what_is_neither_id_nor_arn_is_no_valid_arn(cloudtrail: Any) -> None:
    code = code_of(lambda: cloudtrail.get_event_data_store(EventDataStore="not:an:arn"))

    assert code == "EventDataStoreARNInvalidException"


def test_a_store_of_another_region_is_not_found(cloudtrail: Any, client: Client) -> None:
    arn = cloudtrail.create_event_data_store(Name="audit")["EventDataStoreArn"]

    elsewhere = client("cloudtrail", region="eu-west-1")
    code = code_of(lambda: elsewhere.get_event_data_store(EventDataStore=arn))
    assert code == "EventDataStoreNotFoundException"
    assert elsewhere.list_event_data_stores()["EventDataStores"] == []


def test_selectors_that_aws_would_refuse_are_refused_with_its_code(cloudtrail: Any) -> None:
    selectors = [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Nonsense"]}]}]

    code = code_of(lambda: cloudtrail.create_event_data_store(Name="audit", AdvancedEventSelectors=selectors))
    assert code == "InvalidEventSelectorsException"


def test_selectors_of_everything_can_be_sent_back_as_they_were_got(cloudtrail: Any) -> None:
    everything = [
        {
            "Name": "Everything that was delivered",
            "FieldSelectors": [
                {
                    "Field": "eventCategory",
                    "NotEquals": ["Insight", "ConfigurationItem", "Evidence", "ActivityAuditLog"],
                }
            ],
        }
    ]
    created = cloudtrail.create_event_data_store(Name="wide", AdvancedEventSelectors=everything)

    got = cloudtrail.get_event_data_store(EventDataStore=created["EventDataStoreArn"])["AdvancedEventSelectors"]
    updated = cloudtrail.update_event_data_store(
        EventDataStore=created["EventDataStoreArn"], AdvancedEventSelectors=got, RetentionPeriod=30
    )

    assert got == updated["AdvancedEventSelectors"] == everything
