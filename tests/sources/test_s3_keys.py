"""Keys that the client library refuses or mistakes cost nothing: neither themselves nor the keys beside them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from unittest import mock

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from tests.faults.remote.proxy import GET, LIST, Rule
from tests.faults.remote.world import BUCKET, World, world
from trailmere.errors import DeliveryError
from trailmere.sources.opening import open_source
from trailmere.sources.reading import read
from trailmere.sources.s3plain import Credentials, query_text, signed_headers

ODD = ("a//b.json", "/a.json", "a/../b.json", "a/./b.json", "a.json/", "a\tb.json", "//", "ä//ö ü+%.json")
PLAIN = ("a.json", "a/b.json", "b.json", "z/9.json")


@pytest.fixture(scope="module")
def bucket() -> Iterator[World]:
    with world(page=3) as made:
        yield made


@pytest.fixture
def filled(bucket: World) -> Iterator[World]:
    for key in (*ODD, *PLAIN):
        bucket.put(key, key.encode())
    yield bucket
    bucket.empty()


def taken(uri: str) -> dict[str, bytes]:
    return {one.uri.removeprefix(f"s3://{BUCKET}/"): read(one, max_bytes=100) for one in open_source(uri).listing()}


def test_every_key_that_s3_allows_is_listed_and_read(filled: World) -> None:
    assert sorted(filled.keys()) == sorted((*ODD, *PLAIN))
    assert taken(f"s3://{BUCKET}") == {key: key.encode() for key in (*ODD, *PLAIN)}


@pytest.mark.parametrize("prefix", ["a", "a/", "a//", "/", "a/..", "ä//"])
def test_a_prefix_is_compared_with_keys_as_they_are(prefix: str, filled: World) -> None:
    assert sorted(taken(f"s3://{BUCKET}/{prefix}")) == sorted(key for key in filled.keys(prefix))


def test_folders_are_passed_over_beside_odd_keys(filled: World) -> None:
    filled.put("folder/", b"")
    filled.put("empty.json", b"")

    assert taken(f"s3://{BUCKET}").keys() == {*ODD, *PLAIN, "empty.json"}


def test_a_name_is_not_hidden_by_the_same_name_with_a_slash(bucket: World) -> None:
    for key in ("log.json", "log.json/", "/log.json"):
        bucket.put(key, key.encode())

    found = taken(f"s3://{BUCKET}")
    bucket.empty()

    assert found == {"log.json": b"log.json", "log.json/": b"log.json/", "/log.json": b"/log.json"}


@pytest.mark.parametrize(
    "what",
    ["503 SlowDown", "reset before the response", "short body", "reset in the body", "cut with a fitting length"],
)
@pytest.mark.parametrize("call", [LIST, GET])
def test_a_fault_that_passes_is_not_noticed_there_either(call: str, what: str, filled: World) -> None:
    rule = Rule(call, what, key="a//b.json", times=1) if call == GET else Rule(call, what, page=2, passing=1, times=1)

    with filled.proxy.suffering(rule):
        assert taken(f"s3://{BUCKET}").keys() == {*ODD, *PLAIN}


def test_what_cannot_be_read_there_is_told_in_the_same_words(filled: World) -> None:
    found = {one.uri: one for one in open_source(f"s3://{BUCKET}").listing()}

    with filled.proxy.suffering(Rule(GET, "403 AccessDenied")), pytest.raises(DeliveryError) as caught:
        read(found[f"s3://{BUCKET}/a//b.json"], max_bytes=100)

    assert caught.value.reason == "unreadable"
    assert "expected permission for s3:ListBucket and s3:GetObject, got AccessDenied" in caught.value.message


@pytest.mark.parametrize("path", ["", "/a//b", "/a/../b", "/%C3%A4/%2B%25%20x~_-."])
@pytest.mark.parametrize("token", [None, "a-session-token/+="])
@pytest.mark.parametrize(
    "query", [{}, {"list-type": "2", "prefix": "ä /+~", "continuation-token": "1/x==", "encoding-type": "url"}]
)
def test_a_signature_is_the_one_that_botocore_makes(path: str, token: str | None, query: dict[str, str]) -> None:
    url, moment = f"https://s3.eu-west-1.amazonaws.com/bucket{path}", datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
    headers, asked = {"Range": "bytes=1-"}, query_text(query)

    ours = signed_headers(url, query, Credentials("AKIDEXAMPLE", "secret/+", token), "eu-west-1", moment, headers)
    request = AWSRequest("GET", f"{url}?{asked}" if asked else url, headers=headers)
    with mock.patch("botocore.auth.get_current_datetime", return_value=moment):
        S3SigV4Auth(BotocoreCredentials("AKIDEXAMPLE", "secret/+", token), "s3", "eu-west-1").add_auth(request)

    assert ours["authorization"] == request.headers["Authorization"]
