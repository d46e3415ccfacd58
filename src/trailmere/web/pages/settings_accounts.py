"""The accounts of the lake: whose stores, trails and users there are. They are made in the terminal."""

from __future__ import annotations

from collections import Counter

from trailmere.web.pages.settings_noted import LIST
from trailmere.web.visit import Page, Visit


def show(visit: Visit) -> Page:
    """The page."""
    visit.allow(LIST)
    identities = visit.app.identities
    context = {
        "accounts": identities.accounts(),
        "users": Counter(one.account_id for one in identities.users()),
        "roles": Counter(one.account_id for one in identities.roles()),
        "stores": Counter(one.account_id for one in visit.app.stores.list()),
        "home": visit.app.settings.account_id,
    }
    return Page("settings_accounts.html", context)


ROUTES = (("GET", "/settings/accounts", show),)
