"""What goes wrong, as AWS says it: one table from our errors to the shapes that clients know.

An operation answers only with errors that it declares or that are common to all services. Where it does not declare
what the table says, the next choice of the row is taken, and at last a plain refusal of a parameter. What is not the
caller's fault is told to the operator, by the log, and not to the caller.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from trailmere import errors
from trailmere.errors import TrailmereError

if TYPE_CHECKING:
    from trailmere.api.model import Operation


class Fault(Exception):
    """An answer that is an error, in AWS's words. ``status`` is that of JSON services."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message

    @property
    def status(self) -> int:
        """The HTTP status, for most errors 400."""
        return STATUS.get(self.code, 400)


STATUS = {
    "UnknownOperationException": 404,
    "RequestTimeoutException": 408,
    "RequestEntityTooLargeException": 413,
    "UnsupportedMediaTypeException": 415,
    "InternalFailure": 500,
    "ServiceUnavailableException": 503,
}

INTERNAL = ("InternalFailure",)
BUSY = ("ServiceUnavailableException",)
PARAMETER = ("InvalidParameterException", "ValidationException")

# our error -> AWS's, the first that the operation declares; a class without a row goes by that of its base
ERRORS: dict[type[TrailmereError], tuple[str, ...]] = {
    TrailmereError: INTERNAL,
    errors.SettingsError: INTERNAL,
    errors.InvalidParameter: PARAMETER,
    errors.InvalidTimeRange: ("InvalidTimeRangeException", "InvalidDateRangeException"),
    errors.StoreNotFound: ("EventDataStoreNotFoundException", "ResourceNotFoundException"),
    errors.InvalidStoreArn: ("EventDataStoreARNInvalidException", "ResourceARNNotValidException"),
    errors.InvalidParameterCombination: ("InvalidParameterCombinationException", *PARAMETER),
    errors.InvalidKmsKey: ("InvalidKmsKeyIdException",),
    errors.InvalidTags: ("InvalidTagParameterException",),
    errors.TagsLimitExceeded: ("TagsLimitExceededException", "InvalidTagParameterException"),
    errors.AmbiguousStore: PARAMETER,
    errors.StoreFederated: ("EventDataStoreFederationEnabledException",),
    errors.TrailError: PARAMETER,
    errors.TrailNotFound: ("TrailNotFoundException", "ResourceNotFoundException"),
    errors.InvalidTrailName: ("InvalidTrailNameException",),
    errors.InvalidTrailArn: ("CloudTrailARNInvalidException", "InvalidTrailNameException"),
    errors.TrailAlreadyExists: ("TrailAlreadyExistsException",),
    errors.TrailLimitExceeded: ("MaximumNumberOfTrailsExceededException",),
    errors.InvalidHomeRegion: ("InvalidHomeRegionException",),
    errors.InvalidTopicName: ("InvalidSnsTopicNameException",),
    errors.InvalidLogGroup: ("InvalidCloudWatchLogsLogGroupArnException",),
    errors.InvalidLogRole: ("InvalidCloudWatchLogsRoleArnException",),
    errors.OrganizationsNotInUse: ("OrganizationsNotInUseException",),
    errors.NotManagementAccount: (
        "NotOrganizationManagementAccountException",
        "NotOrganizationMasterAccountException",
    ),
    errors.ManagementAccountNotDelegable: ("CannotDelegateManagementAccountException",),
    errors.DelegatedAdminRegistered: ("AccountRegisteredException",),
    errors.DelegatedAdminNotRegistered: ("AccountNotRegisteredException",),
    errors.DelegatedAdminLimitExceeded: ("DelegatedAdminAccountLimitExceededException",),
    errors.StoreAlreadyExists: ("EventDataStoreAlreadyExistsException",),
    errors.StoreLimitExceeded: ("EventDataStoreMaxLimitExceededException",),
    errors.InactiveStore: ("InactiveEventDataStoreException", "InvalidEventDataStoreStatusException"),
    errors.InvalidStoreStatus: ("InvalidEventDataStoreStatusException", "InactiveEventDataStoreException"),
    errors.InvalidStoreCategory: ("InvalidEventDataStoreCategoryException",),
    errors.TerminationProtected: ("EventDataStoreTerminationProtectedException",),
    errors.StoreHasChannel: ("ChannelExistsForEDSException",),
    errors.StoreHasOngoingImport: ("EventDataStoreHasOngoingImportException",),
    errors.InvalidEventSelectors: ("InvalidEventSelectorsException",),
    errors.ChannelNotFound: ("ChannelNotFoundException", "ChannelNotFound", "ResourceNotFoundException"),
    errors.InvalidChannelArn: ("ChannelARNInvalidException", "InvalidChannelARN"),
    errors.ChannelAlreadyExists: ("ChannelAlreadyExistsException",),
    errors.ChannelLimitExceeded: ("ChannelMaxLimitExceededException",),
    errors.InvalidSource: ("InvalidSourceException",),
    errors.ChannelNotPermitted: ("ChannelInsufficientPermission", "AccessDeniedException"),
    errors.DuplicatedAuditEventId: ("DuplicatedAuditEventId",),
    errors.InsightError: PARAMETER,
    errors.InvalidInsightSelectors: ("InvalidInsightSelectorsException",),
    errors.InsightNotEnabled: ("InsightNotEnabledException",),
    errors.DashboardError: PARAMETER,
    errors.DashboardAlreadyExists: ("ConflictException",),
    errors.DashboardLimitExceeded: ("ServiceQuotaExceededException",),
    errors.DashboardProtected: ("ConflictException",),
    errors.DashboardManaged: ("UnsupportedOperationException",),
    errors.ImportNotFound: ("ImportNotFoundException",),
    errors.AccountHasOngoingImport: ("AccountHasOngoingImportException",),
    errors.InvalidImportStatus: PARAMETER,
    errors.InvalidImportSource: ("InvalidImportSourceException",),
    errors.AccessDenied: ("AccessDeniedException",),
    errors.MalformedPolicy: ("ResourcePolicyNotValidException", "MalformedPolicyDocumentException"),
    errors.ResourcePolicyNotFound: ("ResourcePolicyNotFoundException",),
    errors.InvalidResourceArn: ("ResourceARNNotValidException", "CloudTrailARNInvalidException"),
    errors.ResourceNotFound: ("ResourceNotFoundException",),
    errors.ResourceTypeNotSupported: ("ResourceTypeNotSupportedException",),
    errors.IdentityNotFound: ("AccountNotFoundException", "ResourceNotFoundException"),
    errors.IdentityAlreadyExists: ("ConflictException",),
    errors.IdentityLimitExceeded: ("ServiceQuotaExceededException",),
    errors.IdentityInUse: ("ConflictException",),
    errors.SourceNotFound: ("S3BucketDoesNotExistException", "InvalidImportSourceException"),
    errors.SourceUnavailable: ("InsufficientS3BucketPolicyException", "InvalidImportSourceException"),
    errors.DeliveryError: PARAMETER,
    errors.LakeError: INTERNAL,
    errors.LakeBusy: BUSY,
    errors.SnapshotNotFound: PARAMETER,
    errors.StatementInvalid: ("InvalidQueryStatementException",),
    errors.StatementNotAllowed: ("InvalidQueryStatementException",),
    errors.QueryLimitExceeded: ("InvalidQueryStatementException",),
    errors.QueryCancelled: ("InactiveQueryException",),
    errors.EngineError: ("InvalidQueryStatementException",),
    errors.InvalidLookupAttributes: ("InvalidLookupAttributesException",),
    errors.QueryNotFound: ("QueryIdNotFoundException",),
    errors.QueryNotCancellable: ("InactiveQueryException",),
    errors.MaxConcurrentQueries: ("MaxConcurrentQueriesException",),
    errors.GenerateQueryRefused: ("GenerateResponseException",),
    errors.DestinationError: INTERNAL,
    errors.InvalidDestination: ("InvalidS3PrefixException",),
    errors.InvalidBucketName: ("InvalidS3BucketNameException",),
    errors.DestinationNotFound: ("S3BucketDoesNotExistException",),
    errors.DestinationRefused: ("InsufficientS3BucketPolicyException",),
}


def fault_of(error: TrailmereError, operation: Operation | None) -> Fault:
    """The answer to an error of a room; of an internal one the caller is not told more than that."""
    if isinstance(error, errors.AuthenticationFailed):
        return Fault(error.code, error.message)
    code = declared(ERRORS[_listed(type(error))], operation)
    if code in INTERNAL:
        return internal_failure()
    return Fault(code, error.message)


def internal_failure() -> Fault:
    """What a caller is told of a fault of ours."""
    return Fault("InternalFailure", "The request processing has failed because of an unknown error.")


def declared(choices: Iterable[str], operation: Operation | None) -> str:
    """The first of ``choices`` that the operation declares or that is common; else a refusal of a parameter."""
    if operation is None:
        return next(iter(choices))
    return next(code for code in (*choices, *PARAMETER) if operation.declares(code))


def _listed(kind: type[TrailmereError]) -> type[TrailmereError]:
    return next(base for base in kind.__mro__ if base in ERRORS)
