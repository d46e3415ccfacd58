"""The managed dashboards: AWS's titles, SQL of our own. A dashboard is a module; their widgets are data."""

from __future__ import annotations

from trailmere.dashboards.records import ManagedDashboard

MANAGED: tuple[ManagedDashboard, ...] = ()
