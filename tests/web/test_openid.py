"""Signing in by an OpenID provider: who comes in, as whom, and each way of lying about it that is refused.

The provider is a server with keys of its own (``tests.web.provider``); what a browser does here needs no script, so a
client with a jar of cookies stands for it.
"""

from __future__ import annotations

import base64
import json
import logging
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import OctKey
from playwright.sync_api import Browser, expect

from tests.web.browsing import PASSWORD, Console, serve_console
from tests.web.provider import CLIENT_ID, CLIENT_SECRET, Provider, a_key, a_provider
from trailmere.errors import SettingsError
from trailmere.settings import load
from trailmere.web.provider import Provider as TheirProvider

START, BACK = "/console/sign-in/oidc/start", "/console/sign-in/oidc"
ALICE = {"sub": "another-subject", "preferred_username": "ana"}


def settings_for(provider: Provider, **more: Any) -> dict[str, Any]:
    given = {"oidc_issuer": provider.url, "oidc_client_id": CLIENT_ID, "oidc_client_secret": CLIENT_SECRET}
    return given | {"oidc_name": "Example Corp"} | more


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with a_provider() as running:
        yield running


@pytest.fixture(scope="module")
def served(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console that the provider is set up for, with the user ana."""
    with serve_console(tmp_path_factory.mktemp("openid") / "lake", **settings_for(provider)) as running:
        running.a_user("ana", "TrailmereViewer")
        yield running


@pytest.fixture
def console(served: Console, provider: Provider) -> Console:
    """The same for each test: the provider tells the truth, and nobody came by it before."""
    provider.behave()
    served.app.ways_in.forget(ana(served).id)
    served.notes.clear()
    return served


@pytest.fixture
def client() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def ana(console: Console) -> Any:
    return console.app.identities.user(console.app.settings.account_id, "ana")


def way_back(console: Console, client: requests.Session, to: str = "") -> str:
    """To the provider, and the address that it sends the browser back to."""
    started = client.get(f"{console.url}{START}", params={"to": to}, allow_redirects=False)
    there = client.get(started.headers["location"], allow_redirects=False)
    return str(there.headers["location"])


def sign_in(console: Console, client: requests.Session, to: str = "") -> requests.Response:
    """What the console answers to a browser that comes back from the provider."""
    return client.get(way_back(console, client, to), allow_redirects=False)


def is_in(console: Console, client: requests.Session) -> bool:
    return client.get(f"{console.url}/console/settings/me", allow_redirects=False).status_code == 200


def last_note(console: Console) -> Mapping[str, Any]:
    read: Mapping[str, Any] = json.loads(console.notes[-1])
    return read


def test_whom_the_provider_knows_is_in_as_the_user_of_that_name(console: Console, client: requests.Session) -> None:
    answer = sign_in(console, client, to="/console/settings/me?tz=UTC")

    assert (answer.status_code, answer.headers["location"]) == (303, "/console/settings/me?tz=UTC")
    assert "<h1>ana</h1>" in client.get(f"{console.url}/console/settings/me").text


def test_the_event_of_a_sign_in_tells_who_vouched_for_whom(
    console: Console, client: requests.Session, provider: Provider
) -> None:
    provider.claims = {**provider.claims, "amr": ["pwd", "mfa"]}
    sign_in(console, client)
    event = last_note(console)

    assert (event["eventName"], event["userIdentity"]["userName"]) == ("ConsoleLogin", "ana")
    assert event["responseElements"] == {"ConsoleLogin": "Success"}
    assert event["additionalEventData"] == {
        "MFAUsed": "Yes",
        "MobileVersion": "No",
        "SignInBy": "openid",
        "Issuer": provider.url,
        "Subject": "248289761001",
    }


def test_nothing_is_asked_of_the_provider_before_somebody_goes_there(tmp_path: Path) -> None:
    with a_provider() as provider, serve_console(tmp_path / "lake", **settings_for(provider)) as console:
        page = requests.get(f"{console.url}/console/sign-in", timeout=30).text

        assert "Sign in with Example Corp" in page
        assert provider.asked == []


def test_without_a_provider_there_is_neither_button_nor_way(tmp_path: Path) -> None:
    with serve_console(tmp_path / "lake") as console:
        page = requests.get(f"{console.url}/console/sign-in", timeout=30).text
        started = requests.get(f"{console.url}{START}", timeout=30, allow_redirects=False)

    assert "Sign in with" not in page
    assert (started.status_code, "Nobody can sign in by a provider here." in started.text) == (401, True)


# -- tokens that lie -----------------------------------------------------------------------------------------

SPOILED = {
    "another issuer": {"iss": "https://elsewhere.example"},
    "another audience": {"aud": "another-client"},
    "another audience, made for us": {"aud": "another-client", "azp": CLIENT_ID},
    "another party": {"aud": [CLIENT_ID, "another-client"], "azp": "another-client"},
    "another nonce": {"nonce": "of another sign-in"},
    "no nonce": {"nonce": None},
    "expired": {"exp": int(time.time()) - 600, "iat": int(time.time()) - 900},
    "no end": {"exp": None},
    "not yet": {"nbf": int(time.time()) + 3600},
    "nobody": {"sub": None},
    "no name": {"preferred_username": None},
    "a name that is none": {"preferred_username": ["ana"]},
}


@pytest.mark.parametrize("changed", SPOILED.values(), ids=SPOILED)
def test_a_token_that_says_something_else_lets_nobody_in(
    changed: dict[str, Any], console: Console, client: requests.Session, provider: Provider
) -> None:
    provider.spoil = lambda claims: {name: one for name, one in (claims | changed).items() if one is not None}
    answer = sign_in(console, client)

    assert (answer.status_code, is_in(console, client)) == (401, False)
    assert last_note(console)["responseElements"] == {"ConsoleLogin": "Failure"}


def unsigned(claims: dict[str, Any], signature: str = "") -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": "none", "typ": "JWT"}, claims)]
    return ".".join([*(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts), signature])


def by_secret(secret: bytes, claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "HS256", "kid": "first"}, claims, OctKey.import_key(secret))


def test_a_token_that_the_provider_has_not_signed_lets_nobody_in(
    console: Console, client: requests.Session, provider: Provider
) -> None:
    stranger, public = a_key("first"), provider.key.as_pem(private=False)
    forged: dict[str, Any] = {
        "alg none": unsigned,
        "alg none with a signature": lambda claims: unsigned(claims, "c2lnbmF0dXJl"),
        "no signature": lambda claims: provider.signed(claims).rpartition(".")[0] + ".",
        "another key": lambda claims: jwt.encode({"alg": "RS256", "kid": "first"}, claims, stranger),
        "a key that comes along": lambda claims: jwt.encode(
            {"alg": "RS256", "jwk": stranger.as_dict(private=False)}, claims, stranger
        ),
        "the client's secret": lambda claims: by_secret(CLIENT_SECRET.encode(), claims),
        "the public key as a secret": lambda claims: by_secret(public, claims),
        "no token": lambda claims: None,
        "no token at all": lambda claims: "x",
    }
    answers = {}
    for name, sign in forged.items():
        provider.sign = sign
        answers[name] = (sign_in(console, client).status_code, is_in(console, client))

    assert answers == dict.fromkeys(forged, (401, False))


def test_a_provider_that_calls_itself_otherwise_is_not_the_one(tmp_path: Path, client: requests.Session) -> None:
    with a_provider() as provider, serve_console(tmp_path / "lake", **settings_for(provider)) as console:
        provider.document = {"issuer": "https://elsewhere.example"}
        answer = client.get(f"{console.url}{START}", allow_redirects=False)

    assert (answer.status_code, provider.asked) == (401, ["/.well-known/openid-configuration"])


def test_the_secret_is_sent_nowhere_without_tls(tmp_path: Path, client: requests.Session) -> None:
    with a_provider() as provider, serve_console(tmp_path / "lake", **settings_for(provider)) as console:
        provider.document = {"token_endpoint": "http://elsewhere.example/token"}
        answer = client.get(f"{console.url}{START}", allow_redirects=False)

    assert answer.status_code == 401


def test_a_provider_that_is_not_there_is_a_sentence(tmp_path: Path, client: requests.Session) -> None:
    with a_provider() as provider:
        given = settings_for(provider)
    with serve_console(tmp_path / "lake", **given) as console:
        answer = client.get(f"{console.url}{START}", allow_redirects=False)

    assert (answer.status_code, "The sign-in by the provider failed." in answer.text) == (401, True)


def test_keys_that_the_provider_has_changed_are_asked_for(
    console: Console, client: requests.Session, provider: Provider
) -> None:
    sign_in(console, client)
    before, provider.key = provider.key, a_key("second")
    client.cookies.clear()
    answer = sign_in(console, client)
    provider.key = before

    assert answer.status_code == 303


# -- ways back that are none -----------------------------------------------------------------------------------------


def test_a_way_back_is_of_the_browser_that_began_it(console: Console, client: requests.Session) -> None:
    place = way_back(console, client)
    with requests.Session() as another:
        way_back(console, another)  # with a cookie of its own
        answer = another.get(place, allow_redirects=False)

        assert (answer.status_code, is_in(console, another)) == (401, False)


def test_a_way_back_without_its_cookie_is_none(console: Console, client: requests.Session) -> None:
    place = way_back(console, client)
    answer = requests.get(place, timeout=30, allow_redirects=False)

    assert (answer.status_code, "set-cookie" in answer.headers) == (401, False)


def test_a_way_back_leads_in_once(console: Console, client: requests.Session) -> None:
    place = way_back(console, client)
    kept = client.cookies.copy()
    first = client.get(place, allow_redirects=False)
    again = requests.get(place, cookies=kept, timeout=30, allow_redirects=False)

    assert (first.status_code, again.status_code) == (303, 401)


def test_a_code_that_was_used_leads_nobody_in(console: Console, client: requests.Session) -> None:
    used = dict(parse_qsl(urlsplit(way_back(console, client)).query))
    client.get(f"{console.url}{BACK}?{urlencode(used)}", allow_redirects=False)
    client.cookies.clear()
    fresh = dict(parse_qsl(urlsplit(way_back(console, client)).query))
    answer = client.get(f"{console.url}{BACK}?{urlencode(fresh | {'code': used['code']})}", allow_redirects=False)

    assert (answer.status_code, is_in(console, client)) == (401, False)


def test_a_code_of_another_sign_in_leads_nobody_in(console: Console, client: requests.Session) -> None:
    with requests.Session() as attacker:
        theirs = dict(parse_qsl(urlsplit(way_back(console, attacker)).query))
    ours = dict(parse_qsl(urlsplit(way_back(console, client)).query))
    answer = client.get(f"{console.url}{BACK}?{urlencode(ours | {'code': theirs['code']})}", allow_redirects=False)

    assert (answer.status_code, is_in(console, client)) == (401, False)


@pytest.mark.parametrize("changed", [{"state": "another"}, {"state": ""}, {"iss": "https://elsewhere.example"}])
def test_a_way_back_with_another_state_or_provider_is_none(
    changed: dict[str, str], console: Console, client: requests.Session
) -> None:
    given = dict(parse_qsl(urlsplit(way_back(console, client)).query))
    answer = client.get(f"{console.url}{BACK}?{urlencode(given | changed)}", allow_redirects=False)

    assert (answer.status_code, is_in(console, client)) == (401, False)


def test_who_is_refused_there_is_told_so_here(console: Console, client: requests.Session, provider: Provider) -> None:
    provider.refuses = True
    answer = sign_in(console, client)

    assert (answer.status_code, "The provider did not sign you in." in answer.text) == (401, True)


def test_a_session_that_somebody_planted_is_over_and_not_taken_on(console: Console, client: requests.Session) -> None:
    place = way_back(console, client)
    planted, _ = console.app.console.sign_in("000000000000", "admin", PASSWORD, address="127.0.0.1", agent="")
    client.cookies.set("trailmere", planted, path="/console", domain="127.0.0.1")
    client.get(place, allow_redirects=False)

    assert client.cookies["trailmere"] != planted
    assert console.app.console.person(planted) is None


def test_a_sign_in_goes_on_nowhere_else(console: Console, client: requests.Session) -> None:
    answer = sign_in(console, client, to="//elsewhere.example/console")

    assert answer.headers["location"] == "/console"


# -- who is who -----------------------------------------------------------------------------------------


def test_nobody_is_made_unless_the_settings_say_so(
    console: Console, client: requests.Session, provider: Provider
) -> None:
    provider.claims = {"sub": "1", "preferred_username": "newcomer"}
    answer = sign_in(console, client)

    assert (answer.status_code, "there is no such user here" in answer.text) == (401, True)


def test_who_is_disabled_here_is_not_let_in_from_there(console: Console, client: requests.Session) -> None:
    console.app.people.set_enabled(ana(console), enabled=False)
    answer = sign_in(console, client)
    console.app.people.set_enabled(ana(console), enabled=True)

    assert answer.status_code == 401


def test_a_name_that_was_given_to_somebody_else_is_theirs_only_when_an_administrator_says_so(
    console: Console, client: requests.Session, provider: Provider
) -> None:
    sign_in(console, client)
    client.cookies.clear()
    provider.claims = ALICE
    refused = sign_in(console, client).status_code
    console.app.ways_in.forget(ana(console).id)

    assert (refused, sign_in(console, client).status_code) == (401, 303)


def test_who_takes_the_name_of_another_user_is_not_them(
    console: Console, client: requests.Session, provider: Provider
) -> None:
    sign_in(console, client)
    client.cookies.clear()
    provider.claims = {**provider.claims, "preferred_username": "admin"}
    answer = sign_in(console, client)

    assert (answer.status_code, "Somebody else signed in by this name before." in answer.text) == (401, True)


def test_a_user_who_is_made_has_the_role_of_the_settings(tmp_path: Path, client: requests.Session) -> None:
    with a_provider() as provider:
        given = settings_for(provider, oidc_create_role="Viewer", oidc_claim="email", oidc_users="*@example.com")
        with serve_console(tmp_path / "lake", **given) as console:
            provider.claims = {"sub": "1", "email": "eve@elsewhere.example", "email_verified": True}
            elsewhere = sign_in(console, client).status_code
            provider.claims = {"sub": "2", "email": "newcomer@example.com", "email_verified": False}
            unverified = sign_in(console, client).status_code
            provider.claims = {"sub": "2", "email": "newcomer@example.com", "email_verified": True}
            let_in = sign_in(console, client).status_code
            members = {one.user.name: one.role for one in console.app.people.members("000000000000")}
            made = last_note(console)["additionalEventData"]["UserCreated"]

    assert (elsewhere, unverified, let_in, made) == (401, 401, 303, "Yes")
    assert members == {"admin": "Administrator", "newcomer@example.com": "Viewer"}


# -- secrets and settings -----------------------------------------------------------------------------------------


def test_the_secret_is_in_no_address_page_or_log(
    console: Console, client: requests.Session, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    sign_in(console, client)
    provider.sign = unsigned
    with requests.Session() as another:
        sign_in(console, another)
        another.post(f"{console.url}/console/sign-in", data={"user": "admin", "password": PASSWORD},
                     headers={"origin": console.url})  # fmt: skip
        limits = another.get(f"{console.url}/console/settings/limits").text

    assert "TRAILMERE_OIDC_CLIENT_SECRET" in limits
    assert CLIENT_SECRET not in limits + caplog.text + repr(console.app.settings) + json.dumps(provider.sent)


def test_a_wrong_secret_lets_nobody_in_and_one_in_a_file_does(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{CLIENT_SECRET}\n")
    told = []
    with a_provider() as provider:
        for more in (
            {"oidc_client_secret": "another"},
            {"oidc_client_secret": None, "oidc_client_secret_file": tmp_path / "secret"},
        ):
            with serve_console(tmp_path / "lake", **settings_for(provider, **more)) as console:
                if "ana" not in {one.name for one in console.app.identities.users()}:
                    console.a_user("ana")
                told.append(sign_in(console, requests.Session()).status_code)

    assert told == [401, 303]


def test_without_its_extra_a_provider_is_refused_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "authlib", None)
    settings = load({}, lake=tmp_path, oidc_issuer="https://id.example.com", oidc_client_id="x")

    with pytest.raises(SettingsError, match="needs the extra oidc"):
        TheirProvider(settings)


def test_a_secret_that_cannot_be_read_is_told_at_the_start(tmp_path: Path) -> None:
    given = {"oidc_issuer": "https://id.example.com", "oidc_client_id": "x"}
    settings = load({}, lake=tmp_path, oidc_client_secret_file=tmp_path / "none", **given)

    with pytest.raises(SettingsError, match="none cannot be read"):
        TheirProvider(settings)


BROKEN = {
    "an issuer without TLS": ({"oidc_issuer": "http://id.example.com"}, "expected an https address"),
    "no client": ({"oidc_client_id": ""}, "oidc_client_id"),
    "two secrets": ({"oidc_client_secret_file": "x"}, "expected one of them, got both"),
    "an account that is none": ({"oidc_account": "12"}, "expected 12 digits"),
    "administrators by signing in": ({"oidc_create_role": "Administrator"}, "expected one of Viewer"),
}


@pytest.mark.parametrize(("changed", "said"), BROKEN.values(), ids=BROKEN)
def test_settings_that_cannot_be_meant_are_refused(changed: dict[str, str], said: str, tmp_path: Path) -> None:
    given = {"oidc_issuer": "https://id.example.com", "oidc_client_id": "x", "oidc_client_secret": "y"} | changed

    with pytest.raises(SettingsError, match=said):
        load({}, lake=tmp_path, **given)


@pytest.mark.extended
def test_the_button_leads_to_the_provider_and_back(console: Console, browser: Browser) -> None:
    context = browser.new_context(base_url=console.url)
    page = context.new_page()
    page.goto("/console/settings/me")
    page.get_by_role("link", name="Sign in with Example Corp").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("ana")
    context.close()
