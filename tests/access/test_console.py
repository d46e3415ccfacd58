"""People who sign in: passwords, tries, sessions, links that work once, and the last administrator."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from argon2 import PasswordHasher

from tests.access.world import some_identities
from tests.registry.helpers import ACCOUNT, Clock
from trailmere.access.console import ConsoleDesk, Person
from trailmere.access.people import People
from trailmere.access.tries import place_of
from trailmere.errors import AuthenticationFailed, IdentityInUse, IdentityNotFound, InvalidParameter
from trailmere.registry.console import PASSWORDS, SESSIONS, WELCOMES, ConsoleRecords
from trailmere.registry.database import open_database, reading, sqlite_url

if TYPE_CHECKING:
    from pathlib import Path

    from trailmere.access.identities import Identities, User

PASSWORD = "correct horse battery"
HERE, ELSEWHERE = "198.51.100.7", "203.0.113.9"


@dataclass
class Desk:
    """A console over an empty database, with the clock that it goes by."""

    console: ConsoleDesk
    identities: Identities
    people: People
    clock: Clock
    engine: Any

    def somebody(self, name: str = "ana", role: str = "Viewer", password: str | None = PASSWORD) -> User:
        user = self.people.create(ACCOUNT, name, role)
        if password is not None:
            self.console.set_password(user, password)
        return user

    def sign_in(
        self, name: str = "ana", password: str = PASSWORD, address: str = HERE, account: str = ACCOUNT
    ) -> tuple[str, Person]:
        return self.console.sign_in(account, name, password, address=address, agent="a browser")

    def stored(self) -> str:
        """Everything that the database keeps of passwords, sessions and links."""
        with reading(self.engine) as connection:
            return str([list(connection.execute(table.select())) for table in (PASSWORDS, SESSIONS, WELCOMES)])


QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # for tests that are about something else


def a_desk(tmp_path: Path, hasher: PasswordHasher | None = None) -> Desk:
    clock = Clock()
    identities = some_identities(tmp_path, clock)
    engine = open_database(sqlite_url(tmp_path))
    console = ConsoleDesk(ConsoleRecords(engine), identities, clock, hasher)
    return Desk(console, identities, People(engine, identities, console), clock, engine)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return a_desk(tmp_path, QUICK)


def refusal(attempt: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(AuthenticationFailed) as refused:
        attempt()
    return refused.value.code, refused.value.message


# -- passwords ---------------------------------------------------------------------------------------------------------


def test_a_password_is_kept_as_its_argon2id_hash(tmp_path: Path) -> None:
    desk = a_desk(tmp_path)
    desk.somebody()

    assert "$argon2id$v=19$m=65536,t=3,p=4$" in desk.stored()
    assert PASSWORD not in desk.stored()


def test_whatever_is_wrong_the_words_are_the_same(desk: Desk) -> None:
    desk.somebody()
    desk.somebody("without", password=None)
    desk.people.set_enabled(desk.somebody("disabled"), False)

    told = {
        refusal(lambda: desk.sign_in(password="another password")),
        refusal(lambda: desk.sign_in("nobody")),
        refusal(lambda: desk.sign_in("without")),
        refusal(lambda: desk.sign_in("disabled")),
        refusal(lambda: desk.sign_in(account="999999999999")),
        refusal(lambda: desk.sign_in("a" * 5000)),
        refusal(lambda: desk.sign_in("")),
    }

    assert told == {("SignInFailure", "The account, user name or password is wrong.")}


class Counting(PasswordHasher):
    """Notes with which parameters it compared."""

    compared: list[str]

    def verify(self, hash: str | bytes, password: str | bytes) -> Any:
        self.compared.append(str(hash).rpartition("$")[0].rpartition("$")[0])
        return super().verify(hash, password)


def test_an_unknown_user_costs_the_same_hash_as_a_wrong_password(tmp_path: Path) -> None:
    hasher = Counting()
    hasher.compared = []
    desk = a_desk(tmp_path, hasher)
    desk.somebody()
    refusal(lambda: desk.sign_in(password="another password"))
    refusal(lambda: desk.sign_in("nobody"))

    assert hasher.compared == ["$argon2id$v=19$m=65536,t=3,p=4"] * 2


def test_a_hash_with_older_parameters_is_renewed_when_its_user_signs_in(tmp_path: Path) -> None:
    a_desk(tmp_path, QUICK).somebody()
    desk = a_desk(tmp_path)
    desk.sign_in()

    assert "$m=65536,t=3,p=4$" in desk.stored()
    assert desk.sign_in()[1].user.name == "ana"


@pytest.mark.parametrize("password", ["", "eleven char", "x" * 1025])
def test_a_password_too_short_or_too_long_is_refused_whichever_way_it_comes(desk: Desk, password: str) -> None:
    user = desk.somebody()
    link = desk.console.welcome(user)
    _, person = desk.sign_in()

    with pytest.raises(InvalidParameter, match="12 to 1024"):
        desk.console.set_password(user, password)
    with pytest.raises(InvalidParameter, match="12 to 1024"):
        desk.console.change_password(person, PASSWORD, password, address=HERE, agent="")
    with pytest.raises(InvalidParameter, match="12 to 1024"):
        desk.console.use_welcome(link, password, address=HERE, agent="")


def test_a_password_of_another_script_is_one(desk: Desk) -> None:
    desk.somebody(password="пароль из слов 🔑")

    assert desk.sign_in(password="пароль из слов 🔑")[1].user.name == "ana"


# -- tries -------------------------------------------------------------------------------------------------------------


def test_who_guesses_is_shut_out_where_they_guess_and_nowhere_else(desk: Desk) -> None:
    desk.somebody()
    for _ in range(8):
        refusal(lambda: desk.sign_in(password="a wrong guess"))

    assert refusal(desk.sign_in) == ("TooManyTries", "Too many tries from your address. Wait five minutes.")
    assert refusal(lambda: desk.sign_in("ANA"))[0] == "TooManyTries"
    assert desk.sign_in(address=ELSEWHERE)[1].user.name == "ana"


def test_another_user_of_the_same_address_signs_in_meanwhile(desk: Desk) -> None:
    desk.somebody()
    desk.somebody("bob")
    for _ in range(8):
        refusal(lambda: desk.sign_in(password="a wrong guess"))

    assert desk.sign_in("bob")[1].user.name == "bob"


def test_an_address_may_guess_thirty_times_whoever_it_guesses(desk: Desk) -> None:
    desk.somebody()
    codes = [refusal(lambda n=n: desk.sign_in(f"user{n}"))[0] for n in range(31)]  # type: ignore[misc]

    assert codes == ["SignInFailure"] * 30 + ["TooManyTries"]
    assert refusal(desk.sign_in)[0] == "TooManyTries"


def test_who_signs_in_often_is_not_shut_out(desk: Desk) -> None:
    desk.somebody()

    assert len({desk.sign_in()[0] for _ in range(40)}) == 40


def test_guesses_at_once_are_no_way_around_the_limit(desk: Desk) -> None:
    desk.somebody()
    codes: list[str] = []

    def guess() -> None:
        codes.append(refusal(lambda: desk.sign_in(password="a wrong guess"))[0])

    threads = [threading.Thread(target=guess) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert codes.count("SignInFailure") in (8, 9)  # one more was in its turn already


def test_a_stolen_session_is_no_way_to_guess_the_password(desk: Desk) -> None:
    desk.somebody()
    _, person = desk.sign_in()

    def guess() -> None:
        desk.console.change_password(person, "a wrong guess", "another long one", address=ELSEWHERE, agent="")

    told = [refusal(guess)[0] for _ in range(9)]

    assert told == ["SignInFailure"] * 8 + ["TooManyTries"]
    assert desk.sign_in()[1].user.name == "ana"


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_what_counts_as_one_place(address: str, place: str) -> None:
    assert place_of(address) == place


# -- sessions ----------------------------------------------------------------------------------------------------------


def test_of_a_session_only_the_hash_is_kept(desk: Desk) -> None:
    desk.somebody()
    token, person = desk.sign_in()

    assert token not in desk.stored()
    assert person.session.token_hash == hashlib.sha256(token.encode()).hexdigest()
    assert len(token) == 43  # 32 random bytes


def test_a_session_is_who_signed_in_and_nobody_else(desk: Desk) -> None:
    ana = desk.somebody()
    token, person = desk.sign_in()

    assert desk.console.person(token) == person
    assert (person.identity.arn, person.identity.principal_id) == (f"arn:aws:iam::{ACCOUNT}:user/ana", ana.id)
    assert [desk.console.person(one) for one in ("", token[:-1], token + "x", person.session.token_hash)] == [None] * 4


ENDINGS: dict[str, Callable[[Desk, User, str], object]] = {
    "signing out": lambda desk, _user, token: desk.console.sign_out(token),
    "being disabled": lambda desk, user, _token: desk.people.set_enabled(user, False),
    "being disabled and enabled again": lambda desk, user, _token: (
        desk.people.set_enabled(user, False),
        desk.people.set_enabled(user, True),
    ),
    "being deleted": lambda desk, user, _token: desk.people.delete(user),
    "another password": lambda desk, user, _token: desk.console.set_password(user, "another long one"),
    "no password": lambda desk, user, _token: desk.console.set_password(user, None),
    "an administrator": lambda desk, user, _token: desk.console.end_sessions(user),
    "twelve hours without use": lambda desk, _user, _token: desk.clock.forward(hours=12),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_session_ends_by(desk: Desk, ending: str) -> None:
    user = desk.somebody()
    token, _ = desk.sign_in()
    ENDINGS[ending](desk, user, token)

    assert desk.console.person(token) is None


def test_a_session_that_is_used_goes_on_for_seven_days_at_most(desk: Desk) -> None:
    desk.somebody()
    token, _ = desk.sign_in()
    hours = 0
    while desk.console.person(token) is not None:
        desk.clock.forward(hours=6)
        hours += 6

    assert hours == 7 * 24


def test_what_a_session_may_changes_with_its_next_request(desk: Desk) -> None:
    ana = desk.somebody(role="Viewer")
    token, _ = desk.sign_in()
    desk.people.set_role(ana, "")
    person = desk.console.person(token)

    assert person is not None
    assert desk.identities.policies_of(person.identity) == ()


def test_a_new_password_ends_other_sessions_and_begins_another(desk: Desk) -> None:
    desk.somebody()
    other, _ = desk.sign_in(address=ELSEWHERE)
    token, person = desk.sign_in()
    new, _ = desk.console.change_password(person, PASSWORD, "another long one", address=HERE, agent="")

    assert [desk.console.person(one) is not None for one in (other, token, new)] == [False, False, True]
    assert refusal(desk.sign_in)[0] == "SignInFailure"


# -- links that work once ----------------------------------------------------------------------------------------------


def test_a_link_works_once_within_a_day_and_only_the_latest(desk: Desk) -> None:
    user = desk.somebody(password=None)
    first, second = desk.console.welcome(user), desk.console.welcome(user)

    def use(token: str) -> object:
        return desk.console.use_welcome(token, PASSWORD, address=HERE, agent="")

    assert refusal(lambda: use(first))[0] == "SignInFailure"
    assert use(second)
    assert refusal(lambda: use(second))[0] == "SignInFailure"
    late = desk.console.welcome(user)
    desk.clock.forward(days=1)
    assert refusal(lambda: use(late))[0] == "SignInFailure"
    assert late not in desk.stored()


def test_links_cannot_be_guessed_for_ever(desk: Desk) -> None:
    codes = [
        refusal(lambda n=n: desk.console.use_welcome(f"guess {n}", PASSWORD, address=HERE, agent=""))[0]  # type: ignore[misc]
        for n in range(9)
    ]

    assert codes == ["SignInFailure"] * 8 + ["TooManyTries"]


def test_a_disabled_user_has_no_use_of_a_link(desk: Desk) -> None:
    user = desk.somebody(password=None)
    link = desk.console.welcome(user)
    desk.people.set_enabled(user, False)

    assert refusal(lambda: desk.console.use_welcome(link, PASSWORD, address=HERE, agent=""))[0] == "SignInFailure"


# -- people ------------------------------------------------------------------------------------------------------------


def test_a_role_takes_the_place_of_the_one_before_and_leaves_other_policies(desk: Desk) -> None:
    ana = desk.somebody(role="Viewer")
    desk.identities.attach_policy(ana, "AWSCloudTrail_ReadOnlyAccess")
    change = desk.people.set_role(ana, "Responder")
    member = desk.people.member(ACCOUNT, "ana")

    assert (change.detached, change.attached) == (("TrailmereViewer",), ("TrailmereResponder",))
    assert (member.role, member.others) == ("Responder", ("AWSCloudTrail_ReadOnlyAccess",))


LOCKOUTS: dict[str, Callable[[People, User], object]] = {
    "disabling": lambda people, user: people.set_enabled(user, False),
    "another role": lambda people, user: people.set_role(user, "Viewer"),
    "no role": lambda people, user: people.set_role(user, ""),
    "deleting": lambda people, user: people.delete(user),
}


@pytest.mark.parametrize("how", LOCKOUTS)
def test_the_last_administrator_stays_one_whatever_is_tried(desk: Desk, how: str) -> None:
    boss = desk.somebody("boss", "Administrator")
    desk.somebody("invited", "Administrator", password=None)  # has not chosen a password yet
    desk.people.set_enabled(desk.somebody("off", "Administrator"), False)
    desk.identities.create_account("other", "444455556666")
    elsewhere = desk.people.create("444455556666", "elsewhere", "Administrator")
    desk.console.set_password(elsewhere, PASSWORD)

    with pytest.raises(IdentityInUse, match="boss is the last administrator"):
        LOCKOUTS[how](desk.people, boss)
    assert desk.people.member(ACCOUNT, "boss").role == "Administrator"
    assert desk.sign_in("boss")[1].user.enabled


@pytest.mark.parametrize("how", LOCKOUTS)
def test_one_of_two_administrators_may_go(desk: Desk, how: str) -> None:
    boss = desk.somebody("boss", "Administrator")
    desk.somebody("deputy", "Administrator")
    LOCKOUTS[how](desk.people, boss)

    assert desk.people.member(ACCOUNT, "deputy").role == "Administrator"


def test_two_administrators_who_remove_each_other_at_once_leave_one(desk: Desk) -> None:
    pair = [desk.somebody(name, "Administrator") for name in ("boss", "deputy")]
    refused: list[str] = []

    def remove(user: User) -> None:
        try:
            desk.people.delete(user)
        except IdentityInUse as error:
            refused.append(error.message)

    threads = [threading.Thread(target=remove, args=(user,)) for user in pair]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(refused) == 1
    assert [one.role for one in desk.people.members(ACCOUNT)] == ["Administrator"]


def test_an_account_without_administrators_can_change_its_other_users(desk: Desk) -> None:
    ana = desk.somebody()
    desk.people.set_enabled(ana, False)
    desk.people.delete(ana)

    assert desk.people.members(ACCOUNT) == []


def test_who_is_deleted_leaves_neither_keys_nor_password(desk: Desk) -> None:
    ana = desk.somebody()
    key = desk.identities.create_key(ana)
    desk.sign_in()
    desk.people.delete(ana)

    assert desk.identities.secret_of(key.access_key_id, None) is None
    assert desk.stored() == "[[], [], []]"
    with pytest.raises(IdentityNotFound):
        desk.people.member(ACCOUNT, "ana")
