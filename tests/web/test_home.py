"""Home, as somebody reads it who wants to know whether the lake is healthy and current."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.ingest.corpus import envelope, event
from tests.walks.door import trailmere
from tests.web.browsing import Console, Watched, serve_console, sign_in, watched

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.extended

START = datetime(2026, 3, 2)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A server over a lake in which nothing is yet."""
    with serve_console(tmp_path_factory.mktemp("home") / "lake") as running:
        yield running


@pytest.fixture
def page(browser: Browser, small: Console) -> Iterator[Page]:
    """The administrator's page of that server."""
    with watched(browser, small) as seen:
        sign_in(seen.page)
        yield seen.page
        seen.check()


def log_file(folder: Path, account: str, region: str, hours: range) -> None:
    """A log file of an account with an event an hour."""
    name = f"{account}_CloudTrail_{region}_20260305T0000Z_abcdefgh12345678.json.gz"
    place = folder / "AWSLogs" / account / "CloudTrail" / region / "2026" / "03" / "05"
    place.mkdir(parents=True, exist_ok=True)
    random = Random(account)
    events = [
        event(
            random,
            eventID=f"{account[:8]}-0000-4000-8000-{hour:012}",
            eventTime=(START + timedelta(hours=hour)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            recipientAccountId=account,
            awsRegion=region,
        )
        for hour in hours
    ]
    (place / name).write_bytes(gzip.compress(envelope(events)))


# -- the demo ----------------------------------------------------------------------------------------------------------


def test_the_verdict_comes_first_and_tells_how_current_the_lake_is(admin: Watched) -> None:
    admin.page.goto("/console/")

    expect(admin.page.locator("h1")).to_contain_text("The lake is well")
    expect(admin.page.locator(".verdict")).to_contain_text("The newest event is of 2022-09-14")
    expect(admin.page.locator(".verdict")).to_contain_text("Nothing is followed")


def test_numbers_of_home_are_those_of_the_stores(admin: Watched, console: Console) -> None:
    admin.page.goto("/console/?sources=all")
    stores = [one for one in console.app.stores.list() if one.name.startswith("incident")]
    events = sum(console.app.lake.totals(one.id).rows for one in stores)
    cells = [row.split("\t") for row in admin.page.locator("#sources tbody").inner_text().splitlines()]
    (row,) = [one for one in cells if one[:3] == ["111122223333", "us-east-1", "incident-1"]]
    answer = console.app.queries.run(
        "SELECT COUNT(*), SUM(CASE WHEN eventTime >= '2022-03-15T19:00:00Z' THEN 1 ELSE 0 END) FROM \"incident-1\" "
        "WHERE recipientAccountId = '111122223333' AND awsRegion = 'us-east-1' AND eventTime >= '2022-03-09T19:00:00Z'"
    )
    week, day = (column.to_pylist()[0] for column in next(iter(answer.batches)).columns)

    expect(admin.page.locator(".tiles")).to_contain_text(f"{events:,}")
    assert (row[5], row[6]) == (f"{day:,}", f"{week:,}")


def test_a_source_leads_to_its_events(admin: Watched) -> None:
    admin.page.goto("/console/?tz=Asia/Tokyo")
    link = admin.page.locator("#sources tbody a").first

    expect(link).to_have_attribute(
        "href", re.compile(r"^/console/events\?tz=Asia%2FTokyo&.*f=recipientAccountId%3D111122223333")
    )


def test_what_maintenance_would_do_comes_by_itself(admin: Watched) -> None:
    admin.page.goto("/console/")

    expect(admin.page.get_by_text(re.compile("^ok maintenance incident-1: nothing to do"))).to_be_visible()


def test_times_are_in_the_zone_of_the_address(admin: Watched) -> None:
    admin.page.goto("/console/?tz=Asia/Tokyo")

    expect(admin.page.locator(".verdict")).to_contain_text("2022-09-15 03:58:55 +0900")


def test_who_may_not_see_the_health_is_told_so(browser: Browser, console: Console) -> None:
    console.a_user("unwell")
    with watched(browser, console) as seen:
        sign_in(seen.page, "unwell")
        seen.page.goto("/console/")

        expect(seen.page.get_by_text("You may not see the health of the lake.")).to_be_visible()
        assert seen.page.locator(".tiles, #sources").count() == 0
        seen.check()


def test_a_viewer_sees_the_health_and_no_button_to_turn_things_on(browser: Browser, console: Console) -> None:
    console.a_user("night-watch", "TrailmereViewer")
    with watched(browser, console) as seen:
        sign_in(seen.page, "night-watch")

        expect(seen.page.locator("h1")).to_contain_text("The lake is well")
        assert seen.page.get_by_role("button", name="Turn on Highlights").count() == 0
        seen.check()


def test_rows_are_walked_and_opened_by_keys(admin: Watched) -> None:
    admin.page.goto("/console/")
    for key in ("j", "j", "Enter"):
        admin.page.keyboard.press(key)

    expect(admin.page).to_have_url(re.compile("/console/events.*recipientAccountId"))


# -- a lake that grows, in this order ----------------------------------------------------------------------------------


def test_the_first_visit_shows_how_to_begin(page: Page) -> None:
    expect(page.locator("h1")).to_have_text("Three steps to the first answer")
    expect(page.get_by_text("trailmere store create audit")).to_be_visible()
    expect(page.get_by_role("link", name="Make a store")).to_have_attribute("href", "/console/stores/new")


def test_a_source_that_went_silent_is_what_to_look_at(page: Page, small: Console, tmp_path: Path) -> None:
    lake = small.app.settings.lake
    log_file(tmp_path, "111122223333", "eu-west-1", range(60))
    log_file(tmp_path, "444455556666", "eu-west-1", range(30))
    trailmere("store", "create", "audit", "--lake", lake)
    trailmere("ingest", tmp_path, "--store", "audit", "--lake", lake)
    page.goto("/console/")

    expect(page.locator("h1")).to_contain_text("Look at this: one thing")
    expect(page.locator(".verdict li")).to_contain_text(
        "No events of account 444455556666 in eu-west-1 in audit for 30"
    )
    expect(page.locator("#sources tbody tr").first).to_contain_text("silent 30 h")
    expect(page.locator("figure[data-drawn] canvas")).to_be_visible()


def test_a_dead_letter_is_what_to_look_at_whatever_its_text(page: Page, small: Console, tmp_path: Path) -> None:
    lake = small.app.settings.lake
    (tmp_path / "broken.json.gz").write_bytes(gzip.compress(b'{"Records":[{"eventVersion":"<script>"}]}'))
    trailmere("ingest", tmp_path, "--store", "audit", "--lake", lake, check=False)
    page.goto("/console/")

    expect(page.locator("h1")).to_contain_text("Look at this: 2 things")
    expect(page.locator(".verdict")).to_contain_text("1 dead letter of audit")
    expect(page.locator(".verdict")).to_contain_text("trailmere deadletters list --store audit")


def test_turning_highlights_on_leaves_policies_as_they_were_and_adds_to_them(page: Page, small: Console) -> None:
    app = small.app
    store = app.stores.find("audit")
    assert store is not None
    other = {
        "Sid": "Kept",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
        "Action": "cloudtrail:StartQuery",
        "Resource": store.arn,
    }
    app.resource_policies.put(store.arn, json.dumps({"Version": "2012-10-17", "Statement": [other]}))
    page.goto("/console/")
    page.get_by_role("button", name="Turn on Highlights").click()
    expect(page.get_by_role("status").first).to_contain_text("Highlights are on")
    policy: dict[str, Any] = json.loads(app.resource_policies.get(store.arn) or "{}")
    dashboard = f"arn:aws:cloudtrail:{app.settings.region}:{app.settings.account_id}:dashboard/AWSCloudTrail-Highlights"

    assert page.get_by_role("button", name="Turn on Highlights").count() == 0
    assert policy["Statement"][0] == other
    assert policy["Statement"][1]["Condition"]["StringEquals"]["aws:SourceArn"] == dashboard
    assert '"cloudtrail:StartDashboardRefresh"' in (app.resource_policies.get(dashboard) or "")
    assert [one for one in small.notes if b'"CreateDashboard"' in one and b"errorCode" not in one]
