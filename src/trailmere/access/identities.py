"""Accounts, users, roles and access keys of our own."""

from __future__ import annotations

from trailmere.access.records import Identity, Kind

__all__ = ["Identity", "Kind"]
