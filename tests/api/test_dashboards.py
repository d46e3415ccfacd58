"""Dashboards through boto3: made, refreshed, read as clients read them, refused."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.api.asking import a_store_of_activity
from tests.api.serving import ACCOUNT, REGION, Serving, serve
from tests.api.test_queries import a_client, described, event, pages
from tests.query.background import PATIENCE_SECONDS
from tests.walks.door import deliver, trailmere
from trailmere.dashboards.keeper import DashboardKeeper

EVENTS = 120
OTHER = "888888888888"
SCHEDULE = {"Frequency": {"Unit": "HOURS", "Value": 6}, "Status": "ENABLED"}
WINDOW = {"$StartTime$": "2024-05-01T00:00:00.00Z", "$EndTime$": "2024-05-02T00:00:00.00Z"}
OVERVIEW = "AWSCloudTrail-Overview"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server whose account has the store ``trail`` with events of one day in it."""
    folder = tmp_path_factory.mktemp("dashboards")
    serving = serve(folder / "lake")
    serving.app.lifecycle.create("trail", retention_days=3653)
    deliver(folder / "logs", [event(number) for number in range(EVENTS)])
    trailmere("ingest", folder / "logs", "--store", "trail", lake=folder / "lake")
    yield serving
    serving.close()


@pytest.fixture
def cloudtrail(shared: Serving) -> Iterator[Any]:
    """The administrator's client; afterwards there are no dashboards, and no policies of the store."""
    client = shared.client()
    yield client
    for board in shared.app.dashboards.registry.list(ACCOUNT, REGION):
        shared.app.dashboards.registry.delete(shared.app.dashboards.registry.change(board, termination_protected=False))
        shared.app.resource_policies.forget(board.arn)
    shared.app.resource_policies.forget(shared.app.stores.get("trail").arn)


@pytest.fixture
def store(shared: Serving) -> str:
    return shared.app.stores.get("trail").arn


def widget(store: str, sql: str = "SELECT eventName, count(*) AS calls FROM {} GROUP BY 1", **more: Any) -> Any:
    return {
        "QueryStatement": sql.format(store.rpartition("/")[2]),
        "ViewProperties": {"Title": "Calls", "View": "Table", "Height": "2"},
        **more,
    }


def dashboard_arn(name: str, account: str = ACCOUNT) -> str:
    return f"arn:aws:cloudtrail:{REGION}:{account}:dashboard/{name}"


def let_query(cloudtrail: Any, store: str, dashboard: str) -> None:
    """AWS's example policy: CloudTrail may query the store to populate the dashboard."""
    statement = {
        "Sid": "EDSPolicy",
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "cloudtrail:StartQuery",
        "Resource": store,
        "Condition": {"StringEquals": {"AWS:SourceArn": dashboard, "AWS:SourceAccount": ACCOUNT}},
    }
    put_policy(cloudtrail, store, statement)


def let_refresh(cloudtrail: Any, dashboard: str) -> None:
    """AWS's example policy: CloudTrail may refresh the dashboard by its schedule."""
    statement = {
        "Sid": "DashboardPolicy",
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "cloudtrail:StartDashboardRefresh",
        "Resource": dashboard,
        "Condition": {"StringEquals": {"AWS:SourceArn": dashboard, "AWS:SourceAccount": ACCOUNT}},
    }
    put_policy(cloudtrail, dashboard, statement)


def put_policy(cloudtrail: Any, resource: str, statement: dict[str, Any]) -> None:
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    cloudtrail.put_resource_policy(ResourceArn=resource, ResourcePolicy=text)


def answer(cloudtrail: Any, alias: str, refresh_id: str) -> list[dict[str, str]]:
    """The rows of a widget's refresh, asked for as clients do: by alias and refresh, then by the query's id."""
    told = described(cloudtrail, QueryAlias=alias, RefreshId=refresh_id)
    assert told["QueryStatus"] == "FINISHED", told
    found = pages(cloudtrail, told["QueryId"])
    return [{k: v for cell in row for k, v in cell.items()} for page in found for row in page["QueryResultRows"]]


def refused(call: Callable[[], Any]) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    return str(error["Code"]), str(error["Message"])


# -- made and changed --------------------------------------------------------------------------------------------------


def test_a_dashboard_is_got_as_it_was_made(cloudtrail: Any, store: str) -> None:
    wanted = widget(store, "SELECT 1 FROM {} WHERE eventTime > '?'", QueryParameters=["$StartTime$"])

    made = cloudtrail.create_dashboard(
        Name="mine", Widgets=[wanted], RefreshSchedule=SCHEDULE, TagsList=[{"Key": "team", "Value": "ir"}]
    )
    got = cloudtrail.get_dashboard(DashboardId=made["DashboardArn"])
    alias = made["Widgets"][0]["QueryAlias"]

    assert made["DashboardArn"] == dashboard_arn("mine")
    assert (made["Name"], made["Type"], made["TagsList"]) == ("mine", "CUSTOM", [{"Key": "team", "Value": "ir"}])
    assert got["Widgets"] == made["Widgets"] == [{**wanted, "QueryAlias": alias}]
    assert got["RefreshSchedule"] == made["RefreshSchedule"] == SCHEDULE
    assert (got["Status"], got["TerminationProtectionEnabled"]) == ("CREATED", False)
    assert got["CreatedTimestamp"] == got["UpdatedTimestamp"]
    assert "LastRefreshId" not in got


def test_a_dashboard_is_found_by_its_name_too(cloudtrail: Any) -> None:
    cloudtrail.create_dashboard(Name="mine")

    assert cloudtrail.get_dashboard(DashboardId="mine")["DashboardArn"] == dashboard_arn("mine")


def test_a_widget_that_asks_what_it_asked_before_keeps_its_alias(cloudtrail: Any, store: str) -> None:
    first, second = widget(store), widget(store, "SELECT 1 FROM {}")
    before = cloudtrail.create_dashboard(Name="mine", Widgets=[first])["Widgets"]

    moved = {**first, "ViewProperties": {"Title": "Moved", "View": "PieChart"}}
    after = cloudtrail.update_dashboard(DashboardId="mine", Widgets=[second, moved])

    assert after["Widgets"][1]["QueryAlias"] == before[0]["QueryAlias"] != after["Widgets"][0]["QueryAlias"]
    assert after["Widgets"][1]["ViewProperties"] == moved["ViewProperties"]
    assert cloudtrail.get_dashboard(DashboardId="mine")["Status"] == "UPDATED"


def test_a_widget_can_be_asked_by_its_alias_with_parameters(cloudtrail: Any, store: str) -> None:
    wanted = widget(store, "SELECT count(*) AS n FROM {} WHERE eventTime > '?'", QueryParameters=["$StartTime$"])
    alias = cloudtrail.create_dashboard(Name="mine", Widgets=[wanted])["Widgets"][0]["QueryAlias"]

    query = cloudtrail.start_query(QueryAlias=alias, QueryParameters=["2024-05-01T12:01:00Z"])["QueryId"]
    described(cloudtrail, QueryId=query)

    assert pages(cloudtrail, query)[-1]["QueryResultRows"] == [[{"n": "59"}]]


def test_what_is_not_said_of_a_schedule_stays_as_it_was(cloudtrail: Any) -> None:
    cloudtrail.create_dashboard(Name="mine", RefreshSchedule={**SCHEDULE, "TimeOfDay": "03:30"})

    after = cloudtrail.update_dashboard(DashboardId="mine", RefreshSchedule={"Status": "DISABLED"})

    assert after["RefreshSchedule"] == {**SCHEDULE, "Status": "DISABLED", "TimeOfDay": "03:30"}


def test_a_deleted_dashboard_is_gone_with_its_alias_and_its_policy(cloudtrail: Any, store: str) -> None:
    made = cloudtrail.create_dashboard(Name="mine", Widgets=[widget(store)])
    let_refresh(cloudtrail, made["DashboardArn"])

    cloudtrail.delete_dashboard(DashboardId="mine")
    gone = refused(lambda: cloudtrail.get_dashboard(DashboardId="mine"))
    nameless = refused(lambda: cloudtrail.start_query(QueryAlias=made["Widgets"][0]["QueryAlias"]))
    cloudtrail.create_dashboard(Name="mine")
    policy = refused(lambda: cloudtrail.get_resource_policy(ResourceArn=made["DashboardArn"]))

    assert gone[0] == "ResourceNotFoundException"
    assert nameless[0] == "InvalidParameterException"
    assert policy[0] == "ResourcePolicyNotFoundException"


def test_a_protected_dashboard_is_deleted_when_the_protection_is_off(cloudtrail: Any) -> None:
    cloudtrail.create_dashboard(Name="mine", TerminationProtectionEnabled=True)
    kept = refused(lambda: cloudtrail.delete_dashboard(DashboardId="mine"))

    cloudtrail.update_dashboard(DashboardId="mine", TerminationProtectionEnabled=False)
    cloudtrail.delete_dashboard(DashboardId="mine")

    assert kept[0] == "ConflictException"
    assert refused(lambda: cloudtrail.get_dashboard(DashboardId="mine"))[0] == "ResourceNotFoundException"


def test_dashboards_have_tags(cloudtrail: Any) -> None:
    arn = cloudtrail.create_dashboard(Name="mine", TagsList=[{"Key": "team", "Value": "ir"}])["DashboardArn"]

    cloudtrail.add_tags(ResourceId=arn, TagsList=[{"Key": "stage", "Value": "prod"}])
    cloudtrail.remove_tags(ResourceId=arn, TagsList=[{"Key": "team"}])

    listed = cloudtrail.list_tags(ResourceIdList=[arn])["ResourceTagList"]
    assert listed == [{"ResourceId": arn, "TagsList": [{"Key": "stage", "Value": "prod"}]}]


def test_dashboards_are_listed_by_type_and_prefix_in_pages(cloudtrail: Any) -> None:
    for number in range(3):
        cloudtrail.create_dashboard(Name=f"mine-{number}")

    custom = cloudtrail.list_dashboards(Type="CUSTOM", MaxResults=2)
    rest = cloudtrail.list_dashboards(Type="CUSTOM", MaxResults=2, NextToken=custom["NextToken"])
    managed = cloudtrail.list_dashboards(Type="MANAGED")["Dashboards"]
    named = cloudtrail.list_dashboards(NamePrefix="mine-1")["Dashboards"]

    names = [dashboard_arn(f"mine-{number}") for number in range(3)]
    assert [one["DashboardArn"] for one in custom["Dashboards"] + rest["Dashboards"]] == names
    assert "NextToken" not in rest
    assert len(managed) == 15
    assert {"DashboardArn": dashboard_arn(OVERVIEW), "Type": "MANAGED"} in managed
    assert named == [{"DashboardArn": names[1], "Type": "CUSTOM"}]


# -- refreshed ---------------------------------------------------------------------------------------------------------


def test_a_refresh_asks_all_widgets_with_its_values(cloudtrail: Any, store: str) -> None:
    trend = widget(
        store,
        "SELECT date_trunc('?', eventTime) AS time, count(*) AS calls FROM {} "
        "WHERE eventTime >= '?' AND eventTime < '?' GROUP BY 1 ORDER BY 1",
        QueryParameters=["$Period$", "$StartTime$", "$EndTime$"],
    )
    made = cloudtrail.create_dashboard(Name="mine", Widgets=[widget(store), trend])
    let_query(cloudtrail, store, made["DashboardArn"])

    refresh = cloudtrail.start_dashboard_refresh(
        DashboardId="mine", QueryParameterValues={**WINDOW, "$Period$": "minute"}
    )["RefreshId"]
    names, times = (answer(cloudtrail, one["QueryAlias"], refresh) for one in made["Widgets"])
    told = cloudtrail.get_dashboard(DashboardId="mine")

    assert sorted(row["calls"] for row in names) == ["60", "60"]
    assert times == [{"time": f"2024-05-01 12:0{minute}:00.000", "calls": "60"} for minute in range(2)]
    assert told["LastRefreshId"] == refresh
    assert "LastRefreshFailureReason" not in told


def test_a_managed_dashboard_is_refreshed_over_the_store_that_is_named(cloudtrail: Any, store: str) -> None:
    widgets = cloudtrail.get_dashboard(DashboardId=OVERVIEW)["Widgets"]
    services = next(one for one in widgets if one["ViewProperties"]["Title"] == "Top services")

    refresh = cloudtrail.start_dashboard_refresh(
        DashboardId=dashboard_arn(OVERVIEW), QueryParameterValues={**WINDOW, "$EventDataStoreId$": store}
    )["RefreshId"]
    rows = answer(cloudtrail, services["QueryAlias"], refresh)

    assert str(EVENTS) in rows[0].values()
    assert cloudtrail.get_dashboard(DashboardId=OVERVIEW)["LastRefreshId"] == refresh


def test_a_second_refresh_waits_until_the_first_is_over(cloudtrail: Any, store: str) -> None:
    endless = widget(store, "SELECT count(*) FROM {0} a, {0} b, {0} c, {0} d, {0} e WHERE a.eventID <> e.eventID")
    made = cloudtrail.create_dashboard(Name="mine", Widgets=[endless])
    let_query(cloudtrail, store, made["DashboardArn"])

    refresh = cloudtrail.start_dashboard_refresh(DashboardId="mine")["RefreshId"]
    second = refused(lambda: cloudtrail.start_dashboard_refresh(DashboardId="mine"))
    query = cloudtrail.describe_query(QueryAlias=made["Widgets"][0]["QueryAlias"], RefreshId=refresh)["QueryId"]
    cloudtrail.cancel_query(QueryId=query)
    third = cloudtrail.start_dashboard_refresh(DashboardId="mine")["RefreshId"]
    cloudtrail.cancel_query(
        QueryId=cloudtrail.describe_query(QueryAlias=made["Widgets"][0]["QueryAlias"], RefreshId=third)["QueryId"]
    )

    assert second[0] == "ServiceQuotaExceededException"
    assert third > refresh


def test_queries_of_dashboards_are_none_of_the_queries_at_once(cloudtrail: Any, store: str, shared: Serving) -> None:
    endless = widget(store, "SELECT count(*) FROM {0} a, {0} b, {0} c, {0} d, {0} e WHERE a.eventID <> e.eventID")
    made = cloudtrail.create_dashboard(Name="mine", Widgets=[endless] * 10)
    let_query(cloudtrail, store, made["DashboardArn"])

    refresh = cloudtrail.start_dashboard_refresh(DashboardId="mine")["RefreshId"]
    query = cloudtrail.start_query(QueryStatement=f"SELECT 1 FROM {store.rpartition('/')[2]} LIMIT 1")["QueryId"]
    for one in made["Widgets"]:
        cloudtrail.cancel_query(
            QueryId=cloudtrail.describe_query(QueryAlias=one["QueryAlias"], RefreshId=refresh)["QueryId"]
        )

    assert described(cloudtrail, QueryId=query)["QueryStatus"] == "FINISHED"
    assert cloudtrail.get_dashboard(DashboardId="mine")["LastRefreshFailureReason"].startswith(
        "10 of 10 queries failed"
    )


def test_cloudtrail_queries_no_store_whose_policy_does_not_let_it(cloudtrail: Any, store: str) -> None:
    made = cloudtrail.create_dashboard(Name="mine", Widgets=[widget(store)])
    let_query(cloudtrail, store, dashboard_arn("another"))

    code, message = refused(lambda: cloudtrail.start_dashboard_refresh(DashboardId=made["DashboardArn"]))

    assert code == "AccessDeniedException"
    assert "cloudtrail.amazonaws.com is not authorized to perform: cloudtrail:StartQuery" in message
    assert "LastRefreshId" not in cloudtrail.get_dashboard(DashboardId="mine")


def test_whoever_may_not_query_the_store_sees_nothing_of_it_in_a_managed_dashboard(shared: Serving, store: str) -> None:
    refreshing = {"Effect": "Allow", "Action": "cloudtrail:StartDashboardRefresh", "Resource": "*"}
    client = a_client(shared, ACCOUNT, json.dumps({"Version": "2012-10-17", "Statement": [refreshing]}))

    code, message = refused(
        lambda: client.start_dashboard_refresh(DashboardId=OVERVIEW, QueryParameterValues={"$EventDataStoreId$": store})
    )

    assert (code, "cloudtrail:StartQuery" in message) == ("AccessDeniedException", True)


def test_who_may_not_query_a_store_makes_no_widget_of_it(shared: Serving, cloudtrail: Any, store: str) -> None:
    making = {"Effect": "Allow", "Action": "cloudtrail:CreateDashboard", "Resource": "*"}
    client = a_client(shared, ACCOUNT, json.dumps({"Version": "2012-10-17", "Statement": [making]}))

    code, message = refused(lambda: client.create_dashboard(Name="mine", Widgets=[widget(store)]))

    assert (code, "cloudtrail:StartQuery" in message) == ("AccessDeniedException", True)


def test_another_account_is_told_that_there_is_no_such_dashboard(shared: Serving, cloudtrail: Any) -> None:
    cloudtrail.create_dashboard(Name="mine")
    everything = {"Effect": "Allow", "Action": "cloudtrail:*", "Resource": "*"}
    client = a_client(shared, OTHER, json.dumps({"Version": "2012-10-17", "Statement": [everything]}))

    here, nowhere = (
        refused(lambda name=name: client.get_dashboard(DashboardId=dashboard_arn(name)))  # type: ignore[misc]
        for name in ("mine", "none")
    )

    assert here[0] == nowhere[0] == "ResourceNotFoundException"
    assert here[1].replace("mine", "none") == nowhere[1]


# -- by a schedule -----------------------------------------------------------------------------------------------------


def keep(shared: Serving, hours: float) -> int:
    """How many refreshes two servers begin when so many hours have passed."""
    registry, clock = shared.app.dashboards.registry, shared.app.dashboards.registry.clock
    registry.clock = lambda: datetime.now(UTC) + timedelta(hours=hours)
    try:
        return sum(DashboardKeeper(shared.app.dashboards, shared.app.behalf).look() for _ in range(2))
    finally:
        registry.clock = clock


def test_a_schedule_that_is_due_refreshes_once_whatever_was_missed(
    cloudtrail: Any, store: str, shared: Serving
) -> None:
    made = cloudtrail.create_dashboard(Name="mine", Widgets=[widget(store)], RefreshSchedule=SCHEDULE)
    let_query(cloudtrail, store, made["DashboardArn"])
    let_refresh(cloudtrail, made["DashboardArn"])

    early, late, again = keep(shared, 0), keep(shared, 30), keep(shared, 30)
    told = cloudtrail.get_dashboard(DashboardId="mine")

    assert (early, late, again) == (0, 1, 0)
    assert len(answer(cloudtrail, made["Widgets"][0]["QueryAlias"], told["LastRefreshId"])) == 2


def test_a_schedule_without_the_policy_of_its_dashboard_says_why_it_failed(
    cloudtrail: Any, store: str, shared: Serving
) -> None:
    made = cloudtrail.create_dashboard(Name="mine", Widgets=[widget(store)], RefreshSchedule=SCHEDULE)
    let_query(cloudtrail, store, made["DashboardArn"])

    due = keep(shared, 7)
    told = cloudtrail.get_dashboard(DashboardId="mine")

    assert due == 1
    assert "not authorized to perform: cloudtrail:StartDashboardRefresh" in told["LastRefreshFailureReason"]
    assert "LastRefreshId" not in told


def test_a_schedule_that_is_off_is_never_due(cloudtrail: Any, store: str, shared: Serving) -> None:
    cloudtrail.create_dashboard(Name="mine", Widgets=[widget(store)], RefreshSchedule=SCHEDULE)
    cloudtrail.update_dashboard(DashboardId="mine", RefreshSchedule={"Status": "DISABLED"})

    assert keep(shared, 100) == 0


def test_a_server_refreshes_what_is_due_by_itself(cloudtrail: Any, store: str, shared: Serving) -> None:
    made = cloudtrail.create_dashboard(Name="mine", Widgets=[widget(store)], RefreshSchedule=SCHEDULE)
    let_query(cloudtrail, store, made["DashboardArn"])
    let_refresh(cloudtrail, made["DashboardArn"])
    registry = shared.app.dashboards.registry
    board = registry.find(ACCOUNT, REGION, "mine")
    assert board is not None
    registry.change(board, next_refresh=datetime.now(UTC) - timedelta(minutes=1))

    keeper = DashboardKeeper(shared.app.dashboards, shared.app.behalf)
    keeper.resume()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while "LastRefreshId" not in (told := cloudtrail.get_dashboard(DashboardId="mine")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    keeper.close()

    assert len(answer(cloudtrail, made["Widgets"][0]["QueryAlias"], told["LastRefreshId"])) == 2


# -- Highlights --------------------------------------------------------------------------------------------------------


def test_highlights_show_the_stores_that_let_them(cloudtrail: Any, store: str) -> None:
    name = "AWSCloudTrail-Highlights"
    made = cloudtrail.create_dashboard(Name=name, RefreshSchedule=SCHEDULE)
    before = cloudtrail.get_dashboard(DashboardId=name)
    let_query(cloudtrail, store, made["DashboardArn"])
    after = cloudtrail.get_dashboard(DashboardId=name)

    refresh = cloudtrail.start_dashboard_refresh(DashboardId=name, QueryParameterValues=WINDOW)["RefreshId"]
    states = {
        described(cloudtrail, QueryAlias=one["QueryAlias"], RefreshId=refresh)["QueryStatus"]
        for one in after["Widgets"]
    }

    assert (made["Type"], made["TerminationProtectionEnabled"]) == ("MANAGED", True)
    assert before["Widgets"] == []
    assert len(after["Widgets"]) >= 4
    assert states == {"FINISHED"}


# -- refused -----------------------------------------------------------------------------------------------------------


HIGHLIGHTS = "AWSCloudTrail-Highlights"
NO_STORE = f"SELECT 1 FROM {'0' * 8}-0000-0000-0000-{'0' * 12}"
REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "the name of one of the software": ("Conflict", {"Name": OVERVIEW}),
    "a name like those of the software": ("Validation", {"Name": "AWSCloudTrail-Mine"}),
    "eleven widgets": ("ServiceQuotaExceeded", {"Widgets": ["SELECT 1 FROM {}"] * 11}),
    "no SELECT": ("InvalidQueryStatement", {"Widgets": ["DELETE FROM {}"]}),
    "a column that is none": ("InvalidQueryStatement", {"Widgets": ["SELECT no_such_column FROM {}"]}),
    "a store that is none": ("EventDataStoreNotFound", {"Widgets": [NO_STORE]}),
    "no frequency": ("Validation", {"RefreshSchedule": {"Status": "ENABLED"}}),
    "five hours": ("Validation", {"RefreshSchedule": {"Frequency": {"Unit": "HOURS", "Value": 5}}}),
    "no time of day": ("Validation", {"RefreshSchedule": {**SCHEDULE, "TimeOfDay": "24:00"}}),
    "a tag of AWS's": ("InvalidTagParameter", {"TagsList": [{"Key": "aws:x", "Value": "y"}]}),
    "Highlights without a schedule": ("Validation", {"Name": HIGHLIGHTS}),
    "Highlights that are off": (
        "Validation",
        {"Name": HIGHLIGHTS, "RefreshSchedule": {**SCHEDULE, "Status": "DISABLED"}},
    ),
    "widgets in Highlights": (
        "Validation",
        {"Name": HIGHLIGHTS, "RefreshSchedule": SCHEDULE, "Widgets": ["SELECT 1 FROM {}"]},
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_dashboard_that_cannot_be_is_refused(cloudtrail: Any, store: str, what: str) -> None:
    expected, wishes = REFUSED[what]
    widgets = [widget(store, sql) for sql in wishes.get("Widgets", ())]

    code, _ = refused(lambda: cloudtrail.create_dashboard(**{"Name": "mine", **wishes, "Widgets": widgets}))

    assert code == f"{expected}Exception"


def test_two_dashboards_have_two_names(cloudtrail: Any) -> None:
    cloudtrail.create_dashboard(Name="mine")

    assert refused(lambda: cloudtrail.create_dashboard(Name="mine"))[0] == "ConflictException"


@pytest.mark.parametrize("operation", ["update_dashboard", "delete_dashboard"])
def test_what_comes_with_the_software_is_not_changed(cloudtrail: Any, operation: str) -> None:
    assert refused(lambda: getattr(cloudtrail, operation)(DashboardId=OVERVIEW))[0] == "UnsupportedOperationException"


BAD_VALUES: dict[str, tuple[str, dict[str, str]]] = {
    "no store": ("Validation", {}),
    "a store that is none": ("EventDataStoreNotFound", {"$EventDataStoreId$": "0" * 36}),
    "a name that is none": ("Validation", {"$EventDataStoreId$": "trail", "$Nothing$": "1"}),
    "a time that is none": ("Validation", {"$EventDataStoreId$": "trail", "$StartTime$": "yesterday"}),
    "a period that is none": ("Validation", {"$EventDataStoreId$": "trail", "$Period$": "fortnight"}),
    "an end before the start": (
        "Validation",
        {"$EventDataStoreId$": "trail", "$StartTime$": "2024-05-02", "$EndTime$": "2024-05-01"},
    ),
}


@pytest.mark.parametrize("what", BAD_VALUES)
def test_a_refresh_with_values_that_cannot_be_is_refused(cloudtrail: Any, store: str, what: str) -> None:
    expected, values = BAD_VALUES[what]
    given = {key: store if value == "trail" else value for key, value in values.items()}

    code, _ = refused(lambda: cloudtrail.start_dashboard_refresh(DashboardId=OVERVIEW, QueryParameterValues=given))

    assert code == f"{expected}Exception"


def test_a_managed_dashboard_of_data_it_cannot_show_says_what_it_needs(cloudtrail: Any) -> None:
    values = {"$EventDataStoreId$": a_store_of_activity(cloudtrail, "doors")}

    code, message = refused(
        lambda: cloudtrail.start_dashboard_refresh(DashboardId=OVERVIEW, QueryParameterValues=values)
    )

    assert (code, "doors" in message) == ("ValidationException", True)


# -- shared with another account ---------------------------------------------------------------------------------------


def of_people(action: Any, resource: str) -> dict[str, Any]:
    return {"Sid": "Shared", "Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": action, "Resource": resource}


def results_of(store: str) -> dict[str, Any]:
    return of_people(["cloudtrail:DescribeQuery", "cloudtrail:GetQueryResults"], store)


@pytest.fixture
def shown(cloudtrail: Any, store: str) -> tuple[str, str, str]:
    """A dashboard whose policy lets another account look at it: its ARN, the alias of its widget, its refresh."""
    made = cloudtrail.create_dashboard(Name="mine", Widgets=[widget(store)])
    arn, alias = made["DashboardArn"], made["Widgets"][0]["QueryAlias"]
    let_query(cloudtrail, store, arn)
    refresh_id = cloudtrail.start_dashboard_refresh(DashboardId=arn)["RefreshId"]
    described(cloudtrail, QueryAlias=alias, RefreshId=refresh_id)
    put_policy(cloudtrail, arn, of_people("cloudtrail:GetDashboard", arn))
    return arn, alias, refresh_id


@pytest.fixture
def stranger(shared: Serving) -> Any:
    """Somebody of another account, who may do everything there."""
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    return a_client(shared, OTHER, json.dumps({"Version": "2012-10-17", "Statement": [everything]}))


def seen_by(client: Any, alias: str, refresh_id: str) -> Any:
    asked = {"QueryAlias": alias, "RefreshId": refresh_id, "EventDataStoreOwnerAccountId": ACCOUNT}
    query = client.describe_query(**asked)["QueryId"]
    return client.get_query_results(QueryId=query, EventDataStoreOwnerAccountId=ACCOUNT)["QueryResultRows"]


def test_who_a_dashboard_is_shared_with_sees_it_and_the_answers_of_its_refresh(
    cloudtrail: Any, stranger: Any, store: str, shown: tuple[str, str, str]
) -> None:
    arn, alias, refresh_id = shown
    put_policy(cloudtrail, store, results_of(store))

    assert stranger.get_dashboard(DashboardId=arn)["LastRefreshId"] == refresh_id
    assert seen_by(stranger, alias, refresh_id)


def test_a_dashboard_that_is_shared_gives_nothing_of_a_store_that_is_not(
    stranger: Any, shown: tuple[str, str, str]
) -> None:
    _, alias, refresh_id = shown

    assert "NotFoundException" in refused(lambda: seen_by(stranger, alias, refresh_id))[0]


def test_a_store_that_is_shared_gives_nothing_of_a_dashboard_that_is_not(
    cloudtrail: Any, stranger: Any, store: str, shown: tuple[str, str, str]
) -> None:
    arn, alias, refresh_id = shown
    put_policy(cloudtrail, store, results_of(store))
    cloudtrail.delete_resource_policy(ResourceArn=arn)

    assert refused(lambda: seen_by(stranger, alias, refresh_id))[0] == "AccessDeniedException"


@pytest.mark.parametrize("operation", ["start_dashboard_refresh", "update_dashboard", "delete_dashboard"])
def test_who_may_look_at_a_dashboard_may_do_nothing_else_to_it(
    stranger: Any, shown: tuple[str, str, str], operation: str
) -> None:
    arn, _, _ = shown

    assert refused(lambda: getattr(stranger, operation)(DashboardId=arn))[0] == "ResourceNotFoundException"


def test_an_answer_of_a_dashboard_that_is_shared_is_not_cancelled_by_who_looks(
    cloudtrail: Any, stranger: Any, store: str, shown: tuple[str, str, str]
) -> None:
    _, alias, refresh_id = shown
    query = described(cloudtrail, QueryAlias=alias, RefreshId=refresh_id)["QueryId"]
    put_policy(cloudtrail, store, of_people("cloudtrail:CancelQuery", store))

    code, _ = refused(lambda: stranger.cancel_query(QueryId=query, EventDataStoreOwnerAccountId=ACCOUNT))

    assert code == "AccessDeniedException"
