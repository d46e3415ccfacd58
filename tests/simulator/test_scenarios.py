"""The incidents are told as the published walk-through tells them, and the case folders say the same."""

from __future__ import annotations

import pytest

from tests.walks.write_cases import files, folder
from trailmere.simulator.compromised_key import ADDRESS, NEW_KEY, OBJECTS, SESSION_KEY
from trailmere.simulator.compromised_person import ADMIN_POLICY, INSTANCE_PROFILE, MINER, PERSON, PRINCIPAL
from trailmere.simulator.scenarios import QUESTIONS, Cell

ALL = tuple(QUESTIONS)


def column(number: str, name: str) -> list[Cell]:
    question = QUESTIONS[number]
    return [row[question.columns.index(name)] for row in question.rows()]


def outcome(number: str) -> dict[Cell, Cell]:
    """Event name -> error code, of a question that gives both."""
    return dict(zip(column(number, "eventName"), column(number, "errorCode"), strict=True))


@pytest.mark.parametrize("number", ALL)
def test_a_case_folder_says_what_the_script_says(number: str) -> None:
    question = QUESTIONS[number]

    written = {path.name: path.read_text() for path in folder(question).iterdir()}

    assert written == files(question)


def test_the_key_is_refused_then_reads_then_assumes_a_role() -> None:
    codes, names = column("1.1", "errorCode"), column("1.1", "eventName")

    first_success = codes.index(None)

    assert set(codes[:first_success]) == {"AccessDenied"}
    assert set(codes[first_success:]) == {None}
    assert names[:3] == ["ListBuckets", "ListTrails", "DescribeTrails"]
    assert all(str(name).startswith(("Get", "List")) for name in names[first_success:-1])
    assert names[-1] == "AssumeRole"


def test_the_key_is_used_from_one_address() -> None:
    assert set(column("1.1", "sourceIPAddress")) == {ADDRESS}


def test_the_role_alice_of_the_second_account_is_assumed() -> None:
    ((asked, answered),) = QUESTIONS["1.2"].rows()

    assert "arn:aws:iam::111122223333:role/Alice" in str(asked)
    assert SESSION_KEY in str(answered)


def test_the_address_was_not_seen_in_the_month_before() -> None:
    assert QUESTIONS["1.3"].rows() == []


def test_the_address_was_seen_in_one_other_account_only() -> None:
    assert set(column("1.4", "accountid")) == {"111122223333"}


def test_the_role_could_make_a_user_and_his_key_and_nothing_else() -> None:
    outcomes = outcome("1.6")

    assert {name for name in outcomes if outcomes[name] is None and str(name).startswith(("Create", "Attach"))} == {
        "CreateUser",
        "AttachUserPolicy",
        "CreateAccessKey",
    }
    assert {name for name in outcomes if outcomes[name] == "AccessDenied"} == {
        "ListBuckets",
        "DescribeTrails",
        "StopLogging",
        "CreateRole",
        "AttachRolePolicy",
    }


def test_the_session_of_the_incident_is_not_the_only_one_of_the_role() -> None:
    assert sum(int(str(n)) for n in column("1.5", "NumberEvents")) > len(QUESTIONS["1.6"].rows())


def test_the_new_key_is_in_the_answer_to_create_access_key() -> None:
    ((answer,),) = QUESTIONS["1.7"].rows()

    assert NEW_KEY in str(answer)


def test_the_new_key_stopped_a_trail_and_deleted_objects_and_buckets() -> None:
    done = dict(zip(column("1.8", "eventName"), column("1.8", "NumberEvents"), strict=True))

    assert done["StopLogging"] == 1
    assert done["GetObject"] == done["DeleteObject"] == sum(map(len, OBJECTS.values()))
    assert done["DeleteBucket"] == len(OBJECTS)


def test_each_object_was_fetched_before_any_was_deleted() -> None:
    names = column("1.9", "eventName")
    half = len(names) // 2

    assert names == ["GetObject"] * half + ["DeleteObject"] * half
    assert column("1.9", "ObjectName")[:half] == column("1.9", "ObjectName")[half:]


def test_the_person_launched_the_instance_of_the_finding() -> None:
    assert column("2.1", "principalid") == [PRINCIPAL]
    assert column("2.1", "recipientAccountId") == ["111122223333"]


def test_the_person_federated_into_one_account_with_one_role() -> None:
    assert set(column("2.2", "AccountID")) == {"111122223333"}
    assert set(column("2.2", "SSORole")) == {"AdministratorAccess"}


def test_what_the_person_did_includes_much_discovery() -> None:
    names = [str(name) for name in column("2.3", "eventName")]

    assert sum(name.startswith(("Get", "Describe", "List")) for name in names) > len(names) / 2


def test_what_changed_something_was_allowed_or_denied_as_told() -> None:
    allowed = {"RunInstances", "CreateImage", "StartSession", "CreateUser", "PutRolePolicy"}
    denied = {"CreateAccessKey", "CreateRole", "AttachRolePolicy", "DeleteDetector"}

    assert outcome("2.4") == dict.fromkeys(allowed) | dict.fromkeys(denied, "AccessDenied")


def test_instances_were_launched_twice_with_the_same_profile() -> None:
    first, second = map(str, column("2.5", "instances"))

    assert MINER in first
    assert INSTANCE_PROFILE in first
    assert INSTANCE_PROFILE in second


def test_four_actions_were_denied() -> None:
    assert sorted(map(str, column("2.6", "eventName"))) == [
        "AttachRolePolicy",
        "CreateAccessKey",
        "CreateRole",
        "DeleteDetector",
    ]


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (
            "2.7",
            "User: arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_AdministratorAccess_f53d10b0f8a756ac/"
            f"{PERSON} is not authorized to perform: iam:CreateAccessKey on resource: user production-user with an "
            "explicit deny in a service control policy",
        ),
        (
            "2.9",
            "User: arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_AdministratorAccess_f53d10b0f8a756ac/"
            f"{PERSON} is not authorized to perform: iam:CreateRole on resource: "
            "arn:aws:iam::111122223333:role/production-ec2-role with an explicit deny in a service control policy",
        ),
    ],
)
def test_the_reason_of_a_refusal_is_worded_as_published(number: str, message: str) -> None:
    assert column(number, "errorMessage") == [message]


def test_the_user_that_was_created_is_the_one_that_got_no_key() -> None:
    assert "production-user" in str(column("2.8", "userInfo")[0])
    assert "user production-user" in str(column("2.7", "errorMessage")[0])


def test_an_inline_policy_with_every_permission_went_onto_the_role_of_the_instances() -> None:
    assert column("2.10", "roleName") == [INSTANCE_PROFILE]
    assert column("2.10", "policyDocument") == [ADMIN_POLICY]
