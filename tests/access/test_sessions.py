"""Sessions of roles: who gets one, what it is, how long it lasts, and which tokens are believed."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.access.arrivals import NOW, SERVICES, Wish, signed
from tests.access.world import ALLOW_ALL, TRUST_ACCOUNT, some_identities
from tests.registry.helpers import ACCOUNT, Clock
from trailmere.access.sigv4 import Authenticator, SignedRequest
from trailmere.errors import AccessDenied, AuthenticationFailed, InvalidParameter, MalformedPolicy

if TYPE_CHECKING:
    from pathlib import Path

    from trailmere.access.identities import Identities, Identity
    from trailmere.access.sessions import SessionCredentials

ROLE = f"arn:aws:iam::{ACCOUNT}:role/auditor"
ASSUME = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": ROLE}]}
)
UNKNOWN = "UnrecognizedClientException"


@dataclass
class World:
    """Ana, who may assume the role ``auditor``, and Ben, who may not."""

    identities: Identities
    clock: Clock
    ana: Identity
    ben: Identity
    authenticator: Authenticator

    def wish(self, credentials: SessionCredentials, **changes: Any) -> Wish:
        wish = Wish(credentials.access_key_id, credentials.secret_access_key, token=credentials.session_token)
        return replace(wish, **changes)

    def refusal(self, request: SignedRequest) -> str:
        with pytest.raises(AuthenticationFailed) as caught:
            self.authenticator.authenticate(request, SERVICES)
        return caught.value.code


@pytest.fixture
def world(tmp_path: Path) -> World:
    clock = Clock()
    clock.now = NOW
    identities = some_identities(tmp_path, clock)
    people = {}
    for name in ("ana", "ben"):
        found = identities.secret_of(identities.create_key(identities.create_user(ACCOUNT, name)).access_key_id, None)
        assert found is not None
        people[name] = found[1]
    identities.put_policy(identities.user(ACCOUNT, "ana"), "assume", ASSUME)
    identities.create_role(ACCOUNT, "auditor", TRUST_ACCOUNT, session_seconds=7_200)
    return World(identities, clock, people["ana"], people["ben"], Authenticator(identities, clock=clock))


@pytest.mark.parametrize("expires", [None, 60])
def test_a_session_signs_with_its_token_and_is_known_by_its_role_and_name(world: World, expires: int | None) -> None:
    credentials = world.identities.assume_role(world.ana, ROLE, "review")

    identity = world.authenticator.authenticate(signed(world.wish(credentials, expires=expires)), SERVICES).identity

    assert (identity.kind, identity.name, identity.role_arn) == ("AssumedRole", "auditor/review", ROLE)
    assert identity.arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/auditor/review" == credentials.assumed_role_arn
    assert identity.principal_id == credentials.assumed_role_id
    assert (identity.access_key_id, identity.issued) == (credentials.access_key_id, NOW)


def test_a_session_has_the_policies_of_its_role_and_its_own(world: World) -> None:
    world.identities.put_policy(world.identities.role(ACCOUNT, "auditor"), "all", ALLOW_ALL)
    credentials = world.identities.assume_role(world.ana, ROLE, "review", session_policy=ASSUME)

    identity = world.authenticator.authenticate(signed(world.wish(credentials)), SERVICES).identity

    assert world.identities.policies_of(identity) == (ALLOW_ALL,)
    assert identity.session_policy == ASSUME


def test_a_session_without_its_token_or_with_another_is_unknown(world: World) -> None:
    credentials = world.identities.assume_role(world.ana, ROLE, "review")
    other = world.identities.assume_role(world.ana, ROLE, "review")

    tokens = (None, "", "x", other.session_token, credentials.session_token[:-1])

    assert {world.refusal(signed(world.wish(credentials, token=token))) for token in tokens} == {UNKNOWN}


def test_a_token_that_is_not_signed_is_refused(world: World) -> None:
    credentials = world.identities.assume_role(world.ana, ROLE, "review")
    request = signed(world.wish(credentials, token=None))

    added = replace(request, headers=(*request.headers, ("X-Amz-Security-Token", credentials.session_token)))
    in_query = replace(request, query=f"X-Amz-Security-Token={credentials.session_token}")

    assert world.refusal(added) == "InvalidSignatureException"
    assert world.refusal(in_query) == "IncompleteSignatureException"


def test_a_key_of_a_user_with_a_token_is_unknown(world: World) -> None:
    key = world.identities.create_key(world.identities.user(ACCOUNT, "ana"))
    credentials = world.identities.assume_role(world.ana, ROLE, "review")

    wish = Wish(key.access_key_id, key.secret_access_key, token=credentials.session_token)

    assert world.refusal(signed(wish)) == UNKNOWN


def test_a_session_ends_when_its_time_is_over_and_says_so(world: World) -> None:
    credentials = world.identities.assume_role(world.ana, ROLE, "review", 900)

    world.clock.forward(seconds=899)
    assert world.authenticator.authenticate(signed(world.wish(credentials, when=world.clock.now)), SERVICES)
    world.clock.forward(seconds=1)
    assert world.refusal(signed(world.wish(credentials, when=world.clock.now))) == "ExpiredTokenException"


def test_the_end_of_a_session_is_told_only_to_who_has_its_secret(world: World) -> None:
    credentials = world.identities.assume_role(world.ana, ROLE, "review", 900)
    world.clock.forward(seconds=901)

    wish = world.wish(credentials, secret="x" * 40, when=world.clock.now)

    assert world.refusal(signed(wish)) == "InvalidSignatureException"


def test_the_sessions_of_a_role_end_with_it(world: World) -> None:
    credentials = world.identities.assume_role(world.ana, ROLE, "review")
    world.identities.delete_role(ACCOUNT, "auditor")

    assert world.refusal(signed(world.wish(credentials))) == UNKNOWN


def test_sessions_that_ended_a_day_ago_are_forgotten(world: World) -> None:
    credentials = world.identities.assume_role(world.ana, ROLE, "review", 900)
    world.clock.forward(days=1, seconds=901)
    world.identities.assume_role(world.ana, ROLE, "review", 900)

    assert world.refusal(signed(world.wish(credentials, when=world.clock.now))) == UNKNOWN


def test_who_may_not_assume_a_role_hears_the_same_as_of_one_that_is_not_there(world: World) -> None:
    says = []
    for arn in (ROLE, ROLE.replace("auditor", "nobody"), ROLE.replace(ACCOUNT, "999999999999")):
        with pytest.raises(AccessDenied) as caught:
            world.identities.assume_role(world.ben, arn, "review")
        says.append(str(caught.value).replace(arn, "ROLE"))

    expected = f"User: arn:aws:iam::{ACCOUNT}:user/ben is not authorized to perform: sts:AssumeRole on resource: ROLE"
    assert says == [expected] * 3


@pytest.mark.parametrize("arn", ["auditor", f"arn:aws:iam::{ACCOUNT}:user/ana", f"{ROLE}/x", f"{ROLE}\n", ""])
def test_what_is_no_role_cannot_be_assumed(world: World, arn: str) -> None:
    with pytest.raises(AccessDenied):
        world.identities.assume_role(world.ana, arn, "review")


@pytest.mark.parametrize("seconds", [899, 7_201])
def test_a_session_lasts_from_fifteen_minutes_to_what_its_role_allows(world: World, seconds: int) -> None:
    with pytest.raises(InvalidParameter, match="900 to 7200"):
        world.identities.assume_role(world.ana, ROLE, "review", seconds)


def test_a_session_that_assumes_a_role_has_an_hour(world: World) -> None:
    world.identities.put_policy(world.identities.role(ACCOUNT, "auditor"), "assume", ASSUME)
    credentials = world.identities.assume_role(world.ana, ROLE, "review")
    session = world.authenticator.authenticate(signed(world.wish(credentials)), SERVICES).identity

    with pytest.raises(InvalidParameter, match="900 to 3600"):
        world.identities.assume_role(session, ROLE, "again", 7_200)
    assert world.identities.assume_role(session, ROLE, "again", 3_600)


@pytest.mark.parametrize("name", ["", "x", "a b", "a/b", "x" * 65])
def test_names_of_sessions_that_sts_refuses_are_refused(world: World, name: str) -> None:
    with pytest.raises(InvalidParameter):
        world.identities.assume_role(world.ana, ROLE, name)


def test_a_session_policy_is_read_when_it_is_given(world: World) -> None:
    with pytest.raises(MalformedPolicy):
        world.identities.assume_role(world.ana, ROLE, "review", session_policy="{}")
    with pytest.raises(InvalidParameter):
        world.identities.assume_role(world.ana, ROLE, "review", session_policy=ALLOW_ALL + " " * 2_048)


def test_a_database_holds_neither_secret_nor_token_of_a_session(world: World, tmp_path: Path) -> None:
    credentials = world.identities.assume_role(world.ana, ROLE, "review")

    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())

    assert credentials.access_key_id.encode() in kept
    assert credentials.session_token.encode() not in kept
    assert credentials.secret_access_key.encode() not in kept
