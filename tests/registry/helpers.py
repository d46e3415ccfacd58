"""A registry in an empty folder, and a clock that stands still until it is moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from trailmere.registry.database import open_database, sqlite_url
from trailmere.registry.stores import StoreRegistry

ACCOUNT = "111122223333"
REGION = "eu-central-1"


class Clock:
    """Gives the time that it was set to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **duration: float) -> None:
        self.now += timedelta(**duration)


def a_registry(folder: Path, clock: Clock | None = None, **options: Any) -> StoreRegistry:
    given: dict[str, Any] = {"account_id": ACCOUNT, "region": REGION, "clock": clock or Clock(), **options}
    return StoreRegistry(open_database(sqlite_url(folder)), **given)
