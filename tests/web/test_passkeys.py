"""Passkeys in a real browser with a virtual authenticator: made, used, removed, and what does not count as one."""

from __future__ import annotations

import base64
import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.web.browsing import Console, Watched, serve_console, sign_in, watched
from tests.web.test_axe import AXE, violations

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession, Page

pytestmark = pytest.mark.extended
ACCOUNT = "000000000000"
HOSTILE = "\u202elaptop <b>"


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console as http://localhost: browsers make passkeys for names, and not for addresses."""
    with serve_console(tmp_path_factory.mktemp("passkeys") / "lake") as running:
        running.a_user("ana", "TrailmereViewer")
        yield replace(running, url=running.url.replace("127.0.0.1", "localhost"))


@pytest.fixture
def ana(browser: Browser, console: Console) -> Iterator[Watched]:
    """A page of ana, who is signed in and has no passkey."""
    console.app.ways_in.forget(user_of(console).id)
    console.notes.clear()
    with watched(browser, console) as seen:
        sign_in(seen.page, "ana")
        yield seen
        seen.check()


def user_of(console: Console) -> Any:
    return console.app.identities.user(ACCOUNT, "ana")


def an_authenticator(page: Page, *, verifies: bool = True) -> tuple[CDPSession, str]:
    """What stands in a laptop: it keeps passkeys, and its user is there."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": verifies,
        "isUserVerified": verifies,
        "automaticPresenceSimulation": True,
    }
    return cdp, cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]


def add(page: Page, name: str = "laptop") -> None:
    page.goto("/console/settings/me")
    page.get_by_label("Name of the new passkey").fill(name)
    page.get_by_role("button", name="Add a passkey").click()


def sign_out(page: Page) -> None:
    page.locator("details.menu summary", has_text="ana").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url(re.compile("sign-in"))


def sign_in_by_passkey(page: Page) -> None:
    page.goto("/console/sign-in?to=/console/settings/me")
    page.get_by_role("button", name="Sign in with a passkey").click()


def notes(console: Console, name: str) -> list[Mapping[str, Any]]:
    return [event for event in map(json.loads, console.notes) if event["eventName"] == name]


def post(page: Page, path: str, fields: Mapping[str, str]) -> int:
    """The status of a form that a script of the page sends."""
    send = """async ([path, fields]) => (await fetch(path, {
        method: "POST", redirect: "manual", body: new URLSearchParams(fields)})).status"""
    return int(page.evaluate(send, [path, dict(fields)]))


def signed(page: Page, verification: str = "required") -> str:
    """What the authenticator signs for the sign-in page, not sent."""
    return str(
        page.evaluate(
            """async (userVerification) => {
        const options = await (await fetch("/console/sign-in/passkey/ask", { method: "POST" })).json();
        const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON({...options, userVerification});
        return JSON.stringify((await navigator.credentials.get({ publicKey })).toJSON());
    }""",
            verification,
        )
    )


def test_a_passkey_signs_in_without_a_password(ana: Watched, console: Console) -> None:
    an_authenticator(ana.page)
    add(ana.page)
    expect(ana.page.get_by_role("status")).to_contain_text("The passkey laptop is added.")
    sign_out(ana.page)
    sign_in_by_passkey(ana.page)

    expect(ana.page.get_by_role("heading", level=1)).to_have_text("ana")
    expect(ana.page.get_by_role("region", name="Passkeys")).to_contain_text("laptop")
    assert console.app.passkeys.of(user_of(console))[0].used is not None


def test_what_is_done_with_passkeys_is_noted(ana: Watched, console: Console) -> None:
    an_authenticator(ana.page)
    add(ana.page)
    expect(ana.page.get_by_role("status")).to_contain_text("is added")
    sign_out(ana.page)
    sign_in_by_passkey(ana.page)
    expect(ana.page.get_by_role("heading", level=1)).to_have_text("ana")
    made, entered = notes(console, "CreatePasskey")[-1], notes(console, "ConsoleLogin")[-1]

    assert made["requestParameters"] == {"userName": "ana", "passkeyName": "laptop"}
    assert entered["userIdentity"]["userName"] == "ana"
    assert entered["additionalEventData"] == {"MFAUsed": "Yes", "MobileVersion": "No", "SignInBy": "passkey"}


def test_a_removed_passkey_opens_nothing(ana: Watched, console: Console) -> None:
    an_authenticator(ana.page)
    add(ana.page)
    ana.page.on("dialog", lambda dialog: dialog.accept())
    ana.page.get_by_role("button", name="Remove the passkey laptop").click()
    expect(ana.page.get_by_role("status")).to_contain_text("The passkey is removed.")
    sign_out(ana.page)
    sign_in_by_passkey(ana.page)

    expect(ana.page.get_by_role("alert")).to_contain_text("This passkey does not open this console.")
    assert notes(console, "DeletePasskey")[-1]["requestParameters"]["passkeyName"] == "laptop"


def test_a_passkey_of_somebody_who_is_disabled_opens_nothing(ana: Watched, console: Console) -> None:
    an_authenticator(ana.page)
    add(ana.page)
    expect(ana.page.get_by_role("status")).to_contain_text("is added")
    console.app.people.set_enabled(user_of(console), enabled=False)
    sign_in_by_passkey(ana.page)
    expect(ana.page.get_by_role("alert")).to_contain_text("You may not sign in here any more.")

    assert console.app.console.sessions(user_of(console)) == []
    console.app.people.set_enabled(user_of(console), enabled=True)


def test_an_authenticator_that_does_not_verify_its_user_makes_no_passkey(ana: Watched, console: Console) -> None:
    an_authenticator(ana.page, verifies=False)
    add(ana.page)

    expect(ana.page.get_by_role("alert")).to_be_visible()
    assert console.app.passkeys.of(user_of(console)) == []


def test_a_device_has_one_passkey_of_a_user(ana: Watched, console: Console) -> None:
    an_authenticator(ana.page)
    add(ana.page)
    expect(ana.page.get_by_role("status")).to_contain_text("is added")
    add(ana.page)

    expect(ana.page.get_by_role("alert")).to_contain_text("already")
    assert len(console.app.passkeys.of(user_of(console))) == 1


def test_what_was_signed_at_another_origin_opens_nothing(ana: Watched, browser: Browser, console: Console) -> None:
    cdp, authenticator = an_authenticator(ana.page)
    add(ana.page)
    expect(ana.page.get_by_role("status")).to_contain_text("is added")
    kept = cdp.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})["credentials"]
    lake = console.app.settings.lake
    with serve_console(lake) as beside:  # the same lake at another port: another origin of the same host
        elsewhere = replace(beside, url=beside.url.replace("127.0.0.1", "localhost"))
        with watched(browser, elsewhere) as seen:
            cdp, authenticator = an_authenticator(seen.page)
            for one in kept:
                cdp.send("WebAuthn.addCredential", {"authenticatorId": authenticator, "credential": one})
            sign_in_by_passkey(seen.page)

            expect(seen.page.get_by_role("alert")).to_contain_text("This passkey does not open this console.")


def test_what_was_signed_for_another_origin_is_not_believed_here(
    ana: Watched, browser: Browser, console: Console
) -> None:
    an_authenticator(ana.page)
    add(ana.page)
    expect(ana.page.get_by_role("status")).to_contain_text("is added")
    ana.page.context.clear_cookies()
    ana.page.goto("/console/sign-in")
    answer = json.loads(signed(ana.page))
    told = json.loads(from_text(answer["response"]["clientDataJSON"]))
    told["origin"] = f"http://localhost:{(urlsplit(console.url).port or 0) + 1}"
    answer["response"]["clientDataJSON"] = to_text(json.dumps(told).encode())

    assert post(ana.page, "/console/sign-in/passkey", {"credential": json.dumps(answer)}) == 401


def test_what_was_signed_leads_in_once(ana: Watched) -> None:
    an_authenticator(ana.page)
    add(ana.page)
    expect(ana.page.get_by_role("status")).to_contain_text("is added")
    ana.page.context.clear_cookies()
    ana.page.goto("/console/sign-in")
    answer = signed(ana.page)
    kept = ana.page.context.cookies()
    first = post(ana.page, "/console/sign-in/passkey", {"credential": answer})
    ana.page.context.clear_cookies()
    ana.page.context.add_cookies(kept)  # type: ignore[arg-type]
    again = post(ana.page, "/console/sign-in/passkey", {"credential": answer})

    assert (first, again) == (0, 401)  # 0: led on, which a script does not see


def test_what_was_signed_for_another_challenge_opens_nothing(ana: Watched) -> None:
    an_authenticator(ana.page)
    add(ana.page)
    expect(ana.page.get_by_role("status")).to_contain_text("is added")
    ana.page.context.clear_cookies()
    ana.page.goto("/console/sign-in")
    older = signed(ana.page)
    signed(ana.page)  # the cookie is of this challenge

    assert post(ana.page, "/console/sign-in/passkey", {"credential": older}) == 401


def test_who_holds_a_device_and_is_not_verified_by_it_is_not_let_in(ana: Watched) -> None:
    cdp, authenticator = an_authenticator(ana.page)
    add(ana.page)
    expect(ana.page.get_by_role("status")).to_contain_text("is added")
    ana.page.context.clear_cookies()
    ana.page.goto("/console/sign-in")
    cdp.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": False})
    answer = signed(ana.page, "discouraged")

    assert post(ana.page, "/console/sign-in/passkey", {"credential": answer}) == 401


def test_a_copy_of_an_authenticator_is_found_by_its_counter(ana: Watched, console: Console) -> None:
    cdp, authenticator = an_authenticator(ana.page)
    add(ana.page)
    expect(ana.page.get_by_role("status")).to_contain_text("is added")
    copy = cdp.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})["credentials"][0]
    for _ in range(2):
        sign_out(ana.page)
        sign_in_by_passkey(ana.page)
        expect(ana.page.get_by_role("heading", level=1)).to_have_text("ana")
    cdp.send("WebAuthn.clearCredentials", {"authenticatorId": authenticator})
    cdp.send("WebAuthn.addCredential", {"authenticatorId": authenticator, "credential": copy})
    sign_out(ana.page)
    sign_in_by_passkey(ana.page)

    expect(ana.page.get_by_role("alert")).to_contain_text("This passkey does not open this console.")


def test_a_passkey_is_kept_by_whoever_asked_for_it(ana: Watched, browser: Browser, console: Console) -> None:
    an_authenticator(ana.page)
    ana.page.goto("/console/settings/me")
    made = ana.page.evaluate("""async () => {
        const options = await (await fetch("/console/settings/me/passkeys/ask", { method: "POST" })).json();
        const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
        return JSON.stringify((await navigator.credentials.create({ publicKey })).toJSON());
    }""")
    begun = [one for one in ana.page.context.cookies() if one["name"] == "trailmere-begun"]
    with watched(browser, console) as admin:
        sign_in(admin.page)
        admin.page.context.add_cookies(begun)  # type: ignore[arg-type]
        status = post(admin.page, "/console/settings/me/passkeys", {"name": "x", "credential": made})
        kept = console.app.passkeys.of(console.app.identities.user(ACCOUNT, "admin"))

    assert (status, kept) == (400, [])


@pytest.mark.parametrize("sent", ["", "x", "[]", "{}", '{"id": 1}', '{"id": "x", "response": 1}', "[" * 5000])
def test_what_is_no_answer_of_an_authenticator_is_refused(sent: str, ana: Watched) -> None:
    ana.page.goto("/console/settings/me")
    tried = []
    for ask, answer in (("sign-in/passkey", "sign-in/passkey"), ("settings/me/passkeys", "settings/me/passkeys")):
        post(ana.page, f"/console/{ask}/ask", {})
        tried.append(post(ana.page, f"/console/{answer}", {"credential": sent}))

    assert tried == [401, 400]


def test_a_hostile_name_of_a_passkey_is_text(ana: Watched) -> None:
    an_authenticator(ana.page)
    add(ana.page, HOSTILE)

    expect(ana.page.get_by_role("region", name="Passkeys")).to_contain_text("\\u{202e}laptop <b>")


def test_an_administrator_has_the_passkeys_of_a_user_forgotten(
    ana: Watched, browser: Browser, console: Console
) -> None:
    an_authenticator(ana.page)
    add(ana.page)
    expect(ana.page.get_by_role("status")).to_contain_text("is added")
    with watched(browser, console) as admin:
        sign_in(admin.page)
        admin.page.goto("/console/settings/users/ana")
        admin.page.on("dialog", lambda dialog: dialog.accept())
        admin.page.get_by_role("button", name="Forget passkeys and provider").click()
        expect(admin.page.get_by_role("status")).to_contain_text("Passkeys of ana are gone")
        admin.check()
    sign_in_by_passkey(ana.page)

    expect(ana.page.get_by_role("alert")).to_contain_text("This passkey does not open this console.")


def test_who_may_not_manage_users_forgets_nobody(ana: Watched, console: Console) -> None:
    an_authenticator(ana.page)
    add(ana.page)
    expect(ana.page.get_by_role("status")).to_contain_text("is added")

    assert post(ana.page, "/console/settings/users/ana/ways", {}) == 403
    assert len(console.app.passkeys.of(user_of(console))) == 1


def test_by_an_address_without_a_name_there_are_no_passkeys(browser: Browser, console: Console) -> None:
    by_address = replace(console, url=console.url.replace("localhost", "127.0.0.1"))
    with watched(browser, by_address) as seen:
        seen.page.goto("/console/sign-in")
        expect(seen.page.get_by_label("Password")).to_be_visible()
        button = seen.page.get_by_role("button", name="Sign in with a passkey").count()
        sign_in(seen.page, "ana", to="/console/settings/me")

        expect(seen.page.get_by_text("Browsers make passkeys where")).to_be_visible()
        assert button == 0
        assert post(seen.page, "/console/sign-in/passkey/ask", {}) == 400
        seen.check()


def test_without_the_extra_there_are_no_passkeys(
    browser: Browser, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "webauthn", None)
    with watched(browser, console) as seen:
        seen.page.goto("/console/sign-in")
        refused = post(seen.page, "/console/sign-in/passkey/ask", {})
        sign_in(seen.page, "ana", to="/console/settings/me")

        expect(seen.page.get_by_role("heading", name="Access keys")).to_be_visible()
        assert (refused, seen.page.get_by_role("heading", name="Passkeys").count()) == (400, 0)
        seen.check()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_with_passkeys_have_no_violation(
    theme: Literal["light", "dark"], browser: Browser, console: Console
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm ci in web/")
    with watched(browser, console, bypass_csp=True, color_scheme=theme) as seen:
        at_the_door = violations(seen, "/sign-in")
        sign_in(seen.page, "ana")
        an_authenticator(seen.page)
        add(seen.page)
        expect(seen.page.get_by_role("status")).to_contain_text("is added")

        assert at_the_door + violations(seen, "/settings/me") == []


def from_text(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def to_text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
