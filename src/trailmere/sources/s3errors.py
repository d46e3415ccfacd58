"""What an S3 server, or the way to it, does wrong, in our words: what was expected, what came, what to do.

One table for listing and reading. S3's error code decides first, then words of the client library where no answer came,
then the HTTP status. Of what a server said, only its code and its one sentence are shown: answers to a bad signature
hold key ids and what was signed.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from trailmere.errors import SourceError, SourceNotFound, SourceUnavailable

_CODE = re.compile(r"<Code>([^<]{1,80})</Code>")
_SENTENCE = re.compile(r"<Message>([^<]+)</Message>")
_STATUS = re.compile(r"status code: (\d{3})")
_DEBUG = "\n\nDebug source:"  # what the client library adds after its message
_SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID")
LONGEST_SENTENCE = 300


@dataclass(frozen=True, slots=True)
class Trouble:
    """One kind of failure. ``codes``, ``words`` and ``statuses`` tell it; ``came`` is said where no server said it.

    ``outage``: the way or the server may be at fault, not this object. ``passes``: worth trying again at once.
    Everything is tried again in the next run.
    """

    name: str
    expected: str
    advice: str
    codes: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    statuses: tuple[int, ...] = ()
    came: str = ""
    kind: type[SourceError] = SourceUnavailable
    outage: bool = False
    passes: bool = False


TROUBLES: tuple[Trouble, ...] = (
    Trouble(
        "bucket not found",
        "a bucket of this name",
        "check the bucket's name, and AWS_ENDPOINT_URL if it is set",
        codes=("NoSuchBucket", "InvalidBucketName"),
        kind=SourceNotFound,
    ),
    Trouble(
        "object not found",
        "the object that was listed",
        "it was deleted since, or is not visible yet; the next run lists anew",
        codes=("NoSuchKey", "NoSuchVersion"),
        statuses=(404, 410),
        kind=SourceNotFound,
        passes=True,
    ),
    Trouble(
        "changed since it was listed",
        "the object as it was listed",
        "the next run takes in what lies there then",
        codes=("PreconditionFailed", "InvalidRange"),
        words=("another version of the object",),
        statuses=(412, 416),
        passes=True,
    ),
    Trouble(
        "archived",
        "an object that can be read at once",
        "restore it from its archive (aws s3api restore-object), then run this again",
        codes=("InvalidObjectState",),
    ),
    Trouble(
        "expired credentials",
        "credentials that are still valid",
        "get new ones: the session has expired",
        codes=("ExpiredToken", "TokenRefreshRequired", "ExpiredTokenException"),
    ),
    Trouble(
        "unknown credentials",
        "credentials that S3 knows",
        "check AWS_ACCESS_KEY_ID and AWS_SESSION_TOKEN, and that they belong to this endpoint",
        codes=("InvalidAccessKeyId", "InvalidToken", "InvalidClientTokenId", "InvalidSecurity"),
        statuses=(401,),
    ),
    Trouble(
        "wrong secret",
        "requests signed with the secret of the access key",
        "check AWS_SECRET_ACCESS_KEY",
        codes=("SignatureDoesNotMatch",),
    ),
    Trouble(
        "wrong clock",
        "requests signed at the present time",
        "set this machine's clock",
        codes=("RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"),
    ),
    Trouble(
        "wrong Region",
        "the Region that the bucket lies in",
        "set AWS_REGION to it (aws s3api get-bucket-location --bucket NAME)",
        codes=("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "Redirect"),
        words=("redirect without LOCATION",),
        statuses=(301, 307, 308),
        came="a redirect to another Region",
    ),
    Trouble(
        "access denied",
        "permission for s3:ListBucket and s3:GetObject",
        "allow both to these credentials, and kms:Decrypt where the bucket is encrypted with a KMS key",
        codes=("AccessDenied", "AllAccessDisabled", "AccountProblem", "KMS.AccessDeniedException"),
        statuses=(403,),
    ),
    Trouble(
        "throttled",
        "answers at this rate",
        "S3 asks to slow down, and still did after several tries; run it again later",
        codes=("SlowDown", "RequestLimitExceeded", "TooManyRequests", "Throttling", "ThrottlingException"),
        statuses=(429, 503),
        outage=True,
        passes=True,
    ),
    Trouble(
        "server error",
        "an answer",
        "the server failed several times; run it again later",
        codes=("InternalError", "ServiceUnavailable", "RequestTimeout", "OperationAborted"),
        statuses=(500, 502, 504),
        outage=True,
        passes=True,
    ),
    Trouble(
        "no credentials",
        "credentials",
        "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run where a role is attached",
        words=(
            "/latest/api/token",  # the instance's metadata service
            "/latest/meta-data/",
            "169.254.170.",  # the container's
            "Missing AccessKeyId",
            "Missing SecretAccessKey",
            "no credentials were found",
        ),
        came="none: neither variables nor a role gave any",
    ),
    Trouble(
        "not trusted",
        "a server with a certificate that this machine trusts",
        "check that AWS_ENDPOINT_URL says http:// or https:// as the server does; a private authority goes into the "
        "system's trust store",
        words=("InvalidCertificate", "invalid peer certificate", "InvalidContentType", "AlertReceived", "[SSL"),
        came="a TLS handshake that failed",
    ),
    Trouble(
        "endpoint unknown",
        "a server of this name",
        "check AWS_ENDPOINT_URL, AWS_REGION and name resolution",
        words=("dns error",),
        came="no address for it",
        outage=True,
        passes=True,
    ),
    Trouble(
        "timed out",
        "an answer in time",
        "check the network; AWS_READ_TIMEOUT (seconds) sets how long is waited",
        words=("kind: Timeout", "timed out"),
        came="none",
        outage=True,
        passes=True,
    ),
    Trouble(
        "endpoint unreachable",
        "a server that listens",
        "check AWS_ENDPOINT_URL, the network and any proxy",
        words=("kind: Connect,", "ConnectionRefused", "Connection refused", "tcp connect error"),
        came="no connection",
        outage=True,
        passes=True,
    ),
    Trouble(
        "broken off",
        "a whole answer",
        "the connection broke several times; run it again",
        words=(
            "response body error",
            "error sending request",
            "invalid list response",
            "Connection reset",
            "bytes came",
            "IncompleteRead",
        ),
        came="a part of one",
        outage=True,
        passes=True,
    ),
)
UNKNOWN = Trouble("unknown", "an answer", "check AWS_ENDPOINT_URL, AWS_REGION and the network")


def recognise(error: BaseException) -> Trouble:
    """The kind of failure that an error of the client library is."""
    told, _, debug = str(error).partition(_DEBUG)
    code, status = _CODE.search(told), _STATUS.search(told)
    for found in TROUBLES:
        if code is not None and code[1] in found.codes:
            return found
    for found in TROUBLES:
        if any(word in told or word in debug for word in found.words):
            return found
    for found in TROUBLES:
        if status is not None and int(status[1]) in found.statuses:
            return found
    return UNKNOWN


def listing_error(error: Exception, uri: str) -> SourceError:
    """Why a bucket cannot be listed."""
    if isinstance(error, SourceError):
        return error
    trouble = recognise(error)
    return trouble.kind(f"{uri} cannot be listed: {expected_and_came(trouble, error)}", hint=trouble.advice)


def reading_error(error: Exception) -> str:
    """Why an object that was listed cannot be read, in one sentence."""
    if isinstance(error, SourceError):
        return f"the object was listed and cannot be read: {error.message}"
    trouble = recognise(error)
    return f"the object was listed and cannot be read: {expected_and_came(trouble, error)}; {trouble.advice}"


def expected_and_came(trouble: Trouble, error: Exception) -> str:
    """``expected ..., got ...``"""
    return f"expected {trouble.expected}, got {_came(trouble, error)}"


def _came(trouble: Trouble, error: Exception) -> str:
    told = str(error).partition(_DEBUG)[0]
    code, status, sentence = _CODE.search(told), _STATUS.search(told), _SENTENCE.search(told)
    if code is not None:
        return f"{code[1]}{f' ({_short(sentence[1])})' if sentence is not None else ''}"
    if status is not None:
        return f"HTTP status {status[1]}"
    return trouble.came or _short(told)


def _short(text: str) -> str:
    """One line, of bounded length, without the secrets of the environment should a server ever repeat them."""
    for name in _SECRETS:
        if len(secret := os.environ.get(name, "")) > 3:
            text = text.replace(secret, "***")
    return " ".join(text.split())[:LONGEST_SENTENCE]
