"""Policies of resources through boto3, and what they open to other accounts."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.api.serving import ACCOUNT, REGION, Serving

OTHER = "444455556666"
QUERIES = ["cloudtrail:StartQuery", "cloudtrail:GetEventDataStore", "cloudtrail:GetQueryResults"]


@pytest.fixture
def cloudtrail(server: Serving) -> Any:
    """The administrator's client."""
    return server.client()


@pytest.fixture
def store(cloudtrail: Any) -> str:
    """The ARN of a store."""
    return str(cloudtrail.create_event_data_store(Name="audit")["EventDataStoreArn"])


@pytest.fixture
def channel(cloudtrail: Any) -> str:
    """The ARN of a channel."""
    selector = {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["ActivityAuditLog"]}]}
    store = cloudtrail.create_event_data_store(
        Name="outside", AdvancedEventSelectors=[selector], MultiRegionEnabled=False
    )["EventDataStoreArn"]
    destination = {"Type": "EVENT_DATA_STORE", "Location": store}
    return str(cloudtrail.create_channel(Name="partner", Source="Custom", Destinations=[destination])["ChannelArn"])


def a_user(server: Serving, account: str, name: str, *policies: str) -> Any:
    """A client of a new user, who has these managed policies."""
    identities = server.app.identities
    if account not in {one.id for one in identities.accounts()}:
        identities.create_account("other", account)
    user = identities.create_user(account, name)
    for policy in policies:
        identities.attach_policy(user, policy)
    return server.client(key=identities.create_key(user))


def document(store: str, *, principal: Any = OTHER, effect: str = "Allow") -> str:
    statement = {"Effect": effect, "Principal": {"AWS": principal}, "Action": QUERIES, "Resource": store}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def refused(call: Callable[[], Any]) -> tuple[str, str]:
    """The error code and message that a call ends with."""
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    return str(error["Code"]), str(error["Message"])


def test_a_policy_is_got_as_it_was_put_until_it_is_deleted(cloudtrail: Any, store: str) -> None:
    put = cloudtrail.put_resource_policy(ResourceArn=store, ResourcePolicy=document(store))
    got = cloudtrail.get_resource_policy(ResourceArn=store)
    cloudtrail.delete_resource_policy(ResourceArn=store)
    gone = refused(lambda: cloudtrail.get_resource_policy(ResourceArn=store))

    assert (put["ResourceArn"], put["ResourcePolicy"]) == (store, document(store))
    assert (got["ResourceArn"], got["ResourcePolicy"]) == (store, document(store))
    assert gone[0] == "ResourcePolicyNotFoundException"


def test_deleting_a_policy_that_is_not_there_is_told(cloudtrail: Any, store: str) -> None:
    code, _message = refused(lambda: cloudtrail.delete_resource_policy(ResourceArn=store))

    assert code == "ResourcePolicyNotFoundException"


NOWHERE = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}"
NO_SUCH = "abcdef01-2345-6789-abcd-ef0123456789"


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        ("audit", "ResourceARNNotValidException"),
        (f"arn:aws:s3:::{ACCOUNT}", "ResourceARNNotValidException"),
        (f"{NOWHERE}:trail/main", "ResourceTypeNotSupportedException"),
        (f"{NOWHERE}:eventdatastore/{NO_SUCH}", "ResourceNotFoundException"),
        (f"{NOWHERE}:channel/{NO_SUCH}", "ResourceNotFoundException"),
        (f"{NOWHERE}:dashboard/overview", "ResourceNotFoundException"),
        (f"arn:aws:cloudtrail:{REGION}:{OTHER}:eventdatastore/{NO_SUCH}", "ResourceNotFoundException"),
    ],
)
def test_an_arn_that_names_nothing_is_refused_as_aws_does(cloudtrail: Any, arn: str, expected: str) -> None:
    answers = {
        refused(lambda: cloudtrail.get_resource_policy(ResourceArn=arn))[0],
        refused(lambda: cloudtrail.put_resource_policy(ResourceArn=arn, ResourcePolicy="{}"))[0],
        refused(lambda: cloudtrail.delete_resource_policy(ResourceArn=arn))[0],
    }

    assert answers == {expected}


def test_a_policy_that_is_not_understood_is_refused_with_its_place(cloudtrail: Any, store: str) -> None:
    wrong = document(store).replace("StartQuery", "DeleteEventDataStore")
    code, message = refused(lambda: cloudtrail.put_resource_policy(ResourceArn=store, ResourcePolicy=wrong))

    assert code == "ResourcePolicyNotValidException"
    assert message.startswith("Statement[0].Action: ")


def test_a_policy_for_another_resource_is_refused(cloudtrail: Any, store: str) -> None:
    another = document(store[:-1] + ("0" if store[-1] != "0" else "1"))
    code, message = refused(lambda: cloudtrail.put_resource_policy(ResourceArn=store, ResourcePolicy=another))

    assert code == "ResourcePolicyNotValidException"
    assert store in message


def test_another_account_sees_a_store_once_both_sides_allow(server: Serving, cloudtrail: Any, store: str) -> None:
    theirs = a_user(server, OTHER, "guest", "AWSCloudTrail_FullAccess")
    before = refused(lambda: theirs.get_event_data_store(EventDataStore=store))
    cloudtrail.put_resource_policy(ResourceArn=store, ResourcePolicy=document(store))
    with_policy = theirs.get_event_data_store(EventDataStore=store)["EventDataStoreArn"]
    cloudtrail.delete_resource_policy(ResourceArn=store)
    after = refused(lambda: theirs.get_event_data_store(EventDataStore=store))

    assert with_policy == store
    assert before[0] == after[0] == "EventDataStoreNotFoundException"


def test_another_account_is_not_let_in_without_a_policy_of_its_own(
    server: Serving, cloudtrail: Any, store: str
) -> None:
    theirs = a_user(server, OTHER, "guest")
    cloudtrail.put_resource_policy(ResourceArn=store, ResourcePolicy=document(store))

    assert refused(lambda: theirs.get_event_data_store(EventDataStore=store))[0] == "EventDataStoreNotFoundException"


def test_a_policy_opens_what_it_names_and_nothing_else(server: Serving, cloudtrail: Any, store: str) -> None:
    theirs = a_user(server, OTHER, "guest", "AWSCloudTrail_FullAccess")
    cloudtrail.put_resource_policy(ResourceArn=store, ResourcePolicy=document(store))

    assert refused(lambda: theirs.delete_event_data_store(EventDataStore=store))[0] == "EventDataStoreNotFoundException"
    assert refused(lambda: theirs.get_resource_policy(ResourceArn=store))[0] == "ResourceNotFoundException"


def test_a_store_that_is_hidden_is_told_as_one_that_never_was(server: Serving, store: str) -> None:
    theirs = a_user(server, OTHER, "guest", "AWSCloudTrail_FullAccess")
    never = store.rpartition("/")[0] + f"/{NO_SUCH}"

    hidden = refused(lambda: theirs.get_event_data_store(EventDataStore=store))
    absent = refused(lambda: theirs.get_event_data_store(EventDataStore=never))

    assert (hidden[0], hidden[1].replace(store, never)) == absent


def test_a_user_whom_a_policy_names_needs_no_policy_of_their_own(server: Serving, cloudtrail: Any, store: str) -> None:
    ours = a_user(server, ACCOUNT, "ada")
    cloudtrail.put_resource_policy(
        ResourceArn=store, ResourcePolicy=document(store, principal=f"arn:aws:iam::{ACCOUNT}:user/ada")
    )

    assert ours.get_event_data_store(EventDataStore=store)["EventDataStoreArn"] == store


def test_who_may_not_is_told_in_the_words_of_aws(server: Serving, store: str) -> None:
    ours = a_user(server, ACCOUNT, "ada")

    assert refused(lambda: ours.get_event_data_store(EventDataStore=store)) == (
        "AccessDeniedException",
        f"User: arn:aws:iam::{ACCOUNT}:user/ada is not authorized to perform: cloudtrail:GetEventDataStore "
        f"on resource: {store} because no identity-based policy allows the cloudtrail:GetEventDataStore action",
    )


@pytest.mark.parametrize("written", [str.upper, str.lower], ids=["upper", "lower"])
def test_a_deny_is_not_passed_by_writing_the_store_in_another_case(
    server: Serving, cloudtrail: Any, store: str, written: Callable[[str], str]
) -> None:
    denied = a_user(server, ACCOUNT, "ada", "AWSCloudTrail_FullAccess")
    policy = document(store, principal=f"arn:aws:iam::{ACCOUNT}:user/ada", effect="Deny")
    cloudtrail.put_resource_policy(ResourceArn=store, ResourcePolicy=policy)
    head, _, id = store.rpartition("/")

    for name in (written(id), f"{head}/{written(id)}"):
        code, message = refused(partial(denied.get_event_data_store, EventDataStore=name))
        assert code == "AccessDeniedException"
        assert message.endswith("with an explicit deny in a resource-based policy")


def test_administrators_are_denied_by_a_policy_too(cloudtrail: Any, store: str) -> None:
    cloudtrail.put_resource_policy(ResourceArn=store, ResourcePolicy=document(store, principal=ACCOUNT, effect="Deny"))

    assert refused(lambda: cloudtrail.get_event_data_store(EventDataStore=store))[0] == "AccessDeniedException"
    cloudtrail.delete_resource_policy(ResourceArn=store)
    assert cloudtrail.get_event_data_store(EventDataStore=store)["EventDataStoreArn"] == store


OUTSIDE = json.dumps({"Statement": {"Effect": "Allow", "Action": "cloudtrail-data:*", "Resource": "*"}})
EVENT = {
    "version": "1",
    "userIdentity": {"type": "custom", "principalId": "p-7"},
    "eventSource": "door.example",
    "eventName": "DoorOpened",
    "eventTime": "2026-03-01T08:00:00Z",
    "UID": "u-1",
    "recipientAccountId": ACCOUNT,
}


def test_a_partner_puts_events_by_the_external_id_that_the_channel_asks_for(
    server: Serving, cloudtrail: Any, channel: str
) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": OTHER},
        "Action": "cloudtrail-data:PutAuditEvents",
        "Resource": channel,
        "Condition": {"StringEquals": {"cloudtrail:ExternalId": "partner-7"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    cloudtrail.put_resource_policy(ResourceArn=channel, ResourcePolicy=policy)
    a_user(server, OTHER, "partner")
    partner = server.app.identities.user(OTHER, "partner")
    server.app.identities.put_policy(partner, "outside", OUTSIDE)
    theirs = server.client("cloudtrail-data", key=server.app.identities.create_key(partner))
    events = [{"id": "1", "eventData": json.dumps(EVENT)}]

    answers = [
        refused(partial(theirs.put_audit_events, channelArn=channel, auditEvents=events, **given))[0]
        for given in ({}, {"externalId": "partner-8"})
    ]
    taken = theirs.put_audit_events(channelArn=channel, auditEvents=events, externalId="partner-7")

    assert answers == ["ChannelInsufficientPermission"] * 2
    assert [one["id"] for one in taken["successful"]] == ["1"]


def test_the_policy_of_a_deleted_channel_is_gone(server: Serving, cloudtrail: Any, channel: str) -> None:
    statement = {"Principal": {"AWS": OTHER}, "Action": "cloudtrail-data:PutAuditEvents", "Resource": channel}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})
    cloudtrail.put_resource_policy(ResourceArn=channel, ResourcePolicy=policy)

    cloudtrail.delete_channel(Channel=channel)

    assert server.app.resource_policies.get(channel) is None
