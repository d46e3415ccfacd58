"""The way in, in a real browser: signing in and out, the link of a first visit, and who is kept out."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from tests.web.browsing import PASSWORD, Console, Watched, sign_in

pytestmark = pytest.mark.extended


def test_who_signs_in_goes_on_where_they_wanted(visitor: Watched) -> None:
    visitor.page.goto("/console/settings/me?tz=UTC")
    expect(visitor.page).to_have_url(re.compile("sign-in"))

    visitor.page.get_by_label("User").fill("admin")
    visitor.page.get_by_label("Password").fill(PASSWORD)
    visitor.page.get_by_label("Password").press("Enter")

    expect(visitor.page).to_have_url(re.compile(r"/console/settings/me\?tz=UTC$"))


def test_a_wrong_password_says_nothing_about_what_is_wrong(visitor: Watched, console: Console) -> None:
    told = []
    for user in ("admin", "nobody"):
        visitor.page.goto("/console/sign-in")
        visitor.page.get_by_label("User").fill(user)
        visitor.page.get_by_label("Password").fill("another password")
        visitor.page.get_by_role("button", name="Sign in").click()
        told.append(visitor.page.get_by_role("alert").inner_text())
    last = json.loads(console.notes[-1])

    assert told[0] == told[1] == "The account, user name or password is wrong."
    assert (last["eventName"], last["responseElements"]) == ("ConsoleLogin", {"ConsoleLogin": "Failure"})


def test_a_sign_in_is_an_event(visitor: Watched, console: Console) -> None:
    sign_in(visitor.page)
    event = next(json.loads(one) for one in reversed(console.notes) if b"ConsoleLogin" in one)

    assert event["eventSource"] == "signin.amazonaws.com"
    assert (event["userIdentity"]["userName"], event["responseElements"]) == ("admin", {"ConsoleLogin": "Success"})
    assert PASSWORD not in json.dumps(event)


def test_the_link_of_a_first_visit_sets_a_password_once(visitor: Watched, console: Console) -> None:
    identities = console.app.identities
    user = identities.create_user(console.app.settings.account_id, "newcomer")
    identities.attach_policy(user, "TrailmereViewer")
    link = f"/console/welcome#{console.app.console.welcome(user)}"

    def choose() -> None:
        visitor.page.goto("about:blank")
        visitor.page.goto(link)
        visitor.page.get_by_label("Password").fill("a long enough one")
        visitor.page.get_by_label("Once more").fill("a long enough one")
        visitor.page.get_by_role("button", name="Set the password").click()

    choose()
    expect(visitor.page.get_by_role("navigation", name="Main")).to_be_visible()
    visitor.context.clear_cookies()
    choose()

    expect(visitor.page.get_by_role("alert")).to_contain_text("used already")


def test_who_signed_out_has_to_sign_in_again(admin: Watched) -> None:
    admin.page.locator("details.menu summary", has_text="admin").click()
    admin.page.get_by_role("button", name="Sign out").click()
    expect(admin.page).to_have_url(re.compile("sign-in"))
    admin.page.goto("/console")

    expect(admin.page).to_have_url(re.compile("sign-in"))


def test_the_theme_that_is_chosen_stays(admin: Watched) -> None:
    admin.page.locator("details.menu summary", has_text="admin").click()
    admin.page.get_by_label("Dark").check()
    admin.page.reload()

    assert admin.page.locator("html").get_attribute("data-theme") == "dark"


def test_keys_lead_from_page_to_page(admin: Watched) -> None:
    admin.page.goto("/console/settings/me")
    admin.page.keyboard.press("g")
    admin.page.keyboard.press("h")
    admin.page.wait_for_url(re.compile(r"/console/$"))
    admin.page.wait_for_load_state("networkidle")
    admin.page.keyboard.press("Control+k")
    expect(admin.page.get_by_role("dialog", name="Go to")).to_be_visible()
    admin.page.keyboard.type("AKIAIOSFODNN7EXAMPLE")

    expect(admin.page.get_by_role("option").first).to_contain_text("access key")
