"""The managed dashboards: AWS's titles, SQL of our own. A dashboard is a module; their widgets are data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trailmere.dashboards.library.data_events_overview import DATA_EVENTS_OVERVIEW
from trailmere.dashboards.library.dynamodb_data_events import DYNAMODB_DATA_EVENTS
from trailmere.dashboards.library.ec2_activity import EC2_ACTIVITY
from trailmere.dashboards.library.enriched_events import ENRICHED_EVENTS
from trailmere.dashboards.library.error_analysis import ERROR_ANALYSIS
from trailmere.dashboards.library.iam_activity import IAM_ACTIVITY
from trailmere.dashboards.library.insights_events import INSIGHTS_EVENTS
from trailmere.dashboards.library.lambda_data_events import LAMBDA_DATA_EVENTS
from trailmere.dashboards.library.management_events import MANAGEMENT_EVENTS
from trailmere.dashboards.library.organizations_activity import ORGANIZATIONS_ACTIVITY
from trailmere.dashboards.library.overview import OVERVIEW
from trailmere.dashboards.library.resource_changes import RESOURCE_CHANGES
from trailmere.dashboards.library.s3_data_events import S3_DATA_EVENTS
from trailmere.dashboards.library.security_monitoring import SECURITY_MONITORING
from trailmere.dashboards.library.user_activity import USER_ACTIVITY

if TYPE_CHECKING:
    from trailmere.dashboards.records import ManagedDashboard

# In the order in which AWS lists them.
MANAGED: tuple[ManagedDashboard, ...] = (
    SECURITY_MONITORING,
    IAM_ACTIVITY,
    USER_ACTIVITY,
    ENRICHED_EVENTS,
    ERROR_ANALYSIS,
    EC2_ACTIVITY,
    ORGANIZATIONS_ACTIVITY,
    RESOURCE_CHANGES,
    DATA_EVENTS_OVERVIEW,
    LAMBDA_DATA_EVENTS,
    DYNAMODB_DATA_EVENTS,
    S3_DATA_EVENTS,
    INSIGHTS_EVENTS,
    MANAGEMENT_EVENTS,
    OVERVIEW,
)
