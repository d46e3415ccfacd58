"""An S3 server with a bucket of logs, for imports."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

from tests.ingest.test_imports import key, log

BUCKET = "logs"
SOURCE = {
    "S3": {
        "S3LocationUri": f"s3://{BUCKET}/",
        "S3BucketRegion": "us-east-1",
        "S3BucketAccessRoleArn": "arn:aws:iam::123456789012:role/import",
    }
}


@contextmanager
def bucket() -> Iterator[tuple[Any, dict[str, str]]]:
    """A client of the server, and the variables by which others find it."""
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    found = {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
    }
    client = boto3.client(
        "s3",
        region_name="us-east-1",
        endpoint_url=found["AWS_ENDPOINT_URL"],
        aws_access_key_id="key",
        aws_secret_access_key="secret",
    )
    reset = urllib.request.Request(f"{found['AWS_ENDPOINT_URL']}/moto-api/reset", method="POST")
    urllib.request.urlopen(reset, timeout=60).close()  # servers of one process share what they hold
    client.create_bucket(Bucket=BUCKET)
    try:
        yield client, found
    finally:
        running.stop()


def fill(s3: Any, *numbers: int, events: int = 3) -> None:
    """A log of so many events for each number, in the order of days."""
    for number in numbers:
        s3.put_object(Bucket=BUCKET, Key=key(number, day=1 + number % 28), Body=log(number, events))


def spoil(s3: Any, number: int) -> str:
    """An object that is no log; its address."""
    s3.put_object(Bucket=BUCKET, Key=key(number, day=1 + number % 28), Body=b"\x1f\x8b no gzip")
    return f"s3://{BUCKET}/{key(number, day=1 + number % 28)}"
