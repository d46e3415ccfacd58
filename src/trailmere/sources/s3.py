"""An S3 bucket or prefix of it, through obstore. Also any server that speaks S3.

Credentials, Region and endpoint come from the usual variables (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
AWS_SESSION_TOKEN, AWS_REGION, AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3), from the instance or container they run in, or,
with AWS_PROFILE and boto3 installed, from a profile. Plain http is used only where an endpoint says ``http://``.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from trailmere.errors import DeliveryError, SourceError, SourceNotFound, SourceUnavailable
from trailmere.events.layout import list_prefixes
from trailmere.sources.delivery import Delivery
from trailmere.sources.scope import Gate, Scope, in_time_order

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import S3Store

PIECE_BYTES = 4 << 20
LISTED_AT_ONCE = 1000
RETRIES = 6
RETRY_SECONDS = 120


class S3Source:
    """All objects whose key begins with the prefix, or one object."""

    def __init__(self, uri: str, scope: Scope) -> None:
        self.uri = uri
        self._bucket, self._prefix = split_uri(uri)
        self._gate = Gate(scope)

    @property
    def other(self) -> Counter[str]:
        return self._gate.other

    @property
    def out_of_scope(self) -> int:
        return self._gate.out_of_scope

    def listing(self) -> Iterator[Delivery]:
        """See ``Source.listing``. Listing is narrowed to the prefixes that the scope leaves."""
        scope = self._gate.scope
        self._gate = Gate(scope)
        prefixes = list_prefixes(self._prefix, scope.accounts, scope.regions, scope.since, scope.until)
        objects = {meta["path"]: meta for prefix in prefixes for meta in self._list(prefix)}
        if not objects and not self._is_there():
            return
        found = [self._judge(meta) for meta in without_folders(objects, self._bucket)]
        yield from in_time_order([one for one in found if one is not None])

    def close(self) -> None:
        """Nothing is kept."""

    def _list(self, prefix: str) -> Iterator[ObjectMeta]:
        import obstore

        # obstore lists whole path segments: the part of a name is compared here
        folder = prefix.rpartition("/")[0]
        try:
            for chunk in obstore.list(store(self._bucket), folder or None, chunk_size=LISTED_AT_ONCE):
                yield from (meta for meta in chunk if meta["path"].startswith(prefix))
        except Exception as error:
            raise translate(error, self.uri) from error

    def _judge(self, meta: ObjectMeta) -> Delivery | None:
        wanted, due = self._gate.admits(meta["path"])
        return _delivery(self._bucket, meta, due) if wanted else None

    def _is_there(self) -> bool:
        """Whether an empty listing is the truth: the scope may have left nothing of a prefix that holds objects."""
        if not self._gate.scope.is_all and next(self._list(self._prefix), None) is not None:
            return True
        where = f"bucket {self._bucket}" if not self._prefix else self.uri
        raise SourceNotFound(
            f"expected log files under {where}, there are none",
            hint="check the prefix; with AWS CLI: aws s3 ls " + self.uri,
        )


def split_uri(uri: str) -> tuple[str, str]:
    """``s3://bucket/key`` -> bucket, key. Raises SourceNotFound where there is no bucket."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not bucket:
        raise SourceNotFound(f"expected s3://bucket/prefix, got {uri}")
    return bucket, key


@cache
def store(bucket: str) -> S3Store:
    """The client for a bucket, one a process."""
    from obstore.store import S3Store

    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
    given: dict[str, Any] = {}
    if os.environ.get("AWS_PROFILE") and not os.environ.get("AWS_ACCESS_KEY_ID"):
        given["credential_provider"] = _profile_credentials()
    try:
        return S3Store(
            bucket,
            client_options={"allow_http": endpoint.startswith("http://"), "timeout": timedelta(minutes=5)},
            retry_config={"max_retries": RETRIES, "retry_timeout": timedelta(seconds=RETRY_SECONDS)},
            **given,
        )
    except Exception as error:
        raise translate(error, f"s3://{bucket}") from error


def _profile_credentials() -> Any:
    try:
        from boto3 import Session
        from obstore.auth.boto3 import Boto3CredentialProvider
    except ImportError as error:
        raise SourceUnavailable(
            "AWS_PROFILE is set, and reading profiles needs the package boto3",
            hint='pip install boto3, or: eval "$(aws configure export-credentials --format env)"',
        ) from error
    return Boto3CredentialProvider(Session())


def object_pieces(delivery: Delivery) -> Iterator[bytes]:
    """The bytes of an object in pieces, of the very object that was listed (its ETag is asked for).

    Raises DeliveryError ``unreadable``; obstore retries server errors and broken connections before.
    """
    import obstore

    bucket, key = split_uri(delivery.uri)
    options: Any = {"if_match": delivery.etag} if delivery.etag is not None else {}
    try:
        for piece in obstore.get(store(bucket), key, options=options).stream(min_chunk_size=PIECE_BYTES):
            yield bytes(piece)
    except SourceError as error:
        raise DeliveryError("unreadable", error.message) from error
    except Exception as error:
        raise DeliveryError("unreadable", f"the object was listed and cannot be read: {_first_line(error)}") from error


def without_folders(objects: dict[str, ObjectMeta], bucket: str) -> Iterator[ObjectMeta]:
    """Objects without the empty ones named ``path/`` that consoles make to show folders.

    obstore gives their path without the slash. An empty object with others below it is one; of the rest, one that is
    not found under its own name is.
    """
    folders = (
        {path[:at] for path in objects for at, char in enumerate(path) if char == "/"}
        if any(meta["size"] == 0 for meta in objects.values())
        else set()
    )
    for path, meta in objects.items():
        if meta["size"] == 0 and (path in folders or not _exists(bucket, path)):
            continue
        yield meta


def _exists(bucket: str, key: str) -> bool:
    import obstore

    try:
        obstore.head(store(bucket), key)
    except FileNotFoundError:
        return False
    except Exception:  # it was listed; why it cannot be read is told when it is read
        return True
    return True


def _delivery(bucket: str, meta: ObjectMeta, due: datetime | None) -> Delivery:
    return Delivery(
        f"s3://{bucket}/{meta['path']}",
        size=meta["size"],
        etag=meta["e_tag"],
        version=meta["version"],
        modified=meta["last_modified"].astimezone(UTC).replace(tzinfo=None),
        due=due,
    )


# By words of the message where the class says nothing (GenericError): S3's error codes, and what the client adds.
_BY_WORD: tuple[tuple[str, type[SourceError], str], ...] = (
    ("NoSuchBucket", SourceNotFound, "check the bucket's name"),
    ("AccessDenied", SourceUnavailable, "the credentials need s3:ListBucket and s3:GetObject"),
    ("InvalidAccessKeyId", SourceUnavailable, "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
    ("SignatureDoesNotMatch", SourceUnavailable, "check AWS_SECRET_ACCESS_KEY"),
    ("ExpiredToken", SourceUnavailable, "the session has expired; get new credentials"),
    ("PermanentRedirect", SourceUnavailable, "the bucket lies in another Region: set AWS_REGION"),
    ("instance metadata", SourceUnavailable, "no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
    ("169.254.169.254", SourceUnavailable, "no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
    ("invalid path", SourceUnavailable, "a key with an empty, . or .. segment cannot be listed; copy it elsewhere"),
)


def translate(error: Exception, uri: str) -> SourceError:
    """An error of obstore in our words."""
    if isinstance(error, SourceError):
        return error
    text = str(error)
    for word, kind, hint in _BY_WORD:
        if word.lower() in text.lower():
            return kind(f"{uri} cannot be listed: {_first_line(error)}", hint=hint)
    kind = SourceNotFound if isinstance(error, FileNotFoundError) else SourceUnavailable
    return kind(f"{uri} cannot be listed: {_first_line(error)}", hint="check endpoint, Region and network")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].strip()[:500]
