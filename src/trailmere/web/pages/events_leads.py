"""Where an event leads: from each of its values to the events that have it, too. What is said here are filters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trailmere.web.pages.events_asked import LONGEST_VALUE
from trailmere.web.pages.events_columns import OPERATORS
from trailmere.web.pages.events_who import as_object, as_text, principal

if TYPE_CHECKING:
    from trailmere.web.pages.events_record import Line

ACCESS_KEY = re.compile(r"A[KS]IA[A-Z0-9]{12,124}", re.ASCII)
_IAM_ARN = re.compile(r"arn:aws[a-z-]*:(?:iam|sts)::\d*:(user|role|assumed-role|federated-user)/.+", re.ASCII)
_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:.*", re.ASCII)
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]*:[0-9a-fA-F:.]+", re.ASCII)
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Lead:
    """Where an event leads. ``filters`` are those of the list; ``first``: what came out of the event."""

    name: str
    text: str
    filters: tuple[str, ...]
    first: bool = False


def leads_of(told: Mapping[str, Any], who: Mapping[str, Any], answered: Sequence[Line]) -> Iterator[Lead]:
    """What came out of an event first, then who, from where, on what. ``answered``: its response, laid out."""
    yield from (one for one in _leads(told, who, answered) if is_filter("", one.text))


def is_text(value: str) -> bool:
    """Whether a value can stand in a URL: half of a surrogate pair, which JSON can hold, cannot."""
    return value.isprintable() or not any("\ud800" <= one <= "\udfff" for one in value)


def is_filter(path: str, value: str) -> bool:
    """Whether a filter can ask for a value of a path."""
    return is_text(value) and len(value) <= LONGEST_VALUE and not any(one in path for one in OPERATORS)


def leads_to(path: str, text: str) -> tuple[str, str]:
    """The filter that a value leads to, and what it finds."""
    if not is_filter(path, text):
        return "", ""
    if ACCESS_KEY.fullmatch(text):
        return f"userIdentity.accessKeyId={text}", "what this key did"
    if match := _IAM_ARN.fullmatch(text):
        column = "userIdentity.sessionContext.sessionIssuer.arn" if match[1] == "role" else "userIdentity.arn"
        return f"{column}={text}", f"what this {match[1].replace('assumed-role', 'session')} did"
    if _ARN.fullmatch(text):
        return f"resources.arn={text}", "all on this resource"
    if _ACCOUNT.fullmatch(text) and "account" in path.lower():
        return f"recipientAccountId={text}", "all in this account"
    if _ADDRESS.fullmatch(text):
        return f"sourceIPAddress={text}", "all from this address"
    if path.startswith("userIdentity.") and "[" not in path and path.rpartition(".")[2] in (
        "userName", "principalId", "credentialId", "invokedBy", "sourceIdentity", "userId",
    ):  # fmt: skip
        return f"{path}={text}", "all with this"
    if path in ("userAgent", "vpcEndpointId", "sharedEventID", "requestID"):
        return f"{path}={text}", "all with this"
    if path.startswith("requestParameters.") and "[" not in path and len(text) <= 300:
        return f"{path}={text}", "all with this"
    return "", ""


def _leads(told: Mapping[str, Any], who: Mapping[str, Any], answered: Sequence[Line]) -> Iterator[Lead]:
    for line in answered:
        if ACCESS_KEY.fullmatch(line.text):
            yield Lead(
                "What the key did that this gave out", line.text, (f"userIdentity.accessKeyId={line.text}",), True
            )
    key, arn = as_text(who.get("accessKeyId")), as_text(who.get("arn"))
    if key:
        yield Lead("All that this access key did", key, (f"userIdentity.accessKeyId={key}",))
        origin = "credentials" if key.startswith("ASIA") else "accessKey"
        yield Lead("Where this access key came from", key, (f"responseElements.{origin}.accessKeyId={key}",))
    if arn:
        name = "All that this session did" if who.get("type") == "AssumedRole" else "All that this principal did"
        yield Lead(name, arn, (f"userIdentity.arn={arn}",))
    role = as_text(as_object(as_object(who.get("sessionContext")).get("sessionIssuer")).get("arn"))
    if role:
        yield Lead("All sessions of this role", role, (f"userIdentity.sessionContext.sessionIssuer.arn={role}",))
    if not arn and not key and (name := principal(who)):
        yield Lead("All that this principal did", name, (f"principal={name}",))
    shared = as_text(told.get("sharedEventID"))
    if shared:
        yield Lead("The same action, as each account saw it", shared, (f"sharedEventID={shared}",))
    for name, path in (("All from this address", "sourceIPAddress"), ("All by this user agent", "userAgent")):
        if text := as_text(told.get(path)):
            yield Lead(name, text, (f"{path}={text}",))
    yield from _of_resources(told)
    if error := as_text(told.get("errorCode")):
        yield Lead("This error everywhere", error, (f"errorCode={error}",))


def _of_resources(told: Mapping[str, Any]) -> Iterator[Lead]:
    given = told.get("resources")
    names = (
        [as_text(one.get("ARN") or one.get("arn")) for one in given or () if isinstance(one, dict)]
        if isinstance(given, list)
        else []
    )
    for name in dict.fromkeys(filter(None, names)):
        yield Lead("All on this resource", name, (f"resources.arn={name}",))
    parameters = as_object(told.get("requestParameters"))
    for name in ("bucketName", "userName", "roleName", "instanceId", "functionName", "keyId", "roleArn", "secretId"):
        if value := as_text(parameters.get(name)):
            yield Lead(f"All with this {name}", value, (f"requestParameters.{name}={value}",))
