"""The records of event data stores: what they start with, how they are found, what may change, what is refused."""

from __future__ import annotations

import multiprocessing
import re
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.registry.helpers import ACCOUNT, REGION, Clock, a_registry
from trailmere.errors import (
    InvalidEventSelectors,
    InvalidParameter,
    InvalidStoreCategory,
    StoreAlreadyExists,
    StoreLimitExceeded,
    StoreNotFound,
    TerminationProtected,
)
from trailmere.events.selector_templates import template
from trailmere.events.selectors import DEFAULT_SELECTORS
from trailmere.registry.database import open_database, sqlite_url
from trailmere.registry.stores import BillingMode, Status, StoreRegistry

EXTENDABLE, FIXED = BillingMode.EXTENDABLE_RETENTION_PRICING, BillingMode.FIXED_RETENTION_PRICING


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def registry(tmp_path: Path, clock: Clock) -> StoreRegistry:
    return a_registry(tmp_path, clock)


def test_a_new_store_has_the_defaults_that_aws_documents(registry: StoreRegistry, clock: Clock) -> None:
    store = registry.create("audit")

    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", store.id)
    assert store.arn == f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:eventdatastore/{store.id}"
    assert (store.status, store.ready_status) == (Status.CREATED, Status.ENABLED)
    assert (store.selectors, store.family) == (DEFAULT_SELECTORS, "cloudtrail")
    assert (store.multi_region, store.organization, store.termination_protection) == (True, False, True)
    assert (store.billing_mode, store.retention_days) == (EXTENDABLE, 366)
    assert (store.kms_key, dict(store.tags)) == (None, {})
    assert (store.created, store.updated, store.deletion_due) == (clock.now, clock.now, None)


def test_a_store_is_read_back_as_it_was_created(database_url: str) -> None:
    registry = StoreRegistry(open_database(database_url), account_id=ACCOUNT, region=REGION, clock=Clock())

    store = registry.create(
        "audit-2026.eu_1",
        selectors=template("data-events:AWS::S3::Object,AWS::Lambda::Function"),
        multi_region=False,
        organization=True,
        retention_days=90,
        termination_protection=False,
        billing_mode=FIXED,
        kms_key="alias/lake",
        tags={"team": "détection", "empty": ""},
        start_ingestion=False,
    )

    assert registry.get(store.name) == store
    assert registry.list() == (store,)


def test_a_store_goes_through_its_whole_life_in_every_database(database_url: str) -> None:
    clock = Clock()
    registry = StoreRegistry(open_database(database_url), account_id=ACCOUNT, region=REGION, clock=clock)
    store = registry.create("audit", termination_protection=False)
    steps = (registry.activate, registry.stop_ingestion, registry.start_ingestion, registry.delete, registry.restore)

    statuses = [step(store.id).status.value for step in steps]
    registry.update("audit", name="audit-eu")
    registry.delete("audit-eu")
    clock.forward(days=7)
    claimed = registry.claim_purge()
    registry.purge(store.id)

    assert statuses == ["ENABLED", "STOPPED_INGESTION", "ENABLED", "PENDING_DELETION", "ENABLED"]
    assert [(one.name, one.purging) for one in claimed] == [("audit-eu", True)]
    assert registry.list() == ()


def test_a_store_can_be_given_its_id(registry: StoreRegistry) -> None:
    store = registry.create("audit", store_id="0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0")

    assert registry.get("0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0") == store


def test_an_id_is_given_once(registry: StoreRegistry) -> None:
    store = registry.create("audit")

    with pytest.raises(StoreAlreadyExists, match="with the id"):
        registry.create("other", store_id=store.id)


def test_a_store_is_found_by_name_by_id_and_by_arn(registry: StoreRegistry) -> None:
    store = registry.create("audit")

    found = [registry.find(name) for name in ("audit", store.id, store.id.upper(), store.arn, store.arn.upper())]

    assert found == [store] * 5


@pytest.mark.parametrize(
    "name",
    [
        "Audit",
        "",
        "00000000-0000-0000-0000-000000000000",
        "arn:aws:cloudtrail:us-east-1:111122223333:eventdatastore/{id}",  # another Region
        "arn:aws:cloudtrail:eu-central-1:999999999999:eventdatastore/{id}",  # another account
        "x:eventdatastore/{id}",
    ],
)
def test_what_only_resembles_a_store_is_not_found(registry: StoreRegistry, name: str) -> None:
    store = registry.create("audit")

    assert registry.find(name.format(id=store.id)) is None


def test_a_store_that_is_not_found_is_answered_with_what_was_meant(registry: StoreRegistry) -> None:
    registry.create("audit")

    with pytest.raises(StoreNotFound) as caught:
        registry.get("audti")

    assert caught.value.hint == "did you mean audit?"


def test_no_name_can_hide_a_store_behind_its_id(registry: StoreRegistry) -> None:
    store = registry.create("audit")
    registry.create(store.id)

    assert registry.get(store.id) == store


def test_stores_and_names_are_listed_in_the_order_of_their_names(registry: StoreRegistry) -> None:
    for name in ("ccc", "aaa", "bbb"):
        registry.create(name)

    assert registry.names() == tuple(one.name for one in registry.list()) == ("aaa", "bbb", "ccc")


@pytest.mark.parametrize("name", ["abc", "a" * 128, "A.b_c-9", "---"])
def test_names_are_what_aws_allows(registry: StoreRegistry, name: str) -> None:
    assert registry.create(name).name == name


@pytest.mark.parametrize(
    "wish",
    [
        {"name": "ab"},
        {"name": "a" * 129},
        {"name": "a b c"},
        {"name": "audit\n"},
        {"name": "prüfung"},
        {"store_id": "1"},
        {"retention_days": 6},
        {"retention_days": 3654},
        {"retention_days": 2558, "billing_mode": FIXED},
        {"kms_key": ""},
        {"kms_key": "a key"},
        {"kms_key": "k" * 351},
        {"tags": {"": "x"}},
        {"tags": {"k" * 129: "x"}},
        {"tags": {"k": "x" * 257}},
        {"tags": {"aws:k": "x"}},
        {"tags": {str(number): "x" for number in range(51)}},
        {"start_ingestion": False, "selectors": template("insight-events")},
        {"start_ingestion": False, "selectors": template("network-events")},
    ],
)
def test_what_is_outside_the_documented_bounds_is_refused_and_leaves_nothing(
    registry: StoreRegistry, wish: dict[str, Any]
) -> None:
    with pytest.raises(InvalidParameter):
        registry.create(**({"name": "audit"} | wish))

    assert registry.list() == ()


@pytest.mark.parametrize(
    ("mode", "days", "kept"),
    [(EXTENDABLE, None, 366), (EXTENDABLE, 7, 7), (EXTENDABLE, 3653, 3653), (FIXED, None, 2557), (FIXED, 2557, 2557)],
)
def test_retention_has_the_bounds_and_defaults_of_its_billing_mode(
    registry: StoreRegistry, mode: BillingMode, days: int | None, kept: int
) -> None:
    assert registry.create("audit", billing_mode=mode, retention_days=days).retention_days == kept


def test_a_name_is_taken_also_while_its_store_is_pending_deletion(registry: StoreRegistry) -> None:
    registry.create("audit", termination_protection=False)
    registry.delete("audit")

    with pytest.raises(StoreAlreadyExists):
        registry.create("audit")


def test_ten_stores_fit_into_a_region_with_those_pending_deletion(tmp_path: Path, registry: StoreRegistry) -> None:
    for number in range(10):
        registry.create(f"store{number}", termination_protection=False)
    registry.delete("store0")
    elsewhere = a_registry(tmp_path, region="us-east-1")

    with pytest.raises(StoreLimitExceeded):
        registry.create("eleventh")

    assert elsewhere.create("eleventh").region == "us-east-1"


def test_the_limit_on_stores_can_be_raised(tmp_path: Path, registry: StoreRegistry) -> None:
    for number in range(10):
        registry.create(f"store{number}")

    assert a_registry(tmp_path, maximum_stores=11).create("eleventh").name == "eleventh"


def test_an_update_changes_what_is_given_and_nothing_else(registry: StoreRegistry, clock: Clock) -> None:
    before = registry.create("audit", tags={"team": "ir"})
    clock.forward(minutes=5)

    after = registry.update("audit", name="audit-eu", retention_days=30, multi_region=False, kms_key="alias/lake")

    expected = {"name": "audit-eu", "retention_days": 30, "multi_region": False, "kms_key": "alias/lake"}
    changed = {
        name: getattr(after, name)
        for name in before.__dataclass_fields__
        if getattr(after, name) != getattr(before, name)
    }
    assert changed == expected | {"updated": clock.now}
    assert registry.get(before.id) == after


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({}, InvalidParameter),
        ({"name": "x"}, InvalidParameter),
        ({"name": "other"}, StoreAlreadyExists),
        ({"retention_days": 6}, InvalidParameter),
        ({"billing_mode": FIXED}, InvalidParameter),
        ({"kms_key": "alias/another"}, InvalidParameter),
        ({"selectors": template("insight-events")}, InvalidEventSelectors),
    ],
)
def test_an_update_that_aws_would_refuse_changes_nothing(
    registry: StoreRegistry, changes: dict[str, Any], error: type[Exception]
) -> None:
    registry.create("other")
    store = registry.create("audit", kms_key="alias/lake")

    with pytest.raises(error):
        registry.update("audit", **changes)

    assert registry.get("audit") == store


def test_fixed_pricing_can_become_extendable_and_then_keep_events_longer(registry: StoreRegistry) -> None:
    registry.create("audit", billing_mode=FIXED)

    after = registry.update("audit", billing_mode=EXTENDABLE, retention_days=3653)

    assert (after.billing_mode, after.retention_days) == (EXTENDABLE, 3653)


def test_selectors_can_change_within_the_family(registry: StoreRegistry) -> None:
    registry.create("audit")

    after = registry.update("audit", selectors=template("everything"))

    assert registry.get("audit").selectors == after.selectors == template("everything")


def test_a_protected_store_cannot_be_deleted_and_says_how_to_unprotect_it(registry: StoreRegistry) -> None:
    store = registry.create("audit")

    with pytest.raises(TerminationProtected) as caught:
        registry.delete("audit")

    assert "--no-termination-protection" in str(caught.value.hint)
    assert registry.get("audit") == store


def test_a_deleted_store_says_when_it_is_gone_for_good(registry: StoreRegistry, clock: Clock) -> None:
    registry.create("audit", termination_protection=False)

    deleted = registry.delete("audit")

    assert deleted.deletion_due is not None
    assert (deleted.deletion_due - clock.now).total_seconds() == 7 * 86400


@pytest.mark.parametrize("name", ["insight-events", "audit-evidence", "activity-audit-log"])
def test_ingestion_is_stopped_only_for_the_categories_that_aws_lists(registry: StoreRegistry, name: str) -> None:
    store = registry.create("audit", selectors=template(name))
    registry.activate(store.id)

    with pytest.raises(InvalidStoreCategory):
        registry.stop_ingestion("audit")

    assert registry.get("audit").status is Status.ENABLED


@pytest.mark.parametrize("name", ["default", "data-events", "network-events", "everything", "configuration-items"])
def test_ingestion_of_the_other_categories_stops_and_starts(registry: StoreRegistry, name: str) -> None:
    store = registry.create("audit", selectors=template(name))
    registry.activate(store.id)

    assert registry.stop_ingestion("audit").status is Status.STOPPED_INGESTION
    assert registry.start_ingestion("audit").status is Status.ENABLED


def test_a_store_created_without_ingestion_starts_out_stopped(registry: StoreRegistry) -> None:
    store = registry.create("audit", start_ingestion=False)

    assert registry.activate(store.id).status is Status.STOPPED_INGESTION


@pytest.mark.parametrize(("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")])
def test_an_arn_carries_the_partition_of_its_region(tmp_path: Path, region: str, partition: str) -> None:
    assert a_registry(tmp_path, region=region).create("audit").arn.startswith(f"arn:{partition}:cloudtrail:{region}:")


def try_to_create(url: str) -> str:
    """What a process of its own does; says how it ended."""
    registry = StoreRegistry(open_database(url), account_id=ACCOUNT, region=REGION)
    try:
        return registry.create("audit").id
    except StoreAlreadyExists:
        return "exists"


def test_of_processes_that_create_the_same_name_at_once_one_succeeds(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    with ProcessPoolExecutor(4, mp_context=multiprocessing.get_context("spawn")) as pool:
        ends = list(pool.map(try_to_create, [url] * 4))

    assert ends.count("exists") == 3
    assert [one.id for one in a_registry(tmp_path).list()] == [end for end in ends if end != "exists"]
