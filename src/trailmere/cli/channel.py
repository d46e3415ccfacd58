"""``trailmere channel``: what brings events from outside of AWS into event data stores.

A thin door over ``trailmere.registry.channels``. JSON output has the members of AWS's GetChannel. Events are put with
PutAuditEvents, which ``trailmere serve`` answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App as CommandApp
from cyclopts import Parameter

from trailmere.cli.common import (
    LakeOption,
    OutputFormat,
    OutputOption,
    open_lake,
    talk,
    time_text,
    write_json,
    write_pairs,
    write_table,
)

if TYPE_CHECKING:
    from trailmere.app import App
    from trailmere.registry.channels import Channel

channel = CommandApp(
    name="channel",
    help="Channels: create, list, show and delete what brings events from outside of AWS.",
    help_format="plaintext",
    version_flags=[],
)

ChannelArgument = Annotated[str, Parameter(help="Name, id or ARN of the channel.")]


@channel.command
def create(
    name: Annotated[str, Parameter(help="3 to 128 letters, digits, dots, underscores and hyphens.")],
    *,
    store: Annotated[
        tuple[str, ...],
        Parameter(help="Where its events go: stores of ActivityAuditLog events; may be given again.", negative=()),
    ],
    source: Annotated[str, Parameter(help="Custom, or a partner as AWS spells it; one channel each.")] = "Custom",
    tag: Annotated[tuple[str, ...], Parameter(help="KEY=VALUE; may be given again.", negative=())] = (),
    lake: LakeOption = None,
    output: OutputOption = "table",
) -> None:
    """Create a channel. Its stores are made with: store create NAME --selectors activity-audit-log --no-multi-region"""
    from trailmere.cli.store import parse_tags
    from trailmere.registry.channels import check_destination
    from trailmere.registry.records import Operation

    with open_lake(lake) as app:
        stores = [check_destination(app.lifecycle.use(one, Operation.INGEST)).id for one in store]
        settings = app.settings
        made = app.channels.create(settings.account_id, settings.region, name, source, stores, parse_tags(tag))
        _write(app, made, output)


@channel.command(name="list")
def list_channels(*, lake: LakeOption = None, output: OutputOption = "table") -> None:
    """All channels of the account and Region in the settings."""
    with open_lake(lake) as app:
        found = app.channels.list(app.settings.account_id, app.settings.region)
        if output == "json":
            write_json([_as_json(app, one) for one in found])
            return
        rows = [(one.name, one.source, ", ".join(_stores(app, one)), one.arn) for one in found]
    write_table(
        ("name", "source", "stores", "arn"), rows, empty="no channels: trailmere channel create", whole=("arn",)
    )


@channel.command
def show(name: ChannelArgument, *, lake: LakeOption = None, output: OutputOption = "table") -> None:
    """One channel, and what its latest events came to."""
    with open_lake(lake) as app:
        _write(app, _find(app, name), output)


@channel.command
def delete(name: ChannelArgument, *, lake: LakeOption = None) -> None:
    """Delete a channel. What it brought stays."""
    with open_lake(lake) as app:
        found = _find(app, name)
        app.channels.delete(found.id)
        app.resource_policies.forget(found.arn)
    talk().print(f"deleted: {found.name}", markup=False)


def _find(app: App, name: str) -> Channel:
    """By name among those of the settings' account and Region; else by id or ARN."""
    here = app.channels.list(app.settings.account_id, app.settings.region)
    return next((one for one in here if one.name == name), None) or app.channels.get(name)


def _stores(app: App, one: Channel) -> list[str]:
    found = {id: app.stores.find(id) for id in one.destinations}
    return [id if store is None else store.name for id, store in found.items()]


def _as_json(app: App, one: Channel) -> dict[str, Any]:
    found = [app.stores.find(id) for id in one.destinations]
    members: dict[str, Any] = {
        "ChannelArn": one.arn,
        "Name": one.name,
        "Source": one.source,
        "Destinations": [{"Type": "EVENT_DATA_STORE", "Location": store.arn} for store in found if store is not None],
        "Tags": [{"Key": key, "Value": value} for key, value in one.tags.items()],
    }
    status = {
        "LatestIngestionSuccessTime": one.success_time,
        "LatestIngestionSuccessEventID": one.success_event,
        "LatestIngestionErrorCode": one.error_code,
        "LatestIngestionAttemptTime": one.attempt_time,
        "LatestIngestionAttemptEventID": one.attempt_event,
    }
    told = {name: value for name, value in status.items() if value is not None}
    return members | ({"IngestionStatus": told} if told else {})


def _write(app: App, one: Channel, output: OutputFormat) -> None:
    if output == "json":
        write_json(_as_json(app, one))
        return
    write_pairs(
        {
            "name": one.name,
            "arn": one.arn,
            "source": one.source,
            "stores": ", ".join(_stores(app, one)),
            **({"tags": ", ".join(f"{key}={value}" for key, value in one.tags.items())} if one.tags else {}),
            "latest attempt": "none" if one.attempt_time is None else time_text(one.attempt_time),
            "latest success": "none" if one.success_time is None else time_text(one.success_time),
            **({"latest error": one.error_code} if one.error_code else {}),
        }
    )
