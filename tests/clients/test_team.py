"""What AWS's TEAM solution (temporary elevated access) asks of CloudTrail Lake: who did what while they had a role.

It sends StartQuery with the times of the session as ISO text, asks DescribeQuery until the query has ended, and reads
all pages of GetQueryResults; it names the event data store by its id in these, which newer clients do not. Driven with
boto3, and with the AWS SDK for JavaScript, which TEAM uses.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.test_restart import status
from tests.clients.events import ACCOUNT, record
from tests.clients.serving import CLIENTS, Server, filled, installed, on_this_machine, served

pytestmark = [pytest.mark.extended, pytest.mark.timeout(300)]
# the minutes 10 to 69: both ends are excluded
BEGIN, END = "2026-03-01T12:09:00.000Z", "2026-03-01T13:10:00.000Z"


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    """A server, and the id of a store that has the events."""
    home = tmp_path_factory.mktemp("team")
    arn = filled(home)
    with served(home) as server:
        yield server, arn.rpartition("/")[2]


def statement(store: str) -> str:
    """TEAM's question, of a person, a role and an account."""
    return (
        f"SELECT eventID, eventName, eventSource, eventTime FROM {store} "
        f"WHERE eventTime > '{BEGIN}' AND eventTime < '{END}' "
        "AND lower(useridentity.principalId) LIKE '%:ana@example.com%' "
        "AND useridentity.sessionContext.sessionIssuer.arn LIKE '%AWSReservedSSO_Admin%' "
        f"AND recipientAccountId='{ACCOUNT}'"
    )


def shown(number: int) -> dict[str, str]:
    """An event as TEAM shows it."""
    names = ("eventID", "eventName", "eventSource")
    time = f"2026-03-01 {12 + number // 60}:{number % 60:02}:00.000"
    return {**{name: record(number)[name] for name in names}, "eventTime": time}


def expected() -> list[dict[str, str]]:
    """The events of the session."""
    return [shown(number) for number in range(10, 70)]


def in_order(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return sorted(rows, key=lambda row: row["eventID"])


def test_the_log_of_a_session_is_read_with_boto3(team: tuple[Server, str]) -> None:
    server, store = team
    client = server.client()
    query = client.start_query(QueryStatement=statement(store))["QueryId"]
    ended = status(client, query, "FINISHED", "FAILED")
    pages: list[Any] = [client.get_query_results(EventDataStore=store, QueryId=query, MaxQueryResults=20)]
    while token := pages[-1].get("NextToken"):
        more = client.get_query_results(EventDataStore=store, QueryId=query, MaxQueryResults=20, NextToken=token)
        pages.append(more)

    rows = [
        {name: value for cell in row for name, value in cell.items()}
        for page in pages
        for row in page["QueryResultRows"]
    ]
    assert (ended, in_order(rows)) == ("FINISHED", expected())


def test_the_log_of_a_session_is_read_with_the_sdk_for_javascript(team: tuple[Server, str]) -> None:
    node = on_this_machine("node")
    installed("javascript", "node_modules/@aws-sdk/client-cloudtrail")
    server, store = team
    script = Path(__file__).with_name("team.mjs")
    asked = [node, str(script), store, statement(store)]
    done = server.run(asked, cwd=CLIENTS / "javascript", also={"NODE_NO_WARNINGS": "1"})

    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert (found["status"], found["pages"], found["refused"]) == ("FINISHED", [20, 20, 20], "QueryIdNotFoundException")
    assert in_order(found["rows"]) == expected()
