"""The means to tell an incident: who acts, and a line an event. No noise, no randomness but the seed's.

The two stories are ``compromised_key`` and ``compromised_person``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random
from typing import Any

from trailmere.simulator.cast import utc_text
from trailmere.simulator.records import render
from trailmere.simulator.values import Guids

DENIED = "AccessDenied"
_TLS = {"tlsVersion": "TLSv1.2", "cipherSuite": "ECDHE-RSA-AES128-GCM-SHA256"}
_ANSWERED_BY_NAME = frozenset({"iam", "sts", "s3"})  # hosts without a Region


@dataclass(frozen=True, slots=True)
class ScriptedEvent:
    """One event of an incident. ``members`` are those of the record; ``text`` is how it is delivered."""

    time: datetime
    account: str
    region: str
    id: str
    members: Mapping[str, Any] = field(repr=False)

    @property
    def text(self) -> str:
        """The record as CloudTrail writes it."""
        return render(self.members)

    def get(self, path: str) -> Any:
        """A member by path, ``userIdentity.accountId``; None where it is absent."""
        value: Any = self.members
        for name in path.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        return value

    def cell(self, path: str, key: str | None = None) -> str | None:
        """A member as CloudTrail Lake shows it; with ``key``, the value of that key of a map column.

        In a map each value is a text: strings as they are, anything else as compact JSON.
        """
        value = self.get(path)
        if key is not None:
            value = None if value is None else value.get(key)
        return value if value is None or isinstance(value, str) else json.dumps(value, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Party:
    """Who acts in a story, from where, into which account."""

    identity: Mapping[str, Any]
    account: str
    address: str
    agent: str
    region: str = "us-east-1"


class Story:
    """Collects the events of an incident in the order in which they are told."""

    def __init__(self, seed: str) -> None:
        random = Random(seed)
        self._ids = iter(Guids(random))
        self.random = random
        self.events: list[ScriptedEvent] = []

    def tell(
        self,
        party: Party,
        when: str,
        action: str,
        request: Any = None,
        response: Any = None,
        *,
        read_only: bool = True,
        error: tuple[str, str] | None = None,
        event_id: str | None = None,
        **members: Any,
    ) -> ScriptedEvent:
        """One call: ``when`` as ``2022-03-15 13:17:02`` (UTC), ``action`` as ``s3:ListBuckets``.

        ``members`` are further members of the record, or replace those given here.
        """
        time = datetime.fromisoformat(when)
        source, name = action.split(":")
        identity = event_id or next(self._ids)
        host = f"{source}.amazonaws.com" if source in _ANSWERED_BY_NAME else f"{source}.{party.region}.amazonaws.com"
        record = {
            "eventVersion": "1.08",
            "userIdentity": party.identity,
            "eventTime": utc_text(time),
            "eventSource": f"{source}.amazonaws.com",
            "eventName": name,
            "awsRegion": party.region,
            "sourceIPAddress": party.address,
            "userAgent": party.agent.format(f"{source}.{_dashed(name)}"),
            "errorCode": error[0] if error else None,
            "errorMessage": error[1] if error else None,
            "requestParameters": request,
            "responseElements": None if error else response,
            "requestID": next(self._ids),
            "eventID": identity,
            "readOnly": read_only,
            "eventType": "AwsApiCall",
            "managementEvent": True,
            "recipientAccountId": party.account,
            "eventCategory": "Management",
            "tlsDetails": {**_TLS, "clientProvidedHostHeader": host},
            **members,
        }
        event = ScriptedEvent(time, party.account, party.region, identity, record)
        self.events.append(event)
        return event

    def echo(self, event: ScriptedEvent, account: str, identity: Mapping[str, Any]) -> ScriptedEvent:
        """The same action as the other account sees it: an event of its own with the same sharedEventID."""
        own = next(self._ids)
        members = {**event.members, "userIdentity": identity, "recipientAccountId": account, "eventID": own}
        told = replace(event, account=account, id=own, members=members)
        self.events.append(told)
        return told

    def guid(self) -> str:
        """A GUID of the story's own."""
        return next(self._ids)


def _dashed(name: str) -> str:
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("-")
