"""``trailmere serve`` killed in the middle of queries: the next one goes on with them, and clients poll on."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.query.background import ENDLESS, PATIENCE_SECONDS

REGION = "us-east-1"
NUMBERS = "SELECT n FROM UNNEST(sequence(1, 2500)) AS t(n) ORDER BY n"


@contextmanager
def serving(
    lake: Path, port: str = "0", **settings: str
) -> Iterator[tuple[str, dict[str, str], subprocess.Popen[str]]]:
    """A server in a process of its own: its address, the variables that it told to set, the process."""
    command = [sys.executable, "-m", "trailmere", "serve", "--lake", str(lake), "--port", port]
    log = lake.with_name(f"{lake.name}-{time.monotonic_ns()}.log")
    with (
        log.open("w") as talk,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=talk, text=True, env={**os.environ, **settings}
        ) as process,
    ):
        assert process.stdout is not None
        try:
            address = process.stdout.readline().split()[-1]
            told = dict(re.findall(r"export (AWS_\w+)=(\S+)", log.read_text()))
            yield address, told, process
        finally:
            process.kill()


def a_client(address: str, told: dict[str, str]) -> Any:
    return boto3.client(
        "cloudtrail",
        endpoint_url=address,
        region_name=REGION,
        aws_access_key_id=told["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=told["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"total_max_attempts": 10, "mode": "standard"}),
    )


def status(client: Any, query_id: str, *until: str) -> str:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (found := client.describe_query(QueryId=query_id)["QueryStatus"]) not in until:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return str(found)


@pytest.mark.timeout(300)
def test_queries_survive_a_server_that_is_killed(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    with serving(lake, TRAILMERE_QUERY_RUNNERS="1") as (address, told, process):
        client = a_client(address, told)
        running = client.start_query(QueryStatement=ENDLESS)["QueryId"]
        waiting = client.start_query(QueryStatement=NUMBERS)["QueryId"]
        status(client, running, "RUNNING")
        process.kill()

    with serving(lake, address.rpartition(":")[2], TRAILMERE_QUERY_SECONDS="8") as (again, _told, _process):
        assert again == address
        assert status(client, running, "TIMED_OUT", "FINISHED", "FAILED") == "TIMED_OUT"
        assert status(client, waiting, "FINISHED") == "FINISHED"
        first = client.get_query_results(QueryId=waiting)
        rest = client.get_query_results(QueryId=waiting, NextToken=first["NextToken"])["QueryResultRows"]

        assert [first["QueryResultRows"][0], rest[0]] == [[{"n": "1"}], [{"n": "1001"}]]
