"""The databases that identities have to work on."""

from __future__ import annotations

from tests.registry.conftest import database_url, postgresql_server

__all__ = ["database_url", "postgresql_server"]
