"""Any sequence of operations on stores, held against a model: nothing that is protected or not due is ever gone."""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.registry.helpers import Clock, a_registry
from trailmere.errors import StoreError
from trailmere.registry.stores import Status

NAMES = ("one", "two", "three")
names = st.sampled_from(NAMES)


class Life(RuleBasedStateMachine):
    """The registry beside a dictionary that follows the user guide's sentences."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        self.registry = a_registry(Path(self.folder.name), self.clock)
        self.stores: dict[str, Status] = {}
        self.protected: dict[str, bool] = {}
        self.stopped: set[str] = set()
        self.deleted_at: dict[str, datetime] = {}

    def teardown(self) -> None:
        self.folder.cleanup()

    def refused(self, action: object) -> bool:
        assert callable(action)
        try:
            action()
        except StoreError:
            return True
        return False

    @rule(name=names, protected=st.booleans())
    def create(self, name: str, protected: bool) -> None:
        exists = name in self.stores

        refused = self.refused(lambda: self.registry.create(name, termination_protection=protected))

        assert refused is exists
        if not exists:
            self.registry.activate(self.registry.get(name).id)
            self.stores[name], self.protected[name] = Status.ENABLED, protected

    @rule(name=names, protected=st.booleans())
    def protect(self, name: str, protected: bool) -> None:
        alive = self.stores.get(name, Status.PENDING_DELETION) is not Status.PENDING_DELETION

        refused = self.refused(lambda: self.registry.update(name, termination_protection=protected))

        assert refused is not alive
        if alive:
            self.protected[name] = protected

    @rule(name=names)
    def delete(self, name: str) -> None:
        alive = self.stores.get(name, Status.PENDING_DELETION) is not Status.PENDING_DELETION
        allowed = alive and not self.protected[name]

        assert self.refused(lambda: self.registry.delete(name)) is not allowed
        if allowed:
            self.stores[name], self.deleted_at[name] = Status.PENDING_DELETION, self.clock.now

    @rule(name=names)
    def restore(self, name: str) -> None:
        in_time = name in self.deleted_at and self.clock.now < self.deleted_at[name] + timedelta(days=7)

        assert self.refused(lambda: self.registry.restore(name)) is not in_time
        if in_time:
            del self.deleted_at[name]
            self.stores[name] = Status.STOPPED_INGESTION if name in self.stopped else Status.ENABLED

    @rule(name=names)
    def stop(self, name: str) -> None:
        allowed = self.stores.get(name) is Status.ENABLED

        assert self.refused(lambda: self.registry.stop_ingestion(name)) is not allowed
        if allowed:
            self.stores[name] = Status.STOPPED_INGESTION
            self.stopped.add(name)

    @rule(name=names)
    def start(self, name: str) -> None:
        allowed = self.stores.get(name) is Status.STOPPED_INGESTION

        assert self.refused(lambda: self.registry.start_ingestion(name)) is not allowed
        if allowed:
            self.stores[name] = Status.ENABLED
            self.stopped.discard(name)

    @rule(days=st.integers(min_value=1, max_value=8))
    def wait(self, days: int) -> None:
        self.clock.forward(days=days)

    @rule()
    def purge(self) -> None:
        due = {name for name, when in self.deleted_at.items() if self.clock.now >= when + timedelta(days=7)}

        claimed = self.registry.claim_purge()
        for store in claimed:
            self.registry.purge(store.id)

        assert {store.name for store in claimed} == due
        for name in due:
            del self.stores[name], self.deleted_at[name], self.protected[name]
            self.stopped.discard(name)

    @invariant()
    def the_registry_says_what_the_model_says(self) -> None:
        if hasattr(self, "stores"):
            assert {store.name: store.status for store in self.registry.list()} == self.stores


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=25, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
