"""Any sequence of appends, rewrites, removals, leases, expiries and broken-off batches: no live file ever goes."""

from __future__ import annotations

import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.lake.world import START, STORE, event, outsider, parcel, put, written
from trailmere.lake.records import MaintenancePolicy
from trailmere.lake.vault import Lake

if TYPE_CHECKING:
    from trailmere.lake.locks import Shared
    from trailmere.lake.records import PlannedFile

DAYS = st.integers(0, 3)


class Maintenance(RuleBasedStateMachine):
    """A lake with one store, beside a model of it: the ids of the events that have to be there."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="trailmere-model-"))
        self.lake = Lake.open(self.folder / "lake")
        self.lake.create_table(STORE, "cloudtrail")
        self.rows: dict[str, int] = {}
        self.number = 0
        self.cutoff: int | None = None
        self.leases: list[tuple[Shared, tuple[PlannedFile, ...]]] = []

    @rule(days=st.lists(DAYS, min_size=1, max_size=4))
    def append(self, days: list[int]) -> None:
        """A batch with an event on each of these days; one that is past its time stays until maintenance comes."""
        ids = {f"e{self.number}-{at}": day for at, day in enumerate(days)}
        put(self.lake, parcel(f"{self.number}", *(event(id, days=day) for id, day in ids.items())))
        self.rows |= ids
        self.number += 1

    @rule(day=DAYS)
    def break_off(self, day: int) -> None:
        """A process that dies with files written and nothing committed."""
        with Lake.open(self.folder / "lake") as other:
            written(other.begin(STORE), [parcel(f"lost{self.number}", event(f"lost{self.number}", days=day))])

    @rule()
    def lease(self) -> None:
        """A reader begins."""
        plan = self.lake.scan(STORE)
        if plan.snapshot_id is not None:
            lease = self.lake.lease(STORE, plan.snapshot_id)
            assert lease is not None
            self.leases.append((lease, plan.files))

    @rule()
    def let_go(self) -> None:
        """The reader that began first ends."""
        if self.leases:
            self.leases.pop(0)[0].free()

    @rule(cutoff=st.none() | DAYS, snapshot_days=st.sampled_from([0.0, 7.0]))
    def maintain(self, cutoff: int | None, snapshot_days: float) -> None:
        """Everything that is due."""
        moment = None if cutoff is None else START + timedelta(days=cutoff)
        done = self.lake.maintain(STORE, MaintenancePolicy(cutoff=moment, snapshot_days=snapshot_days))
        due = {id for id, day in self.rows.items() if cutoff is not None and day < cutoff}
        assert (done.rows_removed, done.damaged) == (len(due), ())
        self.rows = {id: day for id, day in self.rows.items() if id not in due}

    @invariant()
    def every_snapshot_can_be_read(self) -> None:
        """All rows are there, through the eyes of PyIceberg alone; and all that anybody may still read."""
        table = outsider(self.lake.home).load_table(("stores", STORE))
        found = table.scan(selected_fields=("eventid",)).to_arrow().column("eventid").to_pylist()
        assert sorted(found) == sorted(self.rows)
        for snapshot in table.snapshots():
            tasks = table.scan(snapshot_id=snapshot.snapshot_id).plan_files()
            assert all(Path(task.file.file_path).exists() for task in tasks)
        assert all(Path(file.path).exists() for _, files in self.leases for file in files)

    def teardown(self) -> None:
        self.lake.close()
        shutil.rmtree(self.folder)


TestMaintenance = Maintenance.TestCase
TestMaintenance.settings = settings(
    max_examples=12, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
)
