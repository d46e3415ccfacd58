"""Nobody in: every operation, by everybody who may not, is refused, and nothing is told of what is there."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.api.inputs import least
from tests.api.serving import ACCOUNT, REGION, Serving, serve
from trailmere.api.model import CLOUDTRAIL, CLOUDTRAIL_DATA, Operation, operations
from trailmere.api.operations import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

OTHER = "210987654321"
ID = "abcdef01-2345-6789-abcd-ef0123456789"
ALL = [*operations(CLOUDTRAIL).values(), *operations(CLOUDTRAIL_DATA).values()]
SERVED = [one for one in ALL if (one.service, one.name) in OPERATIONS]
EVERYTHING_DENIED = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
)
STORE = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:eventdatastore/{ID}"

# inputs that get as far as the question whether the caller may; the least that the model asks for is not enough there
BETTER: dict[str, dict[str, Any]] = {
    "AddTags": {"ResourceId": STORE},
    "DescribeQuery": {"QueryId": ID},
    "GenerateQuery": {"EventDataStores": [STORE], "Prompt": "errors of today"},
    "ListTags": {"ResourceIdList": [STORE]},
    "RemoveTags": {"ResourceId": STORE},
    "DeleteResourcePolicy": {"ResourceArn": STORE},
    "GetEventConfiguration": {"EventDataStore": STORE},
    "GetInsightSelectors": {"EventDataStore": STORE},
    "GetResourcePolicy": {"ResourceArn": STORE},
    "PutEventConfiguration": {"EventDataStore": STORE, "MaxEventSize": "Large"},
    "PutInsightSelectors": {"EventDataStore": STORE},
    "PutResourcePolicy": {"ResourceArn": STORE, "ResourcePolicy": EVERYTHING_DENIED},
    "StartImport": {
        "Destinations": [STORE],
        "ImportSource": {
            "S3": {
                "S3LocationUri": "s3://bucket/prefix",
                "S3BucketRegion": REGION,
                "S3BucketAccessRoleArn": f"arn:aws:iam::{ACCOUNT}:role/reader",
            }
        },
    },
    "StartQuery": {"QueryStatement": f"SELECT 1 FROM {ID}"},
}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """One server for all: what is refused changes nothing."""
    serving = serve(tmp_path_factory.mktemp("access") / "lake")
    identities = serving.app.identities
    identities.create_account("other", OTHER)
    serving.app.lifecycle.create("audit", store_id=ID)
    yield serving
    serving.close()


@pytest.fixture(scope="module")
def keys(shared: Serving) -> dict[str, Any]:
    """Keys of everybody who may not."""
    identities = shared.app.identities
    nobody, denied, disabled, off, reader = (
        identities.create_user(ACCOUNT, name) for name in ("nobody", "denied", "disabled", "off", "reader")
    )
    stranger = identities.create_user(OTHER, "stranger")
    for user in (denied, disabled, off, stranger):
        identities.attach_policy(user, "AdministratorAccess")
    identities.put_policy(denied, "nothing", EVERYTHING_DENIED)
    identities.attach_policy(reader, "AWSCloudTrail_ReadOnlyAccess")
    made = {user.name: identities.create_key(user) for user in (nobody, denied, disabled, off, reader, stranger)}
    identities.set_user_enabled(ACCOUNT, "disabled", False)
    identities.set_key_active(made["off"].access_key_id, False)
    wrong = SimpleNamespace(access_key_id=shared.administrator.access_key_id, secret_access_key="x" * 40)
    unknown = SimpleNamespace(access_key_id="AKIA" + "X" * 16, secret_access_key="x" * 40)
    return {**made, "wrong": wrong, "unknown": unknown}


def code_of(server: Serving, operation: Operation, key: Any) -> str:
    """The error code of a well-formed call of an operation; "none" where it is answered."""
    members = {**(least(operation.input) if operation.input else {}), **BETTER.get(operation.name, {})}
    try:
        server.client(operation.service, key=key, parameter_validation=False)._make_api_call(operation.name, members)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "none"


@pytest.mark.parametrize("operation", ALL, ids=lambda one: one.name)
def test_who_cannot_sign_is_refused(shared: Serving, keys: dict[str, Any], operation: Operation) -> None:
    codes = {name: code_of(shared, operation, keys[name]) for name in ("wrong", "unknown", "disabled", "off")}

    assert codes == {
        "wrong": "InvalidSignatureException",
        "unknown": "UnrecognizedClientException",
        "disabled": "UnrecognizedClientException",
        "off": "UnrecognizedClientException",
    }


@pytest.mark.parametrize("operation", SERVED, ids=lambda one: one.name)
def test_who_may_nothing_is_denied(shared: Serving, keys: dict[str, Any], operation: Operation) -> None:
    codes = {name: code_of(shared, operation, keys[name]) for name in ("nobody", "denied")}

    assert codes == {"nobody": "AccessDeniedException", "denied": "AccessDeniedException"}


@pytest.mark.parametrize("operation", [one for one in SERVED if not one.is_reading], ids=lambda one: one.name)
def test_who_may_only_read_is_denied_what_changes_something(
    shared: Serving, keys: dict[str, Any], operation: Operation
) -> None:
    assert code_of(shared, operation, keys["reader"]) == "AccessDeniedException"


@pytest.mark.parametrize(
    "name",
    [
        "GetEventDataStore",
        "UpdateEventDataStore",
        "DeleteEventDataStore",
        "RestoreEventDataStore",
        "StartEventDataStoreIngestion",
        "StopEventDataStoreIngestion",
    ],
)
def test_a_store_of_another_account_is_as_one_that_never_was(shared: Serving, keys: dict[str, Any], name: str) -> None:
    client = shared.client(key=keys["stranger"])
    never = STORE.replace("abcdef01", "10fedcba")
    messages = []
    for arn in (STORE, never):
        with pytest.raises(ClientError) as caught:
            client._make_api_call(name, {"EventDataStore": arn})
        error = caught.value.response["Error"]
        messages.append((error["Code"], error["Message"].replace(arn, "ARN")))

    assert messages[0] == messages[1]
    assert messages[0][0] == "EventDataStoreNotFoundException"


def test_a_denied_store_is_told_alike_whether_it_is_there_or_not(shared: Serving, keys: dict[str, Any]) -> None:
    client = shared.client(key=keys["nobody"])
    never = STORE.replace("abcdef01", "10fedcba")
    messages = []
    for arn in (STORE, never):
        with pytest.raises(ClientError) as caught:
            client.get_event_data_store(EventDataStore=arn)
        messages.append(caught.value.response["Error"]["Message"].replace(arn, "ARN"))

    assert messages[0] == messages[1]
    assert messages[0] == (
        f"User: arn:aws:iam::{ACCOUNT}:user/nobody is not authorized to perform: cloudtrail:GetEventDataStore on "
        "resource: ARN because no identity-based policy allows the cloudtrail:GetEventDataStore action"
    )


def test_what_another_account_has_is_not_listed(shared: Serving, keys: dict[str, Any]) -> None:
    assert shared.client(key=keys["stranger"]).list_event_data_stores()["EventDataStores"] == []


def test_tags_of_a_store_decide_who_may_read_it(shared: Serving) -> None:
    identities = shared.app.identities
    user = identities.create_user(ACCOUNT, "responder")
    key = identities.create_key(user)
    condition = {"StringEquals": {"aws:ResourceTag/team": "ir"}}
    statement = {"Effect": "Allow", "Action": "cloudtrail:Get*", "Resource": "*", "Condition": condition}
    identities.put_policy(user, "ir", json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    ours = shared.app.lifecycle.create("ours", tags={"team": "ir"})

    client = shared.client(key=key)
    assert client.get_event_data_store(EventDataStore=ours.arn)["Name"] == "ours"
    with pytest.raises(ClientError) as caught:
        client.get_event_data_store(EventDataStore=STORE)
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"


@pytest.mark.parametrize(
    ("key", "refused"),
    [
        ({"Bool": {"aws:SecureTransport": "false"}}, True),
        ({"NotIpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, False),
        ({"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}, True),
        ({"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}, False),
        ({"StringLike": {"aws:UserAgent": "Boto3/*"}}, True),
        ({"StringEquals": {"aws:ResourceAccount": OTHER}}, False),
    ],
    ids=lambda value: next(iter(next(iter(value.values())))) if isinstance(value, dict) else None,
)
def test_what_a_call_tells_decides(shared: Serving, key: dict[str, Any], refused: bool) -> None:
    identities = shared.app.identities
    user = identities.create_user(ACCOUNT, f"told-{len(identities.users())}")
    identities.attach_policy(user, "AdministratorAccess")
    statement = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": key}
    identities.put_policy(user, "unless", json.dumps({"Version": "2012-10-17", "Statement": [statement]}))

    operation = operations(CLOUDTRAIL)["ListEventDataStores"]
    code = code_of(shared, operation, identities.create_key(user))
    assert code == ("AccessDeniedException" if refused else "none")


def test_a_user_who_is_switched_off_is_out_at_once(shared: Serving) -> None:
    identities = shared.app.identities
    user = identities.create_user(ACCOUNT, "leaver")
    identities.attach_policy(user, "AdministratorAccess")
    client = shared.client(key=identities.create_key(user))
    assert "EventDataStores" in client.list_event_data_stores()

    identities.set_user_enabled(ACCOUNT, "leaver", False)
    with pytest.raises(ClientError) as caught:
        client.list_event_data_stores()
    assert caught.value.response["Error"]["Code"] == "UnrecognizedClientException"
