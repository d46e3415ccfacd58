"""The managed dashboards: AWS's titles, SQL of our own. A dashboard is a module; their widgets are data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trailmere.dashboards.library.error_analysis import ERROR_ANALYSIS
from trailmere.dashboards.library.iam_activity import IAM_ACTIVITY
from trailmere.dashboards.library.management_events import MANAGEMENT_EVENTS
from trailmere.dashboards.library.overview import OVERVIEW
from trailmere.dashboards.library.security_monitoring import SECURITY_MONITORING
from trailmere.dashboards.library.user_activity import USER_ACTIVITY

if TYPE_CHECKING:
    from trailmere.dashboards.records import ManagedDashboard

# In the order in which AWS lists them.
MANAGED: tuple[ManagedDashboard, ...] = (
    SECURITY_MONITORING,
    IAM_ACTIVITY,
    USER_ACTIVITY,
    ERROR_ANALYSIS,
    MANAGEMENT_EVENTS,
    OVERVIEW,
)
