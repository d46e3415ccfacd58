"""A lake for all tests of the room, and a new event data store for each."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from trailmere.events.selector_templates import template
from trailmere.lake.lifecycle import StoreLifecycle
from trailmere.lake.vault import Lake
from trailmere.registry.stores import StoreRegistry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from trailmere.registry.records import EventDataStore

_numbers = count()


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with Lake.open(tmp_path_factory.mktemp("lake")) as opened:
        yield opened


@pytest.fixture(scope="session")
def new_store(lake: Lake) -> Callable[..., EventDataStore]:
    """Makes a store; its selectors are those of a template."""
    registry = StoreRegistry(lake.engine, account_id="111122223333", region="eu-west-1", maximum_stores=10_000)
    lifecycle = StoreLifecycle(registry, lake)

    def make(selectors: str = "management-events") -> EventDataStore:
        return lifecycle.create(f"store-{next(_numbers):04}", selectors=template(selectors))

    return make


@pytest.fixture
def store(new_store: Callable[..., EventDataStore]) -> EventDataStore:
    return new_store()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "logs"
    made.mkdir()
    return made
