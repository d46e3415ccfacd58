"""``trailmere serve`` killed while events are brought: what was acknowledged is there, once; imports are completed."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.api.asking import a_channel, a_store_of_activity, an_event, rows
from tests.api.buckets import SOURCE, bucket, fill
from tests.api.test_imports import ended
from tests.api.test_restart import REGION, a_client, serving
from tests.query.background import PATIENCE_SECONDS

HOME = "000000000000"
CLIENTS, CALLS = 20, 3


def a_data_client(address: str, told: dict[str, str]) -> Any:
    return boto3.client(
        "cloudtrail-data",
        endpoint_url=address,
        region_name=REGION,
        aws_access_key_id=told["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=told["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"total_max_attempts": 1}),
    )


def put_until_acknowledged(client: Any, channel: str, events: list[dict[str, str]]) -> dict[str, str]:
    """The event ids of a call, repeated for as long as there is no answer."""
    deadline = time.monotonic() + PATIENCE_SECONDS * 2
    while True:
        try:
            answer = client.put_audit_events(channelArn=channel, auditEvents=events)
        except (BotoCoreError, ClientError):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        else:
            return {one["id"]: one["eventID"] for one in answer["successful"]}


@pytest.mark.timeout(400)
def test_events_that_were_acknowledged_are_there_once_whenever_the_server_is_killed(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    acknowledged: dict[str, str] = {}
    some = threading.Event()
    calls = {
        client: [[an_event(f"{client}-{call}-{n}", HOME) for n in range(2)] for call in range(CALLS)]
        for client in range(CLIENTS)
    }
    with serving(lake) as (address, told, process):
        store = a_store_of_activity(a_client(address, told))
        channel = a_channel(a_client(address, told), store)

        def bring(number: int) -> None:
            client = a_data_client(address, told)
            for events in calls[number]:
                acknowledged.update(put_until_acknowledged(client, channel, events))
                some.set()

        callers = [threading.Thread(target=bring, args=(number,)) for number in range(CLIENTS)]
        for caller in callers:
            caller.start()
        assert some.wait(PATIENCE_SECONDS)
        process.kill()
        process.wait()

    with serving(lake, address.rpartition(":")[2]):
        for caller in callers:
            caller.join()
        client = a_client(address, told)
        found = rows(client, f"SELECT eventID, count(*) AS n FROM {store.rpartition('/')[2]} GROUP BY eventID")
        again = put_until_acknowledged(a_data_client(address, told), channel, calls[0][0])
        count = rows(client, f"SELECT count(*) AS n FROM {store.rpartition('/')[2]}")

        assert len(acknowledged) == CLIENTS * CALLS * 2
        assert {one["eventID"]: one["n"] for one in found} == dict.fromkeys(acknowledged.values(), "1")
        assert again.items() <= acknowledged.items()
        assert count == [{"n": str(len(acknowledged))}]


@pytest.mark.timeout(400)
def test_an_import_of_a_server_that_is_killed_is_completed_by_the_next(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    with bucket() as (s3, found):
        fill(s3, *range(60), events=5)
        several = found | {"TRAILMERE_INGEST_COMMIT_DELIVERIES": "5"}
        with serving(lake, **several) as (address, told, process):
            client = a_client(address, told)
            store = client.create_event_data_store(Name="imported")["EventDataStoreArn"]
            import_id = client.start_import(Destinations=[store], ImportSource=SOURCE)["ImportId"]
            while client.get_import(ImportId=import_id)["ImportStatus"] == "INITIALIZING":
                time.sleep(0.01)
            process.kill()
            process.wait()

        with serving(lake, address.rpartition(":")[2], **several):
            statistics = ended(client, import_id)["ImportStatistics"]
            status = client.get_import(ImportId=import_id)["ImportStatus"]
            count = rows(client, f"SELECT count(*) AS n FROM {store.rpartition('/')[2]}")

    assert status == "COMPLETED"
    assert (statistics["FilesCompleted"], statistics["FailedEntries"]) == (60, 0)
    assert count == [{"n": str(statistics["EventsCompleted"])}] == [{"n": "300"}]
