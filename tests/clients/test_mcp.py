"""AWS's MCP server of CloudTrail, unmodified, between an MCP client and ``trailmere serve``: all of its five tools.

Both lines of it are driven, each by the MCP client of its own generation.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest

from tests.clients.events import COUNT, record
from tests.clients.serving import Server, filled, installed, served

pytestmark = [pytest.mark.extended, pytest.mark.timeout(300)]
TOOLS = ["get_query_results", "get_query_status", "lake_query", "list_event_data_stores", "lookup_events"]
# the newer line keeps to itself why a tool failed
SAYS_WHY = {"cloudtrail-mcp-0.0": "InvalidQueryStatementException", "cloudtrail-mcp-0.1": "Error executing tool"}
PROGRAM = "bin/awslabs.cloudtrail-mcp-server"
HOUR = {"start_time": "2026-03-01T12:00:00Z", "end_time": "2026-03-01T12:59:59Z"}


@dataclass
class Session:
    """A running MCP server, and what it has."""

    process: subprocess.Popen[str]
    tools: list[str]

    def call(self, tool: str, **arguments: Any) -> list[Any]:
        """What a tool gives: a document a text. It may not fail."""
        failed, texts = self.ask(tool, arguments)
        assert not failed, texts
        return [json.loads(text) for text in texts]

    def ask(self, tool: str, arguments: dict[str, Any]) -> tuple[bool, list[str]]:
        """Whether a tool failed, and its texts."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([tool, arguments]) + "\n")
        self.process.stdin.flush()
        failed, texts = json.loads(self.process.stdout.readline())
        return failed, texts


@contextmanager
def session(client: str, server: Server) -> Iterator[Session]:
    """A session with the MCP server of a line."""
    program = installed(client, PROGRAM)
    environment = {**server.environment, "FASTMCP_LOG_LEVEL": "ERROR"}
    talk = Path(__file__).with_name("mcp_session.py")
    command = [str(program.with_name("python")), str(talk), str(program), json.dumps(environment)]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True, env=environment) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Session(process, json.loads(process.stdout.readline()))
            process.stdin.close()
            process.wait(60)
        finally:
            process.kill()


def rows(result: dict[str, Any]) -> list[dict[str, str]]:
    return [{name: value for cell in row for name, value in cell.items()} for row in result["query_result_rows"]]


@pytest.mark.parametrize("client", SAYS_WHY)
def test_every_tool_of_awss_mcp_server_works(tmp_path: Path, client: str) -> None:
    installed(client, PROGRAM)
    arn = filled(tmp_path)
    store = arn.rpartition("/")[2]
    with served(tmp_path) as server, session(client, server) as mcp:
        stores = mcp.call("list_event_data_stores")
        [events] = mcp.call("lookup_events", attribute_key="EventName", attribute_value="PutBucketPolicy", **HOUR)
        again = {name: value for name, value in events["query_params"].items() if value is not None}
        [more] = mcp.call("lookup_events", **again, next_token=events["next_token"])
        # NULL in columns of every kind: a row with null in it would fail in the tool
        [result] = mcp.call("lake_query", sql=f"SELECT * FROM {store} ORDER BY eventTime")
        [rest] = mcp.call("get_query_results", query_id=result["query_id"], next_token=result["next_token"])
        [status] = mcp.call("get_query_status", query_id=result["query_id"])
        [begun] = mcp.call("lake_query", sql=f"SELECT count(*) AS n FROM {store}", wait_for_completion=False)
        failed, texts = mcp.ask("lake_query", {"sql": "SELECT * FROM nowhere"})

    ids = [record(number)["eventID"] for number in range(COUNT)]
    described = {
        one["name"]: one for document in stores for one in (document if isinstance(document, list) else [document])
    }
    assert mcp.tools == TOOLS
    assert described["audit"]["event_data_store_arn"] == arn
    assert described["audit"]["advanced_event_selectors"][0]["Name"]
    assert [one["EventId"] for one in events["events"] + more["events"]] == ids[59:20:-2]
    assert [row["eventid"] for row in rows(result) + rows(rest)] == ids[:100]
    assert rows(result)[1]["errorcode"] == rows(result)[1]["responseelements"] == ""
    assert (status["query_status"], status["query_statistics"]["EventsMatched"]) == ("FINISHED", COUNT)
    assert begun["query_status"] in ("QUEUED", "RUNNING", "FINISHED")
    assert (failed, SAYS_WHY[client] in texts[0]) == (True, True)
