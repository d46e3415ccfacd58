"""Our errors as AWS's: the table is complete, and every answer is one that the operation declares."""

from __future__ import annotations

import inspect

import pytest

from trailmere import errors
from trailmere.api.errors import ERRORS, declared, fault_of
from trailmere.api.model import CLOUDTRAIL, CLOUDTRAIL_DATA, COMMON_ERRORS, STS, model, operations
from trailmere.errors import AuthenticationFailed, LakeDamaged, StoreNotFound, TrailmereError

KINDS = [kind for _name, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, TrailmereError)]
GROUPS = {kind for kind in KINDS if any(other is not kind and issubclass(other, kind) for other in KINDS)}
ALL = [one for service in (CLOUDTRAIL, CLOUDTRAIL_DATA) for one in operations(service).values()]


def test_every_error_that_can_be_raised_has_a_row() -> None:
    missing = {kind.__name__ for kind in KINDS if kind not in GROUPS and not _has_row(kind)}

    assert missing == set()


def _has_row(kind: type[TrailmereError]) -> bool:
    """A row of its own or of its group; an authentication that failed brings its code along."""
    return kind is AuthenticationFailed or any(base in ERRORS for base in kind.__mro__ if base is not TrailmereError)


def test_every_code_of_the_table_is_one_that_clients_know() -> None:
    known = {name for service in (CLOUDTRAIL, CLOUDTRAIL_DATA, STS) for name in _error_names(service)}
    strange = {code for codes in ERRORS.values() for code in codes} - known - COMMON_ERRORS

    assert strange == set()


def _error_names(service: str) -> set[str]:
    return {shape.name for shape in model(service).error_shapes}


@pytest.mark.parametrize("operation", ALL, ids=lambda one: one.name)
def test_an_operation_answers_with_errors_that_it_declares(operation) -> None:  # type: ignore[no-untyped-def]
    codes = {declared(choices, operation) for choices in ERRORS.values()}

    assert {code for code in codes if not operation.declares(code)} == set()


def test_an_error_is_the_one_that_aws_has_for_it() -> None:
    fault = fault_of(StoreNotFound("there is no event data store 'x'"), operations(CLOUDTRAIL)["GetEventDataStore"])

    assert (fault.code, fault.message) == ("EventDataStoreNotFoundException", "there is no event data store 'x'")
    assert fault.status == 400


def test_a_fault_of_ours_tells_the_caller_nothing_of_the_lake() -> None:
    fault = fault_of(LakeDamaged("/secret/place is not what was written"), operations(CLOUDTRAIL)["StartQuery"])

    assert (fault.status, fault.code) == (500, "InternalFailure")
    assert "secret" not in fault.message
