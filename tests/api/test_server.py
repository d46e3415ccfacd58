"""The server as a process among others: what it tells anybody, how much it takes on, how it ends."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.api.serving import Serving, serve

if TYPE_CHECKING:
    from pathlib import Path

    from trailmere.api.call import Call

LIST = ("cloudtrail", "ListEventDataStores")


class Gate:
    """An operation that waits until it is told to go on."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.open = threading.Event()

    def __call__(self, _call: Call) -> Mapping[str, Any]:
        self.entered.set()
        assert self.open.wait(60)
        return {"EventDataStores": []}


def accepts(serving: Serving) -> bool:
    """Whether the server still takes connections."""
    try:
        serving.connect().close()
    except ConnectionError:  # refused, or taken by the system and dropped by the server
        return False
    return True


def test_health_and_readiness_are_told_to_anybody(server: Serving) -> None:
    assert (server.send("GET", "/health").status, server.send("GET", "/ready").status) == (200, 200)


def test_a_server_whose_lake_does_not_answer_lives_and_is_not_ready(tmp_path: Path) -> None:
    serving = serve(tmp_path / "lake", ready=lambda: 1 / 0)
    told = serving.send("GET", "/health").status, serving.send("GET", "/ready").status
    serving.close()

    assert told == (200, 503)


def test_the_head_of_an_answer_never_comes_without_its_body(server: Serving) -> None:
    firsts: set[bytes] = set()
    with server.connect() as connection:
        for _ in range(50):
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: here\r\n\r\n")
            firsts.add(connection.recv(65_536).partition(b"\r\n\r\n")[2])

    assert firsts == {b"ok\n"}


def test_more_calls_than_may_wait_are_throttled(tmp_path: Path) -> None:
    gate = Gate()
    serving = serve(tmp_path / "lake", functions={LIST: gate}, serve_threads=1, serve_waiting=0)
    with ThreadPoolExecutor() as clients:
        running = clients.submit(serving.client().list_event_data_stores)
        assert gate.entered.wait(60)
        with pytest.raises(ClientError) as caught:
            serving.client().list_event_data_stores()
        gate.open.set()
        answer = running.result()
    serving.close()

    assert caught.value.response["Error"]["Code"] == "ThrottlingException"
    assert answer["EventDataStores"] == []


def test_a_server_that_ends_takes_nothing_more_and_finishes_what_runs(tmp_path: Path) -> None:
    gate = Gate()
    serving = serve(tmp_path / "lake", functions={LIST: gate})
    with ThreadPoolExecutor() as clients:
        running = clients.submit(serving.client().list_event_data_stores)
        assert gate.entered.wait(60)
        serving.listener.stop()
        while accepts(serving):
            pass
        gate.open.set()
        answer = running.result()
    serving.close()

    assert answer["EventDataStores"] == []


def test_calls_that_do_not_end_are_told_when_the_server_has_waited_long_enough(tmp_path: Path) -> None:
    gate = Gate()
    serving = serve(tmp_path / "lake", functions={LIST: gate}, serve_shutdown_seconds=1)
    with ThreadPoolExecutor() as clients:
        running = clients.submit(serving.call, LIST[1])
        assert gate.entered.wait(60)
        serving.listener.stop()
        serving.thread.join()
        left = serving.door.taken_on
        gate.open.set()
        answer = running.result()
    serving.close()

    assert (left, answer.status) == (1, 503)
    assert b"ServiceUnavailableException" in answer.body


def test_a_mistake_of_ours_is_an_internal_failure_that_tells_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_call: Call) -> Mapping[str, Any]:
        raise RuntimeError("/secret/place")

    serving = serve(tmp_path / "lake", functions={LIST: broken})
    answer = serving.call(LIST[1])
    serving.close()

    assert (answer.status, b"secret" in answer.body) == (500, False)
    assert "/secret/place" in caplog.text
    assert answer.headers["x-amzn-requestid"] in caplog.text


def test_an_answer_that_its_shape_does_not_have_is_an_internal_failure(tmp_path: Path) -> None:
    serving = serve(tmp_path / "lake", functions={LIST: lambda _: {"Nonsense": 1}})
    answer = serving.call(LIST[1])
    serving.close()

    assert answer.status == 500


def test_the_log_has_a_line_for_a_call_and_no_signature(server: Serving, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    server.call(LIST[1])
    server.send("GET", "/?X-Amz-Signature=abcdef")
    lines = [record.getMessage() for record in caplog.records if record.name == "trailmere.calls"]
    assert [line.split(" ")[1:5] for line in lines] == [
        ["POST", "/", "ListEventDataStores", "200"],
        ["GET", "/", "-", "400"],
    ]
    assert "abcdef" not in caplog.text


def test_many_clients_at_once_get_each_its_own_answer(tmp_path: Path) -> None:
    serving = serve(
        tmp_path / "lake", functions={("cloudtrail", "GetTrail"): lambda call: {"Trail": {"Name": call.input["Name"]}}}
    )
    client = serving.client(max_pool_connections=20)
    with ThreadPoolExecutor(20) as clients:
        names = list(clients.map(lambda number: client.get_trail(Name=f"trail-{number}")["Trail"]["Name"], range(200)))
    serving.close()

    assert names == [f"trail-{number}" for number in range(200)]
