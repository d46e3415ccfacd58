"""A session with an MCP server over its standard input and output: calls in, answers out, as lines of JSON.

Run by the Python of the server's own environment, with the MCP client that it has there: ``python mcp_session.py SERVER
ENVIRONMENT``. It prints the names of the tools, then for each line ``[tool, arguments]`` a line ``[failed, texts]``.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from mcp import ClientSession, StdioServerParameters, stdio_client  # type: ignore[import-not-found]  # lies apart


async def answer(session: ClientSession, tool: str, arguments: dict[str, Any]) -> list[Any]:
    """Whether the call failed, and the texts that it gave."""
    found = await session.call_tool(tool, arguments)
    failed = found.isError if hasattr(found, "isError") else found.is_error
    return [failed, [content.text for content in found.content]]


async def talk(server: StdioServerParameters) -> None:
    """Until there are no more calls."""
    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        tools = await session.list_tools()
        tell(sorted(tool.name for tool in tools.tools))
        while line := await asyncio.to_thread(sys.stdin.readline):
            tell(await answer(session, *json.loads(line)))


def tell(found: object) -> None:
    """A line of JSON."""
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(talk(StdioServerParameters(command=sys.argv[1], env=json.loads(sys.argv[2]))))
