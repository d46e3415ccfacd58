"""Requests to S3 for keys that the client library refuses or mistakes: with an empty, ``.`` or ``..`` segment, with
control characters, with a slash at either end. S3 allows them all, and one such key must not cost the others.

Only two calls, ListObjectsV2 and GetObject, signed here (Signature Version 4) and made with the standard library. Used
only where the client library cannot do it, because it finds credentials in fewer places: the variables, else boto3.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit
from xml.etree import ElementTree

from trailmere.errors import SourceUnavailable
from trailmere.sources.s3client import endpoint, patience
from trailmere.sources.s3errors import recognise

if TYPE_CHECKING:
    from http.client import HTTPResponse

    from obstore import ObjectMeta

PIECE_BYTES = 4 << 20
LARGEST_PAGE_BYTES = 64 << 20
LARGEST_ERROR_BYTES = 64 << 10
FIRST_PAUSE_SECONDS = 0.1
_EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
_NAMESPACE = "{*}"
_CONTROLS = re.compile("[\0-\x1f\x7f]")


class PlainError(Exception):
    """What came instead of an answer, in words that ``s3errors`` knows."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who asks."""

    key_id: str
    secret: str
    token: str | None = None


def is_plain_only(key: str) -> bool:
    """Whether the client library refuses this key, or takes it for another."""
    return any(part in ("", ".", "..") for part in key.split("/")) or _CONTROLS.search(key) is not None


def list_objects(bucket: str, prefix: str) -> Iterator[ObjectMeta]:
    """Every object whose key begins with ``prefix``, page by page.

    Raises PlainError, SourceUnavailable.
    """
    asked: dict[str, str] = {"list-type": "2", "prefix": prefix, "encoding-type": "url"}
    while True:
        with _get(bucket, "", asked) as answer:
            page = _page(answer.read(LARGEST_PAGE_BYTES))
        found = page.findall(f"{_NAMESPACE}Contents")
        if (said := page.findtext(f"{_NAMESPACE}KeyCount")) is not None and int(said) != len(found):
            raise PlainError(f"invalid list response: {said} keys were announced, {len(found)} came")
        yield from map(_meta, found)
        if page.findtext(f"{_NAMESPACE}IsTruncated") != "true":
            return
        asked["continuation-token"] = _text(page, "NextContinuationToken")


def object_pieces(bucket: str, key: str, etag: str | None, start: int) -> Iterator[bytes]:
    """The bytes of an object from ``start`` on, if it is still the one with this ETag.

    Raises PlainError, SourceUnavailable.
    """
    headers = {"If-Match": etag} if etag is not None else {}
    if start:
        headers["Range"] = f"bytes={start}-"
    with _get(bucket, key, {}, headers) as answer:
        if start and answer.status != 206:
            raise PlainError("the server gave all of the object where a part was asked for")
        came = answer.headers.get("ETag")
        if etag is not None and came != etag:
            raise PlainError(f"another version of the object came: ETag {came}")
        expected, size = int(answer.headers.get("Content-Length") or -1), 0
        try:
            while piece := answer.read(PIECE_BYTES):
                size += len(piece)
                yield piece
        except OSError as error:
            raise PlainError(f"Connection reset: {error}") from error
        if 0 <= size < expected:
            raise PlainError(f"{size:,} of {expected:,} bytes came")


def signed_headers(
    url: str,
    query: Mapping[str, str],
    credentials: Credentials,
    region: str,
    moment: datetime,
    more: Mapping[str, str],
) -> dict[str, str]:
    """The headers of a GET without a body, with its signature (Signature Version 4, service ``s3``).

    The path of ``url`` is signed as it stands; ``more`` are headers to sign and send besides.
    """
    parts = urlsplit(url)
    time_text = f"{moment:%Y%m%dT%H%M%SZ}"
    headers = {"host": parts.netloc, "x-amz-content-sha256": _EMPTY_SHA256, "x-amz-date": time_text}
    headers |= {name.lower(): value for name, value in more.items()}
    if credentials.token:
        headers["x-amz-security-token"] = credentials.token
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers))
    request = "\n".join(("GET", parts.path or "/", query_text(query), lines, names, _EMPTY_SHA256))
    scope = f"{moment:%Y%m%d}/{region}/s3/aws4_request"
    to_sign = f"AWS4-HMAC-SHA256\n{time_text}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signing_key = f"AWS4{credentials.secret}".encode()
    for part in scope.split("/"):
        signing_key = hmac.digest(signing_key, part.encode(), "sha256")
    signature = hmac.digest(signing_key, to_sign.encode(), "sha256").hex()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials.key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return headers


def query_text(query: Mapping[str, str]) -> str:
    """A query as it is sent and signed: sorted, everything but unreserved characters percent-encoded."""
    return "&".join(f"{quote(name, safe='-_.~')}={quote(query[name], safe='-_.~')}" for name in sorted(query))


def _get(bucket: str, key: str, query: Mapping[str, str], more: Mapping[str, str] | None = None) -> HTTPResponse:
    """The answer to one GET; tried again, as often as the environment allows, where that may help."""
    asked = patience()
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    path = quote(key, safe="-_.~/")
    url = f"{endpoint() or f'https://s3.{region}.{domain}'}/{bucket}{f'/{path}' if key else ''}"
    for attempt in range(1, asked.attempts + 1):
        headers = signed_headers(url, query, _credentials(), region, datetime.now(UTC), more or {})
        request = urllib.request.Request(f"{url}?{query_text(query)}" if query else url, headers=headers)  # noqa: S310
        try:
            return urllib.request.urlopen(request, timeout=asked.read_seconds)  # type: ignore[no-any-return]  # noqa: S310
        except urllib.error.HTTPError as error:
            told = error.read(LARGEST_ERROR_BYTES).decode("utf-8", "replace")
            failed = PlainError(f"status code: {error.code} {told}")
        except OSError as error:
            failed = PlainError(f"error sending request: {error}")
        if attempt == asked.attempts or not recognise(failed).passes:
            break
        time.sleep(FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
    raise failed


def _credentials() -> Credentials:
    """From the variables, else from wherever boto3 finds them. Raises SourceUnavailable."""
    if key_id := os.environ.get("AWS_ACCESS_KEY_ID"):
        return Credentials(key_id, os.environ.get("AWS_SECRET_ACCESS_KEY", ""), os.environ.get("AWS_SESSION_TOKEN"))
    try:
        from boto3 import Session
    except ImportError:
        raise SourceUnavailable(
            "there is a key with an empty, . or .. segment, and listing it with a role's credentials needs boto3",
            hint="pip install boto3, or copy the object to another key",
        ) from None
    found = Session().get_credentials()
    if found is None:
        raise PlainError("no credentials were found")
    frozen = found.get_frozen_credentials()
    return Credentials(frozen.access_key, frozen.secret_key, frozen.token)


def _page(body: bytes) -> ElementTree.Element:
    try:
        page = ElementTree.fromstring(body)  # noqa: S314 - entities of the document itself are bounded by expat
    except ElementTree.ParseError as error:
        raise PlainError(f"invalid list response: {error}") from error
    if not page.tag.endswith("ListBucketResult"):
        raise PlainError(f"invalid list response: {page.tag}")
    return page


def _meta(found: ElementTree.Element) -> ObjectMeta:
    modified = datetime.fromisoformat(_text(found, "LastModified"))
    return {
        "path": unquote(_text(found, "Key")),
        "last_modified": modified,
        "size": int(_text(found, "Size")),
        "e_tag": found.findtext(f"{_NAMESPACE}ETag"),
        "version": None,
    }


def _text(within: ElementTree.Element, name: str) -> Any:
    text = within.findtext(f"{_NAMESPACE}{name}")
    if text is None:
        raise PlainError(f"invalid list response: no {name}")
    return text
