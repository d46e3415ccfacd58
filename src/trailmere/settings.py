"""Settings: read once at the door into a frozen dataclass, with units and limits. Nothing below reads the environment.

Order: what the door was given, else the environment (``TRAILMERE_...``), else the default here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from trailmere.errors import SettingsError

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. Each is documented in docs/reference/settings.md (a test sees to it)."""

    lake: Path
    database_url: str | None = None  # None: SQLite beside the warehouse
    account_id: str = "000000000000"  # used in the ARNs of stores
    region: str = "us-east-1"  # used in the ARNs of stores
    ingest_workers: int = 2  # processes that decode and write
    ingest_batch_bytes: int = 64 * MIB  # uncompressed bytes a worker holds at once
    ingest_commit_deliveries: int = 4096  # deliveries in one commit, at most
    ingest_commit_seconds: float = 30.0  # age at which a batch is committed, at most
    max_delivery_bytes: int = 1 * GIB  # one delivery, uncompressed
    max_json_depth: int = 256
    query_seconds: float = 600.0
    query_memory_bytes: int = 4 * GIB
    query_threads: int = 2
    query_rows: int = 1000  # printed unless the door says otherwise; 0: all
    query_scan_bytes: int = 0  # bytes of the planned files; 0: no limit


def load(environ: Mapping[str, str] | None = None, **given: Any) -> Settings:
    """Settings from what the door was given (None counts as not given) and the environment.

    Raises SettingsError that names the variable, what was expected and what came.
    """
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    for setting in fields(Settings):
        if given.get(setting.name) is not None:
            values[setting.name] = given[setting.name]
            continue
        variable = f"TRAILMERE_{setting.name.upper()}"
        if environ.get(variable):
            values[setting.name] = _parse(variable, str(setting.type), environ[variable])
    values.setdefault("lake", default_lake())
    values["lake"] = Path(values["lake"]).expanduser().resolve()
    settings = Settings(**values)
    _check(settings)
    return settings


def default_lake() -> Path:
    """The folder of the lake when nobody says: in the user's data directory."""
    from platformdirs import user_data_path

    return user_data_path("trailmere") / "lake"


def _parse(variable: str, type_name: str, text: str) -> Any:
    kinds = {"int": int, "float": float, "Path": Path}
    try:
        return kinds.get(type_name, str)(text)
    except ValueError:
        raise SettingsError(f"{variable}: expected a number ({type_name}), got {text!r}") from None


def _check(settings: Settings) -> None:
    for setting in fields(Settings):
        value = getattr(settings, setting.name)
        if isinstance(value, int | float) and value < 0:
            raise SettingsError(f"{setting.name}: expected zero or more, got {value}")
    for name in ("ingest_workers", "query_threads", "ingest_batch_bytes", "max_delivery_bytes", "max_json_depth"):
        if getattr(settings, name) < 1:
            raise SettingsError(f"{name}: expected one or more, got {getattr(settings, name)}")
    if not (settings.account_id.isdigit() and len(settings.account_id) == 12):
        raise SettingsError(f"account_id: expected 12 digits, got {settings.account_id!r}")
