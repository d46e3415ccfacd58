"""The page of a load run: a run in, Markdown out."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from benchmarks.tables import table

if TYPE_CHECKING:
    from benchmarks.serve import Run
    from benchmarks.serve_world import Sample

PHASES = ("before the kill", "outage", "after")
NETWORK = ("EndpointConnectionError", "ConnectionClosedError", "ReadTimeoutError", "ConnectTimeoutError",
           "HTTPClientError", "ResponseStreamingError", "IncompleteReadError")  # fmt: skip


def is_of_network(kind: str) -> bool:
    """Whether an error says that no answer came, in botocore's names."""
    return kind in NETWORK


def page(command: str, run: Run) -> str:
    """The whole page."""
    return "\n".join(
        [
            "# Many clients, and a server that is killed",
            "",
            "<!-- Written by python -m benchmarks.serve -->",
            "",
            f"`{command}`: {run.bound.clients} clients (boto3, {run.processes} processes of threads), each making one "
            "call after the other without a pause, so that latencies are those of a server that is kept as busy as it "
            f"can be. {os.cpu_count()} processors for server and clients together; load average "
            f"{run.loads[0]:.1f} before, {run.loads[-1]:.1f} at the end.",
            "",
            *_outcome(run),
            *_latencies(run),
            *_memory(run),
            *_checks(run),
            *_violations(run),
            "",
        ]
    )


def _outcome(run: Run) -> list[str]:
    events, seconds = run.judgement.counts.get("events acknowledged", 0), run.ended - run.began
    puts = [end for operation, _, end, kind in run.seen.calls if operation == "PutAuditEvents" and not kind]
    answered = sum(not kind for operation, *_, kind in run.seen.calls if " " not in operation)
    return [
        "## Outcome",
        "",
        f"* {answered:,} calls answered in {seconds:.0f} s, {answered / seconds:,.0f} a second.",
        f"* {events:,} events acknowledged by {len(puts):,} answers of PutAuditEvents: {events / seconds:,.0f} events "
        "a second.",
        f"* From the kill to a server that listens: {run.listening - run.killed:.2f} s; to the first call answered: "
        f"{run.first_answer - run.killed:.2f} s.",
        f"* Violations: {len(run.violations())}.",
        "",
    ]


# -- latencies


def _latencies(run: Run) -> list[str]:
    times: dict[tuple[str, int], list[float]] = defaultdict(list)
    errors: dict[tuple[str, int], Counter[str]] = defaultdict(Counter)
    for operation, begun, end, kind in run.seen.calls:
        key = operation, _phase(run, end)
        times[key] += [] if kind else [(end - begun) * 1000]
        errors[key].update([kind] if kind else [])
    rows = [_row(*key, times[key], errors[key]) for key in sorted(set(times) | set(errors))]
    return [
        "## Latency",
        "",
        "Milliseconds as the client sees them, of calls that were answered, by the time of their end. Outage: from the "
        "kill to the first answer to a call made after it. Calls without an answer, and those that there was no room "
        "for, are made again and count anew.",
        "",
        *table(["operation", "phase", "answered", "p50", "p95", "p99", "max", "errors"], rows),
        "",
    ]


def _phase(run: Run, end: float) -> int:
    return 0 if end <= run.killed else 1 if end < run.first_answer else 2


def _row(operation: str, phase: int, times: list[float], errors: Counter[str]) -> list[str]:
    steps = [f"{quantile(times, share):,.0f}" if times else "" for share in (0.5, 0.95, 0.99, 1)]
    told = ", ".join(f"{count:,} {kind}" for kind, count in errors.most_common())
    return [operation, PHASES[phase], f"{len(times):,}", *steps, told]


def quantile(values: Sequence[float], share: float) -> float:
    """The least value that so many of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-int(len(ordered) * share * 1000) // 1000) - 1)]


# -- the server, and what was checked


def _memory(run: Run) -> list[str]:
    living = [[one for one in life if one.server_bytes] for life in run.lives]  # one that is ending has none
    rows = [_life(number, life) for number, life in enumerate(living) if life]
    return [
        "## The server",
        "",
        "Resident memory in MiB, of its process and with the workers of queries: after a tenth of its life, at the "
        "half, at the end, and the greatest; open files and threads of its process likewise. How much of a processor "
        "its process had, without the workers: what it did not get, others had.",
        "",
        *table(
            ["", "MiB", "greatest", "with workers", "greatest", "files", "greatest", "threads", "greatest", "CPU"], rows
        ),
        "",
    ]


def _life(number: int, life: list[Sample]) -> list[str]:
    columns = [
        [one.server_bytes >> 20 for one in life],
        [one.all_bytes >> 20 for one in life],
        [one.files for one in life],
        [one.threads for one in life],
    ]
    cells = [cell for column in columns for cell in (_course(column), f"{max(column):,}")]
    share = (life[-1].cpu_seconds - life[0].cpu_seconds) / max(life[-1].at - life[0].at, 1)
    return [("before the kill", "after")[number], *cells, f"{share:.2f} of one"]


def _course(values: list[int]) -> str:
    places = (len(values) // 10, len(values) // 2, len(values) - 1)
    return ", ".join(f"{values[place]:,}" for place in places)


def _checks(run: Run) -> list[str]:
    checked = [[what, f"{count:,}"] for what, count in sorted(run.seen.checked.items())]
    judged = [[what, f"{count:,}"] for what, count in run.judgement.counts.items()]
    return [
        "## What was checked",
        "",
        "While it ran, each answer against what it must be; afterwards, the lake.",
        "",
        *table(["answers", "compared"], checked),
        "",
        *table(["lake", "found"], judged),
        "",
    ]


def _violations(run: Run) -> list[str]:
    found = run.violations()
    return ["## Violations", "", *(f"* `{one}`" for one in found[:50]), *([] if found else ["None."])]
