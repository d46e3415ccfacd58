"""What is loaded before the first record is decoded: imports are most of the time of a small ingest."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.ingest.corpus import make
from trailmere.ingest.crew import Crew
from trailmere.ingest.records import Limits, Outcome, Recipe, Task
from trailmere.sources.opening import open_source

if TYPE_CHECKING:
    from pathlib import Path

    from trailmere.lake.vault import Lake
    from trailmere.registry.records import EventDataStore

OPEN = "from pathlib import Path; from trailmere.lake.vault import Lake; lake = Lake.open(Path(sys.argv[1]))"
BEGIN = f"{OPEN}; lake.recover(sys.argv[2]); lake.begin(sys.argv[2])"


def loaded(code: str, *arguments: str) -> set[str]:
    """The packages that a new process has loaded when it has run the code."""
    script = f"import sys; {code}; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, check=True, text=True)
    return {name.partition(".")[0] for name in told.stdout.split()}


@pytest.mark.parametrize(
    ("code", "unwanted"),
    [
        ("import trailmere.ingest.worker", {"sqlalchemy", "pyiceberg", "cyclopts", "pandas"}),
        ("import trailmere.__main__", {"cyclopts", "numpy", "pyarrow"}),
        (OPEN, {"pyiceberg", "pyarrow"}),
        ("import trailmere.ingest.run", {"pyarrow", "sqlalchemy", "pyiceberg"}),
    ],
)
def test_a_process_loads_only_what_it_needs(code: str, unwanted: set[str], tmp_path: Path) -> None:
    assert loaded(code, str(tmp_path)) & unwanted == set()


def test_a_batch_begins_without_pyiceberg(lake: Lake, store: EventDataStore) -> None:
    found = loaded(BEGIN, str(lake.home), store.id)

    assert "pyarrow" in found
    assert "pyiceberg" not in found
    assert lake.recover(store.id) == 1


def test_pyarrow_works_where_pandas_is_refused() -> None:
    refuse = "from trailmere.events.pandasless import refuse_pandas; refuse_pandas(); import numpy, pyarrow"

    found = loaded(f"{refuse}; pyarrow.array(numpy.arange(3)); pyarrow.table({{'one': [1]}})")

    assert "pandas" not in found


def test_a_new_worker_performs_its_first_task(store: EventDataStore, folder: Path) -> None:
    make(folder, 1, ["good"])
    deliveries = tuple(open_source(str(folder)).listing())
    crew = Crew(Recipe(store.family, store.selectors, Limits()), 1)

    crew.give(Task(1, deliveries, {}, None))
    (told,) = crew.results()
    crew.close()

    assert isinstance(told, Outcome)
