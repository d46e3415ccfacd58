"""The texts of resource-based policies, by the ARN of their resource. What they may say is decided in ``access``."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Column, MetaData, String, Table, Text, delete, insert, select

from trailmere.registry.database import UtcTime, create_tables, reading, writing
from trailmere.registry.unchanged import Unchanged

if TYPE_CHECKING:
    from sqlalchemy import Engine

METADATA = MetaData()
RESOURCE_POLICIES = Table(
    "resource_policies",
    METADATA,
    Column("resource_arn", String(256), primary_key=True),
    Column("account_id", String(16), nullable=False),  # of the resource
    Column("document", Text, nullable=False),
    Column("updated", UtcTime, nullable=False),
)
_arn = RESOURCE_POLICIES.c.resource_arn


class ResourcePolicyRecords:
    """The rows; one policy a resource."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept: Unchanged[str | None] = Unchanged(engine)
        create_tables(engine, METADATA)

    def get(self, arn: str) -> str | None:
        """The policy of the resource, or None. Every call that is about a resource asks."""
        return self._kept.get(arn, lambda: self._read(arn))

    def _read(self, arn: str) -> str | None:
        with reading(self._engine) as connection:
            return connection.scalar(select(RESOURCE_POLICIES.c.document).where(_arn == arn))

    def put(self, arn: str, account_id: str, document: str, when: datetime) -> None:
        """Keep the policy of the resource, in the place of the one before."""
        with writing(self._engine) as connection:
            connection.execute(delete(RESOURCE_POLICIES).where(_arn == arn))
            connection.execute(
                insert(RESOURCE_POLICIES).values(
                    resource_arn=arn, account_id=account_id, document=document, updated=when
                )
            )

    def delete(self, arn: str) -> bool:
        """Whether there was a policy to be removed."""
        with writing(self._engine) as connection:
            return connection.execute(delete(RESOURCE_POLICIES).where(_arn == arn)).rowcount > 0
