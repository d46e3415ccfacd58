"""Stores in a real browser: what there is, made with the builder, changed, deleted and restored; and to whom."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.web.browsing import Console, Watched, sign_in, watched
from trailmere.events.selectors import to_json
from trailmere.query.results import rows

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from trailmere.registry.records import EventDataStore

pytestmark = pytest.mark.extended

ACCOUNT = "210000000001"  # of the stores that are made here, so that the demo's account stays as it is
HOSTILE = "<img src=x onerror=alert(1)>\u202e"


@pytest.fixture(scope="module")
def keeper(console: Console) -> str:
    """An administrator of the account of these stores."""
    console.a_user("keeper", "AdministratorAccess", account=ACCOUNT)
    return "keeper"


@pytest.fixture
def page(visitor: Watched, keeper: str) -> Page:
    sign_in(visitor.page, keeper, account=ACCOUNT)
    visitor.page.on("dialog", lambda dialog: dialog.accept())
    return visitor.page


def registry(console: Console) -> Any:
    return console.app.stores_in(ACCOUNT, console.app.settings.region)


def made(console: Console, name: str, **wishes: Any) -> EventDataStore:
    place = (ACCOUNT, console.app.settings.region)
    store: EventDataStore = console.app.lifecycle.create(name, place=place, **wishes)
    return store


@pytest.fixture
def store(console: Console, request: pytest.FixtureRequest) -> Iterator[EventDataStore]:
    """A store of the account, gone afterwards: an account has no more than ten."""
    name = re.sub(r"\W+", "-", request.node.name)[:60]
    yield made(console, name, termination_protection=False)
    forget(console, name)


def forget(console: Console, *names: str) -> None:
    for name in names:
        found = registry(console).find(name)
        if found is not None:
            if found.termination_protection:
                registry(console).update(found.id, termination_protection=False)
            if found.deletion_due is None:
                registry(console).delete(found.id)
            console.app.lake.drop_table(found.id)
            registry(console).purge(found.id)


def fields_of(store: EventDataStore) -> Any:
    """The field selectors of its first selector, as AWS has them."""
    return to_json(store.selectors)[0]["FieldSelectors"]


def last_note(console: Console, name: str) -> dict[str, Any]:
    return next(event for one in reversed(console.notes) if (event := json.loads(one))["eventName"] == name)


def test_the_list_tells_how_much_there_is_and_from_when_to_when(admin: Watched, console: Console) -> None:
    first, last, count = next(
        iter(rows(console.app.queries.run('SELECT min(eventTime), max(eventTime), count(*) FROM "incident-1"')))
    )
    admin.page.goto("/console/stores")

    told = admin.page.get_by_role("row").filter(has_text="incident-1")
    expect(told).to_contain_text(f"{count:,}")
    expect(told).to_contain_text(str(first)[:19])
    expect(told).to_contain_text(str(last)[:19])
    expect(told).to_contain_text("ingesting")


def test_a_store_is_opened_by_keys_and_leads_to_its_events(admin: Watched) -> None:
    admin.page.goto("/console/stores")
    admin.page.keyboard.press("j")
    admin.page.keyboard.press("Enter")
    expect(admin.page.get_by_role("heading", level=1)).to_contain_text("incident-1")
    expect(admin.page.locator("#upkeep")).to_contain_text("Last maintained")
    admin.page.keyboard.press("v")

    expect(admin.page).to_have_url(re.compile(r"/console/events\?.*store=incident-1"))


def test_a_store_is_made_with_the_builder_by_mouse(page: Page, console: Console) -> None:
    page.goto("/console/stores")
    page.get_by_role("link", name="Create event data store").first.click()
    page.get_by_label("Name", exact=True).fill("by-mouse")
    page.get_by_label("Template").select_option("data-write-only")
    page.get_by_label("of", exact=True).fill("AWS::S3::Object")
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_role("status", name="In words")).to_contain_text("resources.type is AWS::S3::Object")
    page.get_by_role("button", name="Add a condition").click()
    condition = page.get_by_role("group", name="Condition 3 of selector 1")
    condition.get_by_label("Field").select_option("resources.ARN")
    condition.get_by_label("Operator").select_option("StartsWith")
    condition.get_by_label("Value").fill("arn:aws:s3:::payroll/")
    page.get_by_label("Retention in days").fill("90")
    page.get_by_label("Tags").fill("team=ir")
    page.get_by_role("button", name="Create the store").click()
    page.wait_for_url(re.compile(r"/stores/[0-9a-f-]{36}"))
    store = registry(console).get("by-mouse")
    forget(console, "by-mouse")

    expect(page.get_by_role("status").first).to_contain_text("by-mouse was created")
    assert (store.retention_days, dict(store.tags)) == (90, {"team": "ir"})
    assert fields_of(store) == [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
        {"Field": "readOnly", "Equals": ["false"]},
        {"Field": "resources.ARN", "StartsWith": ["arn:aws:s3:::payroll/"]},
    ]
    assert last_note(console, "CreateEventDataStore")["userIdentity"]["userName"] == "keeper"


def choose(page: Page, field: str, value: str) -> None:
    """Choose in a select by the arrow keys: letters count together only when they come quickly."""
    options = page.locator(f"{field} option").evaluate_all("options => options.map(one => one.value)")
    page.keyboard.press("Home")
    for _ in range(options.index(value)):
        page.keyboard.press("ArrowDown")
    expect(page.locator(field)).to_have_value(value)


def test_a_field_that_is_passed_by_leaves_no_value_to_the_one_that_is_chosen(page: Page) -> None:
    page.goto("/console/stores/new")
    page.locator("#s0-add").click()
    page.locator("#s0-c0-field").select_option("readOnly")
    expect(page.locator("select#s0-c0-values")).to_have_value("true")
    page.locator("#s0-c0-field").select_option("eventName")
    expect(page.locator("#s0-c0-add")).to_have_attribute("placeholder", "a value")
    expect(page.locator("#s0-c0-values")).to_have_count(0)


def test_a_store_is_made_with_the_builder_by_keyboard(page: Page, console: Console) -> None:
    keys = page.keyboard
    page.goto("/console/stores")
    keys.press("n")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    keys.type("by-keys")
    page.locator("#s0-add").focus()
    keys.press("Enter")
    expect(page.locator("#s0-c0-field")).to_be_focused()
    choose(page, "#s0-c0-field", "eventName")
    keys.press("Tab")
    expect(page.locator("#s0-c0-op")).to_be_focused()
    keys.press("Tab")
    for name in ("CreateUser", "DeleteUser"):
        expect(page.locator("#s0-c0-add")).to_be_focused()
        keys.type(name)
        keys.press("Enter")
        expect(page.get_by_role("status", name="In words")).to_contain_text(name)
    page.get_by_role("button", name="Create the store").focus()
    keys.press("Enter")
    page.wait_for_url(re.compile(r"/stores/[0-9a-f-]{36}"))
    store = registry(console).get("by-keys")
    forget(console, "by-keys")

    assert fields_of(store)[1] == {
        "Field": "eventName",
        "Equals": ["CreateUser", "DeleteUser"],
    }


def test_json_and_builder_follow_each_other(page: Page) -> None:
    page.goto("/console/stores/new")
    page.get_by_text("The same as JSON").click()
    text = page.get_by_label("Advanced event selectors as JSON")
    members = json.loads(text.input_value())
    members[0]["FieldSelectors"].append({"Field": "readOnly", "Equals": ["true"]})
    text.fill(json.dumps(members))
    expect(page.get_by_label("Field")).to_have_value("readOnly")
    page.get_by_role("group", name="Condition 1").get_by_label("Value").select_option("false")
    expect(page.get_by_role("status", name="In words")).to_contain_text("they change something")

    assert json.loads(text.input_value())[0]["FieldSelectors"][1] == {"Field": "readOnly", "Equals": ["false"]}


def test_what_aws_would_refuse_is_said_at_its_field_and_nothing_typed_is_lost(page: Page, console: Console) -> None:
    page.goto("/console/stores/new?template=data-events")
    page.get_by_label("Name", exact=True).fill("refused")
    page.locator("#s0-c0-values").fill("AWS::S3::Objekt")
    page.get_by_label("Retention in days").fill("3")
    expect(page.locator("#s0-c0-wrong")).to_contain_text("did you mean AWS::S3::Object?")
    page.locator("#s0-c0-values").fill("AWS::S3::Object")
    page.keyboard.press("Tab")
    expect(page.locator("#s0-c0-wrong")).to_have_count(0)
    page.get_by_role("button", name="Create the store").click()

    expect(page.locator("#wrong-retention")).to_contain_text("greater than or equal to 7")
    expect(page.get_by_label("Name", exact=True)).to_have_value("refused")
    assert registry(console).find("refused") is None


def test_what_would_be_kept_is_what_counting_the_records_gives(admin: Watched, console: Console) -> None:
    found = rows(console.app.queries.run('SELECT eventJson FROM "incident-1"'))
    records = [json.loads(str(one[0])) for one in found]
    wanted = [one["eventCategory"] == "Management" and one["eventSource"] != "kms.amazonaws.com" for one in records]
    kept = sum(wanted)
    names = {one["eventName"] for one, is_kept in zip(records, wanted, strict=True) if not is_kept}
    days = {one["eventTime"][:10] for one in records}
    admin.page.goto("/console/stores/new")
    admin.page.get_by_role("button", name="Add a condition").click()
    condition = admin.page.get_by_role("group", name="Condition 1")
    condition.get_by_label("Field").select_option("eventSource")
    condition.get_by_label("Operator").select_option("NotEquals")
    condition.get_by_label("Value").fill("kms.amazonaws.com")
    admin.page.get_by_label("Of what").select_option("incident-1")
    admin.page.get_by_label("of its latest").select_option("400")
    admin.page.get_by_role("button", name="Count what would be kept").click()

    expect(admin.page.locator("[data-kept]")).to_have_attribute("data-kept", str(kept))
    expect(admin.page.locator("[data-dropped]")).to_have_attribute("data-dropped", str(len(records) - kept))
    listed = admin.page.get_by_role("region", name="Dropped most").get_by_role("link").all_inner_texts()
    charted = admin.page.locator("figure tbody tr").count()
    assert set(listed) <= names
    assert "GetObject" in listed
    assert charted == 2 * len(days)


def test_a_what_if_is_a_link(admin: Watched) -> None:
    admin.page.goto("/console/stores/what-if?store=incident-1&days=7&template=management-write-only")
    told = admin.page.locator("[data-kept]").inner_text()
    admin.page.get_by_role("link", name="A link to this").click()
    admin.page.wait_for_url(re.compile("selectors="))

    expect(admin.page.locator("[data-kept]")).to_have_text(told)


def test_a_store_is_made_without_a_script(browser: Browser, console: Console, keeper: str) -> None:
    with watched(browser, console, java_script_enabled=False) as seen:
        page = seen.page
        sign_in(page, keeper, account=ACCOUNT)
        page.goto("/console/stores/new")
        page.get_by_label("Name", exact=True).fill("no-script")
        page.get_by_role("button", name="Add a condition").click()
        page.get_by_label("Field").select_option("eventSource")
        page.get_by_label("Value").fill("iam.amazonaws.com")
        page.get_by_role("button", name="Take over what was typed").last.click()
        page.get_by_label("Another value").fill("sts.amazonaws.com")
        page.get_by_role("button", name="Create the store").click()
        page.wait_for_url(re.compile(r"/stores/[0-9a-f-]{36}"))
        store = registry(console).get("no-script")
        forget(console, "no-script")
        told = page.get_by_role("heading", level=1).inner_text()
        seen.check()

    assert told.startswith("no-script")
    assert fields_of(store)[1] == {
        "Field": "eventSource",
        "Equals": ["iam.amazonaws.com", "sts.amazonaws.com"],
    }


def test_a_store_is_edited_and_only_what_changed_is_sent(page: Page, console: Console, store: EventDataStore) -> None:
    page.goto(f"/console/stores/{store.id}")
    page.keyboard.press("i")
    page.get_by_label("Retention in days").fill("30")
    page.get_by_label("Termination protection").check()
    page.get_by_role("button", name="Save the store").click()
    expect(page.get_by_role("status").first).to_contain_text("was changed")
    sent = last_note(console, "UpdateEventDataStore")["requestParameters"]

    assert sorted(sent) == ["eventDataStore", "retentionPeriod", "terminationProtectionEnabled"]
    assert registry(console).get(store.id).retention_days == 30


def test_ingestion_stops_and_starts(page: Page, console: Console, store: EventDataStore) -> None:
    page.goto(f"/console/stores/{store.id}")
    page.get_by_role("button", name="Stop ingestion").click()
    expect(page.get_by_text("Nothing is taken in: ingestion was stopped.")).to_be_visible()
    stopped = registry(console).get(store.id).status
    page.get_by_role("button", name="Start ingestion").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("ingesting")

    assert (stopped, registry(console).get(store.id).status) == ("STOPPED_INGESTION", "ENABLED")


def test_deleting_takes_protection_away_first_wants_the_name_and_can_be_undone(
    page: Page, console: Console, store: EventDataStore
) -> None:
    registry(console).update(store.id, termination_protection=True)
    page.goto(f"/console/stores/{store.id}")
    expect(page.get_by_role("link", name="Delete …")).to_have_count(0)
    page.get_by_role("button", name="Turn termination protection off").click()
    page.wait_for_url(re.compile("/delete"))
    page.get_by_label("To delete it").fill("another")
    page.get_by_role("button", name="Delete the store").click()
    expect(page.get_by_role("alert")).to_contain_text("Type the name of the store")
    page.get_by_label("To delete it").fill(store.name)
    page.keyboard.press("Enter")
    pending = page.get_by_role("region", name="Pending deletion").get_by_role("row").filter(has_text=store.name)
    expect(pending).to_contain_text("in 6 days")
    pending.get_by_role("button", name="Restore").click()
    expect(page.get_by_role("status").first).to_contain_text("is back with its events")

    assert registry(console).get(store.id).status == "ENABLED"


def test_tags_come_and_go_and_mean_no_harm(page: Page, console: Console, store: EventDataStore) -> None:
    page.goto(f"/console/stores/{store.id}")
    page.get_by_role("textbox", name="Key").fill(HOSTILE)
    page.get_by_label("Value").fill(HOSTILE)
    page.get_by_role("button", name="Add", exact=True).click()
    shown = page.get_by_role("region", name="Tags")
    expect(shown).to_contain_text("<img src=x onerror=alert(1)>\\u{202e} = <img")
    tagged = dict(registry(console).get(store.id).tags)
    page.get_by_role("button", name="Remove the tag").click()
    expect(page.locator("#tags")).to_contain_text("None.")

    assert tagged == {HOSTILE: HOSTILE}
    assert dict(registry(console).get(store.id).tags) == {}


def test_what_is_wrong_with_a_tag_is_said_above_its_store(page: Page, store: EventDataStore) -> None:
    page.goto(f"/console/stores/{store.id}")
    page.get_by_role("textbox", name="Key").fill("aws:mine")
    page.get_by_role("button", name="Add", exact=True).click()

    expect(page.get_by_role("alert")).to_contain_text("does not start with aws:")
    expect(page.get_by_role("heading", level=1)).to_contain_text(store.name)


def test_names_of_selectors_are_shown_as_text(page: Page, console: Console) -> None:
    selectors = [{"Name": HOSTILE, "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}]
    page.goto("/console/stores/new")
    page.get_by_label("Name", exact=True).fill("hostile")
    page.get_by_text("The same as JSON").click()
    page.get_by_label("Advanced event selectors as JSON").fill(json.dumps(selectors))
    expect(page.get_by_label("called")).to_have_value(HOSTILE)
    page.get_by_role("button", name="Create the store").click()
    page.wait_for_url(re.compile(r"/stores/[0-9a-f-]{36}"))
    page.get_by_text("As JSON").click()
    forget(console, "hostile")

    expect(page.locator("#selectors-json")).to_contain_text("<img src=x onerror=alert(1)>\\u{202e}")


def test_insights_go_into_a_store_of_their_own_and_off_again(
    page: Page, console: Console, store: EventDataStore
) -> None:
    page.goto(f"/console/stores/{store.id}")
    page.get_by_role("link", name="Make a store for Insights events").click()
    page.get_by_label("Name", exact=True).fill("unusual")
    page.get_by_label("Termination protection").uncheck()
    page.get_by_role("button", name="Create the store").click()
    page.wait_for_url(re.compile(r"/stores/[0-9a-f-]{36}"))
    page.goto(f"/console/stores/{store.id}")
    page.get_by_label("Into the store").select_option("unusual")
    page.get_by_label("Errors", exact=True).uncheck()
    page.get_by_role("button", name="Turn Insights on").click()
    expect(page.locator("#insights")).to_contain_text("unusual rates of calls that write")
    types = console.app.insights.records.get(store.id).types
    page.get_by_role("button", name="Turn Insights off").click()
    expect(page.locator("#insights")).to_contain_text("Off.")
    forget(console, "unusual")

    assert types == ("ApiCallRateInsight",)


def test_who_may_only_look_is_offered_nothing_and_refused_with_a_sentence(
    visitor: Watched, console: Console, store: EventDataStore
) -> None:
    console.a_user(f"viewer-{store.id[:8]}", "TrailmereViewer", account=ACCOUNT)
    sign_in(visitor.page, f"viewer-{store.id[:8]}", account=ACCOUNT)
    page = visitor.page
    page.goto("/console/stores")
    offered = page.get_by_role("link", name="Create event data store").count()
    page.goto(f"/console/stores/{store.id}")
    buttons = page.locator("main").get_by_role("button").all_inner_texts()
    links = page.locator("main").get_by_role("link").all_inner_texts()
    told = [
        page.evaluate(
            """async ([place, body]) => {
                const answer = await fetch(place, {method: "POST", body: new URLSearchParams(body)});
                const found = new DOMParser().parseFromString(await answer.text(), "text/html");
                return [answer.status, found.querySelector("main").textContent];
            }""",
            [f"/console/stores/{store.id}/{what}", body],
        )
        for what, body in (
            ("delete", {"name": store.name}),
            ("ingestion", {"do": "stop"}),
            ("protection", {"do": "on"}),
            ("tags", {"do": "add", "key": "a", "value": "b"}),
            ("insights", {"do": "off"}),
            ("edit", {"do": "save", "name": "mine"}),
            ("restore", {}),
        )
    ]

    assert (offered, [text for text in buttons if text]) == (0, [])
    assert not {"Edit", "Delete …", "Import logs"}.intersection(links)
    assert [status for status, _ in told] == [403] * 7
    assert all("not authorized" in text for _, text in told)
    assert registry(console).get(store.id) == store


def test_whoever_may_not_see_stores_is_told_so(visitor: Watched, console: Console) -> None:
    console.a_user("nobody-in-particular", account=ACCOUNT)
    sign_in(visitor.page, "nobody-in-particular", account=ACCOUNT)
    visitor.page.goto("/console/stores")

    expect(visitor.page.get_by_role("alert")).to_contain_text("You may not list the event data stores.")


def test_a_store_that_is_not_there_is_a_page_that_says_so(page: Page) -> None:
    answers = [page.goto(f"/console/stores/{id}") for id in ("abcdef01-2345-6789-abcd-ef0123456789", "no%20id", "%00")]

    assert [one.status if one else 0 for one in answers] == [404, 400, 400]


def test_all_of_a_store_can_be_read_on_a_telephone(browser: Browser, console: Console, keeper: str) -> None:
    store = console.app.stores.get("incident-1")
    with watched(browser, console, viewport={"width": 360, "height": 740}) as seen:
        sign_in(seen.page)
        wide = []
        for path in ("", "/new", "/imports", "/channels", f"/{store.id}", f"/{store.id}/edit", f"/{store.id}/sharing"):
            seen.page.goto(f"/console/stores{path}")
            seen.page.wait_for_load_state("networkidle")
            wide.append((path, seen.page.evaluate("document.documentElement.scrollWidth > innerWidth")))
        seen.check()

    assert [path for path, is_wide in wide if is_wide] == []
