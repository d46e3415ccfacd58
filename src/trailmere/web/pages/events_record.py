"""One event as people read it: who, what, on what, from where, with which outcome; and where each value leads.

Plain reading of a record's text. Where a value leads is told as pairs of a query; pages make links of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trailmere.web.pages.events_leads import Lead, is_text, leads_of, leads_to
from trailmere.web.pages.events_who import as_object, as_text, principal, session

_OF_INSIGHTS = ("eventName", "eventSource", "errorCode")
MOST_LINES = 1000  # of a record that are laid out
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


def read_card(text: str) -> Card:
    """The card of a record. Whatever is missing or of another type is left out."""
    record = _loaded(text)
    told = {**record, **as_object(record.get("eventData"))}
    told |= {name: value for name, value in as_object(record.get("insightDetails")).items() if name in _OF_INSIGHTS}
    who = as_object(told.get("userIdentity"))
    error, message = _first(told, "errorCode", "insightErrorCode"), as_text(told.get("errorMessage"))
    return Card(
        name=_first(told, "eventName", "insightEventName", "resourceType") or "Event",
        source=_first(told, "eventSource", "insightEventSource"),
        principal=principal(who),
        session=session(who),
        kind=kind(as_text(who.get("type"))),
        account=as_text(told.get("recipientAccountId")),
        region=as_text(told.get("awsRegion")),
        error=error,
        message=message,
        read_only="reads" if told.get("readOnly") is True else "writes" if told.get("readOnly") is False else "",
        address=address if is_text(address := as_text(told.get("sourceIPAddress"))) else "",
        agent=as_text(told.get("userAgent")).partition(" ")[0],
        credentials=credentials(told, who),
        sections={name: lines for name, lines in _sections(told).items() if lines},
        leads=tuple(leads_of(told, who, lay_out(told.get("responseElements")))),
        lines=tuple(lay_out(record)),
    )


def credentials(told: Mapping[str, Any], who: Mapping[str, Any]) -> str:
    """With what the call was made, as far as the record tells."""
    key, attributes = as_text(who.get("accessKeyId")), as_object(as_object(who.get("sessionContext")).get("attributes"))
    said = []
    if told.get("eventType") == "AwsConsoleSignIn":
        said.append("signing in to the console")
        attributes = {"mfaAuthenticated": as_object(told.get("additionalEventData")).get("MFAUsed")}
    elif told.get("sessionCredentialFromConsole") == "true":
        said.append("in a console session")
    elif key.startswith("AKIA"):
        said.append("with a long-term access key")
    elif key:
        said.append("with temporary credentials")
    if who.get("invokedBy") and who.get("type") != "AWSService":
        said.append(f"through {as_text(who['invokedBy'])}")
    if mfa := as_text(attributes.get("mfaAuthenticated")):
        said.append("MFA" if mfa.lower() in ("true", "yes") else "no MFA")
    if since := as_text(attributes.get("creationDate")):
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


def _line(path: str, value: Any) -> Line:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    leads, to = leads_to(path, text) if isinstance(value, str) else ("", "")
    return Line(path, text, leads, to)


def _loaded(text: str) -> dict[str, Any]:
    try:
        return as_object(json.loads(text))
    except (ValueError, RecursionError):
        return {}


def _first(told: Mapping[str, Any], *names: str) -> str:
    return next((as_text(told[name]) for name in names if told.get(name)), "")
