"""Error analysis: what fails, how, and for whom."""

from __future__ import annotations

from trailmere.dashboards.library.phrases import ACCESS_DENIED, API, CALLER, SERVICE, THROTTLED
from trailmere.dashboards.library.user_activity import TOP_USERS_WITH_ERRORS
from trailmere.dashboards.records import ManagedDashboard, ManagedWidget, View


def _count(what: str, name: str, condition: str = "errorCode IS NOT NULL", limit: int = 10) -> str:
    return f"""SELECT {what} AS {name}, count(*) AS errors, count(DISTINCT {CALLER}) AS callers
FROM $EventDataStoreId$
WHERE :window AND {condition}
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT {limit}"""


ERROR_ANALYSIS = ManagedDashboard(
    id="AWSCloudTrail-ErrorAnalysis",
    title="Error analysis dashboard",
    family="cloudtrail",
    needs="management events",
    widgets=(
        ManagedWidget(
            "Error count by service",
            View.BAR,
            _count(SERVICE, "service", limit=50),
            "In which services calls fail.",
            {"XAxisColumn": "service", "YAxisColumn": "errors"},
        ),
        ManagedWidget(
            "Error count by API",
            View.BAR,
            _count(API, "api", limit=50),
            "Which calls fail.",
            {"XAxisColumn": "api", "YAxisColumn": "errors"},
        ),
        ManagedWidget(
            "Top errors by error code",
            View.BAR,
            _count("errorCode", "errorCode"),
            "The most frequent error codes.",
            {"XAxisColumn": "errorCode", "YAxisColumn": "errors"},
        ),
        ManagedWidget(
            "Top errors by error message",
            View.TABLE,
            f"""SELECT errorMessage, errorCode, count(*) AS errors, count(DISTINCT {CALLER}) AS callers,
  max(eventTime) AS last_error
FROM $EventDataStoreId$
WHERE :window AND errorMessage IS NOT NULL
GROUP BY 1, 2
ORDER BY 3 DESC, 1, 2
LIMIT 10""",
            "The most frequent messages. Failed sign-ins have a message and no code.",
        ),
        ManagedWidget(
            "Top AccessDenied errors by API",
            View.BAR,
            _count(API, "api", ACCESS_DENIED),
            "Which calls are denied most often, in all spellings of AccessDenied.",
            {"XAxisColumn": "api", "YAxisColumn": "errors"},
        ),
        ManagedWidget(
            "Top throttled errors by API",
            View.BAR,
            _count(API, "api", THROTTLED),
            "Which calls are made faster than AWS allows.",
            {"XAxisColumn": "api", "YAxisColumn": "errors"},
        ),
        TOP_USERS_WITH_ERRORS,
    ),
)
