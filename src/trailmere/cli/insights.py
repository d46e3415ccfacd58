"""``trailmere insights``: what is called, or refused, unusually often in a store; found by hand or by a server."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from cyclopts import App, Parameter

from trailmere.cli.common import LakeOption, OutputOption, open_lake, talk, write_json, write_table

insights = App(name="insights", help="Insights: find what is called, or refused, unusually often.")
TYPES = ("ApiCallRateInsight", "ApiErrorRateInsight")


@insights.command
def enable(
    store: str,
    *,
    into: Annotated[str, Parameter(help="The store of Insights events that takes in what is found.")],
    type: Annotated[tuple[str, ...], Parameter(help="ApiCallRateInsight or ApiErrorRateInsight.")] = TYPES,
    lake: LakeOption = None,
) -> None:
    """Analyse the management events of STORE from now on, those that it has included."""
    with open_lake(lake) as app:
        source, destination = app.stores.get(store), app.stores.get(into)
        app.insights.enable(source, destination, type)
        told = f"Insights of {source.name} go into {destination.name}; a server finds them, or: trailmere insights run"
        talk().print(told, markup=False, soft_wrap=True)


@insights.command
def disable(store: str, *, lake: LakeOption = None) -> None:
    """Analyse STORE no more. What was found stays."""
    with open_lake(lake) as app:
        app.insights.records.remove(app.stores.get(store).id)


@insights.command(name="list")
def list_(*, output: OutputOption = "table", lake: LakeOption = None) -> None:
    """The stores that have Insights, and how far they are analysed."""
    from trailmere.insights.counts import time_of

    with open_lake(lake) as app:
        found: list[dict[str, Any]] = [
            {
                "store": app.stores.get(one.store_id).name,
                "into": app.stores.get(one.destination_id).name,
                "types": " ".join(one.types),
                "analysed": None if one.analysed is None else time_of(one.analysed),
            }
            for one in app.insights.records.list()
        ]
    if output == "json":
        write_json(found)
    else:
        columns = ("store", "into", "types", "analysed")
        write_table(columns, [tuple(one[name] for name in columns) for one in found], empty="no store has Insights")


@insights.command
def run(
    *,
    store: Annotated[str, Parameter(help="The event data store.")],
    since: Annotated[datetime | None, Parameter(help="Analyse once more from this time on, UTC.")] = None,
    output: OutputOption = "table",
    lake: LakeOption = None,
) -> None:
    """Analyse what is new in a store, and write what is unusual into its store of Insights events."""
    from trailmere.insights.counts import time_of

    with open_lake(lake) as app:
        again = since if since is None or since.tzinfo else since.replace(tzinfo=UTC)
        done = app.insights.run(app.stores.get(store).id, again)
    columns = ("since", "until", "started", "ended")
    rows = [] if done is None else [(time_of(done.since), time_of(done.until), done.started, done.ended)]
    if output == "json":
        write_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        write_table(columns, rows, empty="nothing new to analyse")
