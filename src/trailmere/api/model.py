"""The service models of AWS, as the installed botocore has them: operations, shapes and declared errors.

They are the contract and are read, never copied: whatever walks shapes (``protocol``, ``checks``, ``journal``) does so
by them. Only what botocore itself ships is loaded; models in a user's home directory do not change a server.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape

CLOUDTRAIL = "cloudtrail"
CLOUDTRAIL_DATA = "cloudtrail-data"
STS = "sts"

# Errors that AWS documents for every operation of every service ("Common errors"), so that no operation declares them
COMMON_ERRORS = frozenset(
    {
        "AccessDeniedException",
        "ExpiredTokenException",
        "IncompleteSignatureException",
        "InternalFailure",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "RequestEntityTooLargeException",
        "RequestTimeoutException",
        "SerializationException",
        "ServiceUnavailableException",
        "ThrottlingException",
        "UnknownOperationException",
        "UnrecognizedClientException",
        "UnsupportedMediaTypeException",
        "ValidationException",
    }
)

_READING = ("Describe", "Get", "List", "Lookup", "Search")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a service. ``declared``: names of the error shapes that its documentation lists.

    ``path`` is the request URI; ``input`` and ``output`` are None where the operation has none.
    """

    service: str
    name: str
    path: str
    input: Shape | None
    output: Shape | None
    declared: frozenset[str]

    @property
    def action(self) -> str:
        """As policies name it: ``cloudtrail:StartQuery``."""
        return f"{self.service}:{self.name}"

    @property
    def is_reading(self) -> bool:
        """Whether CloudTrail calls it ``readOnly``: Service Authorization Reference, access levels Read and List."""
        return self.name.startswith(_READING)

    def declares(self, error: str) -> bool:
        """Whether a client may see this error code in an answer."""
        return error in self.declared or error in COMMON_ERRORS


@cache
def model(service: str) -> ServiceModel:
    """The newest model of ``service`` that botocore ships."""
    loader = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    return ServiceModel(loader.load_service_model(service, "service-2"), service)


@cache
def operations(service: str) -> Mapping[str, Operation]:
    """All operations of ``service`` by name."""
    of = model(service)
    return {name: _operation(service, name) for name in of.operation_names}


def _operation(service: str, name: str) -> Operation:
    found = model(service).operation_model(name)
    return Operation(
        service=service,
        name=name,
        path=found.http.get("requestUri", "/"),
        input=found.input_shape,
        output=found.output_shape,
        declared=frozenset(error.name for error in found.error_shapes),
    )


def lower_camel(name: str) -> str:
    """The name of a member as messages and CloudTrail events spell it: ``maxResults``."""
    return name[:1].lower() + name[1:]
