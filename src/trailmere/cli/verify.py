"""``trailmere verify``: is every file, row and sum of the lake what was written?"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from trailmere.checkup import size
from trailmere.cli.common import LakeOption, OutputOption, open_lake, printable, talk, write_json, write_table

if TYPE_CHECKING:
    from trailmere.lake.findings import Progress, Verification

COLUMNS = ("finding", "path", "expected", "found")


def verify(
    *,
    store: Annotated[str | None, Parameter(help="Only this event data store, by name, id or ARN.")] = None,
    full: Annotated[bool, Parameter(negative="", help="Read every byte, changed or not; count rows again.")] = False,
    adopt: Annotated[
        bool, Parameter(negative="", help="Record files and rows from before there were hashes as they are now.")
    ] = False,
    output: OutputOption = "table",
    lake: LakeOption = None,
) -> int:
    """Find and name every file that was changed, lost, added, renamed or swapped, and every row and sum that is off.

    Presence and size of all files are looked at; those are read that were never checked or that changed on disk since
    (--full reads all). May run beside ingests and queries. It finds damage and careless hands; whoever can write the
    lake and its database with care can hide from it.

    Exits with 1 when something is found that needs somebody, and with 0 when nothing is, or only files are gone that
    are made anew from others when they are next used: findings of the kind "derived", plans and the event index.
    """
    with open_lake(lake) as app, _shown_progress() as show:
        store_id = None if store is None else app.stores.get(store).id
        result = app.lake.verify(store_id, full=full, adopt=adopt, show=show)
    if output == "json":
        write_json(asdict(result))
    else:
        _tell(result)
    return 1 if result.grave else 0


def _tell(result: Verification) -> None:
    """Findings as a table on stdout; what was looked at, and notes, on stderr."""
    rows = [(finding.kind, finding.path, finding.expected, finding.found) for finding in result.findings]
    write_table(COLUMNS, rows, empty="nothing is wrong", whole=("path",))
    console = talk()
    console.print(
        f"{result.files:,} files and {result.rows:,} rows of {result.stores:,} stores were checked; "
        f"{result.hashed:,} files ({size(result.hashed_bytes)}) were read"
    )
    if result.adopted:
        console.print(f"{result.adopted:,} files and rows are recorded now as they are")
    for note in result.notes:
        console.print(f"note: {printable(note)}", markup=False)
    if result.grave:
        console.print("put files back from a copy of the lake; without one, ingest the logs into a new store")


@contextlib.contextmanager
def _shown_progress() -> Iterator[Callable[[Progress], None]]:
    """A progress bar at a terminal; silence elsewhere."""
    console = talk()
    if not console.is_terminal:
        yield lambda _progress: None
        return
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TextColumn("left"), TimeRemainingColumn())
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)

        def show(progress: Progress) -> None:
            bar.update(task, total=progress.total_bytes, completed=progress.bytes)

        yield show
