"""Sample queries and GenerateQuery. They are found and made by ``trailmere.ask``."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trailmere.api.paging import page
from trailmere.errors import GenerateQueryRefused
from trailmere.registry.records import Operation, status_after

if TYPE_CHECKING:
    from trailmere.api.call import Call

USUALLY_LISTED = 10
FAMILY = "cloudtrail"  # stores of other categories have other columns


def generate(call: Call) -> Mapping[str, Any]:
    """GenerateQuery: the statement, and an alias that StartQuery runs it by."""
    store = call.store(call.input["EventDataStores"][0])
    status_after(store, Operation.QUERY)
    if store.family != FAMILY:
        raise GenerateQueryRefused("queries are generated for event data stores of CloudTrail events only")
    prompt = call.input["Prompt"]
    generated = call.app.generator.generate(prompt, store.id, call.when)
    alias = f"AWSCloudTrail-{uuid.uuid4()}"
    call.app.aliases.put(store.account_id, alias, generated.statement, prompt)
    return {
        "QueryStatement": generated.statement,
        "QueryAlias": alias,
        "EventDataStoreOwnerAccountId": store.account_id,
    }


def search(call: Call) -> Mapping[str, Any]:
    """SearchSampleQueries: the most relevant first."""
    from trailmere.ask import search as samples

    call.allow()
    ranked = list(enumerate(samples.search(call.input["SearchPhrase"])))
    found, more = page(call, ranked, lambda pair: f"{pair[0]:04d}", USUALLY_LISTED)
    told = [
        {"Name": hit.name, "Description": hit.description, "SQL": hit.sql, "Relevance": hit.relevance}
        for _rank, hit in found
    ]
    return {"SearchResults": told, **more}


OPERATIONS = {"GenerateQuery": generate, "SearchSampleQueries": search}
