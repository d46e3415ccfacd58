"""The Query pages in a real browser: typing, running, reading, keeping and sharing queries over the demo."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from tests.web.browsing import Console, Watched, sign_in, watched
from tests.web.test_axe import AXE
from tests.web.test_axe import RUN as JUDGE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Download, Page

pytestmark = pytest.mark.extended

MARCH = "2022-03-14T00:00:00Z..2022-03-17T00:00:00Z"
ANSWER = re.compile(r"/console/query/[0-9a-f]{8}-[0-9a-f-]{27}")
COUNTED = """SELECT eventName, count(*) AS events FROM "incident-1"
WHERE eventTime >= :from AND eventTime < :to GROUP BY 1 ORDER BY 2 DESC LIMIT 5"""
HOURS = """SELECT date_trunc('hour', eventTime) AS hour, count(*) AS events FROM "incident-1"
WHERE eventTime >= :from AND eventTime < :to GROUP BY 1 ORDER BY 1"""
HOSTILE = (
    "SELECT '=HYPERLINK(\"http://192.0.2.1\")' AS formula, '<img src=x onerror=alert(1)>' AS tag, "
    "'a' || chr(8238) || 'b' AS turned, -5 AS number, CAST(NULL AS varchar) AS nothing"
)
SLOW = (
    'SELECT count(*) FROM "incident-1" a CROSS JOIN "incident-1" b CROSS JOIN "incident-1" c '
    "WHERE concat(a.eventID, b.eventID, c.eventID) LIKE '%zz%'"
)


def open_query(page: Page, sql: str, **more: str) -> None:
    page.goto("/console/query?" + urlencode({"sql": sql, "range": MARCH, **more}))


def run(page: Page, sql: str, **more: str) -> None:
    """Run it, and wait for its answer."""
    open_query(page, sql, **more)
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_url(ANSWER)
    expect(page.locator("#answer .facts-line")).to_be_visible()


def view(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Views of the answer").get_by_role("link", name=name).click()


def write(page: Page, text: str) -> None:
    """Type over what is in the editor."""
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


def editor_text(page: Page) -> str:
    return str(page.locator("textarea[name=sql]").input_value())


def downloaded(page: Page, format: str) -> Download:
    page.locator("#answer summary", has_text="Export").click()
    with page.expect_download() as found:
        page.locator("#answer .sheet").get_by_role("link", name=format, exact=True).click()
    return found.value


@pytest.fixture
def second(browser: Browser, console: Console) -> Iterator[Watched]:
    """A browser of somebody else, not signed in."""
    with watched(browser, console) as seen:
        yield seen
        seen.check()


# --- the editor -------------------------------------------------------------------------------------------------------


def test_names_are_completed_as_one_types(admin: Watched) -> None:
    admin.page.goto("/console/query")
    write(admin.page, "SELECT userIdentity.acc")
    expect(admin.page.get_by_role("option", name="accessKeyId")).to_be_visible()
    admin.page.get_by_role("option", name="accessKeyId").click()
    admin.page.keyboard.type(" FROM inci")
    admin.page.locator(".cm-tooltip-autocomplete li", has_text='"incident-1"').click()

    assert editor_text(admin.page) == 'SELECT userIdentity.accessKeyId FROM "incident-1"'


def test_keys_of_a_map_are_those_of_the_data(admin: Watched) -> None:
    admin.page.goto(f"/console/query?range={MARCH}")
    write(admin.page, "SELECT element_at(responseElements, 'Conso")

    expect(admin.page.get_by_role("option", name="ConsoleLogin")).to_be_visible()


def test_functions_are_completed_with_their_signature(admin: Watched) -> None:
    admin.page.goto("/console/query")
    write(admin.page, "SELECT date_tru")

    expect(admin.page.get_by_role("option", name="date_trunc")).to_contain_text("(varchar, timestamp)")


def test_an_error_is_underlined_where_it_is(admin: Watched) -> None:
    admin.page.goto("/console/query")
    write(admin.page, 'SELECT eventName,\n  evntTime FROM "incident-1" ')

    expect(admin.page.locator(".cm-lintRange-error")).to_have_text("evntTime")
    expect(admin.page.locator("#check")).to_contain_text("line 2, column 3")


def test_an_error_behind_a_parameter_is_underlined_where_it_was_typed(admin: Watched) -> None:
    open_query(admin.page, 'SELECT :a AS a, wrong FROM "incident-1"', **{"p.a": "a much longer value than its name"})

    expect(admin.page.locator(".cm-lintRange-error")).to_have_text("wrong")


def test_what_a_query_would_scan_is_said_before_it_runs(admin: Watched) -> None:
    admin.page.goto(f"/console/query?range={MARCH}")
    write(admin.page, 'SELECT count(*) FROM "incident-1" ')

    expect(admin.page.locator("#check")).to_contain_text(
        re.compile(r"at most [\d,]+ events, [\d.]+ MiB, in \d+ of \d+")
    )


def test_format_lays_the_statement_out_and_undo_takes_it_back(admin: Watched) -> None:
    typed = 'select eventName, count(*) from "incident-1" where eventTime >= :from group by 1'
    open_query(admin.page, typed)
    admin.page.locator(".cm-content").click()
    admin.page.keyboard.press("Shift+Alt+F")
    expect(admin.page.locator("textarea[name=sql]")).to_have_value(
        'SELECT\n  eventName,\n  count(*)\nFROM "incident-1"\nWHERE\n  eventTime >= :from\nGROUP BY\n  1'
    )
    admin.page.keyboard.press("Control+z")

    assert editor_text(admin.page) == typed


def test_what_is_typed_is_in_the_address(admin: Watched) -> None:
    admin.page.goto("/console/query")
    write(admin.page, "SELECT 42 AS answer ")
    admin.page.wait_for_url(re.compile("sql=SELECT\\+42"))
    admin.page.reload()

    assert editor_text(admin.page) == "SELECT 42 AS answer "


# --- running ----------------------------------------------------------------------------------------------------------


def test_a_query_runs_by_keys_and_its_answer_is_told_with_its_cost(admin: Watched, console: Console) -> None:
    open_query(admin.page, COUNTED)
    admin.page.locator(".cm-content").click()
    admin.page.keyboard.press("Control+Enter")
    admin.page.wait_for_url(ANSWER)
    expect(admin.page.get_by_role("heading", name="5 rows")).to_be_visible()
    started = [one for one in map(json.loads, console.notes) if one["eventName"] == "StartQuery"]

    expect(admin.page.locator(".facts-line")).to_contain_text("from 2022-03-14 00:00:00.000 to 2022-03-17 00:00:00.000")
    expect(admin.page.locator(".facts-line")).to_contain_text("incident-1 as it was at")
    assert admin.page.locator("[data-cells] tbody tr").count() == 5
    assert started[-1]["userIdentity"]["userName"] == "admin"


def test_a_parameter_has_a_field_and_its_value_is_in_the_address(admin: Watched) -> None:
    admin.page.goto(f"/console/query?range={MARCH}")
    write(admin.page, 'SELECT count(*) AS n FROM "incident-1" WHERE eventName = :name ')
    admin.page.get_by_label(":name").fill("GetObject")
    admin.page.get_by_role("button", name="Run", exact=True).click()
    admin.page.wait_for_url(ANSWER)

    expect(admin.page.get_by_role("heading", name="1 row")).to_be_visible()
    expect(admin.page.get_by_label(":name")).to_have_value("GetObject")
    assert "p.name=GetObject" in admin.page.url


def test_another_range_asks_again(admin: Watched) -> None:
    run(admin.page, COUNTED)
    before = admin.page.url
    admin.page.keyboard.press("t")
    admin.page.get_by_role("link", name="Last 24 hours").click()
    admin.page.wait_for_url(re.compile("range=24h"))

    expect(admin.page.get_by_role("heading", name="No rows")).to_be_visible()
    assert admin.page.url.partition("?")[0] != before.partition("?")[0]


def test_no_rows_are_said_with_what_was_searched(admin: Watched) -> None:
    run(admin.page, "SELECT eventID FROM \"incident-1\" WHERE userAgent LIKE '%nobody has this one%'")

    expect(admin.page.locator("#answer .nothing")).to_contain_text(re.compile(r"Looked at [\d,]+ events of incident-1"))


def test_a_slow_query_can_be_cancelled(admin: Watched) -> None:
    open_query(admin.page, SLOW)
    admin.page.get_by_role("button", name="Run", exact=True).click()
    admin.page.get_by_role("button", name="Cancel the query").click()

    expect(admin.page.get_by_role("heading", name="It was cancelled")).to_be_visible()


def test_what_fails_as_it_runs_says_why(admin: Watched) -> None:
    run(admin.page, 'SELECT CAST(eventName AS bigint) FROM "incident-1"')

    expect(admin.page.get_by_role("heading", name="It failed")).to_be_visible()
    expect(admin.page.locator("#answer").get_by_role("alert")).not_to_be_empty()


def test_a_statement_that_is_too_long_for_an_address_runs(admin: Watched) -> None:
    admin.page.goto("/console/query")
    admin.page.locator(".cm-content").click()
    admin.page.keyboard.press("Control+a")
    admin.page.keyboard.press("Delete")
    admin.page.keyboard.insert_text(f"SELECT '{'é ' * 3000}' AS long, :short AS short")
    admin.page.get_by_label(":short").fill("brief")
    admin.page.get_by_role("button", name="Run", exact=True).click()
    admin.page.wait_for_url(ANSWER)

    expect(admin.page.locator("[data-cells] tbody td").last).to_have_text("brief")
    assert "AS long, 'brief' AS short" in editor_text(admin.page)


def test_escape_closes_what_is_offered_and_then_leaves_the_editor(admin: Watched) -> None:
    admin.page.goto("/console/query")
    write(admin.page, "SELECT userIdentity.acc")
    expect(admin.page.locator(".cm-tooltip-autocomplete")).to_be_visible()
    admin.page.keyboard.press("Escape")
    expect(admin.page.locator(".cm-tooltip-autocomplete")).to_have_count(0)
    expect(admin.page.locator(".cm-content")).to_be_focused()
    admin.page.keyboard.press("Escape")
    expect(admin.page.locator(".cm-content")).not_to_be_focused()
    admin.page.keyboard.press("i")

    expect(admin.page.locator(".cm-content")).to_be_focused()


def test_a_query_runs_without_a_script(browser: Browser, console: Console) -> None:
    with watched(browser, console, java_script_enabled=False) as seen:
        sign_in(seen.page)
        seen.page.goto(f"/console/query?range={MARCH}")
        seen.page.get_by_label("SQL statement").fill("SELECT 'plain' AS word")
        seen.page.get_by_role("button", name="Run", exact=True).click()

        expect(seen.page.locator("[data-cells] td")).to_have_text("plain", timeout=10_000)
        seen.check()


# --- the answer -------------------------------------------------------------------------------------------------------


def test_an_answer_is_a_chart_of_its_first_time_and_number(admin: Watched) -> None:
    run(admin.page, HOURS)
    view(admin.page, "Chart")
    expect(admin.page.locator("figure[data-chart=line][data-drawn] canvas").first).to_be_visible()
    admin.page.get_by_label("Draw").select_option("bar")
    admin.page.wait_for_url(re.compile("chart=bar"))

    expect(admin.page.locator("figure[data-chart=bar][data-drawn]")).to_be_visible()


def test_columns_are_profiled(admin: Watched) -> None:
    run(admin.page, "SELECT * FROM (VALUES ('a', 1), ('a', 5), (NULL, 3)) AS t(word, number)")
    view(admin.page, "Columns")
    word = admin.page.locator(".profile", has=admin.page.get_by_role("heading", name="word"))

    expect(word).to_contain_text(re.compile(r"Distinct\s*1\s*NULL\s*1 33.3 %"))
    expect(admin.page.locator(".profile", has_text="number")).to_contain_text(re.compile(r"From\s*1\s*To\s*5"))


def test_rows_are_paged_sorted_and_shown_whole(admin: Watched) -> None:
    run(admin.page, "SELECT number, number % 7 AS rest FROM UNNEST(sequence(1, 250)) AS t(number) ORDER BY 1")
    admin.page.get_by_role("link", name="Next").click()
    expect(admin.page.locator("[data-cells] tbody td").first).to_have_text("101")
    admin.page.locator("[data-cells] thead").get_by_role("link", name="number").click()
    admin.page.locator("[data-cells] thead").get_by_role("link", name="number").click()
    expect(admin.page.locator("[data-cells] tbody td").first).to_have_text("250")
    admin.page.locator("[data-cells] tbody th a").first.click()

    expect(admin.page.get_by_role("heading", name="Row 250")).to_be_visible()


def test_a_value_leads_to_its_events(admin: Watched) -> None:
    run(admin.page, COUNTED)
    name = admin.page.locator("[data-cells] tbody td").first.inner_text()
    admin.page.locator("[data-cells] tbody td").first.click()
    href = admin.page.get_by_role("link", name="Events with this value").get_attribute("href")
    admin.page.keyboard.press("Escape")

    assert f"f=eventName%3D{name}" in (href or "")
    expect(admin.page.get_by_role("dialog", name="This value")).not_to_be_visible()


def test_hostile_values_are_shown_and_do_nothing(admin: Watched) -> None:
    run(admin.page, HOSTILE)
    cells = admin.page.locator("[data-cells] tbody td").all_inner_texts()
    for name in ("Columns", "JSON", "About"):
        view(admin.page, name)
        expect(admin.page.locator("#answer img")).to_have_count(0)

    assert cells[1] == "<img src=x onerror=alert(1)>"
    assert cells[2] == "a\\u{202e}b"
    assert (cells[3], cells[4]) == ("-5", "NULL")


def test_exports_hold_all_rows_and_no_formula(admin: Watched) -> None:
    run(admin.page, HOSTILE)
    sheet = downloaded(admin.page, "CSV").path().read_bytes().decode()
    row = next(csv.DictReader(io.StringIO(sheet)))
    admin.page.reload()
    objects = json.loads(downloaded(admin.page, "JSON").path().read_text())

    assert (row["formula"], row["number"], row["nothing"]) == ('\'=HYPERLINK("http://192.0.2.1")', "-5", "")
    assert objects[0]["formula"] == '=HYPERLINK("http://192.0.2.1")'
    assert objects[0]["turned"] == "a\u202eb"


def test_an_answer_is_parquet_too(admin: Watched) -> None:
    import pyarrow.parquet as parquet

    run(admin.page, "SELECT number FROM UNNEST(sequence(1, 2500)) AS t(number)")
    table = parquet.read_table(downloaded(admin.page, "Parquet").path())

    assert (table.num_rows, table.column_names) == (2500, ["number"])


def test_no_view_of_an_answer_has_a_violation(browser: Browser, console: Console) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm ci in web/")
    found = []
    with watched(browser, console, bypass_csp=True) as seen:
        sign_in(seen.page)
        run(seen.page, COUNTED)
        for name in ("Table", "Chart", "JSON", "Columns", "About"):
            view(seen.page, name)
            seen.page.wait_for_load_state("networkidle")
            seen.page.add_script_tag(path=str(AXE))
            found += seen.page.evaluate(JUDGE)

    assert found == []


# --- who may see it ---------------------------------------------------------------------------------------------------


def test_an_answer_is_a_link_for_whoever_may_see_it(admin: Watched, second: Watched, console: Console) -> None:
    console.a_user("reader", "TrailmereViewer")
    run(admin.page, COUNTED)
    sign_in(second.page, "reader")
    second.page.goto(admin.page.url)

    expect(second.page.get_by_role("heading", name="5 rows")).to_be_visible()
    expect(second.page.locator(".facts-line")).to_contain_text("user/admin")
    assert editor_text(second.page) == COUNTED


def test_an_answer_is_refused_to_whoever_may_not_see_it(admin: Watched, second: Watched, console: Console) -> None:
    console.a_user("outsider")
    run(admin.page, COUNTED)
    sign_in(second.page, "outsider")
    place = admin.page.url.partition("?")[0]

    for path in ("", "/row/1", "/export/csv", "/state"):
        answer = second.page.request.get(place + path)
        assert (answer.status, "GetObject" in answer.text()) == (403, False)


def test_another_account_is_not_told_that_there_is_an_answer(admin: Watched, second: Watched, console: Console) -> None:
    account = console.a_user("stranger", "AdministratorAccess", account="999988887777")
    run(admin.page, COUNTED)
    sign_in(second.page, "stranger", account=account)
    answer = second.page.goto(admin.page.url)

    assert answer is not None
    assert answer.status == 404


def test_the_history_has_own_queries_first_and_those_of_others(
    admin: Watched, second: Watched, console: Console
) -> None:
    console.a_user("historian", "TrailmereViewer")
    run(admin.page, 'SELECT count(*) AS by_admin FROM "incident-1"')
    sign_in(second.page, "historian")
    run(second.page, 'SELECT count(*) AS by_historian FROM "incident-1"')
    second.page.keyboard.press("h")
    expect(second.page.get_by_role("row", name="by_historian")).to_be_visible()
    expect(second.page.get_by_role("row", name="by_admin")).to_have_count(0)
    second.page.get_by_label("Asked by").select_option("all")

    expect(second.page.get_by_role("row", name="by_admin").first).to_contain_text("user/admin")


# --- kept and ready ---------------------------------------------------------------------------------------------------


def test_a_query_is_saved_found_changed_and_deleted(admin: Watched, console: Console) -> None:
    open_query(admin.page, 'SELECT eventName FROM "incident-1" WHERE sourceIPAddress = :ip')
    admin.page.keyboard.press("s")
    admin.page.get_by_label("Name").fill("From an address")
    admin.page.get_by_label("Description").fill("What came from one address.")
    admin.page.get_by_label("Description").press("Enter")
    expect(admin.page.get_by_role("status")).to_have_text("Saved as From an address.")
    admin.page.goto("/console/query/samples?q=one+address")
    admin.page.get_by_role("link", name="From an address", exact=True).click()
    assert editor_text(admin.page).endswith(":ip")
    expect(admin.page.get_by_label(":ip")).to_be_visible()
    admin.page.keyboard.press("s")
    admin.page.get_by_label("Name").fill("By address")
    admin.page.get_by_role("button", name="Save changes").click()
    expect(admin.page.get_by_role("status")).to_contain_text("By address")
    admin.page.goto("/console/query/samples?q=by+address")
    admin.page.once("dialog", lambda dialog: dialog.accept())
    admin.page.get_by_role("button", name="Delete By address").click()

    expect(admin.page.get_by_role("status")).to_have_text("Deleted By address.")
    noted = [one["eventName"] for one in map(json.loads, console.notes) if one["eventSource"] == "trailmere"]
    assert noted[-3:] == ["PutSavedQuery", "PutSavedQuery", "DeleteSavedQuery"]


def test_a_name_that_is_taken_is_said_and_nothing_typed_is_lost(admin: Watched) -> None:
    for sql in ("SELECT 1 AS first", "SELECT 2 AS second"):
        open_query(admin.page, sql)
        admin.page.keyboard.press("s")
        admin.page.get_by_label("Name").fill("Taken")
        admin.page.get_by_role("button", name="Save", exact=True).click()
        expect(admin.page.get_by_role("status").or_(admin.page.get_by_role("alert")).first).to_be_visible()

    expect(admin.page.locator("[data-save]").get_by_role("alert")).to_contain_text("already")
    assert editor_text(admin.page) == "SELECT 2 AS second"


def test_who_may_not_save_reads_what_others_saved(admin: Watched, second: Watched, console: Console) -> None:
    console.a_user("onlooker", "TrailmereViewer")
    open_query(admin.page, "SELECT 3 AS third")
    admin.page.keyboard.press("s")
    admin.page.get_by_label("Name").fill("For all to read")
    admin.page.get_by_role("button", name="Save", exact=True).click()
    expect(admin.page.get_by_role("status")).to_be_visible()
    sign_in(second.page, "onlooker")
    second.page.goto("/console/query/samples")
    expect(second.page.get_by_role("button", name="Delete For all to read")).to_have_count(0)
    second.page.get_by_role("link", name="For all to read").click()
    expect(second.page.locator("textarea[name=sql]")).to_have_value("SELECT 3 AS third")
    refused = second.page.request.post(
        f"{console.url}/console/query/saved", form={"sql": "SELECT 1", "name": "x"}, headers={"origin": console.url}
    )

    expect(second.page.locator("[data-save]")).to_have_count(0)
    assert refused.status == 403


def test_a_sample_is_found_and_leads_to_a_result(admin: Watched) -> None:
    admin.page.goto(f"/console/query/samples?range={MARCH}")
    admin.page.keyboard.press("/")
    admin.page.keyboard.type("top errors")
    admin.page.keyboard.press("Enter")
    admin.page.wait_for_url(re.compile("q=top"))
    admin.page.get_by_role("link", name="Top errors").click()
    expect(admin.page.locator("#check")).to_contain_text("Would scan")
    admin.page.get_by_role("button", name="Run", exact=True).click()
    admin.page.wait_for_url(ANSWER)

    expect(admin.page.locator("[data-cells] tbody tr").first).to_be_visible()


def test_a_sample_about_something_has_a_field_for_it(admin: Watched) -> None:
    admin.page.goto(f"/console/query/samples?{urlencode({'range': MARCH, 'q': 'access key'})}")
    admin.page.locator("ul.ready").last.get_by_role("link", name=re.compile("access key", re.IGNORECASE)).first.click()

    expect(admin.page.get_by_label(":key")).to_have_value("AKIAIOSFODNN7EXAMPLE")


def test_a_question_in_english_fills_the_editor_and_says_what_was_understood(admin: Watched) -> None:
    admin.page.goto("/console/query")
    admin.page.get_by_label("Ask in English").fill("Who signed in to the console without MFA on 2022-03-15?")
    admin.page.get_by_label("Ask in English").press("Enter")

    expect(admin.page.locator(".understood")).to_contain_text("Console sign-ins without MFA")
    expect(admin.page.locator(".understood")).to_contain_text("eventTime >= '2022-03-15 00:00:00'")
    assert "'MFAUsed') = 'No'" in editor_text(admin.page)


def test_a_question_that_is_not_understood_changes_nothing(admin: Watched) -> None:
    open_query(admin.page, "SELECT 1 AS kept")
    admin.page.get_by_label("Ask in English").fill("How is the weather in Paris?")
    admin.page.get_by_role("button", name="Write the query").click()

    expect(admin.page.get_by_role("alert")).to_contain_text("No query was found")
    expect(admin.page.get_by_label("Ask in English")).to_have_value("How is the weather in Paris?")
    assert editor_text(admin.page) == "SELECT 1 AS kept"


# --- as a widget ------------------------------------------------------------------------------------------------------


def test_a_query_becomes_widgets_of_a_dashboard(admin: Watched, console: Console) -> None:
    run(admin.page, HOURS)
    view(admin.page, "Chart")
    admin.page.get_by_role("link", name="Save as widget").click()
    admin.page.get_by_label("Title").fill("Events by hour")
    admin.page.get_by_label("Name of the new dashboard").fill("night-shift")
    admin.page.get_by_role("button", name="Add the widget").click()
    expect(admin.page.get_by_role("status")).to_have_text("The widget is in night-shift.")
    run(admin.page, COUNTED)
    admin.page.get_by_role("link", name="Save as widget").click()
    admin.page.get_by_label("Title").fill("What is called")
    admin.page.locator("select[name=dashboard]").select_option("night-shift")
    admin.page.get_by_role("button", name="Add the widget").click()
    expect(admin.page.get_by_role("status")).to_have_text("The widget is in night-shift.")
    settings = console.app.settings
    first, other = console.app.dashboards.get(settings.account_id, settings.region, "night-shift").widgets

    assert dict(first.properties) == {
        "Title": "Events by hour",
        "View": "LineChart",
        "XAxisColumn": "hour",
        "YAxisColumn": "events",
    }
    assert first.parameters == ("$StartTime$", "$EndTime$")
    assert "incident-1" not in first.statement
    assert other.properties["View"] == "Table"


def test_a_widget_without_a_title_is_refused_with_all_that_was_chosen(admin: Watched) -> None:
    admin.page.goto("/console/query/widget?" + urlencode({"sql": "SELECT 1 AS one", "chart": "bar", "x": "one"}))
    admin.page.get_by_label("Title").fill("  ")
    admin.page.get_by_label("Name of the new dashboard").fill("some-name")
    admin.page.get_by_role("button", name="Add the widget").click()

    expect(admin.page.get_by_role("alert")).to_contain_text("title")
    expect(admin.page.get_by_label("Name of the new dashboard")).to_have_value("some-name")
    expect(admin.page.get_by_label("Bars")).to_be_checked()
