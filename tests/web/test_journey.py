"""The console as a whole: from a finding of a dashboard to the stolen key and to what it deleted; then a query of it is
run, saved, exported, made a dashboard, refreshed by a schedule and shared. Once by mouse, once by keys alone."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.web.browsing import PASSWORD, Console, Watched, sign_in, watched
from tests.web.test_dashboards import clean, more, refresh, widget
from tests.web.test_events_story import (
    follow_by_clicking,
    follow_by_keys,
    open_event_by_keys,
    rows,
    step_to,
    take_lead_by_keys,
)
from tests.web.test_query import ANSWER, downloaded
from trailmere.simulator.cast import COMPROMISED_KEY, COMPROMISED_USER
from trailmere.simulator.compromised_key import NEW_KEY, NEW_USER

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Download, Locator, Page

pytestmark = [pytest.mark.extended, pytest.mark.usefixtures("clean")]
__all__ = ["clean"]

FIRST, LAST = "2022-03-14 00:00:00", "2022-03-17 00:00:00"
DENIED_MOST = "Top access denied callers"
PARTNER = "444455556666"


def records(file: Download) -> list[dict[str, str]]:
    with file.path().open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_from_a_finding_to_a_dashboard_that_is_shared_by_mouse(
    browser: Browser, visitor: Watched, console: Console
) -> None:
    page = visitor.page
    sign_in(page)
    find_the_key_by_clicking(page)
    follow_by_clicking(page)
    expect(rows(page, "DeleteObject", NEW_USER)).to_have_count(1)
    page.locator("summary", has_text="Export").click()
    with page.expect_download() as file:
        page.get_by_role("link", name=re.compile("^CSV")).click()
    assert "DeleteObject" in [one["eventName"] for one in records(file.value)]

    query_the_new_key_by_clicking(page)
    deeds = records(downloaded(page, "CSV"))
    assert {"StopLogging", "DeleteObject", "DeleteBucket"} <= {one["eventName"] for one in deeds}
    page.get_by_role("link", name="Save as widget").click()
    page.get_by_label("Title").fill("Deeds of the new key")
    page.get_by_label("Name of the new dashboard").fill("after-the-theft")
    page.get_by_role("button", name="Add the widget").click()
    schedule_by_clicking(page)
    link = share_by_clicking(page)

    expect_it_read_only(browser, console, link, "Deeds of the new key", "StopLogging")


def find_the_key_by_clicking(page: Page) -> None:
    """Highlights are turned on and asked of the days of the incident; who was denied most leads to the key."""
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Dashboards").click()
    page.get_by_role("button", name="Enable Highlights").click()
    page.locator("[data-range] summary").click()
    page.get_by_label("From", exact=True).fill(FIRST)
    page.get_by_label("To", exact=True).fill(LAST)
    page.get_by_role("button", name="Use", exact=True).click()
    page.wait_for_url(re.compile("range="))
    refresh(page)
    row = widget(page, DENIED_MOST).get_by_role("row", name=re.compile(COMPROMISED_USER))
    row.get_by_role("link", name=re.compile("^Events")).click()
    rows(page, "CreateUser").locator("td a").first.click()
    page.get_by_role("link", name=f"All that this access key did {COMPROMISED_KEY}").click()


def query_the_new_key_by_clicking(page: Page) -> None:
    """A sample is asked about the key that the thief made, and saved."""
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Query").click()
    page.get_by_role("navigation", name="Query").get_by_role("link", name="Saved and samples").click()
    page.get_by_label("Search").fill("access key")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("link", name="What an access key did").click()
    page.get_by_label(":key").fill(NEW_KEY)
    page.locator("[data-save] summary").click()
    page.get_by_label("Name").fill("What the new key did")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("Saved as What the new key did.")
    page.get_by_label(":key").fill(NEW_KEY)
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_url(ANSWER)
    expect(page.locator("[data-cells] tbody tr")).not_to_have_count(0)


def schedule_by_clicking(page: Page) -> None:
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Dashboards").click()
    page.get_by_role("link", name="after-the-theft").click()
    page.get_by_role("button", name="Let CloudTrail query it").click()
    refresh(page)
    more(page)
    page.get_by_label("Refresh every").select_option(label="every day")
    page.get_by_role("button", name="Keep the schedule").click()
    expect(page.get_by_role("status")).to_contain_text("It is refreshed every day")


def share_by_clicking(page: Page) -> str:
    more(page)
    page.get_by_label("Account, or ARN").fill(PARTNER)
    page.get_by_role("button", name="Share", exact=True).click()
    return shared_link(page)


def shared_link(page: Page) -> str:
    found = page.locator("[data-copy*='/console/dashboards/arn']")
    expect(found).to_have_count(1)
    return found.get_attribute("data-copy") or ""


def expect_it_read_only(browser: Browser, console: Console, link: str, title: str, text: str) -> None:
    """A user of another account opens the link, sees the answer, and has nothing to change it with."""
    user = re.sub("[^a-z]", "-", title.lower())
    console.a_user(user, "AdministratorAccess", account=PARTNER)
    with watched(browser, console) as seen:
        sign_in(seen.page, user, account=PARTNER)
        seen.page.goto(link)

        expect(widget(seen.page, title)).to_contain_text(text)
        expect(seen.page.get_by_role("main")).to_contain_text("shown to you read-only")
        expect(seen.page.get_by_role("button", name="Refresh")).to_have_count(0)
        expect(seen.page.get_by_role("link", name="Edit", exact=True)).to_have_count(0)
        seen.check()


def test_from_a_finding_to_a_dashboard_that_is_shared_by_keys_alone(
    browser: Browser, visitor: Watched, console: Console
) -> None:
    """All is done by keys but what the other user does, who has a link and clicks no more than Sign in."""
    page = visitor.page
    keys = page.keyboard
    sign_in_by_keys(page)
    find_the_key_by_keys(page)
    follow_by_keys(page)
    expect(rows(page, "DeleteObject", NEW_USER)).not_to_have_count(0)

    query_keys_that_were_made_by_keys(page)
    keys.press("r")
    tab_to(page, page.locator("#answer summary", has_text="Export"))
    keys.press("Enter")
    tab_to(page, page.locator("#answer").get_by_role("link", name="CSV", exact=True))
    with page.expect_download() as file:
        keys.press("Enter")
    assert NEW_USER in str(records(file.value))
    keys.press("Escape")
    keys.press("s")
    expect(page.get_by_label("Name")).to_be_focused()
    keys.type("Keys that were made")
    keys.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Saved as Keys that were made.")
    build_by_keys(page)
    schedule_by_keys(page)
    link = share_by_keys(page)

    expect_it_read_only(browser, console, link, "Keys that were made", NEW_USER)


def tab_to(page: Page, target: Locator) -> None:
    """Tab until the focus is there."""
    expect(target).to_have_count(1)
    for _ in range(150):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{target} is not reached by Tab")


def type_over(page: Page, target: Locator, text: str) -> None:
    tab_to(page, target)
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


def press(page: Page, target: Locator) -> None:
    tab_to(page, target)
    page.keyboard.press("Enter")


def sign_in_by_keys(page: Page) -> None:
    page.goto("/console")
    expect(page.get_by_label("User")).to_be_focused()
    page.keyboard.type("admin")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)


def go(page: Page, key: str, heading: str) -> None:
    page.keyboard.press("g")
    page.keyboard.press(key)
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)


def find_the_key_by_keys(page: Page) -> None:
    go(page, "d", "Dashboards")
    press(page, page.get_by_role("button", name="Enable Highlights"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Highlights")
    page.keyboard.press("t")
    type_over(page, page.get_by_label("From", exact=True), FIRST)
    type_over(page, page.get_by_label("To", exact=True), LAST)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("range="))
    refresh_by_keys(page)
    step_to(page, widget(page, DENIED_MOST).get_by_role("row", name=re.compile(COMPROMISED_USER)))
    page.keyboard.press("Enter")
    open_event_by_keys(page, "CreateUser")
    take_lead_by_keys(page, f"All that this access key did {COMPROMISED_KEY}")


def refresh_by_keys(page: Page) -> None:
    """Refresh, and wait until each widget has what it has."""
    expect(page.get_by_role("button", name="Refresh", exact=True)).to_be_enabled(timeout=60_000)
    page.keyboard.press("r")
    expect(page.locator("[aria-busy]")).to_have_count(0, timeout=60_000)
    expect(page.get_by_role("button", name="Refresh", exact=True)).to_be_enabled(timeout=60_000)


def query_keys_that_were_made_by_keys(page: Page) -> None:
    go(page, "q", "Query")
    press(page, page.get_by_role("navigation", name="Query").get_by_role("link", name="Saved and samples"))
    page.wait_for_url(re.compile("/query/samples"))
    page.keyboard.press("/")
    page.keyboard.type("access keys created")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("q=access"))
    step_to(page, page.locator("li", has=page.get_by_role("link", name="Access keys created", exact=True)))
    page.keyboard.press("Enter")
    expect(page.locator("#check")).to_contain_text("Would scan")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(ANSWER)
    expect(page.locator("[data-cells] tbody tr")).not_to_have_count(0)


def build_by_keys(page: Page) -> None:
    go(page, "d", "Dashboards")
    type_over(page, page.get_by_label("New dashboard"), "keys-made")
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("Saved query"))
    page.keyboard.type("Keys that were")
    press(page, page.get_by_role("button", name="Use it"))
    expect(page.get_by_label("Title")).to_have_value("Keys that were made")
    tab_to(page, page.locator(".cm-content"))
    page.keyboard.press("Escape")  # in the editor Tab indents
    press(page, page.get_by_role("button", name="Save the widget"))
    expect(page.get_by_role("status")).to_contain_text("Keys that were made is kept")
    press(page, page.get_by_role("button", name="Let CloudTrail query it"))
    refresh_by_keys(page)


def schedule_by_keys(page: Page) -> None:
    open_more_by_keys(page)
    tab_to(page, page.get_by_label("Refresh every"))
    page.keyboard.type("every day")
    press(page, page.get_by_role("button", name="Keep the schedule"))
    expect(page.get_by_role("status")).to_contain_text("It is refreshed every day")


def share_by_keys(page: Page) -> str:
    open_more_by_keys(page)
    type_over(page, page.get_by_label("Account, or ARN"), PARTNER)
    page.keyboard.press("Enter")
    return shared_link(page)


def open_more_by_keys(page: Page) -> None:
    press(page, page.locator("summary", has_text=re.compile("^More$")))


def test_that_nothing_is_found_where_there_are_no_events_is_not_good_news(admin: Watched) -> None:
    page = admin.page
    page.goto("/console/dashboards/AWSCloudTrail-ErrorAnalysis?store=incident-1")
    refresh(page)
    expect(page.get_by_role("main")).to_contain_text("incident-1 has no events in this time")
    page.get_by_role("link", name="Choose the three days until then").click()
    page.wait_for_url(re.compile("range=2022-03-14"))
    refresh(page)

    expect(page.get_by_role("main")).not_to_contain_text("has no events in this time")
    expect(page.get_by_role("main")).to_contain_text("Shows incident-1, 2022-03-14 00:00:00 UTC to 2022-03-17")
