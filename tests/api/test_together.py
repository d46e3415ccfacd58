"""What several clients change at once is changed by all of them: nobody's change is lost under another's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.asking import a_channel, a_store_of_activity

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.api.serving import Serving

CLIENTS = 12


def a_trail(client: Any) -> str:
    return str(client.create_trail(Name="audit", S3BucketName="logs")["TrailARN"])


def a_dashboard(client: Any) -> str:
    return str(client.create_dashboard(Name="mine")["DashboardArn"])


MADE: dict[str, Callable[[Any], str]] = {
    "store": a_store_of_activity,
    "trail": a_trail,
    "channel": lambda client: a_channel(client, a_store_of_activity(client)),
    "dashboard": a_dashboard,
}


@pytest.mark.parametrize("kind", MADE)
def test_tags_that_many_add_and_remove_at_once_are_all_added_and_removed(server: Serving, kind: str) -> None:
    clients = [server.client() for _ in range(CLIENTS)]
    arn = MADE[kind](clients[0])
    gone = [{"Key": f"gone-{number}", "Value": "1"} for number in range(CLIENTS)]
    clients[0].add_tags(ResourceId=arn, TagsList=gone)

    def change(number: int) -> None:
        clients[number].add_tags(ResourceId=arn, TagsList=[{"Key": f"new-{number}", "Value": "1"}])
        clients[number].remove_tags(ResourceId=arn, TagsList=[gone[number]])

    with ThreadPoolExecutor(CLIENTS) as threads:
        list(threads.map(change, range(CLIENTS)))
    listed = clients[0].list_tags(ResourceIdList=[arn])["ResourceTagList"][0]["TagsList"]

    assert {tag["Key"] for tag in listed} == {f"new-{number}" for number in range(CLIENTS)}


def test_two_that_change_different_things_of_a_dashboard_at_once_both_change_them(server: Serving) -> None:
    clients = [server.client() for _ in range(CLIENTS)]
    arn = a_dashboard(clients[0])
    schedule = {"Frequency": {"Unit": "DAYS", "Value": 1}, "Status": "DISABLED"}
    wishes: list[dict[str, Any]] = [{"TerminationProtectionEnabled": True}, {"RefreshSchedule": schedule}]

    def change(number: int) -> None:
        clients[number].update_dashboard(DashboardId=arn, **wishes[number % 2])

    with ThreadPoolExecutor(CLIENTS) as threads:
        list(threads.map(change, range(CLIENTS)))
    after = clients[0].get_dashboard(DashboardId=arn)

    assert (after["TerminationProtectionEnabled"], after["RefreshSchedule"]) == (True, schedule)
