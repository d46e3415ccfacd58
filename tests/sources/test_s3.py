"""A bucket over HTTP: what is listed, what is narrowed, and what is said when it cannot be reached."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from trailmere.errors import DeliveryError, SourceNotFound, SourceUnavailable
from trailmere.sources import s3client
from trailmere.sources.delivery import Delivery
from trailmere.sources.opening import open_source
from trailmere.sources.reading import read, sha256_of
from trailmere.sources.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

BUCKET = "log-bucket"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def client(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A second opinion on what lies in the bucket; and the usual variables, which are all that Trailmere is told."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": server,
    }.items():
        monkeypatch.setenv(name, value)
    s3client.store.cache_clear()
    made = boto3.client("s3", region_name="us-east-1", endpoint_url=server)
    made.create_bucket(Bucket=BUCKET)
    yield made
    for found in made.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        made.delete_object(Bucket=BUCKET, Key=found["Key"])
    made.delete_bucket(Bucket=BUCKET)
    s3client.store.cache_clear()


def key(
    account: str = "111122223333",
    region: str = "eu-west-1",
    day: int = 1,
    kind: str = "CloudTrail",
    organization: str = "",
) -> str:
    name = f"{account}_{kind}_{region}_2026030{day}T1000Z_AAAAAAAAAAAAAAAA.json.gz"
    return f"AWSLogs/{organization}{account}/{kind}/{region}/2026/03/0{day}/{name}"


def put(client: Any, *keys: str, body: bytes = b"content") -> None:
    for one in keys:
        client.put_object(Bucket=BUCKET, Key=one, Body=body)


def keys(source: Any) -> list[str]:
    return [delivery.uri.removeprefix(f"s3://{BUCKET}/") for delivery in source.listing()]


def test_objects_are_listed_with_size_and_etag_in_the_order_of_the_time_in_their_names(client: Any) -> None:
    put(client, key(day=3), key(day=1, account="999988887777"), key(day=2))

    found = list(open_source(f"s3://{BUCKET}/").listing())

    assert [delivery.due for delivery in found] == [datetime(2026, 3, day, 10) for day in (1, 2, 3)]
    assert {(delivery.size, delivery.etag) for delivery in found} == {(7, f'"{hashlib.md5(b"content").hexdigest()}"')}


def test_the_bytes_of_an_object_are_read_whole_and_hashed_in_pieces(client: Any) -> None:
    body = bytes(range(256)) * 40_000
    put(client, key(), body=body)
    (delivery,) = open_source(f"s3://{BUCKET}/AWSLogs/").listing()

    assert read(delivery, max_bytes=1 << 30) == body
    assert sha256_of(delivery) == (hashlib.sha256(body).hexdigest(), len(body))


@pytest.mark.parametrize("odd", ["exports/a b+c.json", "exports/100%.json", "exports/é.json", "exports/a=b&c.json"])
def test_keys_with_odd_characters_are_listed_and_read(client: Any, odd: str) -> None:
    put(client, odd)

    (delivery,) = open_source(f"s3://{BUCKET}").listing()

    assert delivery.uri == f"s3://{BUCKET}/{odd}"
    assert read(delivery, max_bytes=100) == b"content"


def test_empty_objects_that_stand_for_folders_are_passed_over_and_empty_logs_are_not(client: Any) -> None:
    put(client, "AWSLogs/", "exports/", "lonely/", "empty.json", body=b"")
    put(client, "exports/a.json")

    assert sorted(keys(open_source(f"s3://{BUCKET}"))) == ["empty.json", "exports/a.json"]


def test_a_prefix_may_end_within_a_name_and_may_be_one_object(client: Any) -> None:
    put(client, "exports/2026-03.json", "exports/2026-04.json", "exports/2025-01.json")

    assert sorted(keys(open_source(f"s3://{BUCKET}/exports/2026"))) == ["exports/2026-03.json", "exports/2026-04.json"]
    assert keys(open_source(f"s3://{BUCKET}/exports/2025-01.json")) == ["exports/2025-01.json"]


def test_a_scope_narrows_what_is_listed_in_account_and_organisation_layouts(client: Any) -> None:
    put(
        client, key(), key(day=2), key(region="us-east-1"), key(account="999988887777"), key(organization="o-abcd1234/")
    )
    scope = Scope(("111122223333",), ("eu-west-1",), datetime(2026, 3, 1), datetime(2026, 3, 2))

    found = keys(open_source(f"s3://{BUCKET}/AWSLogs/", scope))

    assert sorted(found) == sorted([key(), key(organization="o-abcd1234/")])


def test_digests_and_flow_logs_are_left_alone(client: Any) -> None:
    put(client, key(), key(kind="CloudTrail-Digest"), key(kind="vpcflowlogs"))
    source = open_source(f"s3://{BUCKET}/AWSLogs/")

    assert keys(source) == [key()]
    assert source.other == {"CloudTrail-Digest": 1, "vpcflowlogs": 1}


def test_an_object_that_changed_since_it_was_listed_is_not_read_as_the_one_that_was_listed(client: Any) -> None:
    put(client, key())
    (delivery,) = open_source(f"s3://{BUCKET}/").listing()
    put(client, key(), body=b"other")

    with pytest.raises(DeliveryError) as caught:
        read(delivery, max_bytes=100)

    assert caught.value.reason == "unreadable"


def test_a_body_shorter_than_listed_is_never_taken_in(client: Any) -> None:
    put(client, key())
    (listed,) = open_source(f"s3://{BUCKET}/").listing()
    longer = Delivery(listed.uri, size=9, etag=listed.etag)

    with pytest.raises(DeliveryError) as caught:
        read(longer, max_bytes=100)

    assert caught.value.reason == "unreadable"


def test_an_empty_prefix_a_missing_bucket_and_a_dead_endpoint_are_told_apart(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SourceNotFound, match="there are none"):
        list(open_source(f"s3://{BUCKET}/nothing/").listing())
    with pytest.raises(SourceNotFound, match="cannot be listed"):
        list(open_source("s3://no-such-bucket/").listing())
    with pytest.raises(SourceNotFound, match="expected s3://bucket/prefix"):
        open_source("s3://")

    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    s3client.store.cache_clear()
    with pytest.raises(SourceUnavailable):
        list(open_source(f"s3://{BUCKET}/").listing())
