"""Imports in a real browser: from a bucket of a real S3 server, its failures live, and again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.api.buckets import BUCKET, bucket, fill, spoil
from tests.ingest.test_imports import key, log
from tests.web.browsing import Console, Watched, sign_in
from tests.web.test_stores import forget, made, registry
from trailmere.sources import s3client

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.extended

ACCOUNT = "210000000001"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with bucket() as (client, found):
        for name, value in found.items():
            monkeypatch.setenv(name, value)
        s3client.store.cache_clear()
        yield client
    s3client.store.cache_clear()


@pytest.fixture
def page(visitor: Watched, console: Console) -> Iterator[Page]:
    if "importer" not in {one.name for one in console.app.identities.users(ACCOUNT)}:
        console.a_user("importer", "AdministratorAccess", account=ACCOUNT)
    made(console, "imported", termination_protection=False)
    sign_in(visitor.page, "importer", account=ACCOUNT)
    yield visitor.page
    forget(console, "imported")


def count(page: Page, name: str) -> int:
    return int(page.locator(f"[data-count={name}]").inner_text().replace(",", ""))


def test_an_import_is_followed_to_its_failures_and_tried_again(page: Page, s3: Any) -> None:
    fill(s3, 1, 2, 3)
    spoiled = spoil(s3, 4)
    page.goto("/console/stores/imports")
    page.keyboard.press("n")
    page.get_by_label("From", exact=True).first.fill(f"s3://{BUCKET}/")
    page.get_by_label("Into").select_option("imported")
    page.get_by_role("button", name="Start the import").click()
    page.wait_for_url(re.compile(r"/imports/[0-9a-f-]{36}"))
    place = page.url
    status = page.locator("#import [role=status]")
    expect(status).to_contain_text("failed", timeout=30_000)
    failure = page.get_by_role("region", name="Failures").get_by_role("row").filter(has_text=spoiled)
    expect(failure).to_contain_text("failed")
    first = (count(page, "files"), count(page, "events"), count(page, "failed"))
    s3.put_object(Bucket=BUCKET, Key=key(4, day=5), Body=log(4, 3))
    page.get_by_role("button", name="Try again").click()
    expect(status).to_contain_text("Every file was taken in.", timeout=30_000)
    expect(page.get_by_role("region", name="Failures")).to_contain_text("succeeded since")

    assert page.url.partition("?")[0] == place.partition("?")[0]
    assert first == (3, 9, 1)
    assert (count(page, "files"), count(page, "events"), count(page, "failed")) == (4, 12, 0)


def test_an_import_is_in_the_list_and_at_its_store(page: Page, console: Console, s3: Any) -> None:
    fill(s3, 7)
    store = registry(console).get("imported")
    page.goto(f"/console/stores/imports/new?store={store.id}")
    page.get_by_label("From", exact=True).first.fill(f"s3://{BUCKET}/")
    page.get_by_role("button", name="Start the import").click()
    expect(page.locator("#import [role=status]")).to_contain_text("completed", timeout=30_000)
    page.goto(f"/console/stores/imports?store={store.id}&status=COMPLETED")
    listed = page.get_by_role("region", name="Imports").get_by_role("row")
    expect(listed).to_have_count(2)
    expect(listed.last).to_contain_text("1 of 1")
    page.goto(f"/console/stores/{store.id}")

    expect(page.get_by_role("region", name="Imports")).to_contain_text("completed")


def test_where_imports_may_not_read_is_said_on_the_form(page: Page) -> None:
    page.goto("/console/stores/imports/new")
    page.get_by_label("From", exact=True).first.fill("/etc")
    page.get_by_role("button", name="Start the import").click()

    expect(page.get_by_role("alert")).to_contain_text("lies in no folder that imports may read")
    expect(page.get_by_label("From", exact=True).first).to_have_value("/etc")


def test_a_viewer_follows_imports_and_starts_none(visitor: Watched, console: Console) -> None:
    console.a_user("import-viewer", "TrailmereViewer", account=ACCOUNT)
    sign_in(visitor.page, "import-viewer", account=ACCOUNT)
    visitor.page.goto("/console/stores/imports")
    offered = visitor.page.get_by_role("link", name="Import logs").count()
    answer = visitor.page.goto("/console/stores/imports/new")

    assert offered == 0
    assert answer is not None
    assert answer.status == 403
