"""Channels and PutAuditEvents through boto3: what a client may do, what it is told, and what is in the next query."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest

from tests.api.asking import a_channel, a_store_of_activity, an_event, destination, rows
from tests.api.serving import ACCOUNT, REGION, Serving
from tests.api.test_resource_policies import a_user, refused

OTHER = "444455556666"
NO_SUCH = "abcdef01-2345-6789-abcd-ef0123456789"
FULL = "AdministratorAccess"


@pytest.fixture
def cloudtrail(server: Serving) -> Any:
    return server.client()


@pytest.fixture
def data(server: Serving) -> Any:
    return server.client("cloudtrail-data")


@pytest.fixture
def store(cloudtrail: Any) -> str:
    return a_store_of_activity(cloudtrail)


@pytest.fixture
def channel(cloudtrail: Any, store: str) -> str:
    return a_channel(cloudtrail, store)


def put_policy(cloudtrail: Any, channel: str, external_id: str | None = None) -> None:
    condition = {} if external_id is None else {"Condition": {"StringEquals": {"cloudtrail:ExternalId": external_id}}}
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": OTHER},
        "Action": "cloudtrail-data:PutAuditEvents",
        "Resource": channel,
        **condition,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    cloudtrail.put_resource_policy(ResourceArn=channel, ResourcePolicy=policy)


# -- channels ----------------------------------------------------------------------------------------------------------


def test_a_channel_lives_from_its_making_to_its_end_as_with_aws(cloudtrail: Any, store: str) -> None:
    made = cloudtrail.create_channel(
        Name="from-doors", Source="Custom", Destinations=destination(store), Tags=[{"Key": "team", "Value": "blue"}]
    )
    channel = made["ChannelArn"]
    got = cloudtrail.get_channel(Channel=channel.rpartition("/")[2])
    renamed = cloudtrail.update_channel(Channel=channel, Name="doors")
    listed = cloudtrail.list_channels()["Channels"]
    cloudtrail.delete_channel(Channel=channel)

    assert made["Tags"] == [{"Key": "team", "Value": "blue"}]
    assert (got["ChannelArn"], got["Source"], got["Destinations"]) == (channel, "Custom", destination(store))
    assert "IngestionStatus" not in got
    assert (renamed["Name"], renamed["Destinations"]) == ("doors", destination(store))
    assert listed == [{"ChannelArn": channel, "Name": "doors"}]
    assert refused(lambda: cloudtrail.get_channel(Channel=channel))[0] == "ChannelNotFoundException"


def test_channels_are_listed_page_by_page(cloudtrail: Any, store: str) -> None:
    made = [a_channel(cloudtrail, store, f"channel-{source}", source) for source in ("Clumio", "Custom", "GitHub")]

    first = cloudtrail.list_channels(MaxResults=2)
    rest = cloudtrail.list_channels(MaxResults=2, NextToken=first["NextToken"])

    assert [one["ChannelArn"] for one in first["Channels"] + rest["Channels"]] == made
    assert "NextToken" not in rest


def test_only_stores_of_one_region_and_account_for_such_events_are_destinations(cloudtrail: Any, store: str) -> None:
    made = cloudtrail.create_event_data_store
    management = made(Name="management", TerminationProtectionEnabled=False)["EventDataStoreArn"]
    selectors = cloudtrail.get_event_data_store(EventDataStore=store)["AdvancedEventSelectors"]
    everywhere = made(Name="everywhere", AdvancedEventSelectors=selectors)["EventDataStoreArn"]
    gone = a_store_of_activity(cloudtrail, "gone")
    cloudtrail.delete_event_data_store(EventDataStore=gone)

    def code(location: str, kind: str = "EVENT_DATA_STORE") -> str:
        wanted = destination(location, kind)
        return refused(lambda: cloudtrail.create_channel(Name="one", Source="Custom", Destinations=wanted))[0]

    assert code(management) == "InvalidEventDataStoreCategoryException"
    assert code(everywhere) == "InvalidParameterException"
    assert code(gone) == "InactiveEventDataStoreException"
    assert code(store[:-12] + "000000000000") == "EventDataStoreNotFoundException"
    assert code("arn:aws:s3:::bucket") == "EventDataStoreARNInvalidException"
    assert code("config.amazonaws.com", "AWS_SERVICE") == "InvalidParameterException"


def test_names_sources_and_arns_that_cannot_be_are_refused_as_aws_does(
    cloudtrail: Any, store: str, channel: str
) -> None:
    def code(name: str, source: str) -> str:
        wanted = destination(store)
        return refused(lambda: cloudtrail.create_channel(Name=name, Source=source, Destinations=wanted))[0]

    assert code("from-doors", "Clumio") == "ChannelAlreadyExistsException"
    assert code("other", "Custom") == "ChannelAlreadyExistsException"
    assert code("other", "Doors Inc") == "InvalidSourceException"
    assert refused(lambda: cloudtrail.get_channel(Channel="arn:aws:s3:::b"))[0] == "ChannelARNInvalidException"


def test_a_store_with_a_channel_is_not_deleted(cloudtrail: Any, store: str, channel: str) -> None:
    code, message = refused(lambda: cloudtrail.delete_event_data_store(EventDataStore=store))
    cloudtrail.delete_channel(Channel=channel)
    cloudtrail.delete_event_data_store(EventDataStore=store)

    assert code == "ChannelExistsForEDSException"
    assert "from-doors" in message
    assert cloudtrail.get_event_data_store(EventDataStore=store)["Status"] == "PENDING_DELETION"


# -- events ------------------------------------------------------------------------------------------------------------


def test_events_are_in_the_next_query_and_the_refused_are_told_apart(
    cloudtrail: Any, data: Any, store: str, channel: str
) -> None:
    good = an_event("good", ACCOUNT)
    good["eventDataChecksum"] = base64.b64encode(hashlib.sha256(good["eventData"].encode()).digest()).decode()
    foreign = an_event("foreign", OTHER)
    answer = data.put_audit_events(channelArn=channel, auditEvents=[good, foreign])

    (accepted,) = answer["successful"]
    (failed,) = answer["failed"]
    (row,) = rows(cloudtrail, f"SELECT eventData.UID, eventID, metadata.channelARN FROM {store.rpartition('/')[2]}")
    status = cloudtrail.get_channel(Channel=channel)["IngestionStatus"]
    assert (accepted["id"], failed["id"], failed["errorCode"]) == ("good", "foreign", "InvalidRecipient")
    assert list(row.values()) == ["u-good", accepted["eventID"], channel]
    assert status["LatestIngestionSuccessEventID"] == accepted["eventID"]
    assert status["LatestIngestionErrorCode"] == "InvalidRecipient"
    assert len(status["LatestIngestionAttemptEventID"]) == 36
    assert status["LatestIngestionAttemptTime"] == status["LatestIngestionSuccessTime"]


def test_a_call_that_is_repeated_is_answered_alike_and_kept_once(
    cloudtrail: Any, data: Any, store: str, channel: str
) -> None:
    events = [an_event("1", ACCOUNT), an_event("2", ACCOUNT)]

    first = data.put_audit_events(channelArn=channel, auditEvents=events)["successful"]
    again = data.put_audit_events(channelArn=channel, auditEvents=events)["successful"]

    assert first == again
    assert rows(cloudtrail, f"SELECT count(*) AS n FROM {store.rpartition('/')[2]}") == [{"n": "2"}]


def test_the_store_of_every_destination_has_the_events(cloudtrail: Any, data: Any, store: str, channel: str) -> None:
    second = a_store_of_activity(cloudtrail, "second")
    cloudtrail.update_channel(Channel=channel, Destinations=destination(store) + destination(second))

    data.put_audit_events(channelArn=channel, auditEvents=[an_event("1", ACCOUNT)])

    counts = [rows(cloudtrail, f"SELECT count(*) AS n FROM {one.rpartition('/')[2]}") for one in (store, second)]
    assert counts == [[{"n": "1"}], [{"n": "1"}]]


def test_calls_that_cannot_be_taken_are_refused_whole(data: Any, channel: str) -> None:
    twice = [an_event("1", ACCOUNT), an_event("1", ACCOUNT, eventName="DoorClosed")]
    large = [an_event(str(n), ACCOUNT, requestParameters={"a": "x" * 90_000}) for n in range(12)]

    def code(events: list[dict[str, str]], name: str = channel) -> str:
        return refused(lambda: data.put_audit_events(channelArn=name, auditEvents=events))[0]

    assert code(twice) == "DuplicatedAuditEventId"
    assert code(large) in ("InvalidParameterException", "ValidationException")
    assert code(twice, "arn:aws:s3:::bucket") == "InvalidChannelARN"
    assert code(twice, channel[:-12] + "000000000000") == "ChannelNotFound"


def test_a_user_without_a_policy_may_put_nothing(server: Serving, channel: str) -> None:
    key = server.app.identities.create_key(server.app.identities.create_user(ACCOUNT, "ada"))
    theirs = server.client("cloudtrail-data", key=key)

    code, message = refused(lambda: theirs.put_audit_events(channelArn=channel, auditEvents=[an_event("1", ACCOUNT)]))

    assert code == "AccessDeniedException"
    assert "cloudtrail-data:PutAuditEvents" in message


@pytest.fixture
def partner(server: Serving) -> Any:
    """PutAuditEvents of an administrator of another account."""
    a_user(server, OTHER, "partner", FULL)
    identities = server.app.identities
    user = next(one for one in identities.users(OTHER) if one.name == "partner")
    client = server.client("cloudtrail-data", key=identities.create_key(user))

    def put(channel: str, **more: str) -> Any:
        return client.put_audit_events(channelArn=channel, auditEvents=[an_event("1", ACCOUNT)], **more)

    return put


def test_another_account_puts_events_once_the_channel_lets_it(cloudtrail: Any, channel: str, partner: Any) -> None:
    before = refused(lambda: partner(channel))
    put_policy(cloudtrail, channel)
    answer = partner(channel)

    assert before[0] == "ChannelInsufficientPermission"
    assert [one["id"] for one in answer["successful"]] == ["1"]


def test_an_external_id_that_is_asked_for_has_to_be_given(cloudtrail: Any, channel: str, partner: Any) -> None:
    put_policy(cloudtrail, channel, external_id="secret-7")

    assert refused(lambda: partner(channel))[0] == "ChannelInsufficientPermission"
    assert refused(lambda: partner(channel, externalId="secret-8"))[0] == "ChannelInsufficientPermission"
    assert partner(channel, externalId="secret-7")["failed"] == []


def test_another_account_is_not_told_whether_there_is_a_channel(channel: str, partner: Any) -> None:
    never = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:channel/{NO_SUCH}"

    hidden = refused(lambda: partner(channel))
    absent = refused(lambda: partner(never))

    assert (hidden[0], hidden[1].replace(channel, never)) == absent
