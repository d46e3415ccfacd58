"""Sessions of roles: credentials for a while, given to whom the role's trust policy names.

Source: STS API reference, AssumeRole; IAM user guide, "Methods to assume a role" (a session that assumes a role has an
hour). A session is a row of ours: a token that we did not give out is worth nothing, whoever holds the lake's key file.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from trailmere.access import lookup, names
from trailmere.access.directory import purpose, token_hash
from trailmere.access.evaluate import Decision, Question, decide
from trailmere.access.policies import parse_policy
from trailmere.access.records import Identity, Kind
from trailmere.access.statements import PolicyKind
from trailmere.errors import AccessDenied, IdentityNotFound, InvalidParameter
from trailmere.registry import identities as records
from trailmere.registry.database import reading
from trailmere.registry.identities import SESSIONS, Role, Session, changing

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from trailmere.access.directory import Directory
    from trailmere.registry.secretbox import SecretBox

MINIMUM_SECONDS = 900
CHAINED_SECONDS = 3_600  # of a session that a session asked for
MAXIMUM_POLICY = 2_048  # characters
KEPT = timedelta(days=1)  # after its end, so that its user is told that it has ended

_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::(?P<account>[0-9]{12}):role/(?P<name>[^/]+)")


@dataclass(frozen=True, slots=True)
class SessionCredentials:
    """What signs for a session until ``expires``. ``assumed_role_id``: ``AROA...:SESSION``."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expires: datetime
    assumed_role_id: str
    assumed_role_arn: str


@dataclass(frozen=True, slots=True)
class SessionDesk:
    """Where sessions are asked for."""

    engine: Engine
    box: SecretBox
    directory: Directory
    partition: str
    clock: Callable[[], datetime]

    def assume(
        self,
        identity: Identity,
        role_arn: str,
        session_name: str,
        seconds: int = 3_600,
        session_policy: str | None = None,
        context: Mapping[str, tuple[str, ...]] | None = None,
    ) -> SessionCredentials:
        """A session of the role for ``identity``. It lasts for ``seconds`` and may do no more than ``session_policy``
        (JSON text) allows. ``context``: condition keys of the call.

        Raises AccessDenied, also where there is no such role; InvalidParameter, MalformedPolicy.
        """
        names.check(names.SESSION_NAME, "a session", session_name)
        if session_policy is not None:
            _check_policy(session_policy)
        told = {**(context or {}), "sts:rolesessionname": (session_name,)}
        question = Question(identity, "sts:AssumeRole", role_arn, told)
        role = self._role(role_arn)
        if role is None or not self._allowed(question, role):  # said alike: who may not assume it learns nothing
            raise AccessDenied(
                f"User: {identity.arn} is not authorized to perform: sts:AssumeRole on resource: {role_arn}"
            )
        most = min(
            role.session_seconds, CHAINED_SECONDS if identity.kind is Kind.ASSUMED_ROLE else role.session_seconds
        )
        if not MINIMUM_SECONDS <= seconds <= most:
            raise InvalidParameter(f"expected a session of {MINIMUM_SECONDS} to {most} seconds, got {seconds}")
        return self._issue(role, session_name, seconds, session_policy)

    def _role(self, arn: str) -> Role | None:
        found = _ROLE_ARN.fullmatch(arn)
        if found is None:
            return None
        try:
            with reading(self.engine) as connection:
                return lookup.named(connection, Role, found["account"], found["name"])
        except IdentityNotFound:
            return None

    def _allowed(self, question: Question, role: Role) -> bool:
        """Whether the role's trust policy and the caller's own policies allow it."""
        asked = question.identity
        own = [parse_policy(text, PolicyKind.IDENTITY) for text in self.directory.policies_of(asked)]
        narrowed = None if asked.session_policy is None else parse_policy(asked.session_policy, PolicyKind.IDENTITY)
        trust = parse_policy(role.trust_policy, PolicyKind.TRUST)
        return decide(question, own, trust, narrowed) is Decision.ALLOW

    def _issue(self, role: Role, name: str, seconds: int, policy: str | None) -> SessionCredentials:
        now = self.clock()
        id, secret = names.unique_id("ASIA", 20), names.new_secret()
        token = f"T{secrets.token_urlsafe(64)}"  # a hyphen at its beginning would be an option to the AWS CLI
        sealed = self.box.seal(secret.encode(), purpose(id))
        expires = now + timedelta(seconds=seconds)
        session = Session(id, role.id, name, sealed, token_hash(token), policy, now, expires)
        with changing(self.engine) as connection:
            lookup.alive(connection, role)
            for ended in records.rows(connection, Session, SESSIONS.c.expires < now - KEPT):
                records.remove(connection, ended)
            records.add(connection, session)
        arn = names.session_arn(self.partition, role.account_id, role.name, name)
        return SessionCredentials(id, secret, token, expires, f"{role.id}:{name}", arn)


def _check_policy(document: str) -> None:
    if len(document) > MAXIMUM_POLICY:
        raise InvalidParameter(f"expected a session policy of up to {MAXIMUM_POLICY} characters, got {len(document)}")
    parse_policy(document, PolicyKind.IDENTITY)
