"""The sample queries that AWS published for CloudTrail Lake, each on a store of its category, with its verdict.

``VALID`` says what the answer is on the records of ``sample_records``; ``INVALID`` says which files are broken as they
were published, and the line that the error has to point at.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from tests.walks import sample_records as sample
from tests.walks.door import deliver, opened, rows, trailmere
from trailmere.errors import QueryError, StatementInvalid, StatementNotAllowed

if TYPE_CHECKING:
    from trailmere.app import App

pytestmark = pytest.mark.shared_data

ACCOUNT = sample.ACCOUNT
PLACEHOLDERS = (
    "$EDS_ID",
    "<EDS ID>",
    "<EDS_ID>",
    "<event_data_store_id>",
    "<Event data store Id>",
    "<event-data-store-ID>",
    "config_event_data_store_ID",
)
SELECTORS = {
    "cloudtrail": [
        {"Name": "Management", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]},
        {
            "Name": "S3 objects",
            "FieldSelectors": [
                {"Field": "eventCategory", "Equals": ["Data"]},
                {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
            ],
        },
    ],
    "network": [
        {
            "Name": "Secrets Manager endpoints",
            "FieldSelectors": [
                {"Field": "eventCategory", "Equals": ["NetworkActivity"]},
                {"Field": "eventSource", "Equals": ["secretsmanager.amazonaws.com"]},
            ],
        }
    ],
    "configuration": [
        {"Name": "Items", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["ConfigurationItem"]}]}
    ],
}
RECORDS = {"cloudtrail": sample.CLOUDTRAIL, "network": sample.NETWORK, "configuration": sample.CONFIGURATION}


def at(text: str) -> datetime:
    """A naive UTC time."""
    return datetime.fromisoformat(text)


Rows = list[dict[str, Any]]

# file -> store, and for each row of the answer what has to be in it (columns not named here are not compared)
VALID: dict[str, tuple[str, Rows]] = {
    "MostEvaluatedConfigRule.sql": (
        "cloudtrail",
        [{"TotalEvents": 2, "datestamp": date(2022, 11, 5), "awsRegion": "us-east-1", "configRuleName": "rule-a"}],
    ),
    "SelfAssumeRole.sql": (
        "cloudtrail",
        [{"eventid": str(UUID(int=5001)), "RoleARN": sample.ROLE, "RoleIdColonRoleSessionName": "AROADEPLOY:run"}],
    ),
    "aurora-mysql-databases-with-instance-class-information.sql": (
        "cloudtrail",
        [
            {
                "DBInstance": "db-1",
                "InstanceClass": "db.r6g.large",
                "Engine": "aurora-mysql",
                "DateTime": at("2022-06-01"),
            }
        ],
    ),
    "aurora-postgresql-databases-with availability-zone-information.sql": (
        "cloudtrail",
        [
            {
                "DBInstance": "db-2",
                "Engine": "aurora-postgresql",
                "DBEngineVersion": "13.4",
                "AvailabilityZone": "us-east-1a",
            }
        ],
    ),
    "cloudtrail-configuration-changes.sql": ("cloudtrail", []),  # its window begins where it ends
    "database-reboot-information.sql": (
        "cloudtrail",
        [
            {"DBInstance": "db-3", "UserName": None, "RebootTime": at("2022-03-01")},
            {"DBInstance": "db-1", "UserName": None, "RebootTime": at("2022-02-01")},
        ],
    ),
    "ec2-events.sql": (
        "cloudtrail",
        [{"eventname": "AssociateAddress", "requestparameters": [("publicIp", "198.51.100.7")], "errorcode": None}],
    ),
    "ec2-security-historical-changes.sql": (
        "cloudtrail",
        [
            {"securityGroup": "sg-1", "securityGroupRule": '{"items":[{"ipProtocol":"tcp","fromPort":22}]}'},
            {"securityGroup": "sg-2", "securityGroupRule": '{"GroupId":"sg-2","SecurityGroupRule":{"tag":1}}'},
        ],
    ),
    "event-response-element-by-event-id.sql": (
        "cloudtrail",
        [{"responseElements": [("user", '{"userName":"eve"}')]}],
    ),
    "find-snapshots-not-encrypted.sql": (
        "cloudtrail",
        [{"principalid": "AIDAEXAMPLE", "volume": None, "Instance": '"i-0abc"', "snapshotID": None}],
    ),
    "iam-access-key-success-activity.sql": (
        "cloudtrail",
        [
            {"NumberEvents": 2, "eventSource": "s3.amazonaws.com", "eventName": "ListBuckets"},
            {"NumberEvents": 1, "eventSource": "sts.amazonaws.com", "eventName": "AssumeRole"},
        ],
    ),
    "iam-idc-federate-api-by-idc-user.sql": (
        "cloudtrail",
        [{"AccountID": ACCOUNT, "SSORole": "AdministratorAccess", "eventID": str(UUID(int=5002))}],
    ),
    "iam-idc-user-count-and-group-activity.sql": (
        "cloudtrail",
        [{"eventName": "DescribeInstances", "apiCount": 2}, {"eventName": "CreateRole", "apiCount": 1}],
    ),
    "iam-idc-user-create-iam-role.sql": (
        "cloudtrail",
        [{"eventID": str(UUID(int=5003)), "errorCode": "AccessDenied", "errorMessage": "by an SCP"}],
    ),
    "iam-idc-user-mutable-actions.sql": ("cloudtrail", [{"eventName": "CreateRole", "errorCode": "AccessDenied"}]),
    "iam-role-assumed-by-iam-access-key.sql": (
        "cloudtrail",
        [
            {
                "requestParameters": [("roleArn", sample.ROLE), ("roleSessionName", "x")],
                "responseElements": [("credentials", '{"accessKeyId":"ASIAEXAMPLE"}')],
            }
        ],
    ),
    "list-all-S3-PutObjects-Encryption-status.sql": (
        "cloudtrail",
        [{"S3BUCKET": "logs", "S3OBJECT": "a.txt", "ReqENCRYPTION": "AES256", "RespENCRYPTION": "AES256"}],
    ),
    "list-events-with-errors.sql": ("cloudtrail", []),  # its window begins where it ends
    "logs-by-region.sql": (
        "cloudtrail",
        [
            {"awsRegion": "us-east-1", "eventSource": "config.amazonaws.com", "apiCount": 2},
            {"awsRegion": "us-east-1", "apiCount": 1},
            {"awsRegion": "us-east-1", "apiCount": 1},
        ],
    ),
    "network-activity-events-vpce-access-denied-secrets-manager.sql": (
        "network",
        [
            {
                "eventTime": at("2024-12-01T10:00:00"),
                "username": "mallory",
                "accountid": "444455556666",
                "eventName": "GetSecretValue",
                "vpcEndpointId": "vpce-0123456789abcdef0",
            }
        ],
    ),
    "s3-buckets-using-acls.sql": ("cloudtrail", [{"Bucket": "logs", "Region": "us-east-1", "AccountID": ACCOUNT}]),
    "ssm-patch-compliance-all-ec2-instances-time-range.sql": (
        "configuration",
        [
            {
                "InstanceId": "i-in",
                "accountid": ACCOUNT,
                "eventTime": at("2023-06-24"),
                "Installed": ['"KB1"', '"KB3"'],
                "Missing": ['"KB2"'],
                "Failed": [],
            }
        ],
    ),
    "ssm-patch-compliance-all-ec2-instances.sql": (
        "configuration",
        [
            {"InstanceId": "i-in", "Installed": ['"KB1"', '"KB3"'], "InstalledOther": []},
            {"InstanceId": "i-out", "Installed": [], "InstalledOther": ['"KB5"'], "Failed": ['"KB4"']},
        ],
    ),
    "tag-history-by-resource.sql": (
        "cloudtrail",
        [{"resourceId": "i-1", "eventName": "CreateTags", "key": "team", "value": "red", "identityarn": None}],
    ),
    "top-iam-actions-by-principal.sql": (
        "cloudtrail",
        [{"apiCount": 1, "eventName": "CreateRole", "recipientAccountId": ACCOUNT, "principalid": sample.ALICE}],
    ),
}
UNORDERED = {"ssm-patch-compliance-all-ec2-instances.sql"}  # no ORDER BY

# file -> the error, the line it has to point at, and why
INVALID: dict[str, tuple[type[QueryError], int, str]] = {
    "ConfigTableCreation.sql": (StatementNotAllowed, 9, "creates a table, for Athena"),
    "list-all-errors-for-s3-events.sql": (StatementInvalid, 10, "the query pasted twice"),
    "list-all-events-not-in-authorized-region.sql": (StatementInvalid, 15, "the query pasted twice"),
    "top-s3-actions.sql": (StatementInvalid, 18, "a blank is missing before ORDER BY"),
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Three stores, one a category, filled through the command line."""
    home = tmp_path_factory.mktemp("samples")
    for name, selectors in SELECTORS.items():
        trailmere("store", "create", name, "--selectors", json.dumps(selectors), lake=home / "lake")
        deliver(home / name, RECORDS[name])
        trailmere("ingest", home / name, "--store", name, lake=home / "lake")
    with opened(home / "lake") as application:
        yield application


def question(shared_data: Path, file: str, store_id: str) -> str:
    """The sample's text with every placeholder replaced."""
    text = (shared_data / "lake-query-samples/raw" / file).read_bytes().decode()
    for placeholder in PLACEHOLDERS:
        text = text.replace(placeholder, store_id)
    return text.replace("${date_filter}", sample.DENIED_AT)


@pytest.mark.parametrize("file", VALID)
def test_a_valid_sample_gives_the_rows_it_asks_for(file: str, app: App, shared_data: Path) -> None:
    store, expected = VALID[file]
    sql = question(shared_data, file, app.stores.get(store).id)

    answer = rows(app, sql)
    compared = [
        {name: row[name] for name in wanted} for wanted, row in zip(expected, _sorted(file, answer), strict=False)
    ]

    assert compared == expected
    assert len(answer) == len(expected)


def _sorted(file: str, answer: Rows) -> Rows:
    return sorted(answer, key=lambda row: str(row["InstanceId"])) if file in UNORDERED else answer


@pytest.mark.parametrize("file", INVALID)
def test_the_error_of_an_invalid_sample_points_at_the_fault(file: str, app: App, shared_data: Path) -> None:
    error_class, line, _ = INVALID[file]
    sql = question(shared_data, file, app.stores.get("cloudtrail").id)

    with pytest.raises(error_class) as caught:
        rows(app, sql)

    assert caught.value.line == line
    assert caught.value.column is not None


def test_every_published_sample_has_its_verdict(shared_data: Path) -> None:
    files = {path.name for path in (shared_data / "lake-query-samples/raw").glob("*.sql")}

    assert files == set(VALID) | set(INVALID)


def test_a_placeholder_left_in_the_text_is_named_by_the_error(app: App, shared_data: Path) -> None:
    sql = (shared_data / "lake-query-samples/raw/logs-by-region.sql").read_text()

    with pytest.raises(StatementInvalid) as caught:
        rows(app, sql)

    assert "$EDS_ID" in str(caught.value)
    assert caught.value.line == 9
