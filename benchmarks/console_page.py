"""The page of a run over the console: what was measured in, Markdown out."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.console_pages import BOOKS, BOUNDED, EVENTS, kinds
from benchmarks.large import COPIED
from benchmarks.serve_page import quantile
from benchmarks.tables import table

BAR_EVENTS, BAR_MILLISECONDS, BAR_PAINT_MILLISECONDS = 10_000_000, 300, 1000
ABOUT = {
    BOOKS: ("Pages that read no events", "Answered by ledger, inventory and statistics of files."),
    EVENTS: (
        "Pages that read some events",
        "Nobody's query: statements of the console's own, over the latest events, one day, or one event.",
    ),
    BOUNDED: (
        "Searches and counts",
        "Statements over all that is asked for, with a time limit of their own (some seconds); then the page says how "
        "far it came. They are parts that come after the rows of a list, or what somebody searches for, and are shown "
        "for the curve, not held to the bar.",
    ),
}
Size = Mapping[str, Any]


def page(results: Mapping[str, Any]) -> str:
    """The whole page."""
    sizes: Sequence[Size] = results["sizes"]
    loads = [load for size in sizes for load in size["loads"]]
    lines = [
        "# Pages of the console, by the size of the store",
        "",
        "<!-- Written by python -m benchmarks.console -->",
        "",
        "`trailmere serve` as a process of its own, asked over loopback on one connection: milliseconds of the client "
        f"from request to whole answer, median and 95th percentile of {results['repeat']} requests in rounds over all "
        "pages. First: the page's first request after a start, in the order of the tables, Home before all others. "
        "CPU: processor time of the server and its query workers for a request, on average (counted in steps of 10 "
        f"ms). {results['processors']} processors, shared with other work while this ran: load average from "
        f"{min(loads):.1f} to {max(loads):.1f}, so that a request mostly waits for its turn. Processor time and the "
        "ratios between sizes say more than absolute times.",
        "",
        *_bars(sizes),
        "## The stores",
        "",
        COPIED,
        "",
        *table(
            ["events", "days", "files", "deliveries", "GiB", "made in s", "us of CPU an event"],
            [_store(size) for size in sizes],
        ),
        "",
    ]
    for kind, (title, about) in ABOUT.items():
        lines += [f"## {title}", "", about, "", *_pages(kind, sizes), "", *_firsts(kind, sizes), ""]
    return "\n".join([*lines, *_painted(sizes)])


def _store(size: Size) -> list[str]:
    return [
        f"{size['events']:,}",
        f"{size['days']:,}",
        f"{size['files']:,}",
        f"{size['deliveries']:,}",
        f"{size['bytes'] / 2**30:.2f}",
        f"{size['made_seconds']:,.0f}",
        f"{size['made_cpu_seconds'] / size['events'] * 1e6:.1f}",
    ]


def _head(sizes: Sequence[Size]) -> list[str]:
    return [short(size["events"]) for size in sizes]


def short(events: int) -> str:
    """A number of events in a word."""
    return f"{events / 1e6:.0f} million" if events >= 995_000 else f"{events / 1e3:.0f} thousand"


def _names(kind: str, sizes: Sequence[Size]) -> list[str]:
    return [name for name in sizes[-1]["pages"] if kinds()[name] == kind]


def _pages(kind: str, sizes: Sequence[Size]) -> list[str]:
    rows = []
    for name in _names(kind, sizes):
        cells = [f"{_median(size, name):,.0f} ({quantile(_times(size, name), 0.95):,.0f})" for size in sizes]
        cpu = [f"{_cpu(size, name):,.0f}" for size in sizes]
        ratio = _cpu(sizes[-1], name) / max(_cpu(sizes[0], name), 1)
        rows.append([name, *cells, *cpu, f"{ratio:.1f}"])
    head = [*(f"{one}: ms (p95)" for one in _head(sizes)), *(f"{one}: CPU ms" for one in _head(sizes))]
    return table(["page", *head, "CPU, last to first"], rows)


def _firsts(kind: str, sizes: Sequence[Size]) -> list[str]:
    slow = [name for name in _names(kind, sizes) if any(size["first"][name] > BAR_MILLISECONDS for size in sizes)]
    rows = [[name, *(f"{size['first'][name]:,.0f}" for size in sizes)] for name in slow]
    if not rows:
        return ["No first request after a start took longer than 300 ms."]
    return ["First requests after a start that took longer than 300 ms:", "", *table(["page", *_head(sizes)], rows)]


def _times(size: Size, name: str) -> list[float]:
    times: list[float] = size["pages"][name]["milliseconds"]
    return times


def _median(size: Size, name: str) -> float:
    return statistics.median(_times(size, name))


def _cpu(size: Size, name: str) -> float:
    return statistics.fmean(size["pages"][name]["cpu"])


def _painted(sizes: Sequence[Size]) -> list[str]:
    names = list(sizes[-1]["painted"])
    if not names:
        return []
    rows = [
        [
            name,
            *(f"{_paint(size, name, 'first_paint'):,.0f} ({_paint(size, name, 'first_byte'):,.0f})" for size in sizes),
        ]
        for name in names
    ]
    times = len(sizes[-1]["painted"][names[0]])
    return [
        "## First paint",
        "",
        "Chromium, started anew for each with an empty cache, over loopback: milliseconds from the navigation to the "
        f"first contentful paint, and to the first byte of the page; median of {times}.",
        "",
        *table(["page", *_head(sizes)], rows),
        "",
    ]


def _paint(size: Size, name: str, what: str) -> float:
    return float(statistics.median(one[what] for one in size["painted"][name]))


def _bars(sizes: Sequence[Size]) -> list[str]:
    """What of the promise is kept, at the largest size that it speaks of, or below it."""
    held = next((size for size in reversed(sizes) if size["events"] <= BAR_EVENTS * 1.01), sizes[0])
    names = [*_names(BOOKS, sizes), *_names(EVENTS, sizes)]
    over = {name: _median(held, name) for name in names if _median(held, name) >= BAR_MILLISECONDS}
    late = {
        name: quantile(_times(held, name), 0.95)
        for name in names
        if quantile(_times(held, name), 0.95) >= BAR_MILLISECONDS
    }
    dear = {name: _cpu(held, name) for name in names if _cpu(held, name) >= BAR_MILLISECONDS}
    painted = {name: _paint(held, name, "first_paint") for name in held["painted"]}
    slow = {name: took for name, took in painted.items() if took >= BAR_PAINT_MILLISECONDS}
    return [
        "## What is promised",
        "",
        f"* Pages that run no user's query answer in under {BAR_MILLISECONDS} ms at {short(held['events'])} events: "
        f"{len(names) - len(over)} of {len(names)} by their median{_told(over)}; {len(names) - len(late)} of "
        f"{len(names)} by their 95th percentile{_told(late)}.",
        "* By processor time, which is the most that an idle machine would take with files in memory: "
        f"{len(names) - len(dear)} of {len(names)}{_told(dear)}.",
        f"* First paint in under a second with an empty cache: {len(painted) - len(slow)} of {len(painted)} by their "
        f"median{_told(slow)}.",
        f"* The curve goes to {short(sizes[-1]['events'])} events.",
        "",
    ]


def _told(found: Mapping[str, float]) -> str:
    return f" (not: {', '.join(f'{name} {took:,.0f} ms' for name, took in found.items())})" if found else ""
