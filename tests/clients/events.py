"""Events whose every answer is known: one a minute, as a person does them in a role that was granted for a while."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ACCOUNT, REGION = "123456789012", "us-east-1"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROLE = "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef"
COUNT = 130
NAME = f"{ACCOUNT}_CloudTrail_{REGION}_20260301T1415Z_0123456789abcdef.json.gz"
KEY = f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/2026/03/01/{NAME}"


def record(number: int) -> dict[str, Any]:
    """The event of a minute: every other one changes something, every tenth was refused."""
    name = ("GetObjectLockConfiguration", "PutBucketPolicy")[number % 2]
    made = {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": "AROAIOSFODNN7EXAMPLE:Ana@example.com",
            "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/Ana@example.com",
            "accountId": ACCOUNT,
            "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
            "sessionContext": {"sessionIssuer": {"type": "Role", "arn": ROLE, "accountId": ACCOUNT}},
        },
        "eventTime": f"{NOON + timedelta(minutes=number):%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": "s3.amazonaws.com",
        "eventName": name,
        "awsRegion": REGION,
        "sourceIPAddress": "192.0.2.7",
        "requestParameters": {"bucketName": "records", "note": None},
        "responseElements": None,
        "eventID": f"00000000-0000-4000-8000-{number:012}",
        "readOnly": number % 2 == 0,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    }
    return made if number % 10 else {**made, "errorCode": "AccessDenied"}


def log() -> bytes:
    """All of them, as CloudTrail delivers them."""
    return gzip.compress(json.dumps({"Records": [record(number) for number in range(COUNT)]}).encode(), mtime=0)


def deliver(folder: Path) -> Path:
    """The log where CloudTrail would put it in a bucket; the folder."""
    place = folder / KEY
    place.parent.mkdir(parents=True)
    place.write_bytes(log())
    return folder
