"""All settings: value, unit, meaning, where each came from. Read when the server starts; secrets are hidden."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from trailmere.settings import Settings, origin
from trailmere.web.pages.settings_noted import SEE
from trailmere.web.rendering import byte_size
from trailmere.web.visit import Page, Visit

GROUPS = (
    ("Lake", ("lake", "database_url", "keys", "account_id", "region", "audit_seconds")),
    ("Taking in", ("ingest_", "max_", "import_")),
    ("Queries", ("query_",)),
    ("Delivered answers", ("delivery_",)),
    ("Maintenance", ("maintain_",)),
    ("Server", ("serve_",)),
    ("Signing in by an OpenID provider", ("oidc_",)),
)
UNITS = ("bytes", "seconds", "days", "rows", "characters")
HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class Shown:
    """A setting as people read it."""

    name: str
    variable: str
    value: str
    unit: str
    means: str
    origin: str


def show(visit: Visit) -> Page:
    """The page."""
    visit.allow(SEE)
    shown = [
        _shown(visit.app.settings, one.name, one.metadata["means"], secret="secret" in one.metadata)
        for one in fields(Settings)
    ]
    groups = [(title, [one for one in shown if one.name.startswith(starts)]) for title, starts in GROUPS]
    return Page("settings_limits.html", {"groups": groups})


def _shown(settings: Settings, name: str, means: str, *, secret: bool) -> Shown:
    value = getattr(settings, name)
    unit = name.rpartition("_")[2] if name.rpartition("_")[2] in UNITS else ""
    told = f"{value:,} bytes" if unit == "bytes" and value else unit
    means = means.replace("`", "")
    text = HIDDEN if secret and value else _text(value, unit)
    return Shown(name, f"TRAILMERE_{name.upper()}", text, told, means, origin(settings, name))


def _text(value: Any, unit: str) -> str:
    if value is None or value == "":
        return ""
    if unit == "bytes":
        return byte_size(value) if value else "no limit"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:,g}" if isinstance(value, float) else f"{value:,}"
    return without_secrets(str(value))


def without_secrets(text: str) -> str:
    """A URL without its password, and without its query, which may hold one; other text as it is."""
    if "://" not in text:
        return text
    parts = urlsplit(text)
    account, at, host = parts.netloc.rpartition("@")
    user, colon, _ = account.partition(":")
    place = f"{user}{f':{HIDDEN}' if colon else ''}{at}{host}"
    return urlunsplit((parts.scheme, place, parts.path, HIDDEN if parts.query else "", ""))


ROUTES = (("GET", "/settings/limits", show),)
