"""Events in a real browser over the demo: shown, narrowed, counted, opened, compared and exported; and to whom."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.web.browsing import Console, Watched, sign_in
from trailmere.events.selector_templates import template
from trailmere.query.results import rows
from trailmere.simulator.compromised_key import ADDRESS, CREATE_ACCESS_KEY_ID, NEW_USER
from trailmere.sources.delivery import Delivery

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, Route

pytestmark = pytest.mark.extended

DAYS = "range=2022-03-14T00:00:00Z..2022-03-17T00:00:00Z"
THIEF = f"{DAYS}&f=sourceIPAddress%3D{ADDRESS}"
FAMILY_TEMPLATES = {
    "cloudtrail": "everything",
    "insight": "insight-events",
    "configurationitem": "configuration-items",
    "evidence": "audit-evidence",
    "activityauditlog": "activity-audit-log",
}
HOSTILE = "<img src=x onerror=alert(1)>' OR 1=1 --\u202e"


def ask(console: Console, sql: str) -> list[Any]:
    return list(rows(console.app.queries.run(sql)))


def listed(page: Page) -> Locator:
    return page.locator("table.events tbody tr")


def names(page: Page) -> list[str]:
    return [
        text.split("\n")[0].split(" ")[0]
        for text in page.locator("table.events tbody td:nth-child(3)").all_inner_texts()
    ]


def fetched(page: Page, href: str) -> bytes:
    return page.context.request.get(href).body()


@pytest.fixture(scope="module")
def odd_events(console: Console) -> Iterator[str]:
    """A store with events that mean ill, or are unusual, and another one with the same; the first one's name."""
    names = ("odd-events", "odd-events-again")
    base = {
        "eventVersion": "1.08",
        "userIdentity": {"type": "IAMUser", "userName": HOSTILE, "arn": HOSTILE, "accessKeyId": "AKIA1"},
        "eventTime": "2023-01-01T00:00:00Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": HOSTILE,
        "awsRegion": "eu-west-1",
        "sourceIPAddress": HOSTILE,
        "userAgent": HOSTILE,
        "requestParameters": {HOSTILE: HOSTILE, "bucketName": "=1+1", "half": "\ud800"},
        "eventID": "x/../y?&\"'",
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "eventCategory": "Management",
        "recipientAccountId": "111122223333",
    }
    without = {key: value for key, value in base.items() if key != "eventID"} | {"eventName": "WithoutId"}
    text = json.dumps({"Records": [base, without, without | {"requestID": "2"}]})
    for name in names:
        made = console.app.lifecycle.create(name, selectors=template("everything"), termination_protection=False)
        console.app.pusher.put(made, [Delivery("push:odd", content=text.encode())])
    yield names[0]
    for name in names:
        console.app.lifecycle.delete(name)


@pytest.fixture
def stores_of_all_kinds(console: Console) -> Iterator[tuple[str, ...]]:
    """A store of each kind, with an event of an integration and one of Insights."""
    records = {
        "insight": {
            "eventVersion": "1.08",
            "eventTime": "2023-02-01T00:00:00Z",
            "eventID": "of-insights",
            "eventType": "AwsCloudTrailInsight",
            "eventCategory": "Insight",
            "recipientAccountId": "111122223333",
            "awsRegion": "eu-west-1",
            "insightDetails": {"state": "Start", "eventSource": "iam.amazonaws.com", "eventName": "CreateRole"},
        },
    }
    names = []
    for family, selectors in FAMILY_TEMPLATES.items():
        name = f"kind-{family}"
        made = console.app.lifecycle.create(name, selectors=template(selectors), termination_protection=False)
        if family in records:
            console.app.pusher.put(made, [Delivery(f"push:{family}", content=json.dumps(records[family]).encode())])
        names.append(name)
    yield tuple(names)
    for name in names:
        console.app.lifecycle.delete(name)


def test_all_stores_are_one_list_newest_first(admin: Watched, console: Console) -> None:
    latest = [
        (time, name)
        for time, name in ask(
            console,
            'SELECT eventtime, eventname FROM (SELECT eventtime, eventname, eventid FROM "incident-1" UNION '
            'SELECT eventtime, eventname, eventid FROM "incident-2") ORDER BY eventtime DESC, eventid DESC LIMIT 50',
        )
    ]

    admin.page.goto("/console/events?range=all&rows=50")

    assert names(admin.page) == [name for _, name in latest]
    assert [text.strip() for text in admin.page.locator("table.events tbody td:nth-child(2)").all_inner_texts()] == [
        time.removesuffix(".000") for time, _ in latest
    ]


def test_pages_follow_each_other_without_a_gap_or_a_repetition(admin: Watched, console: Console) -> None:
    wanted = [
        id
        for (id,) in ask(
            console,
            f"SELECT eventid FROM \"incident-1\" WHERE sourceipaddress = '{ADDRESS}' "
            "ORDER BY eventtime DESC, eventid DESC",
        )
    ]
    seen: list[str] = []

    admin.page.goto(f"/console/events?{THIEF}&rows=50")
    while True:
        seen += [
            value.partition("~")[2]
            for value in admin.page.locator("input[name=pick]").evaluate_all("all => all.map(one => one.value)")
        ]
        older = admin.page.get_by_role("link", name="Older")
        if not older.count():
            break
        older.click()

    assert seen == wanted


def test_a_count_narrows_the_list_and_takes_it_back(admin: Watched) -> None:
    admin.page.goto(f"/console/events?{THIEF}")
    before = listed(admin.page).count()
    errors = admin.page.locator(".facets").get_by_role("list", name="Error")

    errors.get_by_role("link", name=re.compile("^AccessDenied")).click()
    expect(admin.page).to_have_url(re.compile("errorCode%3DAccessDenied"))
    denied = int(errors.locator("a[aria-current]").locator("span").last.inner_text())
    expect(listed(admin.page)).to_have_count(denied)
    errors.get_by_role("link", name=re.compile("^AccessDenied")).click()

    expect(listed(admin.page)).to_have_count(before)


def test_switches_filters_and_text_are_chips_that_go_away(admin: Watched, console: Console) -> None:
    ((count,),) = ask(
        console,
        'SELECT count(*) FROM "incident-1" WHERE errorcode IS NOT NULL AND readonly = false '
        f"AND sourceipaddress = '{ADDRESS}' AND element_at(requestparameters, 'userName') = '{NEW_USER}' "
        f"AND strpos(lower(eventjson), 'kali') > 0",
    )
    page = admin.page

    page.goto(f"/console/events?{THIEF}")
    page.get_by_role("link", name="Only errors").click()
    page.get_by_role("link", name="Only writes").click()
    page.get_by_role("searchbox").first.fill("KALI")
    page.get_by_role("button", name="Search").click()
    page.locator("summary", has_text="Add a filter").click()
    page.get_by_label("Column").fill("requestParameters.userName")
    page.get_by_label("Value").fill(NEW_USER)
    page.get_by_role("button", name="Add", exact=True).click()

    expect(listed(page)).to_have_count(count)
    assert count > 0
    page.locator("a.chip", has_text="Text: KALI").click()
    expect(page).not_to_have_url(re.compile("q="))


def test_a_bar_of_the_timeline_leads_to_its_hour(admin: Watched, console: Console) -> None:
    ((count,),) = ask(
        console,
        f"SELECT count(*) FROM \"incident-1\" WHERE sourceipaddress = '{ADDRESS}' "
        "AND eventtime >= '2022-03-15 14:00:00' AND eventtime < '2022-03-15 15:00:00'",
    )

    admin.page.goto(f"/console/events?{THIEF}")
    admin.page.locator("#timeline summary").click()
    admin.page.locator("#timeline").get_by_role("link", name="2022-03-15 14:00").click()

    expect(listed(admin.page)).to_have_count(count)


@pytest.mark.parametrize("width", [1280, 400])
def test_rows_stay_where_they_are_when_the_timeline_comes(admin: Watched, width: int) -> None:
    page = admin.page
    page.set_viewport_size({"width": width, "height": 800})
    held: list[Route] = []
    page.route(re.compile("/events/timeline"), lambda route: held.append(route))
    with page.expect_request(re.compile("/events/timeline")):
        page.goto(f"/console/events?{THIEF}")
    before = listed(page).first.bounding_box()

    held[0].continue_()
    expect(page.locator("#timeline canvas")).to_be_visible()

    assert before is not None
    assert listed(page).first.bounding_box() == before


def test_dragging_over_the_timeline_narrows_the_range(admin: Watched) -> None:
    admin.page.goto(f"/console/events?{THIEF}")
    box = admin.page.locator("#timeline canvas").bounding_box()
    assert box is not None

    admin.page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 80)
    admin.page.mouse.down()
    admin.page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 80, steps=4)
    admin.page.mouse.up()

    admin.page.wait_for_url(re.compile(r"range=2022-03-15T\d\d%3A00%3A00.000000Z..2022-03-1[56]T\d\d%3A00%3A00"))


def test_any_column_can_be_added_and_stays_in_the_address(admin: Watched) -> None:
    page = admin.page
    page.goto(f"/console/events?{THIEF}&f=eventName%3DDeleteObject")
    page.locator("summary", has_text="Columns").click()
    page.get_by_label("Find a column").fill("bucketname")
    page.get_by_label("requestParameters.bucketName").check()
    page.get_by_role("button", name="Show these columns").click()

    expect(page).to_have_url(re.compile("col=requestParameters.bucketName"))
    expect(listed(page).first).to_contain_text("example-production-customers")
    page.get_by_role("link", name=re.compile("Take the column")).click()
    expect(page).not_to_have_url(re.compile("col="))


def test_an_event_is_shown_with_its_exact_record_and_where_it_came_from(admin: Watched, console: Console) -> None:
    ((exact, delivery),) = ask(
        console, f"SELECT eventjson, deliveryid FROM \"incident-1\" WHERE eventid = '{CREATE_ACCESS_KEY_ID}'"
    )
    store = console.app.stores.find("incident-1")
    assert store is not None
    entry = console.app.lake.delivery(store.id, delivery)
    assert entry is not None

    admin.page.goto(f"/console/events/{CREATE_ACCESS_KEY_ID}?range=all")

    assert admin.page.locator("pre").first.inner_text() == exact
    assert admin.page.get_by_role("button", name="Copy, byte for byte").get_attribute("data-copy") == exact
    expect(admin.page.locator("main")).to_contain_text(entry.uri)
    assert fetched(admin.page, admin.page.get_by_role("link", name="Download").get_attribute("href") or "") == (
        exact.encode()
    )


def test_the_events_of_a_principal_are_walked_one_by_one(admin: Watched, console: Console) -> None:
    order = [
        name
        for (name,) in ask(
            console,
            f"SELECT eventname FROM \"incident-1\" WHERE useridentity.username = '{NEW_USER}' "
            "ORDER BY eventtime, eventid",
        )
    ]
    page = admin.page
    page.goto(f"/console/events?{DAYS}&f=userIdentity.userName%3D{NEW_USER}&rows=200")
    page.locator("table.events tbody tr").last.locator("td a").first.click()
    seen = []

    for _ in order[:5]:
        seen.append(page.get_by_role("heading", level=1).inner_text().split()[0])
        expect(page.locator("[data-key=n]")).to_be_visible()
        address = page.url
        page.keyboard.press("n")
        expect(page).not_to_have_url(address)

    assert seen == order[:5]


def test_two_events_are_compared_by_keys(admin: Watched) -> None:
    page = admin.page
    page.goto(f"/console/events?{THIEF}&f=eventName%3DAssumeRole")
    expect(listed(page)).to_have_count(2)
    for key in ("j", "x", "j", "x", "c"):
        page.keyboard.press(key)

    expect(page.get_by_role("heading", level=1)).to_have_text("Two events")
    differing = page.locator("tr.differs")
    expect(differing.filter(has_text="recipientAccountId")).to_have_count(1)
    expect(page.locator("tbody tr").filter(has_text="sharedEventID")).to_have_count(0)  # they are alike in it
    page.get_by_role("link", name="Show what is alike, too").click()
    expect(page.locator("tbody tr").filter(has_text="sharedEventID")).to_have_count(1)


@pytest.mark.parametrize("format", ["csv", "ndjson", "parquet"])
def test_the_view_is_exported(admin: Watched, console: Console, format: str) -> None:
    import pyarrow.parquet as parquet

    found_by_sql = ask(console, f"SELECT eventid, eventjson FROM \"incident-1\" WHERE sourceipaddress = '{ADDRESS}'")
    wanted = dict(found_by_sql)
    admin.page.goto(f"/console/events?{THIEF}&col=requestParameters.bucketName")
    body = fetched(admin.page, admin.page.locator(f"a[href*='format={format}']").get_attribute("href") or "")

    found: list[dict[str, Any]]
    if format == "csv":
        found = list(csv.DictReader(io.StringIO(body.decode(), newline="")))
    elif format == "ndjson":
        found = [json.loads(line) for line in body.decode().splitlines()]
    else:
        found = parquet.read_table(io.BytesIO(body)).to_pylist()
    assert {one["eventID"]: one["eventJson"] for one in found} == wanted
    assert any(one["requestParameters.bucketName"] == "example-production-invoices" for one in found)


def test_an_empty_range_says_when_the_latest_event_was(admin: Watched) -> None:
    admin.page.goto("/console/events?range=24h")
    expect(admin.page.locator(".nothing")).to_contain_text("Last 24 hours, in incident-1, incident-2")
    admin.page.locator("[data-latest]").click()

    expect(listed(admin.page).first).to_contain_text("2022-09-14")


def test_an_event_that_is_nowhere_is_said_to_be_so_with_the_stores_that_were_searched(admin: Watched) -> None:
    answer = admin.page.goto("/console/events/no-such-event")

    assert answer is not None
    assert answer.status == 404
    expect(admin.page.locator("main")).to_contain_text("Searched: incident-1, incident-2")


def test_what_a_person_may_not_query_is_neither_listed_nor_found(visitor: Watched, console: Console) -> None:
    store = console.app.stores.find("incident-2")
    assert store is not None
    account = console.a_user("narrow", "TrailmereViewer")
    user = console.app.identities.user(account, "narrow")
    denied = {"Effect": "Deny", "Action": "cloudtrail:StartQuery", "Resource": store.arn}
    console.app.identities.put_policy(user, "less", json.dumps({"Version": "2012-10-17", "Statement": [denied]}))
    ((hidden,),) = ask(console, 'SELECT eventid FROM "incident-2" LIMIT 1')
    sign_in(visitor.page, "narrow")

    visitor.page.goto("/console/events?range=all")
    expect(listed(visitor.page).first).to_contain_text("2022-03-")
    visitor.page.goto(f"/console/events/{hidden}")
    expect(visitor.page.locator("main")).to_contain_text("Searched: incident-1, which")
    visitor.page.goto("/console/events?store=incident-2&range=all")
    expect(visitor.page.get_by_role("alert")).to_contain_text("no event data store 'incident-2' that you may query")


def test_who_may_query_nothing_is_told_what_to_ask_for(visitor: Watched, console: Console) -> None:
    console.a_user("nobody-at-all")
    sign_in(visitor.page, "nobody-at-all")

    visitor.page.goto("/console/events")

    expect(visitor.page.locator("main")).to_contain_text("cloudtrail:StartQuery and cloudtrail:GetQueryResults")


def test_values_that_mean_ill_are_text_everywhere(admin: Watched, odd_events: str) -> None:
    page = admin.page
    page.goto(f"/console/events?store={odd_events}&range=all&col=requestParameters.bucketName")
    expect(listed(page)).to_have_count(3)
    row = listed(page).filter(has=page.locator("td:nth-child(3)", has_text="onerror"))
    expect(row).to_contain_text(r"<img src=x onerror=alert(1)>' OR 1=1 --\u{202e}")
    row.locator("td:nth-child(3) a").click()  # only events of this name
    expect(listed(page)).to_have_count(1)
    exported = fetched(page, page.locator("a[href*='format=csv']").get_attribute("href") or "").decode()

    listed(page).locator("td a").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(r"\u{202e}")
    expect(page.locator("pre").first).to_contain_text("onerror")
    page.get_by_role("link", name=re.compile("All by this user agent")).click()
    expect(listed(page)).to_have_count(3)
    assert "'=1+1" in exported


def test_events_without_an_id_are_each_of_their_own(admin: Watched, odd_events: str) -> None:
    page = admin.page
    page.goto(f"/console/events?store={odd_events}&range=all&f=eventName%3DWithoutId")
    expect(listed(page)).to_have_count(2)
    listed(page).filter(has_text="WithoutId").last.locator("td a").first.click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("WithoutId")


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("f=nonsense", "expected a filter such as"),
        ("f=evil'%3B+DROP=1", "there is no column"),
        ("f=eventName.x=1", "there is no column"),
        ("after=yesterday", "expected the place of an event"),
        ("after=9999-12-31T23:59:59.999999-05:00~x", "expected the place of an event"),
        ("range=never", "expected a time range"),
        ("store=none", "no event data store"),
    ],
)
def test_an_address_that_cannot_be_read_is_answered_with_what_was_expected(
    admin: Watched, query: str, told: str
) -> None:
    admin.page.goto(f"/console/events?{query}")

    expect(admin.page.get_by_role("alert")).to_contain_text(told)


def test_an_event_of_several_stores_is_listed_and_counted_once(admin: Watched, odd_events: str) -> None:
    page = admin.page
    page.goto(f"/console/events?store={odd_events}&store={odd_events}-again&range=all")

    expect(listed(page)).to_have_count(3)
    expect(listed(page).first).to_contain_text("in 2 stores")
    expect(page.locator("#timeline")).to_contain_text("3 events, 0 failed")
    expect(page.locator(".facets").get_by_role("link", name=re.compile("^WithoutId 2"))).to_be_visible()


def test_stores_of_every_kind_are_one_list(admin: Watched, stores_of_all_kinds: tuple[str, ...]) -> None:
    page = admin.page
    stores = "".join(f"&store={name}" for name in stores_of_all_kinds)
    page.goto(f"/console/events?range=all{stores}&only=errors&hide=services&only=writes&q=x&col=eventData.resourceType")
    expect(page.locator(".nothing")).to_contain_text("No events in this range match")
    page.goto(f"/console/events?range=all{stores}")

    expect(listed(page)).to_have_count(1)
    expect(listed(page)).to_contain_text("CreateRole")
    page.locator(".facets").get_by_role("link", name=re.compile("^iam 1")).click()
    expect(listed(page)).to_have_count(1)
    listed(page).locator("td a").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("CreateRole")
