"""Every way in which S3 fails is told in our words: what was expected, what came, what to do; and no secret in it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from unittest import mock

import pytest

from tests.faults.remote.proxy import GET, LIST, Rule
from tests.faults.remote.world import BUCKET, World, world
from trailmere.errors import DeliveryError, SourceError, SourceUnavailable
from trailmere.sources import s3client
from trailmere.sources.opening import open_source
from trailmere.sources.reading import read
from trailmere.sources.s3errors import LONGEST_SENTENCE, TROUBLES, UNKNOWN, recognise

KNOWN = {trouble.name: trouble for trouble in TROUBLES}

# What the server does to the call, or the variables that are set wrongly or (None) not at all: by name of the trouble.
LISTING: dict[str, str | Mapping[str, str | None]] = {
    "bucket not found": "404 NoSuchBucket",
    "object not found": "404 NoSuchKey",
    "expired credentials": "400 ExpiredToken",
    "unknown credentials": "403 InvalidAccessKeyId",
    "wrong secret": "403 SignatureDoesNotMatch",
    "wrong clock": "403 RequestTimeTooSkewed",
    "wrong Region": "301",
    "access denied": "403 AccessDenied",
    "throttled": "503 SlowDown",
    "server error": "500 InternalError",
    "timed out": "hang",
    "broken off": "cut with a fitting length",
    "endpoint unreachable": "nobody listens",
    "endpoint unknown": {"AWS_ENDPOINT_URL": "http://no-such-host.invalid"},
    "not trusted": {"AWS_ENDPOINT_URL": "https://{proxy}"},
    "no credentials": {
        "AWS_ACCESS_KEY_ID": None,
        "AWS_SECRET_ACCESS_KEY": None,
        "AWS_SESSION_TOKEN": None,
        "AWS_METADATA_ENDPOINT": "http://127.0.0.1:9",
    },
}
READING = {
    "archived": "403 InvalidObjectState",
    "changed since it was listed": "another ETag",
    "object not found": "404 NoSuchKey",
    "access denied": "403 AccessDenied",
    "throttled": "503 SlowDown",
    "broken off": "short body",
}


@pytest.fixture(scope="module")
def bucket() -> Iterator[World]:
    with world() as made:
        made.put("exports/a.json", b'{"Records":[]}')
        yield made


@pytest.fixture
def hasty() -> Iterator[None]:
    """One attempt, and a session token, which must never be shown."""
    with variables({"AWS_MAX_ATTEMPTS": "1", "AWS_SESSION_TOKEN": "a-token-that-is-secret"}):
        yield


@contextmanager
def variables(given: Mapping[str, str | None]) -> Iterator[None]:
    kept = {name: value for name, value in os.environ.items() if name not in given}
    new = {name: value for name, value in given.items() if value is not None}
    s3client.store.cache_clear()
    with mock.patch.dict(os.environ, kept | new, clear=True):
        yield
    s3client.store.cache_clear()


@contextmanager
def troubled(bucket: World, call: str, cause: str | Mapping[str, str | None]) -> Iterator[None]:
    if isinstance(cause, str):
        with bucket.proxy.suffering(Rule(call, cause)):
            yield
    else:
        address = bucket.proxy.url.removeprefix("http://")
        with variables({name: value and value.format(proxy=address) for name, value in cause.items()}):
            yield


def assert_no_secret(text: str) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID"):
        assert os.environ[name] not in text
    assert "Signature=" not in text


def test_every_trouble_that_is_known_is_met_here() -> None:
    assert {*LISTING, *READING} == set(KNOWN)


@pytest.mark.parametrize("name", LISTING)
@pytest.mark.usefixtures("hasty")
def test_a_listing_that_fails_says_what_was_expected_what_came_and_what_to_do(name: str, bucket: World) -> None:
    with troubled(bucket, LIST, LISTING[name]), pytest.raises(SourceError) as caught:
        list(open_source(f"s3://{BUCKET}").listing())

    error, known = caught.value, KNOWN[name]
    assert isinstance(error, known.kind)
    assert error.message.startswith(f"s3://{BUCKET} cannot be listed: expected {known.expected}, got ")
    assert error.hint == known.advice
    assert len(error.message) < LONGEST_SENTENCE
    assert_no_secret(f"{error.message} {error.hint}")


@pytest.mark.parametrize("name", READING)
@pytest.mark.usefixtures("hasty")
def test_an_object_that_cannot_be_read_is_told_in_the_same_words(name: str, bucket: World) -> None:
    (delivery,) = open_source(f"s3://{BUCKET}").listing()

    with troubled(bucket, GET, READING[name]), pytest.raises(DeliveryError) as caught:
        read(delivery, max_bytes=1000)

    known = KNOWN[name]
    assert caught.value.reason == "unreadable"
    assert f"cannot be read: expected {known.expected}, got " in caught.value.message
    assert caught.value.message.endswith(f"; {known.advice}")
    assert_no_secret(caught.value.message)


@pytest.mark.parametrize("name", KNOWN)
def test_each_code_word_and_status_of_the_table_leads_to_its_line(name: str) -> None:
    known = KNOWN[name]
    told = [f"status code: 400 Bad Request: <Error><Code>{code}</Code></Error>" for code in known.codes]
    told += [f"Generic S3 error\n\nDebug source:\n{word}" for word in known.words]
    told += [f"status code: {status} :" for status in known.statuses]

    assert {recognise(Exception(text)).name for text in told} == {name}


def test_what_nobody_foresaw_is_told_with_the_client_s_first_words() -> None:
    assert recognise(Exception("Generic S3 error: the moon is full")) is UNKNOWN


@pytest.mark.parametrize("wrong", ["localhost:9000", "http://", "http://host:port", "ftp://host"])
@pytest.mark.usefixtures("bucket")
def test_an_endpoint_that_is_no_url_is_told_before_anything_is_asked(wrong: str) -> None:
    with variables({"AWS_ENDPOINT_URL": wrong}), pytest.raises(SourceUnavailable, match="expected an endpoint as http"):
        list(open_source(f"s3://{BUCKET}").listing())


@pytest.mark.usefixtures("bucket")
def test_a_variable_that_should_be_a_number_and_is_none_is_named() -> None:
    with variables({"AWS_READ_TIMEOUT": "soon"}), pytest.raises(SourceUnavailable, match="AWS_READ_TIMEOUT: expected"):
        list(open_source(f"s3://{BUCKET}").listing())
