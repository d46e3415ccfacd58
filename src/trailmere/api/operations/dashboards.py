"""Dashboards: the six operations on them, and how a call names one. What they are is decided in
``trailmere.dashboards``; here is asked whether the caller may.

A custom dashboard is refreshed with the rights of CloudTrail's service, which the policies of event data stores give
it; one that comes with the software with those of the caller.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from trailmere.api.call import tag_context, tags_of
from trailmere.api.operations.queries import CallCatalog
from trailmere.api.paging import page
from trailmere.errors import InvalidParameter, ResourceNotFound
from trailmere.registry.dashboards import Schedule, Widget

if TYPE_CHECKING:
    from trailmere.api.call import Call, Context
    from trailmere.dashboards.board import Asker, Board

MOST_LISTED = 1000
START_QUERY = "cloudtrail:StartQuery"
CUSTOM, MANAGED = "CUSTOM", "MANAGED"
_ARN = re.compile(r"arn:aws[a-z-]*:cloudtrail:([a-z0-9-]+):(\d{12}):dashboard/([a-zA-Z0-9_\-]{3,128})")


def create(call: Call) -> Mapping[str, Any]:
    """CreateDashboard."""
    tags = tags_of(call.input.get("TagsList", ()))
    name = call.input["Name"]
    call.allow(call.arn(f"dashboard/{name}"), context=tag_context("request", tags))
    board = call.app.dashboards.create(
        call.account_id,
        call.region,
        name,
        _widgets(call.input.get("Widgets", ())),
        _catalog(call),
        schedule=_schedule(call, None),
        termination_protected=call.input.get("TerminationProtectionEnabled", False),
        tags=tags,
    )
    return {**_made(board), "TagsList": call.input.get("TagsList", [])}


def update(call: Call) -> Mapping[str, Any]:
    """UpdateDashboard."""
    board = find(call, call.input["DashboardId"])
    given = call.input.get("Widgets")
    after = call.app.dashboards.update(
        board,
        _catalog(call),
        widgets=None if given is None else _widgets(given),
        schedule=_schedule(call, board),
        termination_protected=call.input.get("TerminationProtectionEnabled"),
    )
    return {**_made(after), **_times(after)}


def get(call: Call) -> Mapping[str, Any]:
    """GetDashboard."""
    board = find(call, call.input["DashboardId"])
    refresh = call.app.dashboards.latest(board)
    told = {key: value for key, value in _made(board).items() if key != "Name"}
    told |= {"Status": _status(board), **_times(board)}
    if refresh is not None:
        told["LastRefreshId"] = refresh.refresh_id
        told["LastRefreshFailureReason"] = call.app.dashboards.failure(board, refresh)
    return told


def list_all(call: Call) -> Mapping[str, Any]:
    """ListDashboards."""
    call.allow()
    prefix, type = call.input.get("NamePrefix", ""), call.input.get("Type")
    here = call.app.dashboards.all(call.account_id, call.region)
    wanted = [one for one in here if one.name.startswith(prefix) and type in (None, _type(one))]
    found, more = page(call, wanted, lambda board: board.name, MOST_LISTED)
    return {"Dashboards": [{"DashboardArn": one.arn, "Type": _type(one)} for one in found], **more}


def delete(call: Call) -> Mapping[str, Any]:
    """DeleteDashboard."""
    board = find(call, call.input["DashboardId"])
    call.app.dashboards.delete(board)
    call.app.resource_policies.forget(board.arn)
    return {}


def refresh(call: Call) -> Mapping[str, Any]:
    """StartDashboardRefresh."""
    board = find(call, call.input["DashboardId"])
    asker = _asker(call) if board.managed is not None else call.app.dashboards.on_behalf(board)
    return {"RefreshId": call.app.dashboards.refresh(board, call.input.get("QueryParameterValues", {}), asker)}


def find(call: Call, text: str, context: Context | None = None) -> Board:
    """The dashboard of this ARN or name, if the caller may do this operation to it.

    Raises AccessDenied, whether there is such a dashboard or not; ResourceNotFound.
    """
    missing = ResourceNotFound(f"there is no dashboard {text!r} in {call.region}")
    arn = _ARN.fullmatch(text if text.startswith("arn:") else call.arn(f"dashboard/{text}"))
    if arn is None:
        call.allow(call.arn("dashboard/*"))
        raise missing
    region, account_id, name = arn.groups()
    return call.admit(arn[0], call.app.dashboards.find(account_id, region, name), missing, context=context)


def _catalog(call: Call) -> CallCatalog:
    return CallCatalog(call, call.account_id, START_QUERY)


def _asker(call: Call) -> Asker:
    from trailmere.dashboards.board import Asker

    return Asker(call.identity.arn, call.account_id, _catalog(call))


def _widgets(given: Sequence[Mapping[str, Any]]) -> list[Widget]:
    return [
        Widget(one["QueryStatement"], tuple(one.get("QueryParameters", ())), one["ViewProperties"]) for one in given
    ]


def _schedule(call: Call, before: Board | None) -> Schedule | None:
    """The schedule that the call asks for; what it does not say stays as it was."""
    given = call.input.get("RefreshSchedule")
    if given is None:
        return None
    known = before.record.schedule if before is not None and before.record is not None else None
    frequency = given.get("Frequency", {})
    unit = frequency.get("Unit", None if known is None else known.unit)
    value = frequency.get("Value", None if known is None else known.value)
    if unit is None or value is None:
        raise InvalidParameter("expected a RefreshSchedule with the Unit and the Value of its Frequency")
    enabled = given["Status"] == "ENABLED" if "Status" in given else known is None or known.enabled
    return Schedule(unit, value, enabled, given.get("TimeOfDay", None if known is None else known.time_of_day))


def _made(board: Board) -> dict[str, Any]:
    record = board.record
    return {
        "DashboardArn": board.arn,
        "Name": board.name,
        "Type": _type(board),
        "Widgets": [_widget(one) for one in board.widgets],
        "RefreshSchedule": None if record is None or record.schedule is None else _scheduled(record.schedule),
        "TerminationProtectionEnabled": None if record is None else record.termination_protected,
    }


def _widget(widget: Widget) -> dict[str, Any]:
    return {
        "QueryAlias": widget.alias,
        "QueryStatement": widget.statement,
        "QueryParameters": list(widget.parameters) or None,
        "ViewProperties": dict(widget.properties),
    }


def _scheduled(schedule: Schedule) -> dict[str, Any]:
    return {
        "Frequency": {"Unit": schedule.unit, "Value": schedule.value},
        "Status": "ENABLED" if schedule.enabled else "DISABLED",
        "TimeOfDay": schedule.time_of_day,
    }


def _times(board: Board) -> dict[str, Any]:
    if board.record is None:
        return {}
    return {"CreatedTimestamp": board.record.created, "UpdatedTimestamp": board.record.updated}


def _type(board: Board) -> str:
    return CUSTOM if board.is_custom else MANAGED


def _status(board: Board) -> str:
    return "CREATED" if board.record is None or board.record.updated == board.record.created else "UPDATED"


OPERATIONS = {
    "CreateDashboard": create,
    "UpdateDashboard": update,
    "GetDashboard": get,
    "ListDashboards": list_all,
    "DeleteDashboard": delete,
    "StartDashboardRefresh": refresh,
}
