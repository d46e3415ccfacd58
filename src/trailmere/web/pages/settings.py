"""Settings: one's own, the account's users, and what the lake lives from. A module a page."""

from __future__ import annotations

from trailmere.web.pages import (
    settings_about,
    settings_accounts,
    settings_limits,
    settings_me,
    settings_passkeys,
    settings_sources,
    settings_users,
)
from trailmere.web.visit import Redirect, Visit


def lead(visit: Visit) -> Redirect:
    """To what everybody has."""
    return Redirect(visit.link(settings_me.HERE))


ROUTES = (
    ("GET", "/settings", lead),
    *settings_me.ROUTES,
    *settings_passkeys.ROUTES,
    *settings_users.ROUTES,
    *settings_accounts.ROUTES,
    *settings_sources.ROUTES,
    *settings_limits.ROUTES,
    *settings_about.ROUTES,
)
