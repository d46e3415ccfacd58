"""What a request says about its signature, in the header form or the presigned form, before anything of it is believed.

Strict: of two ways to read something neither is taken. Source: IAM user guide, "AWS Signature Version 4 for API
requests", sections "Elements of an AWS API request signature" and "Create a signed AWS API request". Codes and messages
are those that AWS's JSON services answer with.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import unquote

from trailmere.errors import AuthenticationFailed

ALGORITHM = "AWS4-HMAC-SHA256"
MAXIMUM_EXPIRES_SECONDS = 7 * 86_400
INCOMPLETE = "IncompleteSignatureException"
INVALID = "InvalidSignatureException"

# What a presigned request brings in its query, and nobody else may
_QUERY_NAMES = ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Security-Token", "Signature")
QUERY_PARAMETERS = {f"x-amz-{name.lower()}": f"X-Amz-{name}" for name in _QUERY_NAMES}
_CREDENTIAL = re.compile(
    r"(?P<key>\w{1,128})/(?P<date>[0-9]{8})/(?P<region>[a-z0-9-]{1,32})/(?P<service>[a-z0-9-]{1,64})/aws4_request",
    re.ASCII,
)
_SIGNED_HEADERS = re.compile(
    r"[!#$%&'*+.^_`|~0-9a-z-]+(;[!#$%&'*+.^_`|~0-9a-z-]+)*"
)  # tokens of RFC 9110, section 5.6.2
_SIGNATURE = re.compile(r"[0-9a-f]{64}")
_TIMESTAMP = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_EXPIRES = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request as it arrived. ``path`` and ``query`` are raw, as on the request line and without ``?``; ``headers``
    keep their order and repetitions, their bytes read as ISO 8859-1; ``body`` is all that was sent."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Claim:
    """Who is said to have signed what, when. ``query`` is the part of the query that is signed. ``expires_seconds`` is
    None in the header form."""

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: Sequence[str]
    signature: str = field(repr=False)
    timestamp: str
    signed_at: datetime
    token: str | None = field(repr=False)
    query: str
    expires_seconds: int | None = None


Headers = Mapping[str, Sequence[str]]  # lower-case name -> values in order


def read_claim(request: SignedRequest, headers: Headers) -> Claim:
    """The claim of a request. Raises AuthenticationFailed: there is none, there are two, or it is not well formed."""
    in_query = _authentication_in(request.query)
    if "authorization" not in headers:
        if not in_query.keys() - {"X-Amz-Security-Token"}:
            raise AuthenticationFailed("MissingAuthenticationTokenException", "Missing Authentication Token")
        return _presigned(request, headers, in_query)
    if in_query:
        raise AuthenticationFailed(
            INCOMPLETE, f"expected the signature in the Authorization header or in the query, got both: {min(in_query)}"
        )
    return _in_header(request, headers)


def one(headers: Headers, name: str) -> str | None:
    """The value of a header, None where it lacks. Raises AuthenticationFailed when there are several."""
    values = headers.get(name, ())
    if len(values) > 1:
        raise AuthenticationFailed(INCOMPLETE, f"expected the header {name} once, got it {len(values)} times")
    return values[0] if values else None


def _in_header(request: SignedRequest, headers: Headers) -> Claim:
    given = one(headers, "authorization") or ""
    algorithm, _, rest = given.strip(" \t").partition(" ")
    if not algorithm.startswith("AWS4-"):
        raise AuthenticationFailed("MissingAuthenticationTokenException", "Missing Authentication Token")
    parameters = _parameters(rest)
    timestamp, signed_at = _time_of(headers)
    return _claim(
        algorithm,
        parameters,
        timestamp,
        signed_at,
        token=one(headers, "x-amz-security-token"),
        query=request.query,
        expires_seconds=None,
    )


def _presigned(request: SignedRequest, headers: Headers, given: Mapping[str, str]) -> Claim:
    for name in ("x-amz-security-token", "x-amz-date"):
        if name in headers:
            raise AuthenticationFailed(INCOMPLETE, f"expected {name} in the query of a presigned request, got a header")
    required = QUERY_PARAMETERS.values() - given.keys() - {"X-Amz-Security-Token"}
    if required:
        raise AuthenticationFailed(INCOMPLETE, f"expected these parameters too: {', '.join(sorted(required))}")
    timestamp = given["X-Amz-Date"]
    expires = given["X-Amz-Expires"]
    if not _EXPIRES.fullmatch(expires) or not 1 <= int(expires) <= MAXIMUM_EXPIRES_SECONDS:
        raise AuthenticationFailed(
            INCOMPLETE, f"expected X-Amz-Expires between 1 and {MAXIMUM_EXPIRES_SECONDS} seconds, got {expires!r}"
        )
    signed = [pair for pair in request.query.split("&") if not pair.startswith("X-Amz-Signature=")]
    return _claim(
        given["X-Amz-Algorithm"],
        {name: given[f"X-Amz-{name}"] for name in ("Credential", "SignedHeaders", "Signature")},
        timestamp,
        _moment(timestamp),
        token=given.get("X-Amz-Security-Token"),
        query="&".join(signed),
        expires_seconds=int(expires),
    )


def _claim(
    algorithm: str,
    parameters: Mapping[str, str],
    timestamp: str,
    signed_at: datetime,
    *,
    token: str | None,
    query: str,
    expires_seconds: int | None,
) -> Claim:
    if algorithm != ALGORITHM:
        raise AuthenticationFailed(
            INCOMPLETE, f"Unsupported AWS 'algorithm': {algorithm[:40]!r}, expected {ALGORITHM}."
        )
    scope = _CREDENTIAL.fullmatch(parameters["Credential"])
    if scope is None:
        raise AuthenticationFailed(
            INCOMPLETE,
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/aws4_request, "
            f"got: {parameters['Credential'][:200]!r}",
        )
    if not _SIGNATURE.fullmatch(parameters["Signature"]):
        raise AuthenticationFailed(INCOMPLETE, "expected 64 lower-case hexadecimal digits as the Signature")
    return Claim(
        access_key_id=scope["key"],
        date=scope["date"],
        region=scope["region"],
        service=scope["service"],
        signed_headers=_names(parameters["SignedHeaders"]),
        signature=parameters["Signature"],
        timestamp=timestamp,
        signed_at=signed_at,
        token=token,
        query=query,
        expires_seconds=expires_seconds,
    )


def _parameters(text: str) -> dict[str, str]:
    """``Credential=..., SignedHeaders=..., Signature=...``, each once, in any order."""
    found: dict[str, str] = {}
    for part in text.split(","):
        name, equals, value = part.strip(" \t").partition("=")
        if not equals or name in found or name not in ("Credential", "SignedHeaders", "Signature"):
            raise AuthenticationFailed(
                INCOMPLETE,
                f"{part.strip()[:40]!r} not a valid key=value pair in Authorization header, or one too many.",
            )
        found[name] = value
    missing = [name for name in ("Credential", "Signature", "SignedHeaders") if name not in found]
    if missing:
        said = " ".join(f"Authorization header requires '{name}' parameter." for name in missing)
        raise AuthenticationFailed(INCOMPLETE, said)
    return found


def _names(text: str) -> list[str]:
    names = text.split(";")
    if not _SIGNED_HEADERS.fullmatch(text) or names != sorted(set(names)):
        raise AuthenticationFailed(
            INCOMPLETE, "expected SignedHeaders in lower case, sorted, each once and separated by semicolons"
        )
    return names


def _time_of(headers: Headers) -> tuple[str, datetime]:
    """The time of the header form: X-Amz-Date, or Date where it lacks."""
    given = one(headers, "x-amz-date")
    if given is not None:
        return given, _moment(given)
    date = one(headers, "date")
    if date is None:
        raise AuthenticationFailed(
            INCOMPLETE, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        )
    if _TIMESTAMP.fullmatch(date):
        return date, _moment(date)
    try:
        moment = parsedate_to_datetime(date)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise AuthenticationFailed(
            INCOMPLETE, f"expected a time as RFC 9110 has it in Date, got {date[:40]!r}"
        ) from error
    return moment.strftime("%Y%m%dT%H%M%SZ"), moment


def _moment(timestamp: str) -> datetime:
    try:
        if not _TIMESTAMP.fullmatch(timestamp):
            raise ValueError(timestamp)
        return datetime.fromisoformat(timestamp)
    except ValueError as error:
        raise AuthenticationFailed(
            INCOMPLETE, f"Date must be in ISO-8601 'basic format'. Got {timestamp[:40]!r}."
        ) from error


def _authentication_in(query: str) -> dict[str, str]:
    """The parameters of a presigned request, their values decoded. A name is taken as AWS spells it; any other way to
    write it is refused, lest somebody else reads it."""
    found: dict[str, str] = {}
    if "mz-" not in query.lower() and "%" not in query:
        return found
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        proper = QUERY_PARAMETERS.get(unquote(name).lower())
        if proper is None:
            continue
        if name != proper or proper in found:
            raise AuthenticationFailed(
                INCOMPLETE, f"expected the parameter {proper} once and spelled so, got {name[:60]!r}"
            )
        found[proper] = value if proper == "X-Amz-Signature" else unquote(value)  # which is itself not signed
    return found


def within(claim: Claim, now: datetime, window: timedelta) -> None:
    """Raises AuthenticationFailed when the signature is not valid at this time, with AWS's sentences."""
    minutes = window // timedelta(minutes=1)
    if claim.signed_at > now + window:
        raise AuthenticationFailed(
            INVALID,
            f"Signature not yet current: {claim.timestamp} is still later than {_basic(now + window)} "
            f"({_basic(now)} + {minutes} min.)",
        )
    if claim.expires_seconds is not None:
        end = claim.signed_at + timedelta(seconds=claim.expires_seconds)
        if end <= now:
            raise AuthenticationFailed(INVALID, f"Signature expired: {_basic(end)} is now earlier than {_basic(now)}")
    elif claim.signed_at < now - window:
        raise AuthenticationFailed(
            INVALID,
            f"Signature expired: {claim.timestamp} is now earlier than {_basic(now - window)} "
            f"({_basic(now)} - {minutes} min.)",
        )


def _basic(moment: datetime) -> str:
    return moment.strftime("%Y%m%dT%H%M%SZ")
