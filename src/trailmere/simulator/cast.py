"""Actors in their sessions: the userIdentity each of them shows at a given time, as JSON text.

Temporary credentials are renewed when a session ends, as AWS does; creationDate is the start of the session.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from trailmere.simulator.records import compact
from trailmere.simulator.values import Pools, access_key, hexadecimal, unique_id

if TYPE_CHECKING:
    from trailmere.simulator.organisation import Account, Actor

COMPROMISED_KEY = "AKIAIOSFODNN7EXAMPLE"
COMPROMISED_USER = "build-automation"
COMPROMISED_USER_ID = "AIDAI5FH3XAMPLEBUILD7"
KEY_ROTATED = datetime(2022, 3, 14)  # from then on the build uses a new key; the old one stayed active

_SERVICE_ROLES = {
    "autoscaling.amazonaws.com": "AWSServiceRoleForAutoScaling",
    "backup.amazonaws.com": "AWSBackupDefaultServiceRole",
}


def utc_text(time: datetime) -> str:
    """A time as CloudTrail writes it: 2022-03-15T13:17:02Z."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Session:
    """An actor with credentials: what his events say about him until ``ends``."""

    identity: str
    address: str
    agent: str
    ends: datetime


class Cast:
    """The actors of one account. ``at(time)`` gives their sessions; times must not go back."""

    def __init__(self, seed: str, account: Account, actors: tuple[Actor, ...], pools: Pools) -> None:
        self._random = Random(f"{seed}/{account.id}/cast")
        self._account = account
        self._actors = actors
        self._pools = pools
        self._ids = {actor.name: unique_id(self._random, "AROA") for actor in actors}
        self._marks = {actor.name: hexadecimal(self._random, 16) for actor in actors}
        self._keys = {actor.name: access_key(self._random, "AKIA") for actor in actors}
        self._inside = pools.values("private_ip")[:40]
        self._sessions: dict[str, Session] = {}

    def at(self, time: datetime) -> dict[str, Session]:
        """The session of each actor, by name, at ``time``."""
        for actor in self._actors:
            session = self._sessions.get(actor.name)
            if session is None or session.ends <= time:
                self._sessions[actor.name] = self._renew(actor, time)
        return self._sessions

    def _renew(self, actor: Actor, time: datetime) -> Session:
        random = self._random
        agent = random.choice(actor.agents)
        hours = actor.session_hours * random.uniform(0.6, 1.0)
        address = random.choice(actor.addresses) if actor.addresses else random.choice(self._inside)
        if actor.kind == "service":
            address = actor.name
        start = time - timedelta(minutes=random.randrange(6, 25))
        identity = compact(self._identity(actor, start))
        return Session(identity, address, agent, time + timedelta(hours=hours))

    def _identity(self, actor: Actor, start: datetime) -> dict[str, object]:
        if actor.kind == "user":
            return self._user(actor, start)
        if actor.kind == "service" and actor.name not in _SERVICE_ROLES:
            return {"type": "AWSService", "invokedBy": actor.name}
        role, path, session = self._role(actor)
        account = self._account.id
        principal = self._ids[actor.name]
        attributes = {"creationDate": utc_text(start), "mfaAuthenticated": "false"}
        context: dict[str, object] = {
            "sessionIssuer": {
                "type": "Role",
                "principalId": principal,
                "arn": f"arn:aws:iam::{account}:role/{path}{role}",
                "accountId": account,
                "userName": role,
            },
            "webIdFederationData": {},
            "attributes": attributes,
        }
        if actor.kind == "instance":
            context["ec2RoleDelivery"] = "2.0"
        identity: dict[str, object] = {
            "type": "AssumedRole",
            "principalId": f"{principal}:{session}",
            "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{session}",
            "accountId": account,
            "accessKeyId": access_key(self._random, "ASIA"),
            "sessionContext": context,
        }
        if actor.kind == "service":
            identity["invokedBy"] = actor.name
        return identity

    def _user(self, actor: Actor, start: datetime) -> dict[str, object]:
        leaked = actor.name == COMPROMISED_USER and start < KEY_ROTATED - timedelta(hours=2)
        return {
            "type": "IAMUser",
            "principalId": COMPROMISED_USER_ID,
            "arn": f"arn:aws:iam::{self._account.id}:user/{actor.name}",
            "accountId": self._account.id,
            "accessKeyId": COMPROMISED_KEY if leaked else self._keys[actor.name],
            "userName": actor.name,
        }

    def _role(self, actor: Actor) -> tuple[str, str, str]:
        """Role name, its path, and the session's name."""
        if actor.kind == "person":
            path = "aws-reserved/sso.amazonaws.com/"
            return f"AWSReservedSSO_PowerUserAccess_{self._marks[actor.name]}", path, actor.name
        if actor.kind == "instance":
            return "ec2-fleet", "", self._random.choice(self._pools.values("instance"))
        if actor.kind == "service":
            short = actor.name.removesuffix(".amazonaws.com")
            return _SERVICE_ROLES[actor.name], f"aws-service-role/{actor.name}/", short.capitalize()
        return actor.name, "", f"{actor.name}-{self._random.randrange(10_000, 99_999)}"
