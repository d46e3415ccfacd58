"""The days of two incidents of the demo organisation: widgets show what plain Python finds in the delivered records.

The rows that are expected are counted from the records that the simulator writes, by words of Python, not by SQL.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.dashboards.world import Event, Row, ask, stored
from trailmere.dashboards.library.error_analysis import ERROR_ANALYSIS
from trailmere.dashboards.library.iam_activity import IAM_ACTIVITY
from trailmere.dashboards.library.management_events import MANAGEMENT_EVENTS
from trailmere.dashboards.library.overview import OVERVIEW
from trailmere.dashboards.library.security_monitoring import SECURITY_MONITORING
from trailmere.dashboards.library.user_activity import USER_ACTIVITY
from trailmere.simulator import Habits, Period, TrailSimulator
from trailmere.simulator.compromised_key import ALICE, NEW_USER_PARTY
from trailmere.simulator.compromised_person import INTRUDER

if TYPE_CHECKING:
    from trailmere.app import App
    from trailmere.dashboards.records import ManagedDashboard

MARCH, SEPTEMBER = date(2022, 3, 15), date(2022, 9, 13)
Key = tuple[Any, ...]

DENIED = {"AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation", "VpceAccessDenied"}
THROTTLED = {
    "ThrottlingException",
    "Client.RequestLimitExceeded",
    "ProvisionedThroughputExceededException",
    "TooManyRequestsException",
}
DESTROYING = ("Delete", "Terminate", "Stop", "Remove", "Detach", "Disable", "Revoke")
POLICY_CHANGES = {"AttachUserPolicy", "AttachRolePolicy", "PutRolePolicy"}  # those that the simulator knows
USER_CHANGES = {"CreateUser", "CreateAccessKey"}


def who(record: Event) -> Any:
    identity = record["userIdentity"]
    return identity.get("arn") or identity.get("userName") or identity.get("principalId")


def by_a_service(record: Event) -> bool:
    return record["userIdentity"].get("type") == "AWSService" or "invokedBy" in record["userIdentity"]


def service(record: Event) -> str:
    return str(record["eventSource"]).removesuffix(".amazonaws.com")


def api(record: Event) -> str:
    return f"{service(record)}:{record['eventName']}"


def error(record: Event) -> Any:
    return record.get("errorCode")


def iam(record: Event) -> bool:
    return service(record) == "iam"


def management(record: Event) -> bool:
    return bool(record["eventCategory"] == "Management")


def call(record: Event) -> bool:
    return bool(record["eventCategory"] != "NetworkActivity")


def destroyed(record: Event) -> bool:
    named = record["eventName"].startswith(DESTROYING) and not record["readOnly"]
    return bool(named and not error(record) and not by_a_service(record))


def foreign(record: Event) -> bool:
    identity = record["userIdentity"]
    return bool(identity.get("accountId", record["recipientAccountId"]) != record["recipientAccountId"])


def hour(record: Event) -> datetime:
    return datetime.fromisoformat(record["eventTime"][:13] + ":00:00")


@dataclass(frozen=True, slots=True)
class Counted:
    """A widget that counts: the columns of its key and of the number; what it counts (None: not); its most rows."""

    dashboard: ManagedDashboard
    title: str
    columns: tuple[str, ...]
    key: Callable[[Event], Key | None]
    most: int = 10

    def __str__(self) -> str:
        return f"{self.dashboard.title}: {self.title}"

    def rows(self, records: Sequence[Event]) -> list[Key]:
        """The keys with their numbers, most first."""
        counted = Counter(key for key in map(self.key, records) if key is not None)
        return [(*key, n) for key, n in sorted(counted.items(), key=lambda item: (-item[1], item[0]))][: self.most]


def where(condition: Callable[[Event], Any], *parts: Callable[[Event], Any]) -> Callable[[Event], Key | None]:
    return lambda record: tuple(part(record) for part in parts) if condition(record) else None


def member(name: str) -> Callable[[Event], Any]:
    return lambda record: record.get(name)


COUNTED = (
    Counted(
        SECURITY_MONITORING,
        "Top access denied events",
        ("eventSource", "eventName", "denials"),
        where(lambda r: error(r) in DENIED, member("eventSource"), member("eventName")),
    ),
    Counted(
        SECURITY_MONITORING,
        "Top cross-account access",
        ("caller_account", "accessed_account", "eventName", "calls"),
        where(
            lambda r: foreign(r) and not by_a_service(r),
            lambda r: r["userIdentity"]["accountId"],
            member("recipientAccountId"),
            member("eventName"),
        ),
    ),
    Counted(IAM_ACTIVITY, "Top IAM APIs", ("eventName", "calls"), where(iam, member("eventName"))),
    Counted(IAM_ACTIVITY, "Top IAM callers", ("caller", "calls"), where(iam, who)),
    Counted(
        IAM_ACTIVITY,
        "Top IAM API errors",
        ("eventName", "errorCode", "errors"),
        where(lambda r: iam(r) and error(r), member("eventName"), error),
    ),
    Counted(
        IAM_ACTIVITY,
        "Top AccessDenied IAM APIs",
        ("eventName", "denials"),
        where(lambda r: iam(r) and error(r) in DENIED, member("eventName")),
    ),
    Counted(
        IAM_ACTIVITY,
        "Top IP addresses of IAM calls",
        ("sourceIPAddress", "calls"),
        where(lambda r: iam(r) and not r["sourceIPAddress"].endswith(".amazonaws.com"), member("sourceIPAddress")),
    ),
    Counted(
        USER_ACTIVITY,
        "Top users with errors",
        ("caller", "errors"),
        where(lambda r: error(r) and not by_a_service(r), who),
    ),
    Counted(
        USER_ACTIVITY,
        "Top users with AccessDenied errors",
        ("caller", "denials"),
        where(lambda r: error(r) in DENIED and not by_a_service(r), who),
    ),
    Counted(USER_ACTIVITY, "Top users making destructive actions", ("caller", "actions"), where(destroyed, who)),
    Counted(
        USER_ACTIVITY,
        "Top users changing IAM policies",
        ("caller", "changes"),
        where(lambda r: r["eventName"] in POLICY_CHANGES and not error(r), who),
    ),
    Counted(ERROR_ANALYSIS, "Error count by service", ("service", "errors"), where(error, service), 50),
    Counted(ERROR_ANALYSIS, "Error count by API", ("api", "errors"), where(error, api), 50),
    Counted(ERROR_ANALYSIS, "Top errors by error code", ("errorCode", "errors"), where(error, error)),
    Counted(
        ERROR_ANALYSIS,
        "Top errors by error message",
        ("errorMessage", "errorCode", "errors"),
        where(member("errorMessage"), member("errorMessage"), error),
    ),
    Counted(
        ERROR_ANALYSIS,
        "Top AccessDenied errors by API",
        ("api", "errors"),
        where(lambda r: error(r) in DENIED, api),
    ),
    Counted(
        ERROR_ANALYSIS,
        "Top throttled errors by API",
        ("api", "errors"),
        where(lambda r: error(r) in THROTTLED, api),
    ),
    Counted(
        MANAGEMENT_EVENTS,
        "Top access denied events",
        ("api", "denials"),
        where(lambda r: management(r) and error(r) in DENIED, api),
    ),
    Counted(
        MANAGEMENT_EVENTS,
        "Destructive actions",
        ("api", "actions"),
        where(lambda r: management(r) and destroyed(r), api),
    ),
    Counted(
        MANAGEMENT_EVENTS,
        "TLS version",
        ("tls_version", "calls"),
        where(lambda r: management(r) and "tlsDetails" in r, lambda r: r["tlsDetails"]["tlsVersion"]),
    ),
    Counted(OVERVIEW, "Top errors", ("errorCode", "errors"), where(error, error)),
    Counted(OVERVIEW, "Most active regions", ("awsRegion", "events"), where(call, member("awsRegion"))),
    Counted(OVERVIEW, "Top services", ("service", "events"), where(call, service)),
    Counted(OVERVIEW, "Most throttled events", ("api", "throttled"), where(lambda r: error(r) in THROTTLED, api)),
    Counted(OVERVIEW, "Top users", ("caller", "events"), where(lambda r: call(r) and not by_a_service(r), who)),
)
LISTED: dict[str, tuple[ManagedDashboard, str, Callable[[Event], Any]]] = {
    f"{dashboard.title}: {title}": (dashboard, title, condition)
    for dashboard, title, condition in (
        (SECURITY_MONITORING, "Destructive actions", destroyed),
        (
            SECURITY_MONITORING,
            "Recent EC2 SecurityGroup and NetworkAcl changes",
            lambda r: "SecurityGroup" in r["eventName"] and not r["readOnly"],
        ),
        (IAM_ACTIVITY, "Recent IAM policy changes", lambda r: r["eventName"] in POLICY_CHANGES),
        (IAM_ACTIVITY, "Recent IAM user changes", lambda r: r["eventName"] in USER_CHANGES),
        (USER_ACTIVITY, "Most recent user activity", lambda r: call(r) and not by_a_service(r)),
    )
}


@dataclass(frozen=True, slots=True)
class Demo:
    """The records of both days, each once, and the store that they were taken into."""

    app: App
    store_id: str
    records: Sequence[Event]

    def of(self, day: date) -> list[Event]:
        """The records of a day."""
        return [record for record in self.records if record["eventTime"].startswith(f"{day}")]

    def shown(self, dashboard: ManagedDashboard, title: str, day: date = MARCH) -> list[Row]:
        """What a widget shows of a day."""
        return ask(self.app, self.store_id, dashboard, title, day, day + timedelta(days=1))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    logs = folder / "logs"
    habits = Habits(digests=False, config=False, insights=False)
    made = TrailSimulator("dashboards", (Period(MARCH, 1, 2500), Period(SEPTEMBER, 1, 1200)), habits=habits)
    made.write(logs)
    delivered = [json.loads(gzip.decompress(path.read_bytes()))["Records"] for path in logs.rglob("*.json.gz")]
    once = {record["eventID"]: record for records in delivered for record in records}
    with stored(folder / "lake", logs) as (app, store_id):
        yield Demo(app, store_id, tuple(once.values()))


def cells(rows: Sequence[Row], columns: Sequence[str]) -> list[Key]:
    return [tuple(row[column] for column in columns) for row in rows]


@pytest.mark.parametrize("counted", COUNTED, ids=str)
def test_what_is_counted_is_what_the_records_hold(demo: Demo, counted: Counted) -> None:
    expected = counted.rows(demo.of(MARCH))

    shown = cells(demo.shown(counted.dashboard, counted.title), counted.columns)

    assert expected
    assert shown == expected


@pytest.mark.parametrize("name", LISTED)
def test_what_is_listed_is_what_the_records_hold_the_latest_first(demo: Demo, name: str) -> None:
    dashboard, title, condition = LISTED[name]
    found = sorted((r for r in demo.of(MARCH) if condition(r)), key=lambda r: r["eventID"])
    latest = sorted(found, key=lambda r: str(r["eventTime"]), reverse=True)[:100]

    shown = demo.shown(dashboard, title)

    assert latest
    assert [row["eventID"] for row in shown] == [record["eventID"] for record in latest]


def test_activity_of_each_hour_is_that_of_the_records(demo: Demo) -> None:
    counted = Counter((hour(r), "Read" if r["readOnly"] else "Write") for r in demo.of(MARCH) if call(r))

    shown = demo.shown(OVERVIEW, "Account activity")

    assert cells(shown, ("time", "activity", "events")) == [(*key, n) for key, n in sorted(counted.items())]


def test_success_and_failure_of_iam_in_each_hour_are_those_of_the_records(demo: Demo) -> None:
    counted = Counter((hour(r), "Failure" if error(r) else "Success") for r in demo.of(MARCH) if iam(r))

    shown = demo.shown(IAM_ACTIVITY, "IAM success vs failure trend")

    assert cells(shown, ("time", "outcome", "calls")) == [(*key, n) for key, n in sorted(counted.items())]


@pytest.mark.parametrize(
    ("title", "column", "name"),
    [
        ("User activity trends by user ARN", "user_arn", lambda r: r["userIdentity"].get("arn")),
        ("User activity trends by API", "api", api),
    ],
)
def test_trends_are_those_of_the_ten_with_most_calls(
    demo: Demo, title: str, column: str, name: Callable[[Event], str]
) -> None:
    theirs = [r for r in demo.of(MARCH) if call(r) and not by_a_service(r) and name(r)]
    ranked = sorted(Counter(map(name, theirs)).items(), key=lambda item: (-item[1], item[0]))
    ten = {key for key, _ in ranked[:10]}
    counted = Counter((hour(r), name(r)) for r in theirs if name(r) in ten)

    shown = demo.shown(USER_ACTIVITY, title)

    assert len(ranked) > 10
    assert cells(shown, ("time", column, "calls")) == [(*key, n) for key, n in sorted(counted.items())]


def test_a_role_that_was_assumed_across_accounts_counts_once(demo: Demo) -> None:
    calls = {
        (r["requestParameters"]["roleArn"], r.get("sharedEventID") or r["eventID"])
        for r in demo.of(MARCH)
        if r["eventName"].startswith("AssumeRole") and not error(r)
    }
    counted = Counter(role for role, _ in calls)

    shown = demo.shown(IAM_ACTIVITY, "Top assumed IAM roles")

    expected = sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:10]
    assert cells(shown, ("role_arn", "times")) == expected


def test_the_trail_that_the_thief_tried_to_stop_and_then_stopped_is_shown(demo: Demo) -> None:
    shown = demo.shown(SECURITY_MONITORING, "Potential CloudTrail disabling actions")

    assert cells(shown, ("caller", "eventName", "outcome")) == [
        (NEW_USER_PARTY.identity["arn"], "StopLogging", "Success"),
        (ALICE.identity["arn"], "StopLogging", "AccessDenied"),
    ]


def test_the_new_user_destroys_most(demo: Demo) -> None:
    worst = demo.shown(USER_ACTIVITY, "Top users making destructive actions")[0]

    # seven objects, two buckets, and the trail that was stopped
    assert (worst["caller"], worst["actions"]) == (NEW_USER_PARTY.identity["arn"], 10)


def test_the_intruder_of_september_shows_as_privileged_by_a_policy_and_a_user_that_he_made(demo: Demo) -> None:
    launched = [r for r in demo.of(SEPTEMBER) if r["eventName"] == "CreateImage"]

    shown = demo.shown(USER_ACTIVITY, "Top users changing IAM policies", SEPTEMBER)
    changes = demo.shown(IAM_ACTIVITY, "Recent IAM user changes", SEPTEMBER)

    assert [who(record) for record in launched] == [INTRUDER.identity["arn"]]
    assert cells(shown, ("caller", "changes")) == [(INTRUDER.identity["arn"], 1)]
    assert cells(changes, ("eventName", "changed_user", "outcome")) == [
        ("CreateAccessKey", "production-user", "AccessDenied"),
        ("CreateUser", "production-user", "Success"),
    ]
