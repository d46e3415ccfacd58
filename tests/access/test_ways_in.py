"""Sign-ins of several requests: once, in time, not too many; and who a provider means, whoever was deleted."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.access.world import some_identities
from tests.registry.helpers import ACCOUNT, Clock
from trailmere.access.begun import LASTS, Begun
from trailmere.access.passkeys import place_of
from trailmere.access.tries import OF_BEGINNINGS
from trailmere.errors import AuthenticationFailed
from trailmere.registry.console import BEGUN
from trailmere.registry.database import open_database, reading, sqlite_url
from trailmere.registry.ways_in import WaysIn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine

HERE = "198.51.100.7"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    some_identities(tmp_path)
    opened = open_database(sqlite_url(tmp_path))
    yield opened
    opened.dispose()


def test_what_was_begun_is_taken_once(engine: Engine) -> None:
    begun = Begun(WaysIn(engine), Clock())
    token = begun.begin("openid", {"state": "x"}, address=HERE)

    assert begun.take("openid", token) == {"state": "x"}
    with pytest.raises(AuthenticationFailed, match="ended already"):
        begun.take("openid", token)


def test_what_was_begun_lasts_ten_minutes(engine: Engine) -> None:
    clock = Clock()
    begun = Begun(WaysIn(engine), clock)
    tokens = [begun.begin("openid", {}, address=HERE) for _ in range(2)]
    clock.now += LASTS - timedelta(seconds=1)
    begun.take("openid", tokens[0])
    clock.now += timedelta(seconds=1)

    with pytest.raises(AuthenticationFailed, match="took too long"):
        begun.take("openid", tokens[1])


@pytest.mark.parametrize(("kind", "is_right"), [("passkey", True), ("openid", False)])
def test_another_kind_or_token_takes_nothing(kind: str, is_right: bool, engine: Engine) -> None:
    begun = Begun(WaysIn(engine), Clock())
    token = begun.begin("openid", {}, address=HERE)

    with pytest.raises(AuthenticationFailed):
        begun.take(kind, token if is_right else "")


def test_what_nobody_ended_goes_when_the_next_begins(engine: Engine) -> None:
    clock = Clock()
    begun = Begun(WaysIn(engine), clock)
    for _ in range(3):
        begun.begin("openid", {}, address=HERE)
    clock.now += LASTS
    begun.begin("openid", {}, address=HERE)

    with reading(engine) as connection:
        assert len(connection.execute(BEGUN.select()).all()) == 1


def test_an_address_begins_so_many_and_others_go_on(engine: Engine) -> None:
    begun = Begun(WaysIn(engine), Clock())
    for _ in range(OF_BEGINNINGS.amount):
        begun.begin("openid", {}, address=HERE)

    with pytest.raises(AuthenticationFailed, match="from your address"):
        begun.begin("openid", {}, address=HERE)
    assert begun.begin("openid", {}, address="203.0.113.9")


def test_somebody_is_one_user_to_a_provider_until_that_user_is_gone(tmp_path: Path, engine: Engine) -> None:
    identities, records = some_identities(tmp_path), WaysIn(engine)
    ana, ben = identities.create_user(ACCOUNT, "ana"), identities.create_user(ACCOUNT, "ben")
    first = [records.is_subject(ana.id, "https://id", "1"), records.is_subject(ben.id, "https://id", "1")]
    identities.delete_user(ACCOUNT, "ana")

    assert first == [True, False]
    assert records.is_subject(ben.id, "https://id", "1")


@pytest.mark.parametrize(
    ("origin", "place"),
    [
        ("https://lake.example.com", "lake.example.com"),
        ("https://lake.example.com:8443", "lake.example.com"),
        ("http://localhost:4510", "localhost"),
        ("http://lake.localhost:4510", "lake.localhost"),
        ("http://lake.example.com", None),
        ("http://127.0.0.1:4510", None),
        ("https://192.0.2.1", None),
        ("https://[::1]:4510", None),
        ("http://localhost.example.com", None),
        ("https://", None),
    ],
)
def test_passkeys_belong_to_a_name_with_tls_or_to_this_machine(origin: str, place: str | None) -> None:
    assert place_of(origin) == place
