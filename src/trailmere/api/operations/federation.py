"""Federation of event data stores: the two operations. It is kept as stated: other engines read by the rights of
whoever asks, federated or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trailmere.api.operations.stores import federation

if TYPE_CHECKING:
    from trailmere.api.call import Call


def enable(call: Call) -> Mapping[str, Any]:
    """EnableFederation."""
    store = call.store(call.input["EventDataStore"])
    after = call.app.stores.federate(store.id, call.input["FederationRoleArn"])
    return {"EventDataStoreArn": after.arn, **federation(after)}


def disable(call: Call) -> Mapping[str, Any]:
    """DisableFederation."""
    after = call.app.stores.stop_federation(call.store(call.input["EventDataStore"]).id)
    return {"EventDataStoreArn": after.arn, **federation(after)}


OPERATIONS = {"EnableFederation": enable, "DisableFederation": disable}
