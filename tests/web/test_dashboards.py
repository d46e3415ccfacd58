"""Dashboards in a real browser: from a finding to its events; built by mouse and keys, scheduled, shared, refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from playwright.sync_api import expect

from tests.web.browsing import Console, Watched, sign_in, watched
from trailmere.app import StoreCatalog
from trailmere.registry.dashboards import Widget

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.extended

MARCH = "range=2022-03-14T00:00:00Z..2022-03-17T00:00:00Z"
PATIENCE = 60_000
CALLS = (
    "SELECT eventName, count(*) AS calls FROM \"incident-1\" WHERE eventTime >= '$StartTime$' "
    "GROUP BY 1 ORDER BY 2 DESC LIMIT 5"
)
OTHER = "444455556666"


@pytest.fixture(autouse=True)
def clean(console: Console) -> Iterator[None]:
    """A server that runs queries; afterwards there are no dashboards, and no policies for them."""
    app = console.app
    app.jobs.resume()
    yield
    registry = app.dashboards.registry
    for board in registry.list(app.settings.account_id, app.settings.region):
        registry.delete(registry.change(board, termination_protected=False))
        app.resource_policies.forget(board.arn)
    for store in app.stores.list():
        app.resource_policies.forget(store.arn)


def made(console: Console, name: str, *widgets: Widget) -> None:
    app = console.app
    app.dashboards.create(app.settings.account_id, app.settings.region, name, widgets, StoreCatalog(app.stores))


def a_widget(title: str, sql: str = 'SELECT count(*) AS events FROM "incident-1"', view: str = "Table") -> Widget:
    return Widget(sql, (), {"Title": title, "View": view})


def widgets_of(console: Console, name: str) -> list[tuple[str, str]]:
    """Title and width of each widget of a dashboard that is kept."""
    settings = console.app.settings
    board = console.app.dashboards.get(settings.account_id, settings.region, name)
    return [(one.properties["Title"], one.properties.get("Width", "")) for one in board.widgets]


def look(page: Page, path: str) -> None:
    page.goto(f"/console{path}{'&' if '?' in path else '?'}{MARCH}")


def refresh(page: Page) -> None:
    """Refresh, and wait until each widget has what it has."""
    page.get_by_role("button", name="Refresh", exact=True).click()
    expect(page.locator("[aria-busy]")).to_have_count(0, timeout=PATIENCE)
    expect(page.get_by_role("button", name="Refresh", exact=True)).to_be_enabled(timeout=PATIENCE)


def widget(page: Page, title: str) -> Locator:
    return page.get_by_role("article", name=title)


def write_sql(page: Page, sql: str) -> None:
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(sql)


def more(page: Page) -> None:
    page.locator("summary", has_text=re.compile("^More$")).click()


def query_of(url: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(url).query)


# -- looking -----------------------------------------------------------------------------------------------------------


def test_from_highlights_to_the_events_of_who_was_denied_most_without_sql(admin: Watched) -> None:
    page = admin.page
    look(page, "/dashboards")
    page.get_by_role("button", name="Enable Highlights").click()
    refresh(page)
    row = widget(page, "Top access denied callers").get_by_role("row", name=re.compile("Alice"))
    row.get_by_role("link", name=re.compile("^Events")).click()

    expect(page).to_have_url(re.compile("/console/events"))
    expect(page.get_by_role("main")).to_contain_text("AccessDenied")
    assert (
        "f",
        "userIdentity.arn=arn:aws:sts::111122223333:assumed-role/Alice/botocore-session-1647352800",
    ) in query_of(page.url)


def test_a_managed_dashboard_shows_what_its_refresh_found_whenever_it_is_opened(
    admin: Watched, console: Console
) -> None:
    page = admin.page
    look(page, "/dashboards/AWSCloudTrail-SecurityMonitoring?store=incident-1")
    refresh(page)
    page.goto("/console/dashboards/AWSCloudTrail-SecurityMonitoring")

    expect(page.get_by_role("main")).to_contain_text(
        "Shows incident-1, 2022-03-14 00:00:00 UTC to 2022-03-17 00:00:00 UTC"
    )
    expect(widget(page, "Potential CloudTrail disabling actions")).to_contain_text("StopLogging")
    expect(widget(page, "Users who disabled MFA")).to_contain_text("Nothing in this time")
    expect(widget(page, "Destructive actions")).to_contain_text("backup-operator")


def test_days_of_which_no_events_were_taken_in_are_not_called_quiet_ones(admin: Watched) -> None:
    page = admin.page
    page.goto("/console/dashboards/AWSCloudTrail-SecurityMonitoring?store=incident-1&range=2001-01-01..2001-01-02")
    refresh(page)

    expect(widget(page, "Users who disabled MFA")).to_contain_text("No events of this time were taken in")
    expect(page.get_by_role("main")).not_to_contain_text("Nothing in this time")


def test_a_row_that_is_an_event_leads_to_that_event(admin: Watched) -> None:
    page = admin.page
    look(page, "/dashboards/AWSCloudTrail-SecurityMonitoring?store=incident-1")
    refresh(page)
    widget(page, "Potential CloudTrail disabling actions").get_by_role("link", name=re.compile("^Events")).first.click()

    expect(page).to_have_url(re.compile(r"/console/events/[0-9a-f]{8}-"))
    expect(page.get_by_role("main")).to_contain_text("StopLogging")


def test_a_chart_has_its_numbers_as_a_table_whose_rows_lead_to_events(admin: Watched) -> None:
    page = admin.page
    look(page, "/dashboards/AWSCloudTrail-Overview?store=incident-1")
    refresh(page)
    chart = widget(page, "Most active regions")
    expect(chart.locator("canvas").first).to_be_visible()
    chart.get_by_text("Table of Most active regions").click()
    chart.get_by_role("link", name="Events of eu-central-1").click()

    assert ("f", "awsRegion=eu-central-1") in query_of(page.url)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_bar_leads_to_the_events_behind_it(browser: Browser, console: Console, theme: Any) -> None:
    made(
        console,
        "bars",
        Widget(
            "SELECT awsRegion, count(*) AS calls FROM \"incident-1\" WHERE awsRegion = 'us-west-2' GROUP BY 1",
            (),
            {"Title": "Regions", "View": "BarChart", "XAxisColumn": "awsRegion", "YAxisColumn": "calls"},
        ),
    )
    with watched(browser, console, color_scheme=theme) as seen:
        sign_in(seen.page, to="/console/dashboards/bars")
        seen.page.get_by_role("button", name="Let CloudTrail query it").click()
        refresh(seen.page)
        canvas = widget(seen.page, "Regions").locator(".canvas")
        expect(canvas.locator("canvas").first).to_be_visible()
        box = canvas.bounding_box()
        assert box is not None
        canvas.click(position={"x": box["width"] / 2, "y": box["height"] / 2 - 10})
        expect(seen.page).to_have_url(re.compile("/console/events"))

        assert query_of(seen.page.url).count(("f", "awsRegion=us-west-2")) == 1
        seen.check()


def test_a_widget_that_cannot_be_answered_says_why_in_its_place(admin: Watched, console: Console) -> None:
    made(
        console,
        "broken",
        a_widget("Fine"),
        a_widget("Broken", 'SELECT 1 / (count(*) - count(*)) AS x FROM "incident-1"'),
    )
    look(admin.page, "/dashboards/broken")
    admin.page.get_by_role("button", name="Let CloudTrail query it").click()
    refresh(admin.page)

    expect(widget(admin.page, "Broken")).to_contain_text("This widget has no answer.")
    expect(widget(admin.page, "Broken")).to_contain_text(re.compile("[Dd]ivision by zero"))
    expect(widget(admin.page, "Fine").locator(".figure")).to_have_text(re.compile(r"^\d+,\d{3}$"))


def test_hostile_values_are_text_wherever_they_stand(admin: Watched, console: Console) -> None:
    nasty = "<img src=x onerror=alert(1)>\u202etxt"
    sql = f'SELECT \'{nasty}\' AS eventName, count(*) AS "<b>calls</b>" FROM "incident-1" GROUP BY 1'
    made(console, "hostile", a_widget("Values", sql), Widget(sql, (), {"Title": "Drawn", "View": "BarChart"}))
    look(admin.page, "/dashboards/hostile")
    admin.page.get_by_role("button", name="Let CloudTrail query it").click()
    refresh(admin.page)

    expect(widget(admin.page, "Values")).to_contain_text("<img src=x onerror=alert(1)>\\u{202e}txt")
    expect(widget(admin.page, "Values")).to_contain_text("<b>calls</b>")
    expect(admin.page.locator("main img")).to_have_count(0)


def test_a_custom_dashboard_that_cloudtrail_may_not_refresh_says_so_and_lets_it(
    admin: Watched, console: Console
) -> None:
    made(console, "shut", a_widget("Count"))
    look(admin.page, "/dashboards/shut")
    expect(admin.page.get_by_role("main")).to_contain_text("CloudTrail may not query incident-1")
    expect(admin.page.get_by_role("button", name="Refresh", exact=True)).to_be_disabled()
    admin.page.get_by_role("button", name="Let CloudTrail query it").click()
    refresh(admin.page)

    expect(widget(admin.page, "Count").locator(".figure")).to_be_visible()


# -- building ----------------------------------------------------------------------------------------------------------


def test_a_dashboard_is_built_by_mouse_from_a_sample_and_from_sql(admin: Watched, console: Console) -> None:
    page = admin.page
    look(page, "/dashboards")
    page.get_by_label("New dashboard").fill("night watch")
    page.get_by_role("button", name="Create").click()
    page.get_by_label("Sample widget").select_option(value="AWSCloudTrail-ErrorAnalysis.top-users-with-errors")
    page.get_by_label("Store of the sample").select_option(label="incident-1")
    page.get_by_role("button", name="Use the sample").click()
    page.get_by_role("button", name="Save the widget").click()
    page.get_by_role("button", name="Let CloudTrail query it").click()
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_role("link", name="From SQL").click()
    page.get_by_label("Title").fill("Calls")
    page.get_by_label("View").select_option(label="Pie")
    write_sql(page, CALLS)
    page.get_by_role("button", name="Preview").click()
    expect(widget(page, "Calls").locator("canvas").first).to_be_visible()
    page.get_by_label("Label", exact=True).fill("eventName")
    page.get_by_label("Value", exact=True).first.fill("calls")
    page.get_by_role("button", name="Save the widget").click()
    refresh(page)

    expect(widget(page, "Top users with errors").locator("canvas").first).to_be_visible()
    expect(widget(page, "Calls").locator("canvas").first).to_be_visible()
    assert [title for title, _ in widgets_of(console, "night-watch")] == ["Top users with errors", "Calls"]


def test_a_statement_that_is_wrong_is_told_and_stays_in_the_form(admin: Watched, console: Console) -> None:
    made(console, "mine")
    page = admin.page
    look(page, "/dashboards/mine/widget")
    page.get_by_label("Title").fill("Wrong")
    write_sql(page, 'SELECT eventNme FROM "incident-1"')
    page.get_by_role("button", name="Save the widget").click()

    expect(page.get_by_role("alert")).to_contain_text("eventNme")
    expect(page.get_by_role("alert")).to_contain_text("Line 1, column 8")
    expect(page.get_by_label("Title")).to_have_value("Wrong")
    assert widgets_of(console, "mine") == []


def test_widgets_are_arranged_by_dragging(admin: Watched, console: Console) -> None:
    made(console, "mine", a_widget("First"), a_widget("Second"), a_widget("Third"))
    page = admin.page
    look(page, "/dashboards/mine/edit")
    place = page.locator("[data-place]")
    place.nth(2).locator("h2").drag_to(place.nth(0).locator("h2"))
    expect(place.nth(0)).to_contain_text("Third")
    page.get_by_role("button", name="Save the arrangement").click()

    expect(page.get_by_role("article").first).to_have_attribute("aria-label", "Third")
    assert [title for title, _ in widgets_of(console, "mine")] == ["Third", "First", "Second"]


def test_widgets_are_arranged_and_resized_by_keys_alone(admin: Watched, console: Console) -> None:
    made(console, "mine", a_widget("First"), a_widget("Second"))
    page = admin.page
    look(page, "/dashboards/mine/edit")
    page.get_by_role("button", name="Move Second with the arrow keys").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.get_by_role("status")).to_contain_text("Second: 3 wide")
    page.get_by_role("button", name="Save the arrangement").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("status")).to_contain_text("The arrangement is kept")
    assert widgets_of(console, "mine") == [("Second", "3"), ("First", "2")]


def test_widgets_are_arranged_and_removed_without_a_script(browser: Browser, console: Console) -> None:
    made(console, "mine", a_widget("First"), a_widget("Second"))
    with watched(browser, console, java_script_enabled=False) as seen:
        sign_in(seen.page, to="/console/dashboards/mine/edit")
        seen.page.get_by_role("button", name="Make Second earlier").click()
        seen.page.get_by_role("button", name="Make Second wider").click()
        seen.page.get_by_role("button", name="Remove First").click()

        expect(seen.page.get_by_role("status").first).to_contain_text("Removed")
        assert widgets_of(console, "mine") == [("Second", "3")]


def test_a_widget_that_somebody_else_removed_meanwhile_is_not_brought_back(admin: Watched, console: Console) -> None:
    made(console, "mine", a_widget("First"), a_widget("Second", CALLS.replace("'$StartTime$'", "'2000-01-01'")))
    page = admin.page
    look(page, "/dashboards/mine/edit")
    settings = console.app.settings
    board = console.app.dashboards.get(settings.account_id, settings.region, "mine")
    console.app.dashboards.update(board, StoreCatalog(console.app.stores), widgets=[a_widget("First")])
    page.get_by_role("button", name="Make First later").click()
    page.get_by_role("button", name="Save the arrangement").click()

    expect(page.get_by_role("alert")).to_contain_text("Somebody else has changed the widgets")
    assert [title for title, _ in widgets_of(console, "mine")] == ["First"]


# -- the whole ---------------------------------------------------------------------------------------------------------


def test_a_managed_dashboard_is_saved_as_ones_own_for_a_store(admin: Watched, console: Console) -> None:
    page = admin.page
    look(page, "/dashboards/AWSCloudTrail-Overview?store=incident-1")
    more(page)
    page.get_by_label("Name", exact=True).fill("my overview")
    page.get_by_role("button", name="Save as").click()
    page.get_by_role("button", name="Let CloudTrail query it").click()
    refresh(page)

    expect(page.get_by_role("heading", level=1)).to_have_text("my-overview")
    expect(widget(page, "Top services").locator("canvas").first).to_be_visible()
    expect(widget(page, "Top services")).to_contain_text("The services that are called most often.")


def test_a_schedule_is_kept_with_the_policy_that_it_needs_and_taken_off(admin: Watched, console: Console) -> None:
    made(console, "mine", a_widget("Count"))
    page = admin.page
    look(page, "/dashboards/mine")
    more(page)
    page.get_by_label("Refresh every").select_option(label="every day")
    page.get_by_label("At (UTC)").fill("06:30")
    page.get_by_role("button", name="Keep the schedule").click()
    expect(page.get_by_role("status")).to_have_text("It is refreshed every day, from 06:30 UTC.")
    settings = console.app.settings
    board = console.app.dashboards.get(settings.account_id, settings.region, "mine")
    assert "StartDashboardRefresh" in (console.app.resource_policies.get(board.arn) or "")
    more(page)
    page.get_by_label("Refresh every").select_option(label="by hand")
    page.get_by_role("button", name="Keep the schedule").click()

    expect(page.get_by_role("status")).to_have_text("It is refreshed by hand only.")


def test_tags_protection_and_deleting(admin: Watched, console: Console) -> None:
    made(console, "mine", a_widget("Count"))
    page = admin.page
    page.on("dialog", lambda dialog: dialog.accept())
    look(page, "/dashboards/mine")
    more(page)
    page.get_by_label("One a line").fill("team=ir\nseverity=high")
    page.get_by_role("button", name="Keep the tags").click()
    more(page)
    expect(page.get_by_label("One a line")).to_have_value(re.compile("team=ir\nseverity=high"))
    page.get_by_role("button", name="Protect from deleting").click()
    more(page)
    expect(page.get_by_role("button", name="Delete")).to_be_disabled()
    page.get_by_role("button", name="Allow deleting").click()
    page.get_by_role("button", name="Let CloudTrail query it").click()
    more(page)
    page.get_by_role("button", name="Delete").click()

    expect(page.get_by_role("status")).to_have_text("mine is deleted.")
    assert console.app.resource_policies.get(console.app.stores.get("incident-1").arn) is None


def test_a_viewer_may_look_and_refresh_and_change_nothing(visitor: Watched, console: Console) -> None:
    made(console, "mine", a_widget("Count"))
    console.a_user("watcher", "TrailmereViewer")
    page = visitor.page
    sign_in(page, "watcher", to=f"/console/dashboards/AWSCloudTrail-Overview%3Fstore=incident-1%26{quote(MARCH)}")
    refresh(page)
    look(page, "/dashboards/mine")
    expect(page.get_by_role("main")).to_contain_text("ask an administrator")
    expect(page.get_by_role("link", name="Edit", exact=True)).to_have_count(0)
    refused = page.request.post(
        "/console/dashboards/mine/delete", headers={"origin": console.url, "sec-fetch-site": "same-origin"}
    )

    assert refused.status == 403
    assert [title for title, _ in widgets_of(console, "mine")] == ["Count"]


def test_who_a_dashboard_is_shared_with_sees_its_answers_and_nothing_else(
    browser: Browser, admin: Watched, console: Console
) -> None:
    made(console, "mine", a_widget("Count"))
    console.a_user("partner", "AdministratorAccess", account=OTHER)
    look(admin.page, "/dashboards/mine")
    admin.page.get_by_role("button", name="Let CloudTrail query it").click()
    refresh(admin.page)
    more(admin.page)
    admin.page.get_by_label("Account, or ARN").fill(OTHER)
    admin.page.get_by_role("button", name="Share", exact=True).click()
    more(admin.page)
    link = admin.page.get_by_role("button", name=re.compile("^Copy .console.dashboards.arn")).get_attribute("data-copy")
    assert link is not None
    with watched(browser, console) as seen:
        sign_in(seen.page, "partner", account=OTHER)
        seen.page.goto(link)
        expect(widget(seen.page, "Count").locator(".figure")).to_be_visible()
        expect(seen.page.get_by_role("main")).to_contain_text("shown to you read-only")
        expect(seen.page.get_by_role("button", name="Refresh")).to_have_count(0)
        admin.page.get_by_role("button", name=f"Stop sharing with {OTHER}").click()
        expect(admin.page.get_by_role("status")).to_contain_text("may no longer look")
        seen.page.reload()

        expect(seen.page.get_by_role("heading", level=1)).to_have_text("There is nothing here")
        seen.check()
