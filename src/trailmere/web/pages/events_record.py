"""One event as people read it: who, what, on what, from where, with which outcome; and where each value leads.

Plain reading of a record's text. Where a value leads is told as pairs of a query; pages make links of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST_LINES = 1000  # of a record that are laid out
ACCESS_KEY = re.compile(r"A[KS]IA[A-Z0-9]{12,124}", re.ASCII)
_IAM_ARN = re.compile(r"arn:aws[a-z-]*:(?:iam|sts)::\d*:(user|role|assumed-role|federated-user)/.+", re.ASCII)
_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:.*", re.ASCII)
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]*:[0-9a-fA-F:.]+", re.ASCII)
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_KINDS = {
    "IAMUser": "user",
    "AssumedRole": "role",
    "Role": "role",
    "Root": "root",
    "AWSService": "service",
    "AWSAccount": "account",
    "FederatedUser": "federated user",
    "SAMLUser": "SAML user",
    "WebIdentityUser": "web identity",
    "IdentityCenterUser": "Identity Center user",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A member of a record: its path, its value as text, and a filter that it leads to ("" for none)."""

    path: str
    text: str
    leads: str = ""
    leads_to: str = ""

    @property
    def name(self) -> str:
        """The path within its section: without the member that all of the section's lines begin with."""
        first, mark, rest = self.path.partition(".")
        return rest if mark and "[" not in first else self.path


@dataclass(frozen=True, slots=True)
class Lead:
    """Where an event leads. ``filters`` are those of the list; ``key`` marks what comes first."""

    name: str
    text: str
    filters: tuple[str, ...]
    first: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """A record, read. Sections are named lists of lines; empty ones are left out."""

    name: str
    source: str
    principal: str
    session: str
    kind: str
    account: str
    region: str
    error: str
    message: str
    read_only: str
    address: str
    agent: str
    credentials: str
    sections: Mapping[str, Sequence[Line]]
    leads: Sequence[Lead]
    lines: Sequence[Line]

    @property
    def failed(self) -> bool:
        """Whether the call did not do what it was to do."""
        return bool(self.error or self.message)


def kind(type: str | None) -> str:
    """What kind of principal a type is, in a word or two."""
    return _KINDS.get(type or "", type or "")


def service(source: str | None) -> str:
    """A service without what all of them have in common."""
    return (source or "").removesuffix(".amazonaws.com")


def is_text(value: str) -> bool:
    """Whether a value can stand in a URL: half of a surrogate pair, which JSON can hold, cannot."""
    return value.isprintable() or not any("\ud800" <= one <= "\udfff" for one in value)


def read_card(text: str) -> Card:
    """The card of a record. Whatever is missing or of another type is left out."""
    record = _loaded(text)
    inner = record.get("eventData")
    told = {**record, **inner} if isinstance(inner, dict) else record
    who = _object(told.get("userIdentity"))
    error, message = _first(told, "errorCode", "insightErrorCode"), _text(told.get("errorMessage"))
    return Card(
        name=_first(told, "eventName", "insightEventName", "resourceType") or "Event",
        source=_first(told, "eventSource", "insightEventSource"),
        principal=principal(who),
        session=session(who),
        kind=kind(_text(who.get("type"))),
        account=_text(told.get("recipientAccountId")),
        region=_text(told.get("awsRegion")),
        error=error,
        message=message,
        read_only={True: "reads", False: "writes"}.get(told.get("readOnly"), ""),  # type: ignore[arg-type]
        address=address if is_text(address := _text(told.get("sourceIPAddress"))) else "",
        agent=_text(told.get("userAgent")).partition(" ")[0],
        credentials=credentials(told, who),
        sections={name: lines for name, lines in _sections(told).items() if lines},
        leads=tuple(one for one in _leads(told, who) if is_text(one.text)),
        lines=tuple(lay_out(record)),
    )


def principal(who: Mapping[str, Any]) -> str:
    """The user, the role, root or the service: as the column ``principal`` has it."""
    if who.get("type") == "Root":
        return "root"
    issuer = _object(_object(who.get("sessionContext")).get("sessionIssuer"))
    found = (
        who.get("userName"),
        issuer.get("userName"),
        who.get("invokedBy"),
        _object(who.get("onBehalfOf")).get("userId"),
        who.get("arn"),
        who.get("principalId"),
        who.get("accountId"),
    )
    return next((_text(one) for one in found if one), "")


def session(who: Mapping[str, Any]) -> str:
    """The name of a role's session."""
    id = _text(who.get("principalId"))
    return id.partition(":")[2] if who.get("type") == "AssumedRole" else ""


def credentials(told: Mapping[str, Any], who: Mapping[str, Any]) -> str:
    """With what the call was made, as far as the record tells."""
    key, attributes = _text(who.get("accessKeyId")), _object(_object(who.get("sessionContext")).get("attributes"))
    said = []
    if told.get("eventType") == "AwsConsoleSignIn":
        said.append("signing in to the console")
        attributes = {"mfaAuthenticated": _object(told.get("additionalEventData")).get("MFAUsed")}
    elif told.get("sessionCredentialFromConsole") == "true":
        said.append("in a console session")
    elif key.startswith("AKIA"):
        said.append("with a long-term access key")
    elif key:
        said.append("with temporary credentials")
    if who.get("invokedBy") and who.get("type") != "AWSService":
        said.append(f"through {_text(who['invokedBy'])}")
    if mfa := _text(attributes.get("mfaAuthenticated")):
        said.append("MFA" if mfa.lower() in ("true", "yes") else "no MFA")
    if since := _text(attributes.get("creationDate")):
        said.append(f"session since {since}")
    return ", ".join(said)


def lay_out(value: Any, path: str = "") -> list[Line]:
    """The scalars of a value with their paths, in order; at most ``MOST_LINES``."""
    lines: list[Line] = []
    stack = [(path, value)]
    while stack and len(lines) < MOST_LINES:
        at, one = stack.pop()
        if isinstance(one, dict) and one:
            stack.extend((f"{at}.{key}" if at else str(key), member) for key, member in reversed(one.items()))
        elif isinstance(one, list) and one:
            stack.extend((f"{at}[{number}]", member) for number, member in reversed(list(enumerate(one))))
        else:
            lines.append(_line(at, one))
    return lines


def compare(a: str, b: str) -> list[tuple[str, str | None, str | None]]:
    """Each member of two records with both values, in the order of the first, then of the second."""
    left = {line.path: line.text for line in lay_out(_loaded(a))}
    right = {line.path: line.text for line in lay_out(_loaded(b))}
    return [(path, left.get(path), right.get(path)) for path in dict.fromkeys([*left, *right])]


def formatted(text: str) -> str:
    """The record with line ends and indents, for reading; as it is where it cannot be read."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


# --- parts ------------------------------------------------------------------------------------------------------------


def _sections(told: Mapping[str, Any]) -> dict[str, list[Line]]:
    who = told.get("userIdentity")
    where = ("sourceIPAddress", "userAgent", "vpcEndpointId", "vpcEndpointAccountId", "tlsDetails", "edgeDeviceDetails")
    what = (
        "eventType", "eventCategory", "apiVersion", "managementEvent", "requestID", "eventID", "sharedEventID",
        "eventVersion", "annotation", "addendum",
    )  # fmt: skip
    return {
        "Who": [
            *lay_out(who, "userIdentity"),
            *(
                []
                if (console := told.get("sessionCredentialFromConsole")) is None
                else [_line("sessionCredentialFromConsole", console)]
            ),
        ],
        "From where": [line for name in where if told.get(name) for line in lay_out(told[name], name)],
        "Resources": lay_out(told.get("resources"), "resources") if told.get("resources") else [],
        "Asked": _lines_of(told, "requestParameters"),
        "Answered": _lines_of(told, "responseElements"),
        "More": [
            *_lines_of(told, "additionalEventData"),
            *_lines_of(told, "serviceEventDetails"),
            *_lines_of(told, "insightDetails"),
            *_lines_of(told, "eventContext"),
        ],
        "The event": [line for name in what if told.get(name) is not None for line in lay_out(told[name], name)],
    }


def _lines_of(told: Mapping[str, Any], name: str) -> list[Line]:
    return lay_out(told[name], name) if told.get(name) else []


def _leads(told: Mapping[str, Any], who: Mapping[str, Any]) -> Iterator[Lead]:
    """What came out of it first, then who, from where, on what."""
    for line in _lines_of(told, "responseElements"):
        if ACCESS_KEY.fullmatch(line.text):
            yield Lead(
                "What the key did that this gave out", line.text, (f"userIdentity.accessKeyId={line.text}",), True
            )
    key, arn = _text(who.get("accessKeyId")), _text(who.get("arn"))
    if key:
        yield Lead("All that this access key did", key, (f"userIdentity.accessKeyId={key}",))
        origin = "credentials" if key.startswith("ASIA") else "accessKey"
        yield Lead("Where this access key came from", key, (f"responseElements.{origin}.accessKeyId={key}",))
    if arn:
        name = "All that this session did" if who.get("type") == "AssumedRole" else "All that this principal did"
        yield Lead(name, arn, (f"userIdentity.arn={arn}",))
    role = _text(_object(_object(who.get("sessionContext")).get("sessionIssuer")).get("arn"))
    if role:
        yield Lead("All sessions of this role", role, (f"userIdentity.sessionContext.sessionIssuer.arn={role}",))
    if not arn and not key and (name := principal(who)):
        yield Lead("All that this principal did", name, (f"principal={name}",))
    shared = _text(told.get("sharedEventID"))
    if shared:
        yield Lead("The same action, as each account saw it", shared, (f"sharedEventID={shared}",))
    for name, path in (("All from this address", "sourceIPAddress"), ("All by this user agent", "userAgent")):
        if text := _text(told.get(path)):
            yield Lead(name, text, (f"{path}={text}",))
    yield from _of_resources(told)
    if error := _text(told.get("errorCode")):
        yield Lead("This error everywhere", error, (f"errorCode={error}",))


def _of_resources(told: Mapping[str, Any]) -> Iterator[Lead]:
    given = told.get("resources")
    names = (
        [_text(one.get("ARN") or one.get("arn")) for one in given or () if isinstance(one, dict)]
        if isinstance(given, list)
        else []
    )
    for name in dict.fromkeys(filter(None, names)):
        yield Lead("All on this resource", name, (f"resources.arn={name}",))
    parameters = _object(told.get("requestParameters"))
    for name in ("bucketName", "userName", "roleName", "instanceId", "functionName", "keyId", "roleArn", "secretId"):
        if value := _text(parameters.get(name)):
            yield Lead(f"All with this {name}", value, (f"requestParameters.{name}={value}",))


def _line(path: str, value: Any) -> Line:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    leads, to = _leads_to(path, text) if isinstance(value, str) else ("", "")
    return Line(path, text, leads, to)


def _leads_to(path: str, text: str) -> tuple[str, str]:
    """The filter that a value leads to, and what it finds."""
    if not is_text(text):
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


def _loaded(text: str) -> dict[str, Any]:
    try:
        return _object(json.loads(text))
    except (ValueError, RecursionError):
        return {}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)


def _first(told: Mapping[str, Any], *names: str) -> str:
    return next((_text(told[name]) for name in names if told.get(name)), "")
