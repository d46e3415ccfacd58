"""Every bound of the service models, broken once over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from tests.api.inputs import broken
from tests.api.serving import Serving, serve
from trailmere.api.model import CLOUDTRAIL, CLOUDTRAIL_DATA, Operation, operations

if TYPE_CHECKING:
    from collections.abc import Iterator

ALL = [*operations(CLOUDTRAIL).values(), *operations(CLOUDTRAIL_DATA).values()]
BOUNDED = [one for one in ALL if list(broken(one))]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """One server for all: what is refused changes nothing."""
    serving = serve(tmp_path_factory.mktemp("bounds") / "lake", functions={})
    yield serving
    serving.close()


@pytest.mark.parametrize("operation", BOUNDED, ids=lambda one: one.name)
def test_a_broken_bound_is_answered_with_an_error_that_clients_know(shared: Serving, operation: Operation) -> None:
    client = shared.client(operation.service, parameter_validation=False)
    wrong = {}
    for case in broken(operation):
        with pytest.raises(ClientError) as caught:
            client._make_api_call(operation.name, case.members)
        code, message = caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]
        if not operation.declares(code) or "validation error" not in message:
            wrong[case.what] = (code, message)

    assert wrong == {}


def test_a_bound_is_found_for_almost_every_operation() -> None:
    unbounded = {one.name for one in ALL} - {one.name for one in BOUNDED}

    assert unbounded == {"DescribeTrails", "GetEventConfiguration", "ListPublicKeys", "ListTrails"}


def test_the_models_have_hundreds_of_bounds() -> None:
    cases = sum(len(list(broken(one))) for one in BOUNDED)

    assert cases > 400
