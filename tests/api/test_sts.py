"""Who am I, and sessions of roles, through boto3's ``sts`` on the same port."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.api.serving import ACCOUNT, Serving

if TYPE_CHECKING:
    from collections.abc import Callable

ROLE = f"arn:aws:iam::{ACCOUNT}:role/reader"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
        ],
    }
)
NOTHING = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "cloudtrail:*", "Resource": "*"}]}
)


@pytest.fixture
def reader(server: Serving) -> Serving:
    """A server with a role that may read."""
    identities = server.app.identities
    role = identities.create_role(ACCOUNT, "reader", TRUST)
    identities.attach_policy(role, "AWSCloudTrail_ReadOnlyAccess")
    return server


def session(answer: Any) -> Any:
    """The key of an answer of AssumeRole."""
    given = answer["Credentials"]
    return SimpleNamespace(
        access_key_id=given["AccessKeyId"],
        secret_access_key=given["SecretAccessKey"],
        session_token=given["SessionToken"],
    )


def code_of(call: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value.response["Error"]["Code"])


def test_a_caller_is_told_who_they_are(server: Serving) -> None:
    told = server.client("sts").get_caller_identity()

    assert (told["Account"], told["Arn"], told["UserId"]) == (
        ACCOUNT,
        f"arn:aws:iam::{ACCOUNT}:user/admin",
        server.administrator.user.id,
    )


def test_a_session_of_a_role_may_do_what_the_role_may(reader: Serving) -> None:
    answer = reader.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="ada")

    client = reader.client(key=session(answer))
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/ada"
    assert client.list_event_data_stores()["EventDataStores"] == []
    assert code_of(lambda: client.create_event_data_store(Name="audit")) == "AccessDeniedException"


def test_a_session_may_do_no_more_than_its_policy(reader: Serving) -> None:
    answer = reader.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="ada", Policy=NOTHING)

    client = reader.client(key=session(answer))
    assert answer["PackedPolicySize"] in range(1, 101)
    assert code_of(client.list_event_data_stores) == "AccessDeniedException"


def test_a_session_is_noted_with_its_role_and_without_its_secrets(reader: Serving) -> None:
    answer = reader.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="ada")
    reader.client(key=session(answer)).list_event_data_stores()

    assumed, listed = (json.loads(event) for event in reader.journal)
    assert (assumed["eventSource"], assumed["eventName"]) == ("sts.amazonaws.com", "AssumeRole")
    assert assumed["responseElements"]["credentials"].keys() == {"accessKeyId", "expiration"}
    assert assumed["resources"] == [{"accountId": ACCOUNT, "type": "AWS::IAM::Role", "ARN": ROLE}]
    assert listed["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] == ROLE
    assert answer["Credentials"]["SessionToken"] not in b"".join(reader.journal).decode()


def test_a_role_that_is_not_there_is_denied(server: Serving) -> None:
    code = code_of(lambda: server.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="ada"))

    assert code == "AccessDenied"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"DurationSeconds": 10}, "ValidationError"),
        ({"DurationSeconds": 43_200}, "ValidationError"),
        ({"Policy": "{"}, "MalformedPolicyDocument"),
        ({"RoleSessionName": "a b"}, "ValidationError"),
        ({"PolicyArns": [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]}, "ValidationError"),
        ({"SourceIdentity": "ada"}, "ValidationError"),
    ],
    ids=str,
)
def test_a_session_that_cannot_be_had_is_refused(reader: Serving, more: dict[str, Any], code: str) -> None:
    wanted = {"RoleArn": ROLE, "RoleSessionName": "ada", **more}

    assert code_of(lambda: reader.client("sts", parameter_validation=False).assume_role(**wanted)) == code


def test_what_else_sts_does_is_no_action_here(server: Serving) -> None:
    assert code_of(server.client("sts").get_session_token) == "InvalidAction"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"Action=NoSuchAction", "InvalidAction"),
        (b"", "InvalidAction"),
        (b"Action=GetCallerIdentity&Action=GetCallerIdentity", "InvalidAction"),
        (b"Action=AssumeRole&RoleArn=%FF&RoleSessionName=ada", "InvalidAction"),
        (b"Action=AssumeRole&" + b"&".join(b"a%d=" % n for n in range(1000)), "InvalidAction"),
        (b"Action=AssumeRole&DurationSeconds=many", "MalformedInput"),
        (b"Action=AssumeRole&DurationSeconds=" + b"9" * 10_000, "MalformedInput"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_a_form_that_is_none_is_refused(server: Serving, body: bytes, code: str) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Amz-Target": None}

    answer = server.call("", body, service="sts", headers=headers)
    assert (answer.status, f"<Code>{code}</Code>" in answer.body.decode()) == (400, True)


def test_a_wrong_signature_is_told_in_the_words_of_sts(server: Serving) -> None:
    key = SimpleNamespace(access_key_id=server.administrator.access_key_id, secret_access_key="x" * 40)

    assert code_of(server.client("sts", key=key).get_caller_identity) == "SignatureDoesNotMatch"
