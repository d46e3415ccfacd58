"""The calls of a server as events of the store trailmere-activity: who asked what, with which parameters and errors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.asking import a_channel, a_store_of_activity, an_event, rows
from tests.api.serving import ACCOUNT, Serving, serve
from tests.api.test_resource_policies import a_user, refused
from trailmere.errors import InvalidStoreStatus

NO_SUCH = "abcdef01-2345-6789-abcd-ef0123456789"
ASKED = (
    "SELECT userIdentity.userName AS who, eventName, errorCode, "
    "element_at(requestParameters, 'name') AS name, element_at(requestParameters, 'eventDataStore') AS store "
    "FROM \"trailmere-activity\" WHERE userIdentity.userName IN ('ada', 'bob') ORDER BY eventTime, eventName"
)


@pytest.fixture
def audited(tmp_path: Path) -> Iterator[Serving]:
    """A server that takes its own calls in."""
    serving = serve(tmp_path / "lake", audited=True)
    yield serving
    serving.close()


def test_the_store_of_calls_says_who_asked_what_and_how_it_ended(audited: Serving) -> None:
    ada = a_user(audited, ACCOUNT, "ada", "AWSCloudTrail_FullAccess")
    bob = a_user(audited, ACCOUNT, "bob", "AWSCloudTrail_ReadOnlyAccess")
    made = ada.create_event_data_store(Name="evidence")["EventDataStoreArn"]
    denied = refused(lambda: bob.create_event_data_store(Name="own"))
    missing = refused(lambda: bob.get_event_data_store(EventDataStore=NO_SUCH))
    bob.get_event_data_store(EventDataStore=made)
    audited.app.audit.flush()

    found = {
        (one["who"], one["eventName"], one["errorCode"], one["name"], one["store"])
        for one in rows(audited.client(), ASKED)
    }

    assert found == {
        ("ada", "CreateEventDataStore", "", "evidence", ""),
        ("bob", "CreateEventDataStore", denied[0], "own", ""),
        ("bob", "GetEventDataStore", missing[0], "", NO_SUCH),
        ("bob", "GetEventDataStore", "", "", made),
    }


def test_what_is_put_by_a_channel_is_noted_without_the_events(audited: Serving) -> None:
    cloudtrail = audited.client()
    channel = a_channel(cloudtrail, a_store_of_activity(cloudtrail))
    audited.client("cloudtrail-data").put_audit_events(channelArn=channel, auditEvents=[an_event("1", ACCOUNT)])
    audited.app.audit.flush()

    (call,) = rows(
        cloudtrail,
        "SELECT element_at(requestParameters, 'channelArn') AS channel, eventJson AS text "
        "FROM \"trailmere-activity\" WHERE eventName = 'PutAuditEvents'",
    )

    assert call["channel"] == channel
    assert "DoorOpened" not in call["text"]


def test_a_store_of_that_name_in_another_account_gets_nothing(audited: Serving) -> None:
    other = a_user(audited, "444455556666", "eve", "AWSCloudTrail_FullAccess")
    theirs = other.create_event_data_store(Name="trailmere-activity")["EventDataStoreArn"]
    audited.client().list_channels()
    audited.app.audit.flush()

    listed = "SELECT eventName FROM \"trailmere-activity\" WHERE eventName = 'ListChannels'"
    assert rows(other, f"SELECT count(*) AS n FROM {theirs.rpartition('/')[2]}") == [{"n": "0"}]
    assert rows(audited.client(), listed) == [{"eventName": "ListChannels"}]


def test_selectors_do_not_hide_calls(audited: Serving) -> None:
    cloudtrail = audited.client()
    cloudtrail.list_channels()
    audited.app.audit.flush()
    blind = [
        {
            "FieldSelectors": [
                {"Field": "eventCategory", "Equals": ["Management"]},
                {"Field": "eventSource", "Equals": ["kms.amazonaws.com"]},
            ]
        }
    ]
    store = audited.app.stores.get("trailmere-activity").arn
    cloudtrail.update_event_data_store(EventDataStore=store, AdvancedEventSelectors=blind)
    audited.app.audit.flush()

    asked = "SELECT eventName FROM \"trailmere-activity\" WHERE eventName LIKE 'Update%'"
    assert rows(cloudtrail, asked) == [{"eventName": "UpdateEventDataStore"}]


def test_calls_wait_on_disk_while_their_store_takes_nothing_in(audited: Serving) -> None:
    cloudtrail = audited.client()
    cloudtrail.list_channels()
    audited.app.audit.flush()
    store = audited.app.stores.get("trailmere-activity").arn
    cloudtrail.stop_event_data_store_ingestion(EventDataStore=store)
    cloudtrail.list_imports()
    with pytest.raises(InvalidStoreStatus):
        audited.app.audit.flush()
    cloudtrail.start_event_data_store_ingestion(EventDataStore=store)
    audited.app.audit.flush()

    asked = "SELECT eventName FROM \"trailmere-activity\" WHERE eventName LIKE 'List%' ORDER BY eventTime, eventName"
    assert [one["eventName"] for one in rows(cloudtrail, asked)] == ["ListChannels", "ListImports"]
