"""Settings, as people use them: their own password, sessions and keys; users and who may change them; what the lake
lives from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from playwright.sync_api import expect

from tests.web.browsing import PASSWORD, Console, Watched, sign_in, watched
from trailmere.settings import load, origin
from trailmere.web.pages.settings_limits import without_secrets

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

extended = pytest.mark.extended
NEW = "another long password"


@contextmanager
def somebody(browser: Browser, console: Console, name: str, *policies: str) -> Iterator[Watched]:
    """A page of a user who is made where they are not there yet."""
    if name not in {one.name for one in console.app.identities.users()}:
        console.a_user(name, *policies)
    with watched(browser, console) as seen:
        sign_in(seen.page, name)
        yield seen
        seen.check()


def noted(console: Console, user: str) -> list[tuple[str, str]]:
    """Names and error codes of what a person did, from the first on."""
    events = [json.loads(one) for one in console.notes]
    mine = [one for one in events if one["userIdentity"].get("userName") == user]
    return [(one["eventName"], one.get("errorCode", "")) for one in mine if one["eventName"] != "ConsoleLogin"]


def send(seen: Watched, console: Console, path: str, **form: str) -> int:
    """A form that no page offered; the status of what came back."""
    fields: dict[str, str | float | bool] = {**form}
    same = {"origin": console.url, "sec-fetch-site": "same-origin"}
    answer = seen.context.request.post(f"/console{path}", form=fields, headers=same, max_redirects=0)
    return int(answer.status)


def section(page: Page, title: str) -> Any:
    """The part of a page under a heading."""
    return page.locator("section", has=page.get_by_role("heading", name=title, exact=True))


# -- one's own ---------------------------------------------------------------------------------------------------------


@extended
def test_a_new_password_is_chosen_and_other_browsers_have_to_sign_in_again(browser: Browser, console: Console) -> None:
    with somebody(browser, console, "renewer", "TrailmereViewer") as other:
        with somebody(browser, console, "renewer") as seen:
            seen.page.goto("/console/settings/me")
            seen.page.get_by_label("Present password").fill(PASSWORD)
            seen.page.get_by_label("New password", exact=True).fill(NEW)
            seen.page.get_by_label("New password once more").fill(NEW)
            seen.page.get_by_role("button", name="Change the password").click()

            expect(seen.page.get_by_role("status")).to_contain_text("The password is changed")
            expect(section(seen.page, "Sessions").locator("tbody tr")).to_have_count(1)
        other.page.goto("/console/settings/me")

        expect(other.page).to_have_url(re.compile("sign-in"))


@extended
@pytest.mark.parametrize(
    ("old", "new", "again", "told"),
    [
        ("not my password", NEW, NEW, "The present password is another."),
        (PASSWORD, NEW, NEW + "!", "The two new passwords are not the same."),
    ],
)
def test_a_password_is_not_changed_by_mistake(
    browser: Browser, console: Console, old: str, new: str, again: str, told: str
) -> None:
    with somebody(browser, console, "hasty", "TrailmereViewer") as seen:
        seen.page.goto("/console/settings/me")
        seen.page.get_by_label("Present password").fill(old)
        seen.page.get_by_label("New password", exact=True).fill(new)
        seen.page.get_by_label("New password once more").fill(again)
        seen.page.keyboard.press("Enter")

        expect(seen.page.get_by_role("alert")).to_contain_text(told)
    with somebody(browser, console, "hasty"):
        pass  # the password is what it was


@extended
def test_a_session_elsewhere_is_ended_from_here(browser: Browser, console: Console) -> None:
    with somebody(browser, console, "traveller", "TrailmereViewer") as there:
        with somebody(browser, console, "traveller") as here:
            here.page.goto("/console/settings/me")
            here.page.get_by_role("button", name=re.compile("^End the session")).click()

            expect(here.page.get_by_role("status")).to_contain_text("The session is over.")
            expect(section(here.page, "Sessions").locator("tbody tr")).to_have_count(1)
        there.page.reload()

        expect(there.page).to_have_url(re.compile("sign-in"))


@extended
def test_nobody_ends_the_session_of_somebody_else(browser: Browser, console: Console, admin: Watched) -> None:
    (target,) = {one.user_id for one in console.app.console.sessions() if one.user_id} & {
        console.app.identities.user(console.app.settings.account_id, "admin").id
    }
    hashes = [one.token_hash for one in console.app.console.sessions() if one.user_id == target]
    with somebody(browser, console, "meddler", "TrailmereViewer") as seen:
        for one in hashes:
            send(seen, console, "/settings/me/sessions", session=one)
    admin.page.goto("/console/settings/me")

    expect(admin.page.get_by_role("heading", level=1)).to_have_text("admin")


@extended
def test_who_signs_out_everywhere_is_signed_out_here_too(browser: Browser, console: Console) -> None:
    with somebody(browser, console, "leaver", "TrailmereViewer") as other, somebody(browser, console, "leaver") as seen:
        seen.page.on("dialog", lambda dialog: dialog.accept())
        seen.page.goto("/console/settings/me")
        seen.page.get_by_role("button", name="Sign out everywhere").click()

        expect(seen.page).to_have_url(re.compile("sign-in"))
        other.page.reload()
        expect(other.page).to_have_url(re.compile("sign-in"))


@extended
def test_an_access_key_shows_its_secret_once_and_signs_until_it_is_switched_off(
    browser: Browser, console: Console
) -> None:
    with somebody(browser, console, "scripter", "TrailmereViewer") as seen:
        page = seen.page
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto("/console/settings/me")
        page.get_by_role("button", name="Create an access key").click()
        secret = page.locator("#new-secret").inner_text()
        key = page.locator("section.secret dd code").first.inner_text()
        client = boto3.client(
            "cloudtrail", "us-east-1", endpoint_url=console.url, aws_access_key_id=key, aws_secret_access_key=secret
        )
        stores = client.list_event_data_stores()["EventDataStores"]
        page.goto("/console/settings/me")
        after = page.content()
        page.get_by_role("button", name="Switch off").click()
        expect(page.get_by_role("status")).to_contain_text("switched off")
        with pytest.raises(ClientError, match="UnrecognizedClientException"):
            client.list_event_data_stores()
        page.get_by_role("button", name="Delete").click()

        expect(page.get_by_text("No access keys.")).to_be_visible()
        assert len(stores) >= 2
        assert secret not in after
    told = [one for one in noted(console, "scripter") if one[0].endswith("AccessKey")]
    assert told == [("CreateAccessKey", ""), ("UpdateAccessKey", ""), ("DeleteAccessKey", "")]


@extended
def test_nobody_touches_the_access_key_of_somebody_else(browser: Browser, console: Console) -> None:
    administrator = console.app.identities.user(console.app.settings.account_id, "admin")
    key = console.app.identities.keys(administrator)[0]
    with somebody(browser, console, "meddler", "TrailmereViewer") as seen:
        statuses = [send(seen, console, "/settings/me/keys/change", key=key.id, do=do) for do in ("off", "delete")]

    assert statuses == [404, 404]
    assert [one.active for one in console.app.identities.keys(administrator)] == [True]
    assert noted(console, "meddler")[-2:] == [("UpdateAccessKey", "NoSuchEntity"), ("DeleteAccessKey", "NoSuchEntity")]


# -- users -------------------------------------------------------------------------------------------------------------


@extended
def test_a_newcomer_is_made_gets_a_link_and_comes_in(browser: Browser, console: Console, admin: Watched) -> None:
    admin.page.goto("/console/settings/users")
    admin.page.keyboard.press("n")
    admin.page.keyboard.type("nina")
    admin.page.get_by_label("Analyst").check()
    admin.page.get_by_role("button", name="Create the user").click()
    link = admin.page.locator("#welcome-link").inner_text()
    with watched(browser, console) as seen:
        seen.page.goto(link)
        seen.page.get_by_label("Password").fill(NEW)
        seen.page.get_by_label("Once more").fill(NEW)
        seen.page.get_by_role("button", name="Set the password").click()
        expect(seen.page.get_by_role("navigation", name="Main")).to_be_visible()
        seen.page.goto("/console/settings/me")
        expect(seen.page.get_by_text("TrailmereAnalyst")).to_be_visible()
        seen.check()
    admin.page.goto("/console/settings/users")
    row = admin.page.get_by_role("row", name=re.compile("^nina"))

    expect(row).to_contain_text("Analyst")
    expect(row).to_contain_text("with a password")
    assert [one for one in noted(console, "admin") if "User" in one[0]][-2:] == [
        ("CreateUser", ""),
        ("AttachUserPolicy", ""),
    ]


@extended
@pytest.mark.parametrize(("name", "told"), [("admin", "there is a user admin"), ("<script>", "expected the name")])
def test_a_user_who_cannot_be_made_leaves_what_was_typed(admin: Watched, name: str, told: str) -> None:
    admin.page.goto("/console/settings/users")
    admin.page.get_by_label("Name").fill(name)
    admin.page.get_by_label("Responder").check()
    admin.page.get_by_role("button", name="Create the user").click()

    expect(admin.page.get_by_role("alert")).to_contain_text(told)
    expect(admin.page.get_by_label("Name")).to_have_value(name)
    expect(admin.page.get_by_label("Responder")).to_be_checked()


@extended
def test_another_role_counts_from_the_next_click_on(browser: Browser, console: Console, admin: Watched) -> None:
    with somebody(browser, console, "riser", "TrailmereViewer") as seen:
        seen.page.goto("/console/settings/users")
        expect(seen.page.get_by_role("alert")).to_contain_text("trailmere:ListIdentities")
        admin.page.goto("/console/settings/users/riser")
        admin.page.get_by_label("Administrator").check()
        admin.page.get_by_role("button", name="Change the role").click()
        expect(admin.page.get_by_role("status")).to_contain_text("riser is Administrator now.")
        seen.page.reload()

        expect(seen.page.get_by_role("heading", name="New user")).to_be_visible()


@extended
@pytest.mark.parametrize("button", ["Disable", "Delete", "Change the role"])
def test_the_last_administrator_cannot_be_locked_out(browser: Browser, console: Console, button: str) -> None:
    lone = console.a_user(f"lone{len(button)}", "AdministratorAccess", account=f"7777000000{len(button):02}")
    with watched(browser, console) as seen:
        seen.page.on("dialog", lambda dialog: dialog.accept())
        sign_in(seen.page, f"lone{len(button)}", account=lone)
        seen.page.goto(f"/console/settings/users/lone{len(button)}")
        seen.page.get_by_label("Viewer").check()
        seen.page.get_by_role("button", name=button, exact=True).click()

        expect(seen.page.get_by_role("alert")).to_contain_text("is the last administrator of account")
        seen.page.reload()
        expect(seen.page.get_by_label("Administrator")).to_be_checked()
        seen.check()
    assert noted(console, f"lone{len(button)}")[-1][1] == "DeleteConflict"


@extended
def test_a_disabled_user_is_out_at_once_and_for_good(browser: Browser, console: Console, admin: Watched) -> None:
    admin.page.on("dialog", lambda dialog: dialog.accept())
    with somebody(browser, console, "suspect", "TrailmereViewer") as seen:
        for button, told in (("Disable", "is disabled"), ("Enable", "is enabled")):
            admin.page.goto("/console/settings/users/suspect")
            admin.page.get_by_role("button", name=button, exact=True).click()
            expect(admin.page.get_by_role("status")).to_contain_text(told)
        seen.page.goto("/console/")

        expect(seen.page).to_have_url(re.compile("sign-in"))
    assert noted(console, "admin")[-2:] == [("DisableUser", ""), ("EnableUser", "")]


@extended
def test_a_user_is_deleted_with_everything(console: Console, admin: Watched) -> None:
    console.a_user("goner", "TrailmereViewer")
    user = console.app.identities.user(console.app.settings.account_id, "goner")
    key = console.app.identities.create_key(user)
    admin.page.on("dialog", lambda dialog: dialog.accept())
    admin.page.goto("/console/settings/users/goner")
    admin.page.get_by_role("button", name="Delete", exact=True).last.scroll_into_view_if_needed()
    section(admin.page, "Signing in").get_by_role("button", name="Delete").click()

    expect(admin.page.get_by_role("status")).to_contain_text("goner is deleted.")
    assert console.app.identities.secret_of(key.access_key_id, None) is None
    assert noted(console, "admin")[-1] == ("DeleteUser", "")


TRIES = {
    "/settings/users": "CreateUser",
    "/settings/users/admin/role": "AttachUserPolicy",
    "/settings/users/admin/switch": "EnableUser",
    "/settings/users/admin/delete": "DeleteUser",
    "/settings/users/admin/sessions": "EndSessions",
    "/settings/users/admin/welcome": "UpdateLoginProfile",
    "/settings/users/admin/keys": "CreateAccessKey",
    "/settings/users/admin/keys/change": "DeleteAccessKey",
}


@extended
@pytest.mark.parametrize("path", TRIES)
def test_who_may_not_change_users_is_refused_and_the_try_is_noted(
    browser: Browser, console: Console, path: str
) -> None:
    fields = {"name": "mole", "role": "Administrator", "key": "AKIAIOSFODNN7EXAMPLE"}
    action = "enable" if path.endswith("switch") else "delete"
    with somebody(browser, console, "climber", "TrailmereResponder") as seen:
        status = send(seen, console, path, do=action, **fields)

    assert status == 403
    assert noted(console, "climber")[-1] == (TRIES[path], "AccessDenied")
    assert "mole" not in {one.name for one in console.app.identities.users()}


@extended
def test_who_may_not_see_users_is_not_told_who_there_is(browser: Browser, console: Console) -> None:
    with somebody(browser, console, "climber", "TrailmereResponder") as seen:
        statuses = {
            send(seen, console, f"/settings/users/{name}/{what}")
            for name in ("admin", "nobody-of-that-name")
            for what in ("delete", "welcome", "sessions")
        }
        shown = {seen.page.goto(f"/console/settings/users/{name}").status for name in ("admin", "nobody")}  # type: ignore[union-attr]

    assert (statuses, shown) == ({403}, {403})


# -- what the lake lives from ------------------------------------------------------------------------------------------


@extended
def test_sources_tell_of_channels_and_where_to_change_them(browser: Browser, console: Console) -> None:
    with somebody(browser, console, "looker", "TrailmereViewer") as seen:
        seen.page.goto("/console/settings/sources")

        expect(seen.page.get_by_role("heading", name="What brings events")).to_be_visible()
        expect(seen.page.get_by_text("No trail is followed.")).to_be_visible()
        expect(seen.page.get_by_role("link", name="Imports")).to_have_attribute("href", "/console/stores/imports")


@extended
def test_every_setting_is_told_with_its_meaning(admin: Watched, console: Console) -> None:
    admin.page.goto("/console/settings/limits")
    rows = admin.page.locator("tbody tr")
    seconds = admin.page.get_by_role("row", name=re.compile("TRAILMERE_QUERY_SECONDS"))

    expect(rows).to_have_count(len(type(console.app.settings).__dataclass_fields__))
    expect(seconds).to_contain_text("600")
    expect(seconds).to_contain_text("default")
    expect(seconds).to_contain_text("Time a query may take.")


@extended
def test_about_tells_versions_licences_and_what_doctor_finds(admin: Watched) -> None:
    admin.page.goto("/console/settings/about")

    expect(admin.page.get_by_role("row", name=re.compile("^query cage: network"))).to_be_visible()
    admin.page.get_by_text("All notices").click()
    expect(admin.page.get_by_label("Licences")).to_contain_text("htmx.org")


@extended
def test_accounts_of_the_lake_are_listed(admin: Watched, console: Console) -> None:
    admin.page.goto("/console/settings/accounts")
    row = admin.page.get_by_role("row", name=re.compile(f"^{console.app.settings.account_id}"))

    expect(row).to_contain_text("yours")
    expect(row).to_contain_text("home")


@extended
def test_settings_fit_a_small_screen(browser: Browser, console: Console) -> None:
    with watched(browser, console, viewport={"width": 360, "height": 740}) as seen:
        sign_in(seen.page)
        for path in ("/", "/settings/me", "/settings/users", "/settings/users/admin", "/settings/limits"):
            seen.page.goto(f"/console{path}")
            assert seen.page.evaluate("document.documentElement.scrollWidth") <= 360, path
        seen.check()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql+psycopg://lake:s3cret@db.example/lake", "postgresql+psycopg://lake:hidden@db.example/lake"),
        ("postgresql://lake@db/lake?password=s3cret", "postgresql://lake@db/lake?hidden"),
        ("postgresql://u:p@ss:w@host:5432/x", "postgresql://u:hidden@host:5432/x"),
        ("/var/lib/lake", "/var/lib/lake"),
        ("one=/a:b, two=/c", "one=/a:b, two=/c"),
    ],
)
def test_a_setting_shows_no_secret(text: str, shown: str) -> None:
    assert without_secrets(text) == shown


def test_a_setting_tells_where_it_came_from(tmp_path: Path) -> None:
    environ = {"TRAILMERE_QUERY_SECONDS": "30", "TRAILMERE_REGION": "eu-west-1", "TRAILMERE_LAKE": str(tmp_path)}
    settings = load(environ, region="us-west-2")
    told = [origin(settings, name, environ) for name in ("query_seconds", "region", "lake", "query_rows")]

    assert told == ["TRAILMERE_QUERY_SECONDS", "option", "TRAILMERE_LAKE", "default"]
    assert origin(replace(settings, lake=tmp_path / "other"), "lake", environ) == "option"
