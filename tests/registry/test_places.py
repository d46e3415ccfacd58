"""Event data stores of several accounts and Regions in one lake, and lakes from before there could be any."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Column, MetaData, Table, insert, inspect

from tests.registry.helpers import ACCOUNT, REGION, Clock, a_registry
from trailmere.errors import AmbiguousStore, StoreAlreadyExists, StoreFederated, StoreLimitExceeded
from trailmere.registry.database import open_database, reading, writing
from trailmere.registry.seals import sealed
from trailmere.registry.stores import StoreRegistry
from trailmere.registry.tables import FORMERLY_UNIQUE, METADATA, STORES, row_of

OTHER = ("999988887777", "us-east-1")
LATER = ("federation_role", "max_event_size", "context_keys")


@pytest.fixture
def registry(tmp_path: Path) -> StoreRegistry:
    return a_registry(tmp_path)


def test_a_name_is_free_in_another_account_and_region(registry: StoreRegistry) -> None:
    ours, theirs = registry.create("audit"), registry.create("audit", place=OTHER)

    assert (theirs.account_id, theirs.region) == OTHER
    assert [registry.get(one.id).name for one in (ours, theirs)] == ["audit", "audit"]
    with pytest.raises(StoreAlreadyExists):
        registry.create("audit", place=OTHER)


def test_of_two_stores_of_a_name_that_of_the_registrys_own_place_is_meant(registry: StoreRegistry) -> None:
    registry.create("audit", place=OTHER)
    ours = registry.create("audit")

    assert registry.find("audit") == ours


def test_a_name_is_enough_where_one_store_has_it_wherever_that_is(registry: StoreRegistry) -> None:
    theirs = registry.create("audit", place=OTHER)

    assert registry.find("audit") == theirs


def test_a_name_of_two_other_places_is_refused_with_both_arns(registry: StoreRegistry) -> None:
    stores = [registry.create("audit", place=place) for place in (OTHER, (ACCOUNT, "us-east-1"))]

    with pytest.raises(AmbiguousStore) as caught:
        registry.get("audit")
    assert all(store.arn in caught.value.message for store in stores)


def test_within_a_place_no_other_store_is_there(registry: StoreRegistry) -> None:
    ours, theirs = registry.create("ours"), registry.create("theirs", place=OTHER)

    there = registry.within(*OTHER)
    assert (there.names(), there.list()) == (("theirs",), (theirs,))
    assert [there.find(name) for name in ("ours", ours.id, ours.arn)] == [None, None, None]
    assert there.create("more").account_id == OTHER[0]
    assert registry.names() == ("more", "ours", "theirs")


def test_the_quota_is_that_of_each_account_and_region(tmp_path: Path) -> None:
    registry = a_registry(tmp_path, maximum_stores=1)
    registry.create("audit")
    registry.create("audit", place=OTHER)

    with pytest.raises(StoreLimitExceeded):
        registry.create("more", place=OTHER)


def test_a_federated_store_is_not_deleted(registry: StoreRegistry) -> None:
    store = registry.activate(registry.create("audit", termination_protection=False).id)
    registry.federate(store.id, f"arn:aws:iam::{ACCOUNT}:role/lake")

    with pytest.raises(StoreFederated):
        registry.delete(store.id)
    registry.stop_federation(store.id)
    assert registry.delete(store.id).deletion_due is not None


def test_a_lake_whose_names_were_unique_in_all_of_it_opens_and_takes_a_name_twice(
    database_url: str, tmp_path: Path
) -> None:
    store = a_registry(tmp_path / "before").create("audit", tags={"team": "ir"})
    engine = open_database(database_url)
    former = Table(
        STORES.name,
        MetaData(),
        *(
            Column(one.name, one.type, primary_key=one.primary_key, nullable=one.nullable, unique=one.name == "name")
            for one in STORES.columns
            if one.name not in LATER
        ),
    )
    values = {name: value for name, value in sealed(STORES, row_of(store)).items() if name not in LATER}
    with writing(engine) as connection:
        former.create(connection)
        connection.execute(insert(former).values(**values))

    registry = StoreRegistry(engine, account_id=ACCOUNT, region=REGION, clock=Clock())
    assert registry.sound("audit") == store
    assert registry.create("audit", place=OTHER).name == "audit"
    with reading(engine) as connection:
        unique = [tuple(one["column_names"]) for one in inspect(connection).get_unique_constraints(STORES.name)]
        tables = inspect(connection).get_table_names()
    assert unique == [("account_id", "region", "name")]
    assert FORMERLY_UNIQUE not in unique
    assert [name for name in tables if name.startswith(STORES.name)] == [*METADATA.tables]
