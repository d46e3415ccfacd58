"""From a request to its reply: who signed, what is asked, is it well formed, then the operation; and a note of it all.

Plain code that runs in a thread. It decides nothing: the rooms refuse, and ``errors`` says what that is called.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from trailmere.access.sigv4 import SignedRequest
from trailmere.api.call import Call
from trailmere.api.checks import check
from trailmere.api.errors import Fault, fault_of, internal_failure
from trailmere.api.journal import Journal
from trailmere.api.model import CLOUDTRAIL, CLOUDTRAIL_DATA, STS
from trailmere.api.operations import OPERATIONS
from trailmere.api.protocols import route
from trailmere.errors import TrailmereError

if TYPE_CHECKING:
    from collections.abc import Callable

    from trailmere.access.sigv4 import Signer
    from trailmere.api.model import Operation
    from trailmere.api.operations import Function
    from trailmere.api.protocols import Target
    from trailmere.api.request import Reply, Request
    from trailmere.app import App

SERVICES = frozenset({CLOUDTRAIL, CLOUDTRAIL_DATA, STS})

log = logging.getLogger(__name__)


class Dispatcher:
    """Answers requests over an App. ``sink`` takes the event of each call; without one it is the App's own journal."""

    def __init__(
        self,
        app: App,
        *,
        functions: Mapping[tuple[str, str], Function] = OPERATIONS,
        sink: Callable[[bytes], object] | None = None,
    ) -> None:
        self._app = app
        self._functions = functions
        self.journal = Journal(sink or app.audit.record)

    def answer(self, request: Request) -> Reply:
        """The reply to a request; every error is one, too."""
        target = route(request)
        try:
            reply = self._answer(target, request)
        except Exception as error:
            reply = target.protocol.fault(_fault(error, target.operation, request.id), request.id)
        return replace(reply, operation=target.operation.name if target.operation else None)

    def perform(self, call: Call) -> Mapping[str, Any]:
        """The output members of a call that another door makes for a person, noted as any other. Raises Fault."""
        try:
            output = self._run(call)
        except Exception as error:
            fault = _fault(error, call.operation, call.request_id)
            self.journal.record(call, fault)
            raise fault from error
        self.journal.record(call, output)
        return output

    def _answer(self, target: Target, request: Request) -> Reply:
        call = self._call(target, request)
        try:
            call = replace(call, input=target.protocol.read(call.operation, request))
            output = self._run(call)
            reply = target.protocol.answer(call.operation, output, request.id)
        except Exception as error:
            fault = _fault(error, call.operation, request.id)
            self.journal.record(call, fault)
            raise fault from error
        self.journal.record(call, output)
        return reply

    def _call(self, target: Target, request: Request) -> Call:
        """Who asks for what, the input not yet read. Whoever has not signed is not told what there is."""
        signer = self._signer(target, request)
        if target.operation is None:
            raise _unknown()
        return Call(
            operation=target.operation,
            input={},
            identity=signer.identity,
            region=signer.region,
            app=self._app,
            request_id=request.id,
            source_address=request.source_address,
            user_agent=request.header("user-agent"),
            secure=request.secure,
            when=request.arrived,
        )

    def _signer(self, target: Target, request: Request) -> Signer:
        signed = SignedRequest(request.method, request.path, request.query, request.headers, request.body)
        services = SERVICES if target.operation is None else frozenset({target.service})
        return self._app.authenticator.authenticate(signed, services)

    def _run(self, call: Call) -> Mapping[str, Any]:
        operation = call.operation
        function = self._functions.get((operation.service, operation.name))
        if function is None and operation.service == STS:
            raise _unknown()
        check(operation, call.input)
        if function is None:
            raise Fault("UnsupportedOperationException", f"{operation.name} is not supported yet.")
        return function(call)


def _unknown() -> Fault:
    return Fault("UnknownOperationException", "There is no operation so called.")


def _fault(error: Exception, operation: Operation | None, request_id: str) -> Fault:
    """Any error as the caller is told it; the operator is told of those that are ours."""
    if isinstance(error, Fault):
        return error
    fault = fault_of(error, operation) if isinstance(error, TrailmereError) else internal_failure()
    if fault.status >= 500:
        log.error("request %s, %s: %s", request_id, operation.name if operation else "-", error, exc_info=error)
    return fault
