"""The way to an S3 server: where it is, who asks, how patiently. The client itself is obstore.

Credentials, Region and endpoint come from the usual variables (``VARIABLES``), else from the instance or container
that this runs in. Plain http is used only where an endpoint says ``http://``.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from trailmere.errors import SourceNotFound, SourceUnavailable
from trailmere.sources.s3errors import listing_error

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import S3Store

VARIABLES = {
    "AWS_ACCESS_KEY_ID": "Access key.",
    "AWS_SECRET_ACCESS_KEY": "Its secret.",
    "AWS_SESSION_TOKEN": "The token that belongs to temporary credentials.",
    "AWS_PROFILE": "Profile whose credentials are used where there is no access key; needs the package boto3.",
    "AWS_REGION": "Region of the bucket. Default: us-east-1.",
    "AWS_ENDPOINT_URL_S3": "Another server that speaks S3, as http://host:port; before AWS_ENDPOINT_URL.",
    "AWS_ENDPOINT_URL": "The same, for all services.",
    "AWS_MAX_ATTEMPTS": "How often one request is made, at most. Default: 7.",
    "AWS_CONNECT_TIMEOUT": "Seconds that a connection may take. Default: 10.",
    "AWS_READ_TIMEOUT": "Seconds for which nothing need come. Default: 30.",
}
ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")  # the first that is set counts
LONGEST_REQUEST_SECONDS = 300
RETRYING_SECONDS = 120
ROUNDS = 3  # the client's own attempts are made anew so often, for what it gives up at once (a listing that breaks off)
PAUSE_SECONDS = 0.25
LISTED_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Patience:
    """How often one request is made, and for how long nothing need come."""

    attempts: int = 7
    connect_seconds: float = 10.0
    read_seconds: float = 30.0


def patience() -> Patience:
    """The patience that the environment asks for. Raises SourceUnavailable where a variable is no number."""
    usual = Patience()
    return Patience(
        max(1, int(_number("AWS_MAX_ATTEMPTS", usual.attempts))),
        _number("AWS_CONNECT_TIMEOUT", usual.connect_seconds),
        _number("AWS_READ_TIMEOUT", usual.read_seconds),
    )


def _number(variable: str, usual: float) -> float:
    text = os.environ.get(variable) or str(usual)
    try:
        return float(text)
    except ValueError:
        raise SourceUnavailable(f"{variable}: expected a number, got {text!r}") from None


def rounds(most: int | None = None) -> Iterator[int]:
    """Numbers of tries, from 1, with a pause before each but the first: longer each time, and never quite the same."""
    for number in range(1, (most or ROUNDS) + 1):
        if number > 1:
            time.sleep(PAUSE_SECONDS * 2 ** (number - 2) * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
        yield number


def split_uri(uri: str) -> tuple[str, str]:
    """``s3://bucket/key`` -> bucket, key. Raises SourceNotFound where there is no bucket."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not bucket:
        raise SourceNotFound(f"expected s3://bucket/prefix, got {uri}")
    return bucket, key


def endpoint() -> str | None:
    """The endpoint that the environment names, without a slash at its end.

    Raises SourceUnavailable where it is no URL: the client library would not survive it.
    """
    named = next((os.environ[name] for name in ENDPOINTS if os.environ.get(name)), None)
    if named is not None and not _is_url(named):
        raise SourceUnavailable(
            f"expected an endpoint as http://host:port or https://host, got {named}", hint="correct AWS_ENDPOINT_URL"
        )
    return named.rstrip("/") if named is not None else None


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


@cache
def store(bucket: str, *, attempts: int | None = None) -> S3Store:
    """The client for a bucket, one a process and number of attempts (None: as the environment asks)."""
    from obstore.store import S3Store

    asked = patience()
    given: dict[str, Any] = {}
    if os.environ.get("AWS_PROFILE") and not os.environ.get("AWS_ACCESS_KEY_ID"):
        given["credential_provider"] = _profile_credentials()
    if (named := endpoint()) is not None:
        given["endpoint"] = named
    try:
        return S3Store(
            bucket,
            client_options={
                "allow_http": (named or "").startswith("http://"),
                "connect_timeout": timedelta(seconds=asked.connect_seconds),
                "read_timeout": timedelta(seconds=asked.read_seconds),
                "timeout": timedelta(seconds=LONGEST_REQUEST_SECONDS),
            },
            retry_config={
                "max_retries": (attempts or asked.attempts) - 1,
                "retry_timeout": timedelta(seconds=RETRYING_SECONDS),
            },
            **given,
        )
    except Exception as error:
        raise listing_error(error, f"s3://{bucket}") from error


def listed(bucket: str, prefix: str, *, attempts: int | None = None) -> Iterator[ObjectMeta]:
    """Objects whose path begins with ``prefix``, as the client library sees them.

    Raises what obstore raises. It lists whole path segments: the part of a name is compared here.
    """
    import obstore

    for chunk in obstore.list(store(bucket, attempts=attempts), folder_of(prefix), chunk_size=LISTED_AT_ONCE):
        yield from (meta for meta in chunk if meta["path"].startswith(prefix))


def holds_any(bucket: str, prefix: str, *, attempts: int | None = None) -> bool:
    """Whether there is an object whose path begins with ``prefix``. Raises what obstore raises."""
    from obstore.exceptions import InvalidPathError

    try:
        return next(listed(bucket, prefix, attempts=attempts), None) is not None
    except InvalidPathError:  # there is one, and the client library refuses its key
        return True


def folder_of(prefix: str) -> str | None:
    """The whole path segments of a prefix or key, None where there are none."""
    return prefix.rpartition("/")[0] or None


def _profile_credentials() -> Any:
    """The credentials of AWS_PROFILE. Raises SourceUnavailable where they cannot be had."""
    profile = os.environ["AWS_PROFILE"]
    try:
        from boto3 import Session
        from botocore.exceptions import BotoCoreError
        from obstore.auth.boto3 import Boto3CredentialProvider
    except ImportError as error:
        raise SourceUnavailable(
            "AWS_PROFILE is set, and reading profiles needs the package boto3",
            hint='pip install boto3, or: eval "$(aws configure export-credentials --format env)"',
        ) from error
    try:
        return Boto3CredentialProvider(Session())
    except (BotoCoreError, ValueError) as error:
        raise SourceUnavailable(
            f"expected credentials in the profile {profile}, got: {error}",
            hint="see which profiles there are: aws configure list-profiles",
        ) from error
