"""Known events, each widget's on a day of their own, and widgets asked as a refresh asks them.

A case says what happened on a day and what the widget has to show of it; ``data_world`` puts the cases into stores. The
same happens again on the day after, under other event ids: who does not keep to the window shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.walks.door import opened, rows
from trailmere.events.selector_templates import template
from trailmere.ingest.run import ingest
from trailmere.query.parameters import fill
from trailmere.registry.records import Operation
from trailmere.sources.opening import open_source

if TYPE_CHECKING:
    from trailmere.app import App
    from trailmere.dashboards.records import ManagedDashboard

Event = dict[str, Any]
Row = dict[str, Any]

ACCOUNT, OTHER_ACCOUNT = "111122223333", "444455556666"
FIRST_DAY = date(2026, 5, 1)
RETENTION_DAYS = 3653


def user(name: str, **more: Any) -> Event:
    """An IAM user."""
    return {
        "type": "IAMUser",
        "principalId": f"AIDA{name.upper()}",
        "arn": arn(name),
        "accountId": ACCOUNT,
        "userName": name,
        **more,
    }


def arn(name: str) -> str:
    """The ARN of a user."""
    return f"arn:aws:iam::{ACCOUNT}:user/{name}"


def session(role: str, name: str, **more: Any) -> Event:
    """A session of a role."""
    issuer = {"type": "Role", "arn": f"arn:aws:iam::{ACCOUNT}:role/{role}", "accountId": ACCOUNT, "userName": role}
    return {
        "type": "AssumedRole",
        "principalId": f"AROA{role.upper()}:{name}",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{name}",
        "accountId": ACCOUNT,
        "sessionContext": {"sessionIssuer": issuer},
        **more,
    }


ALICE, BOB, CAROL = user("alice"), user("bob"), user("carol")
ROOT_ARN = f"arn:aws:iam::{ACCOUNT}:root"
ROOT = {"type": "Root", "principalId": ACCOUNT, "arn": ROOT_ARN, "accountId": ACCOUNT}
SERVICE = {"type": "AWSService", "invokedBy": "autoscaling.amazonaws.com"}
ON_BEHALF = user("alice", invokedBy="cloudformation.amazonaws.com")  # what the service does because alice asked for it
IN_CONSOLE = user("alice", invokedBy="signin.amazonaws.com")  # as records of some years ago name the console
PERSON = {"type": "Unknown", "principalId": ACCOUNT, "arn": "", "accountId": ACCOUNT, "userName": "dora@example.com"}
FOREIGNER = {"type": "AWSAccount", "principalId": "AIDAFOREIGN", "accountId": OTHER_ACCOUNT}


def event(action: str, time: str = "12:00", by: Event = ALICE, **members: Any) -> Event:
    """A record: ``action`` as ``s3:GetObject``, ``time`` of the case's day. ``error`` is its errorCode; ``request`` and
    ``response`` its parameters and elements; what else is named is a member."""
    source, name = action.split(":")
    record: Event = {
        "eventVersion": "1.08",
        "userIdentity": by,
        "eventTime": time,
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "198.51.100.1",
        "userAgent": "aws-cli/2.0",
        "errorCode": members.pop("error", None),
        "requestParameters": members.pop("request", None),
        "responseElements": members.pop("response", None),
        "readOnly": name.startswith(("Get", "List", "Describe", "AssumeRole")),
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
        **members,
    }
    return {name: value for name, value in record.items() if value is not None}


def login(time: str, by: Event = ALICE, outcome: str = "Success", **members: Any) -> Event:
    """A sign-in to the console. Failed ones have a message and, unless they are root's, no ARN."""
    failed = outcome == "Failure"
    who = {key: value for key, value in by.items() if key != "arn" or by is ROOT} if failed else by
    shown = {
        "eventType": "AwsConsoleSignIn",
        "errorMessage": "Failed authentication" if failed else None,
        "additionalEventData": {"MFAUsed": "No" if failed else "Yes"},
        **members,
    }
    return event("signin:ConsoleLogin", time, who, response={"ConsoleLogin": outcome}, **shown)


def data(action: str, time: str = "12:00", by: Event = ALICE, **members: Any) -> Event:
    """A data event."""
    return event(action, time, by, eventCategory="Data", managementEvent=False, **members)


@dataclass(frozen=True, slots=True)
class Case:
    """What happened on a day, and the rows that the widget has to show, in this order.

    Only the columns that a row names are compared; times of the day as ``12:00:00``.
    """

    title: str
    events: Sequence[Event]
    rows: Sequence[Row]

    def __str__(self) -> str:
        return self.title


@dataclass(frozen=True, slots=True)
class Days:
    """A store that holds the events of some cases."""

    app: App
    store_id: str
    cases: Sequence[Case]

    def shown(self, dashboard: ManagedDashboard, case: Case) -> list[Row]:
        """What the widget shows of the case's day, of the columns that are compared."""
        day = _day(self.cases.index(case))
        answer = ask(self.app, self.store_id, dashboard, case.title, day, day + timedelta(days=1))
        columns = case.rows[0].keys() if case.rows else ()
        return [{column: _told(row[column], day) for column in columns} for row in answer]


def ask(
    app: App, store_id: str, dashboard: ManagedDashboard, title: str, start: date, end: date, period: str = "hour"
) -> list[Row]:
    """The answer of a widget: its statement and the values of its parameters, as a refresh gives them."""
    place = [widget.title for widget in dashboard.widgets].index(title)
    widget = dashboard.as_widgets()[place]
    values = {
        "$EventDataStoreId$": store_id,
        "$StartTime$": f"{start}T00:00:00.000Z",
        "$EndTime$": f"{end}T00:00:00.000Z",
        "$Period$": period,
    }
    return rows(app, fill(widget.statement, [values[name] for name in widget.parameters]))


@contextmanager
def stored(lake: Path, logs: Path) -> Iterator[tuple[App, str]]:
    """A lake with one store, which holds everything of these logs, and the store's id."""
    with opened(lake) as app:
        made = app.lifecycle.create(
            "audit", selectors=template("everything"), organization=True, retention_days=RETENTION_DAYS
        )
        store = app.lifecycle.use(made.id, Operation.INGEST)
        ingest(app.lake, store, open_source(str(logs)), app.ingest_limits)
        yield app, store.id


def _day(place: int) -> date:
    return FIRST_DAY + timedelta(days=2 * place)


def _told(value: Any, day: date) -> Any:
    if isinstance(value, datetime) and value.date() == day:
        return f"{value:%H:%M:%S}"
    return value
