"""Channels and sharing in a real browser: made, events put through boto3 seen, another account let in and out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from playwright.sync_api import expect

from tests.api.asking import an_event
from tests.web.browsing import Console, Watched, sign_in
from tests.web.test_stores import forget, made, registry
from trailmere.events.selector_templates import template

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.extended

ACCOUNT = "210000000001"
OTHER = "210000000002"
HOSTILE = "<img src=x onerror=alert(1)>"


def client_of(console: Console, service: str, name: str, account: str, *policies: str) -> Any:
    """A client of AWS with a key of a user, who is made where there is none."""
    identities = console.app.identities
    if account not in {one.id for one in identities.accounts()} or name not in {
        one.name for one in identities.users(account)
    }:
        console.a_user(name, *policies, account=account)
    user = identities.user(account, name)
    for one in identities.keys(user):  # a user has two at most
        identities.delete_key(one.id)
    key = identities.create_key(user)
    return boto3.client(
        service,
        endpoint_url=console.url,
        region_name=console.app.settings.region,
        aws_access_key_id=key.access_key_id,
        aws_secret_access_key=key.secret_access_key,
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.fixture
def page(visitor: Watched, console: Console) -> Page:
    if ACCOUNT not in {one.id for one in console.app.identities.accounts()} or "sharer" not in {
        one.name for one in console.app.identities.users(ACCOUNT)
    }:
        console.a_user("sharer", "AdministratorAccess", account=ACCOUNT)
    sign_in(visitor.page, "sharer", account=ACCOUNT)
    visitor.page.on("dialog", lambda dialog: dialog.accept())
    return visitor.page


@pytest.fixture
def doors(console: Console) -> Iterator[str]:
    """A store of events from outside of AWS; its id."""
    made_store = made(
        console, "doors", selectors=template("activity-audit-log"), termination_protection=False, multi_region=False
    )
    yield made_store.id
    for one in console.app.channels.list(ACCOUNT, console.app.settings.region):
        console.app.channels.delete(one.id)
    forget(console, "doors")


@pytest.fixture
def shared(console: Console) -> Iterator[str]:
    """A store to be shared; its ARN."""
    yield made(console, "to-be-shared", termination_protection=False).arn
    forget(console, "to-be-shared")


def test_a_channel_is_made_and_what_is_put_into_it_is_seen(page: Page, console: Console, doors: str) -> None:
    page.goto("/console/stores/channels")
    page.keyboard.press("n")
    page.get_by_label("Name").fill("from-doors")
    page.get_by_role("button", name="Create the channel").click()
    page.wait_for_url(re.compile(r"/channels/[0-9a-f-]{36}"))
    expect(page.locator("#status")).to_contain_text("No event has come yet.")
    arn = page.locator("main").get_by_text(re.compile(r"^arn:aws:cloudtrail:.*:channel/")).first.inner_text()
    data = client_of(console, "cloudtrail-data", "gate", ACCOUNT, "AdministratorAccess")
    taken = data.put_audit_events(channelArn=arn, auditEvents=[an_event("one", ACCOUNT)])
    expect(page.locator("#status")).to_contain_text(taken["successful"][0]["eventID"], timeout=30_000)
    page.goto(f"/console/stores/{doors}")

    expect(page.get_by_role("region", name="Channels into it")).to_contain_text("from-doors")
    assert taken["failed"] == []


def test_the_lines_that_a_channel_shows_put_an_event_as_they_are(page: Page, console: Console, doors: str) -> None:
    channel = console.app.channels.create(ACCOUNT, console.app.settings.region, "as-shown", "Custom", [doors], {})
    page.goto(f"/console/stores/channels/{channel.id}")
    python = page.locator("#python").inner_text()
    cli = page.locator("#cli").inner_text()
    events = json.loads(cli[cli.index("'") + 1 : cli.rindex("'")])
    data = client_of(console, "cloudtrail-data", "gate", ACCOUNT, "AdministratorAccess")
    taken = data.put_audit_events(channelArn=channel.arn, auditEvents=events)
    said: list[Any] = []
    made_with: list[Any] = []

    def connect(*given: Any, **more: Any) -> Any:
        made_with.append((given, more))
        return data

    lines = python.replace("import boto3\n", "")
    exec(
        lines, {"boto3": type("boto3", (), {"client": staticmethod(connect)}), "print": lambda *told: said.extend(told)}
    )

    assert [one["id"] for one in taken["successful"]] == ["1"]
    assert made_with[0][1]["endpoint_url"] == console.url
    assert (len(said[0]), said[1]) == (1, [])


def test_a_channel_is_renamed_and_deleted(page: Page, console: Console, doors: str) -> None:
    channel = console.app.channels.create(ACCOUNT, console.app.settings.region, "to-go", "Custom", [doors], {})
    page.goto(f"/console/stores/channels/{channel.id}")
    page.get_by_label("Name").fill("x")
    page.get_by_role("button", name="Save").evaluate("button => button.form.noValidate = true")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("name")
    page.get_by_label("Name").fill("renamed")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Channel renamed")
    page.get_by_role("button", name="Delete the channel").click()
    expect(page.get_by_role("status").first).to_contain_text("renamed was deleted")

    assert list(console.app.channels.list(ACCOUNT, console.app.settings.region)) == []


def test_another_account_is_let_in_queries_and_is_shut_out_again(page: Page, console: Console, shared: str) -> None:
    theirs = client_of(console, "cloudtrail", "guest", OTHER, "AdministratorAccess")
    statement = f'SELECT count(*) FROM "{shared}"'

    def refused() -> str:
        with pytest.raises(ClientError) as caught:
            theirs.start_query(QueryStatement=statement)
        return str(caught.value.response["Error"]["Code"])

    before = refused()
    page.goto(f"/console/stores/{shared.rpartition('/')[2]}/sharing")
    page.get_by_label("Let account").fill(OTHER)
    page.get_by_role("button", name="Add").first.click()
    expect(page.get_by_text("What the text says, not saved yet:")).to_be_visible()
    still = refused()
    page.get_by_role("button", name="Save the policy").click()
    expect(page.locator("main")).to_contain_text(f"Allows account {OTHER} to do")
    query = theirs.start_query(QueryStatement=statement)["QueryId"]
    while (answer := theirs.get_query_results(QueryId=query))["QueryStatus"] in (
        "QUEUED",
        "RUNNING",
    ):
        pass
    page.get_by_role("button", name="Delete the policy").click()
    expect(page.get_by_role("status").first).to_contain_text("has no policy any more")

    assert (before, still, answer["QueryStatus"], len(answer["QueryResultRows"])) == (refused(), before, "FINISHED", 1)


def test_what_is_wrong_with_a_policy_is_said_with_its_place(page: Page, console: Console, shared: str) -> None:
    page.goto(f"/console/stores/{shared.rpartition('/')[2]}/sharing")
    text = page.get_by_label("The policy")
    page.get_by_label("Let account").fill(OTHER)
    page.get_by_role("button", name="Add").first.click()
    wrong = text.input_value().replace("cloudtrail:StartQuery", "cloudtrail:StartQuerry")
    text.fill(wrong)
    page.get_by_role("button", name="Save the policy").click()
    expect(page.get_by_role("alert").first).to_contain_text("StartQuer")
    place = page.locator("#policy-wrong").inner_text()
    text.fill('{"Version": "2012-10-17",\n "Statement": [}')
    page.get_by_role("button", name="Save the policy").click()
    expect(page.locator("#policy-wrong")).to_contain_text("Line 2")

    assert "Statement[0].Action" in place
    assert console.app.resource_policies.get(shared) is None


def test_a_policy_that_means_ill_is_text(page: Page, console: Console, shared: str) -> None:
    policy = {
        "Version": "2012-10-17",
        "Id": HOSTILE,
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": OTHER},
                "Action": "cloudtrail:StartQuery",
                "Resource": shared,
                "Condition": {"StringEquals": {"aws:UserAgent": f"{HOSTILE}\u202e"}},
            }
        ],
    }
    console.app.resource_policies.put(shared, json.dumps(policy, ensure_ascii=False))
    page.goto(f"/console/stores/{shared.rpartition('/')[2]}")
    told = page.locator("main").inner_text()
    page.goto(f"/console/stores/{shared.rpartition('/')[2]}/sharing")

    assert f'"{HOSTILE}\\u{{202e}}"' in told
    expect(page.locator("main")).to_contain_text(f'"{HOSTILE}\\u{{202e}}"')
    assert page.locator("main img").count() == 0


def test_a_dashboard_is_let_query_by_a_statement_of_its_own(page: Page, shared: str) -> None:
    region = shared.split(":")[3]
    arn = f"arn:aws:cloudtrail:{region}:{ACCOUNT}:dashboard/nights"
    page.goto(f"/console/stores/{shared.rpartition('/')[2]}/sharing")
    page.get_by_label("Let CloudTrail query for dashboard").fill(arn)
    page.get_by_role("button", name="Add").last.click()
    page.get_by_role("button", name="Save the policy").click()

    expect(page.locator("main")).to_contain_text("Allows CloudTrail itself to do cloudtrail:StartQuery")


def test_who_may_only_look_reads_the_policy_and_changes_nothing(
    visitor: Watched, console: Console, shared: str
) -> None:
    console.a_user("share-viewer", "TrailmereViewer", account=ACCOUNT)
    sign_in(visitor.page, "share-viewer", account=ACCOUNT)
    place = f"/console/stores/{shared.rpartition('/')[2]}/sharing"
    visitor.page.goto(place)
    offered = visitor.page.get_by_role("button", name="Save the policy").count()
    told = visitor.page.evaluate(
        """async (place) => {
            const body = new URLSearchParams({do: "save", policy: "{}"});
            const answer = await fetch(place, {method: "POST", body});
            const found = new DOMParser().parseFromString(await answer.text(), "text/html");
            return [answer.status, found.querySelector("main").textContent];
        }""",
        place,
    )

    assert (offered, told[0]) == (0, 403)
    assert "not authorized" in told[1]
    assert registry(console).get("to-be-shared").name == "to-be-shared"
