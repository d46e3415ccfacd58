"""The first incident of the demo, followed from the published access key to the deleted objects without a word of SQL:
once by clicking, once by keys alone. What is true of it is ``simulator.compromised_key``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from trailmere.simulator.cast import COMPROMISED_KEY
from trailmere.simulator.compromised_key import ADDRESS, NEW_KEY, NEW_USER, OBJECTS, SESSION_KEY
from trailmere.simulator.organisation import BUILD, PRODUCTION

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.web.browsing import Watched

pytestmark = pytest.mark.extended

DELETED = sum(map(len, OBJECTS.values()))


def rows(page: Page, *texts: str) -> Locator:
    """Rows of the list that have all these texts in cells of their own."""
    found = page.locator("table.events tbody tr")
    for text in texts:
        found = found.filter(has=page.get_by_role("cell").filter(has_text=re.compile(rf"^\s*{re.escape(text)}\b")))
    return found


def follow_by_clicking(page: Page) -> None:
    """From the list of what the stolen key did to the list of one of the objects that were deleted."""
    page.locator(".facets").get_by_role("link", name=re.compile(re.escape(ADDRESS))).first.click()  # the thief's
    expect(rows(page, "CreateUser", "AccessDenied")).to_have_count(1)
    expect(rows(page, BUILD.id)).not_to_have_count(0)

    rows(page, "AssumeRole").locator("td a").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("AssumeRole")
    page.get_by_role("link", name=re.compile("The same action, as each account saw it")).click()
    expect(rows(page, "AssumeRole")).to_have_count(2)
    expect(rows(page, PRODUCTION.id)).to_have_count(1)
    page.go_back()
    page.get_by_role("link", name=re.compile(f"What the key did that this gave out.*{SESSION_KEY}")).click()
    expect(page.locator(".chips")).to_contain_text(SESSION_KEY)
    expect(rows(page, "AttachUserPolicy")).to_have_count(1)

    rows(page, "CreateAccessKey").locator("td a").first.click()
    page.get_by_role("link", name=re.compile(f"What the key did that this gave out.*{NEW_KEY}")).click()
    expect(rows(page, "StopLogging", NEW_USER)).to_have_count(1)
    page.locator(".facets").get_by_role("link", name=re.compile(r"^DeleteObject \d")).click()

    expect(rows(page, "DeleteObject", NEW_USER, PRODUCTION.id)).to_have_count(DELETED)
    rows(page, "DeleteObject").last.locator("td a").first.click()
    page.get_by_role("link", name="All on this resource arn:aws:s3:::example-production-invoices/2022/01/").click()


def follow_by_keys(page: Page) -> None:
    """The same by keys alone."""
    keys = page.keyboard
    expect(page.locator(".facets a[data-value]")).not_to_have_count(0)
    keys.press("f")
    for _ in range(80):
        if page.locator("a[data-value]:focus").filter(has_text=ADDRESS).count():
            break
        keys.press("ArrowDown")
    keys.press("Enter")
    expect(page.locator(".chips")).to_contain_text(ADDRESS)

    open_event_by_keys(page, "AssumeRole")
    take_lead_by_keys(page, SESSION_KEY)
    open_event_by_keys(page, "CreateAccessKey")
    take_lead_by_keys(page, NEW_KEY)
    open_event_by_keys(page, "DeleteObject")
    take_lead_by_keys(page, "All on this resource")


def step_to(page: Page, found: Locator) -> None:
    """``j`` until the focus is on a row that is found by the locator."""
    expect(page.locator("[data-row]").and_(found)).not_to_have_count(0)
    for _ in range(200):
        page.keyboard.press("j")
        if page.locator("[data-row]:focus").and_(found).count():
            return
    raise AssertionError("the row is not reached by j")


def open_event_by_keys(page: Page, event: str) -> None:
    step_to(page, rows(page, event))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(event)


def take_lead_by_keys(page: Page, text: str) -> None:
    step_to(page, page.locator(".leads li").filter(has_text=text))
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/console/events\?"))


def test_the_stolen_key_is_followed_by_clicking_to_what_was_deleted(admin: Watched) -> None:
    page = admin.page
    page.goto("/console")
    page.get_by_role("button", name=re.compile("Go to")).click()
    page.get_by_role("dialog", name="Go to").get_by_role("combobox").fill(COMPROMISED_KEY)
    page.get_by_role("option").filter(has_text="Everything this access key did").click()
    follow_by_clicking(page)

    expect(rows(page, "GetObject", NEW_USER)).to_have_count(1)
    expect(rows(page, "DeleteObject", NEW_USER)).to_have_count(1)


def test_the_stolen_key_is_followed_by_keys_alone(admin: Watched) -> None:
    page = admin.page
    page.goto("/console")
    page.keyboard.press("Control+k")
    page.keyboard.type(COMPROMISED_KEY)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/console/events\?"))
    follow_by_keys(page)

    expect(rows(page, "DeleteObject", NEW_USER, PRODUCTION.id)).not_to_have_count(0)
    expect(rows(page, "GetObject", NEW_USER, PRODUCTION.id)).not_to_have_count(0)
