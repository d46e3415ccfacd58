"""Delegated administrators of an organisation: the two operations. Who may is decided in ``trailmere.registry``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trailmere.api.call import Call


def register(call: Call) -> Mapping[str, Any]:
    """RegisterOrganizationDelegatedAdmin."""
    call.allow()
    call.app.organization.register(call.account_id, call.input["MemberAccountId"])
    return {}


def deregister(call: Call) -> Mapping[str, Any]:
    """DeregisterOrganizationDelegatedAdmin."""
    call.allow()
    call.app.organization.deregister(call.account_id, call.input["DelegatedAdminAccountId"])
    return {}


OPERATIONS = {
    "RegisterOrganizationDelegatedAdmin": register,
    "DeregisterOrganizationDelegatedAdmin": deregister,
}
