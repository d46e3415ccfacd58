"""CloudTrail itself as one who asks: what the policies of event data stores let it query for a dashboard.

Source: CloudTrail user guide, "Example: Allow CloudTrail to run queries to populate a dashboard" and "Resource-based
policy example for a dashboard": the principal is the service, aws:SourceArn the dashboard.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trailmere.access.evaluate import Question
from trailmere.access.records import Identity, Kind
from trailmere.errors import StoreNotFound

if TYPE_CHECKING:
    from trailmere.access.access import Access
    from trailmere.query.records import Catalog, StoreEntry

SERVICE = "cloudtrail.amazonaws.com"
_ID_OR_ARN = re.compile(r"arn:.*|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)


class Behalf:
    """``catalog_of`` and ``stores_of`` give the stores of an account and Region: by name, and those that can be
    queried."""

    arn = SERVICE

    def __init__(
        self,
        access: Callable[[], Access],
        catalog_of: Callable[[str, str], Catalog],
        stores_of: Callable[[str, str], Iterable[StoreEntry]],
    ) -> None:
        self._access = access
        self._catalog_of = catalog_of
        self._stores_of = stores_of

    def catalog(self, dashboard_arn: str) -> Catalog:
        """The stores that the service may query for a dashboard; AccessDenied for others, StoreNotFound for none."""
        return _Permitted(self._catalog_of(*_place(dashboard_arn)), lambda arn: self._check(dashboard_arn, arn))

    def stores(self, dashboard_arn: str) -> list[StoreEntry]:
        """Those of them that can be queried now."""
        return [one for one in self._stores_of(*_place(dashboard_arn)) if self._may(dashboard_arn, one.arn)]

    def check_refresh(self, dashboard_arn: str) -> None:
        """Raise AccessDenied unless the dashboard's own policy lets the service refresh it."""
        self._access().check(self._question(dashboard_arn, "cloudtrail:StartDashboardRefresh", dashboard_arn))

    def _check(self, dashboard_arn: str, store_arn: str) -> None:
        self._access().check(self._question(dashboard_arn, "cloudtrail:StartQuery", store_arn))

    def _may(self, dashboard_arn: str, store_arn: str) -> bool:
        return self._access().may(self._question(dashboard_arn, "cloudtrail:StartQuery", store_arn))

    def _question(self, dashboard_arn: str, action: str, resource: str) -> Question:
        account_id, _ = _place(dashboard_arn)
        service = Identity(account_id, Kind.SERVICE, SERVICE, SERVICE, SERVICE)
        told = {"aws:sourcearn": (dashboard_arn,), "aws:sourceaccount": (account_id,)}
        return Question(service, action, resource, told)


@dataclass(frozen=True, slots=True)
class _Permitted:
    catalog: Catalog
    check: Callable[[str], None]

    def find(self, name: str) -> StoreEntry | None:
        found = self.catalog.find(name)
        if found is None:
            if _ID_OR_ARN.fullmatch(name):
                raise StoreNotFound(f"there is no event data store {name!r}")
            return None  # a name that the statement gives to something else: WITH, UNNEST
        self.check(found.arn)
        return found

    def names(self) -> tuple[str, ...]:
        return tuple(self.catalog.names())


def _place(dashboard_arn: str) -> tuple[str, str]:
    """Account and Region of an ARN."""
    parts = dashboard_arn.split(":")
    return parts[4], parts[3]
