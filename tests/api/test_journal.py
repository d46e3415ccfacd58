"""Every call is an event in CloudTrail's format, in the lake before its answer goes out."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.api.serving import ACCOUNT, REGION, Serving, serve
from trailmere.access.records import Identity, Kind
from trailmere.api.journal import user_identity

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from trailmere.api.call import Call

ISSUED = datetime(2026, 5, 31, 12, 0, 0, 500_000, tzinfo=UTC)


def noted(server: Serving) -> list[dict[str, Any]]:
    """The events of the calls so far."""
    return [json.loads(event) for event in server.journal]


def test_a_call_that_changes_something_is_noted_with_its_answer(server: Serving) -> None:
    arn = server.client().create_event_data_store(Name="audit", RetentionPeriod=90)["EventDataStoreArn"]

    (event,) = noted(server)
    assert event["requestParameters"] == {"name": "audit", "retentionPeriod": 90}
    assert event["responseElements"]["eventDataStoreArn"] == arn
    assert {name: event[name] for name in ("eventSource", "eventName", "awsRegion", "readOnly", "eventType")} == {
        "eventSource": "cloudtrail.amazonaws.com",
        "eventName": "CreateEventDataStore",
        "awsRegion": REGION,
        "readOnly": False,
        "eventType": "AwsApiCall",
    }
    assert event["sourceIPAddress"] == "127.0.0.1"
    assert event["userAgent"].startswith("Boto3/")
    assert "errorCode" not in event


def test_a_call_that_only_reads_is_noted_without_its_answer(server: Serving) -> None:
    answer = server.client().list_event_data_stores(MaxResults=5)

    (event,) = noted(server)
    assert (event["readOnly"], event["requestParameters"], event["responseElements"]) == (True, {"maxResults": 5}, None)
    assert event["requestID"] == answer["ResponseMetadata"]["RequestId"]


def test_who_asked_is_noted(server: Serving) -> None:
    server.client().list_event_data_stores()

    (event,) = noted(server)
    assert event["userIdentity"] == {
        "type": "IAMUser",
        "principalId": server.administrator.user.id,
        "arn": f"arn:aws:iam::{ACCOUNT}:user/admin",
        "accountId": ACCOUNT,
        "accessKeyId": server.administrator.access_key_id,
        "userName": "admin",
    }
    assert event["recipientAccountId"] == ACCOUNT


def test_a_call_that_fails_is_noted_with_its_error_and_what_it_asked_for(server: Serving) -> None:
    with pytest.raises(ClientError):
        server.client().get_event_data_store(EventDataStore="no-such-store")

    (event,) = noted(server)
    assert (event["errorCode"], event["requestParameters"]) == (
        "EventDataStoreNotFoundException",
        {"eventDataStore": "no-such-store"},
    )
    assert event["resources"] == [
        {
            "accountId": ACCOUNT,
            "type": "AWS::CloudTrail::EventDataStore",
            "ARN": f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:eventdatastore/no-such-store",
        }
    ]


def test_a_call_that_breaks_a_bound_is_noted(server: Serving) -> None:
    with pytest.raises(ClientError):
        server.client().list_event_data_stores(MaxResults=2000)

    (event,) = noted(server)
    assert (event["errorCode"], event["requestParameters"]) == ("InvalidMaxResultsException", {"maxResults": 2000})


def test_a_call_that_nobody_signed_is_not_noted(server: Serving) -> None:
    server.send("POST", "/", b"{}", {"Content-Type": "application/x-amz-json-1.1"})

    assert noted(server) == []


def test_the_events_that_a_call_brings_are_left_out(server: Serving) -> None:
    channel = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:channel/abcdef01-2345-6789-abcd-ef0123456789"
    with contextlib.suppress(ClientError):
        server.client("cloudtrail-data").put_audit_events(
            channelArn=channel, auditEvents=[{"id": "1", "eventData": '{"secret": true}'}]
        )

    (event,) = noted(server)
    assert (event["eventName"], event["requestParameters"]) == ("PutAuditEvents", {"channelArn": channel})


def test_a_call_that_cannot_be_noted_fails(tmp_path: Path) -> None:
    def full(_event: bytes) -> None:
        raise OSError(28, "No space left on device")

    serving = serve(tmp_path / "lake", sink=full)
    answer = serving.call("ListEventDataStores")
    serving.close()

    assert answer.status == 500


def test_a_long_value_is_cut_and_too_much_is_left_out(tmp_path: Path) -> None:
    def take(_call: Call) -> Mapping[str, Any]:
        return {}

    serving = serve(tmp_path / "lake", functions={("cloudtrail", "AddTags"): take})
    serving.call("AddTags", json.dumps({"ResourceId": "x" * 200_000, "TagsList": []}).encode())
    serving.call("AddTags", json.dumps({"ResourceId": "x", "TagsList": [{"Key": "k" * 128}] * 1000}).encode())
    cut, left_out = noted(serving)
    serving.close()

    assert len(cut["requestParameters"]["resourceId"]) < 11_000
    assert left_out["requestParameters"] is None


def test_who_asked_what_can_be_asked(tmp_path: Path) -> None:
    serving = serve(tmp_path / "lake", audited=True)
    serving.client().create_event_data_store(Name="audit")
    serving.app.audit.flush()
    answer = serving.app.queries.run(
        "SELECT eventName, userIdentity.userName, element_at(requestParameters, 'name') FROM trailmere-activity"
    )
    rows = [row for batch in answer.batches for row in zip(*batch.to_pydict().values(), strict=True)]
    serving.close()

    assert rows == [("CreateEventDataStore", "admin", "audit")]


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        (
            Identity(ACCOUNT, Kind.ROOT, "root", f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT, "AKIA1"),
            {
                "type": "Root",
                "principalId": ACCOUNT,
                "arn": f"arn:aws:iam::{ACCOUNT}:root",
                "accountId": ACCOUNT,
                "accessKeyId": "AKIA1",
            },
        ),
        (
            Identity(
                ACCOUNT,
                Kind.ASSUMED_ROLE,
                "reader/ada",
                f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/ada",
                "AROA1:ada",
                "ASIA1",
                ISSUED,
                role_arn=f"arn:aws:iam::{ACCOUNT}:role/reader",
            ),
            {
                "type": "AssumedRole",
                "principalId": "AROA1:ada",
                "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/ada",
                "accountId": ACCOUNT,
                "accessKeyId": "ASIA1",
                "sessionContext": {
                    "sessionIssuer": {
                        "type": "Role",
                        "principalId": "AROA1",
                        "arn": f"arn:aws:iam::{ACCOUNT}:role/reader",
                        "accountId": ACCOUNT,
                        "userName": "reader",
                    },
                    "attributes": {"creationDate": "2026-05-31T12:00:00Z", "mfaAuthenticated": "false"},
                },
            },
        ),
        (
            Identity(ACCOUNT, Kind.SERVICE, "cloudtrail.amazonaws.com", "", ""),
            {"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com"},
        ),
    ],
    ids=["root", "role", "service"],
)
def test_an_identity_is_written_as_cloudtrail_writes_it(identity: Identity, expected: dict[str, Any]) -> None:
    assert expected == user_identity(identity)
