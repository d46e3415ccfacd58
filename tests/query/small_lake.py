"""One small real lake for hostile statements: two stores over a few dozen events, and the application that opens it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.walks.door import deliver
from trailmere.app import build
from trailmere.cli import main
from trailmere.settings import load

if TYPE_CHECKING:
    from trailmere.app import App

STORES = ("trail", "second-trail")
EVENTS_A_DAY = 20


def make_lake(folder: Path) -> Path:
    """The lake, in ``folder``: three days of events in ``trail``, and the store ``second-trail`` without any."""
    home, logs = folder / "lake", folder / "logs"
    for store in STORES:
        _door("store", "create", store, "--lake", home)
    for day in (1, 2, 3):
        deliver(logs, [_event(number, day) for number in range(EVENTS_A_DAY)], minute=f"202405{day:02d}T1200Z")
    _door("ingest", logs, "--store", "trail", "--lake", home)
    return home


@contextmanager
def opened(home: Path, **limits: Any) -> Iterator[App]:
    """The application over the lake; ``limits`` are settings."""
    app = build(load({}, lake=home, **limits))
    try:
        yield app
    finally:
        app.close()


def _door(*arguments: str | Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*map(str, arguments)])
    assert ended.value.code == 0


def _event(number: int, day: int) -> dict[str, Any]:
    return {
        "eventVersion": "1.08",
        "eventID": f"00000000-0000-4000-8000-{day:06d}{number:06d}",
        "eventTime": f"2024-05-{day:02d}T12:00:{number % 60:02d}Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": ("GetObject", "PutObject", "AssumeRole")[number % 3],
        "eventCategory": "Management",
        "eventType": "AwsApiCall",
        "awsRegion": "eu-west-1",
        "sourceIPAddress": ("10.1.2.3", "2001:db8::1", "ec2.amazonaws.com")[number % 3],
        "managementEvent": True,
        "readOnly": bool(number % 2),
        "userIdentity": {
            "type": "AssumedRole",
            "arn": f"arn:aws:sts::111122223333:assumed-role/r/{number}",
            "userName": f"user-{number % 4}",
            "sessionContext": {
                "sessionIssuer": {"userName": "r"},
                "attributes": {"creationDate": f"2024-05-{day:02d}T11:00:00Z", "mfaAuthenticated": "false"},
            },
        },
        "requestParameters": {"bucketName": f"bucket-{number}", "key": "a/b", "policy": {"Statement": [{"n": number}]}},
        "resources": [{"ARN": f"arn:aws:s3:::bucket-{number}", "accountId": "111122223333", "type": "AWS::S3::Bucket"}],
    }
