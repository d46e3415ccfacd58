"""The whole error tree, and nothing else.

Every error that leaves a room is one of these; foreign errors (a library's, the system's) are translated at
the border where they arise. A message says what was expected, what came and what to do; the place (a column,
a line, a key) is data on the error, so that each door can show it in its own way. The doors decide what an
error means there: an exit code, an HTTP status, an AWS error code.

    TrailmereError
    |-- SettingsError                    a setting that cannot be used
    |-- InvalidParameter                 a value outside its documented bounds
    |   |-- InvalidTimeRange             it begins after its end
    |   |-- InvalidParameterCombination  each could be, not together
    |   |-- InvalidKmsKey                no KMS key is named so
    |   `-- InvalidTags                  tags that AWS does not allow
    |       `-- TagsLimitExceeded
    |-- StoreError
    |   |-- StoreNotFound
    |   |-- InvalidStoreArn              neither an id nor an ARN of an event data store
    |   |-- AmbiguousStore               several accounts or Regions have a store of that name
    |   |-- StoreAlreadyExists
    |   |-- StoreLimitExceeded
    |   |-- InactiveStore                the store is pending deletion
    |   |-- InvalidStoreStatus           not permitted in the store's present status
    |   |-- InvalidStoreCategory         not permitted for a store of this category
    |   |-- TerminationProtected
    |   |-- StoreHasChannel              a channel brings events into the store
    |   |-- StoreHasOngoingImport        an import into the store is under way
    |   `-- StoreFederated               it is open to other engines
    |-- InvalidEventSelectors
    |-- TrailError
    |   |-- TrailNotFound
    |   |-- InvalidTrailName
    |   |-- InvalidTrailArn              no trail, and nothing that can have tags, has such an ARN
    |   |-- TrailAlreadyExists
    |   |-- TrailLimitExceeded
    |   |-- InvalidHomeRegion            a trail is changed in the Region that it was created in
    |   |-- InvalidTopicName             no SNS topic is named so
    |   |-- InvalidLogGroup              no ARN of a log group is written so
    |   `-- InvalidLogRole               no ARN of a role is written so
    |-- OrganizationError
    |   |-- OrganizationsNotInUse        the lake's accounts are no organisation
    |   |-- NotManagementAccount         only the organisation's management account may do that
    |   |-- ManagementAccountNotDelegable
    |   |-- DelegatedAdminRegistered
    |   |-- DelegatedAdminNotRegistered
    |   `-- DelegatedAdminLimitExceeded
    |-- ChannelError
    |   |-- ChannelNotFound
    |   |-- InvalidChannelArn            it is neither the ARN nor the id of a channel
    |   |-- ChannelAlreadyExists
    |   |-- ChannelLimitExceeded
    |   |-- InvalidSource                no integration is called so
    |   |-- ChannelNotPermitted          a channel of another account, if there is one, and it is not for the caller
    |   `-- DuplicatedAuditEventId       two events of one call have the same id
    |-- InsightError
    |   |-- InvalidInsightSelectors      such Insights there are not, or not of these events
    |   `-- InsightNotEnabled
    |-- DashboardError
    |   |-- DashboardAlreadyExists
    |   |-- DashboardLimitExceeded       dashboards, widgets, or refreshes at once
    |   |-- DashboardProtected           its termination protection is on
    |   `-- DashboardManaged             it comes with the software, and does not change
    |-- ImportFault
    |   |-- ImportNotFound
    |   |-- AccountHasOngoingImport      one at a time
    |   |-- InvalidImportStatus          not permitted in the import's present status
    |   `-- InvalidImportSource          nothing can be, or may be, imported from there
    |-- AccessError
    |   |-- AuthenticationFailed         whoever asks is nobody whom we know; ``code`` is AWS's
    |   |-- AccessDenied                 we know who asks, and they may not
    |   |-- MalformedPolicy              a policy that is not understood, and so not taken
    |   |-- ResourcePolicyNotFound
    |   |-- IdentityNotFound             no account, user, role, key or policy is called so
    |   |-- IdentityAlreadyExists
    |   |-- IdentityLimitExceeded
    |   `-- IdentityInUse                something belongs to it that has to go first
    |-- ResourceError                    what an ARN names, of whatever kind
    |   |-- InvalidResourceArn           it names nothing that there could be
    |   |-- ResourceNotFound
    |   `-- ResourceTypeNotSupported     what is asked for does not exist for this kind of resource
    |-- SourceError
    |   |-- SourceNotFound               nothing lies where the source points
    |   `-- SourceUnavailable            it lies there, and cannot be read now
    |-- DeliveryError                    the bytes of one delivery cannot be taken in (goes to the dead letters)
    |-- LakeError
    |   |-- LakeBusy                     another process held what we need for too long
    |   |-- LakeDamaged                  a file of the lake is missing or not what was written
    |   |-- LakeUnwritable               no space, no rights or a limit
    |   |-- LakeVersion                  written by a newer Trailmere
    |   |-- SecretsUnreadable            the key file is not there, or not the lake's
    |   `-- SnapshotNotFound
    `-- QueryError
        |-- StatementInvalid             it does not parse, or names what does not exist
        |-- StatementNotAllowed          it parses, and is not a read-only SELECT over event data stores
        |-- QueryLimitExceeded           time, memory, rows or bytes
        |-- QueryCancelled
        |-- EngineError                  the engine refused it at run time
        |-- InvalidLookupAttributes      events cannot be looked up by that
        |-- QueryNotFound
        |-- QueryNotCancellable          it has ended
        |-- MaxConcurrentQueries         the account runs as many as it may
        |-- GenerateQueryRefused         no query was found that answers the question
        `-- DestinationError             where an answer is to be delivered
            |-- InvalidDestination       no prefix can be called so
            |   `-- InvalidBucketName      nor a bucket
            |-- DestinationNotFound      there is no such bucket or folder
            `-- DestinationRefused       nothing may be written there
"""

from __future__ import annotations


class TrailmereError(Exception):
    """Base of all errors. ``hint`` is one sentence that says what to do about it."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class SettingsError(TrailmereError):
    """A setting is missing, malformed or out of range."""


class InvalidParameter(TrailmereError):
    """A value outside the bounds that AWS documents (InvalidParameterException)."""


class InvalidTimeRange(InvalidParameter):
    """A range of time that begins after its end (InvalidTimeRangeException, InvalidDateRangeException)."""


class InvalidParameterCombination(InvalidParameter):
    """Values that could each be, and not together (InvalidParameterCombinationException)."""


class InvalidKmsKey(InvalidParameter):
    """No KMS key is named so (InvalidKmsKeyIdException)."""


class InvalidTags(InvalidParameter):
    """Tags that AWS does not allow (InvalidTagParameterException)."""


class TagsLimitExceeded(InvalidTags):
    """More tags than a resource can have (TagsLimitExceededException)."""


class StoreError(TrailmereError):
    """Something about an event data store."""


class StoreNotFound(StoreError):
    """No event data store has this name, id or ARN (EventDataStoreNotFoundException)."""


class InvalidStoreArn(StoreError):
    """Neither an id nor an ARN of an event data store (EventDataStoreARNInvalidException)."""


class AmbiguousStore(StoreError):
    """Event data stores of several accounts or Regions have this name."""


class StoreAlreadyExists(StoreError):
    """An event data store with this name exists (EventDataStoreAlreadyExistsException)."""


class StoreLimitExceeded(StoreError):
    """Too many event data stores (EventDataStoreMaxLimitExceededException)."""


class InactiveStore(StoreError):
    """The event data store is pending deletion (InactiveEventDataStoreException)."""


class InvalidStoreStatus(StoreError):
    """The operation is not permitted in this status (InvalidEventDataStoreStatusException)."""


class InvalidStoreCategory(StoreError):
    """The operation is not valid for this category (InvalidEventDataStoreCategoryException)."""


class TerminationProtected(StoreError):
    """Termination protection is on (EventDataStoreTerminationProtectedException)."""


class StoreHasChannel(StoreError):
    """A channel brings events into the event data store (ChannelExistsForEDSException)."""


class StoreHasOngoingImport(StoreError):
    """An import into the event data store is under way (EventDataStoreHasOngoingImportException)."""


class StoreFederated(StoreError):
    """The event data store is federated (EventDataStoreFederationEnabledException)."""


class InvalidEventSelectors(TrailmereError):
    """Advanced event selectors that AWS would refuse (InvalidEventSelectorsException).

    ``place`` names the fault inside the selectors, for example ``selector 2, field readOnly``.
    """

    def __init__(self, message: str, *, place: str | None = None, hint: str | None = None) -> None:
        super().__init__(f"{place}: {message}" if place else message, hint=hint)
        self.place = place


class TrailError(TrailmereError):
    """Something about a trail."""


class TrailNotFound(TrailError):
    """No trail has this name or ARN (TrailNotFoundException)."""


class InvalidTrailName(TrailError):
    """No trail can be named so (InvalidTrailNameException)."""


class InvalidTrailArn(TrailError):
    """No trail, and nothing that can have tags, has such an ARN (CloudTrailARNInvalidException)."""


class TrailAlreadyExists(TrailError):
    """The account has a trail of this name in the Region (TrailAlreadyExistsException)."""


class TrailLimitExceeded(TrailError):
    """Too many trails (MaximumNumberOfTrailsExceededException)."""


class InvalidHomeRegion(TrailError):
    """A trail is changed in the Region that it was created in (InvalidHomeRegionException)."""


class InvalidTopicName(TrailError):
    """No SNS topic is named so (InvalidSnsTopicNameException)."""


class InvalidLogGroup(TrailError):
    """No ARN of a CloudWatch log group is written so (InvalidCloudWatchLogsLogGroupArnException)."""


class InvalidLogRole(TrailError):
    """No ARN of a role is written so (InvalidCloudWatchLogsRoleArnException)."""


class OrganizationError(TrailmereError):
    """Something about the organisation that the lake's accounts belong to."""


class OrganizationsNotInUse(OrganizationError):
    """The lake's accounts are no organisation (OrganizationsNotInUseException)."""


class NotManagementAccount(OrganizationError):
    """Only the management account may do that (NotOrganizationManagementAccountException and ...MasterAccount...)."""


class ManagementAccountNotDelegable(OrganizationError):
    """The management account cannot be a delegated administrator (CannotDelegateManagementAccountException)."""


class DelegatedAdminRegistered(OrganizationError):
    """The account is a delegated administrator already (AccountRegisteredException)."""


class DelegatedAdminNotRegistered(OrganizationError):
    """The account is no delegated administrator (AccountNotRegisteredException)."""


class DelegatedAdminLimitExceeded(OrganizationError):
    """Too many delegated administrators (DelegatedAdminAccountLimitExceededException)."""


class ChannelError(TrailmereError):
    """Something about a channel, or the events that come by it."""


class ChannelNotFound(ChannelError):
    """No channel has this ARN or id (ChannelNotFoundException)."""


class InvalidChannelArn(ChannelError):
    """It is neither the ARN nor the id of a channel (ChannelARNInvalidException, InvalidChannelARN)."""


class ChannelAlreadyExists(ChannelError):
    """A channel with this name, or for this source, exists (ChannelAlreadyExistsException)."""


class ChannelLimitExceeded(ChannelError):
    """Too many channels (ChannelMaxLimitExceededException)."""


class InvalidSource(ChannelError):
    """No integration is called so (InvalidSourceException)."""


class ChannelNotPermitted(ChannelError):
    """A channel of another account, if there is one, and it is not for the caller (ChannelInsufficientPermission)."""


class DuplicatedAuditEventId(ChannelError):
    """Two events of one call have the same id (DuplicatedAuditEventId)."""


class InsightError(TrailmereError):
    """Base of the errors about Insights."""


class InvalidInsightSelectors(InsightError):
    """Insights that do not exist, or not of the events that the store takes in (InvalidInsightSelectorsException)."""


class InsightNotEnabled(InsightError):
    """Nothing is analysed of that store or trail (InsightNotEnabledException)."""


class DashboardError(TrailmereError):
    """Base of the errors about dashboards."""


class DashboardAlreadyExists(DashboardError):
    """A dashboard of this name exists (ConflictException)."""


class DashboardLimitExceeded(DashboardError):
    """Too many dashboards, widgets of one, or refreshes at once (ServiceQuotaExceededException)."""


class DashboardProtected(DashboardError):
    """Its termination protection is on (ConflictException)."""


class DashboardManaged(DashboardError):
    """It comes with the software, and cannot be changed or deleted (UnsupportedOperationException)."""


class ImportFault(TrailmereError):
    """Something about an import."""


class ImportNotFound(ImportFault):
    """No import has this id (ImportNotFoundException)."""


class AccountHasOngoingImport(ImportFault):
    """The account has an import under way (AccountHasOngoingImportException)."""


class InvalidImportStatus(ImportFault):
    """The operation is not permitted in this status (InvalidParameterException)."""


class InvalidImportSource(ImportFault):
    """Nothing can be, or may be, imported from there (InvalidImportSourceException)."""


class AccessError(TrailmereError):
    """Who asks, or whether they may."""


class AuthenticationFailed(AccessError):
    """Whoever asks is nobody whom we know. ``code`` is AWS's, for example ``InvalidSignatureException``."""

    def __init__(self, code: str, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.code = code


class AccessDenied(AccessError):
    """We know who asks, and they may not (AccessDeniedException)."""


class MalformedPolicy(AccessError):
    """A policy that is not understood, and so not taken (MalformedPolicyDocument, ResourcePolicyNotValidException).

    ``place`` names the fault inside the policy, for example ``Statement[1].Condition.IpAddress``.
    """

    def __init__(self, message: str, *, place: str | None = None, hint: str | None = None) -> None:
        super().__init__(f"{place}: {message}" if place else message, hint=hint)
        self.place = place


class ResourcePolicyNotFound(AccessError):
    """The resource has no policy (ResourcePolicyNotFoundException)."""


class IdentityNotFound(AccessError):
    """No account, user, role, access key or policy is called so (NoSuchEntity)."""


class IdentityAlreadyExists(AccessError):
    """An account, user or role is called so already (EntityAlreadyExists)."""


class IdentityLimitExceeded(AccessError):
    """A user has as many access keys as AWS allows, or an identity as many policies (LimitExceeded)."""


class IdentityInUse(AccessError):
    """Something belongs to it that has to go first (DeleteConflict)."""


class ResourceError(TrailmereError):
    """Something about what an ARN names, of whatever kind."""


class InvalidResourceArn(ResourceError):
    """No ARN of a resource is written so (ResourceARNNotValidException)."""


class ResourceNotFound(ResourceError):
    """There is no such resource (ResourceNotFoundException)."""


class ResourceTypeNotSupported(ResourceError):
    """What is asked for does not exist for resources of this kind (ResourceTypeNotSupportedException)."""


class SourceError(TrailmereError):
    """The place that deliveries come from."""


class SourceNotFound(SourceError):
    """Nothing lies where the source points."""


class SourceUnavailable(SourceError):
    """It lies there and cannot be read: permissions, network, credentials."""


class DeliveryError(TrailmereError):
    """The bytes of one delivery cannot be taken in; they go to the dead letters.

    ``reason`` is a code from ``trailmere.events.formats.REASONS``; ``offset`` counts bytes of the content.
    """

    def __init__(self, reason: str, message: str, *, offset: int | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.offset = offset


class LakeError(TrailmereError):
    """Something about the lake's own files and records."""


class LakeBusy(LakeError):
    """Another process held a lock for longer than the time limit."""


class LakeDamaged(LakeError):
    """A file of the lake is missing, or is not what was written."""


class LakeUnwritable(LakeError):
    """The system would not let a file of the lake be written: no space, no rights, a limit."""


class LakeVersion(LakeError):
    """The lake was written by a newer version."""


class SecretsUnreadable(LakeError):
    """The file with the key of the lake's secrets is not there, cannot be read, or is another lake's."""


class SnapshotNotFound(LakeError):
    """No snapshot of the store matches."""


class QueryError(TrailmereError):
    """Something about a query. ``line`` and ``column`` count from 1 in the text the user typed."""

    def __init__(
        self,
        message: str,
        *,
        line: int | None = None,
        column: int | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.line = line
        self.column = column


class StatementInvalid(QueryError):
    """It does not parse, or it names a column, function or store that does not exist."""


class StatementNotAllowed(QueryError):
    """It is not one read-only SELECT over event data stores."""


class QueryLimitExceeded(QueryError):
    """A limit was reached. ``limit`` names it as the settings do: ``query_seconds``, ``query_memory_bytes`` ..."""

    def __init__(self, message: str, *, limit: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.limit = limit


class QueryCancelled(QueryError):
    """The user cancelled it."""


class EngineError(QueryError):
    """The engine refused the statement while it ran (a cast that fails, a division by zero)."""


class InvalidLookupAttributes(QueryError):
    """Events cannot be looked up by that (InvalidLookupAttributesException)."""


class QueryNotFound(QueryError):
    """No query of the account has this id (QueryIdNotFoundException)."""


class QueryNotCancellable(QueryError):
    """The query has ended (InactiveQueryException)."""


class MaxConcurrentQueries(QueryError):
    """The account runs as many queries as it may (MaxConcurrentQueriesException)."""


class GenerateQueryRefused(QueryError):
    """No query was found that answers the question (GenerateResponseException)."""


class DestinationError(QueryError):
    """Where an answer is to be delivered. ``place`` is its address."""

    def __init__(self, message: str, *, place: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.place = place


class InvalidDestination(DestinationError):
    """No prefix can be called so (InvalidS3PrefixException)."""


class InvalidBucketName(InvalidDestination):
    """No bucket can be called so (InvalidS3BucketNameException)."""


class DestinationNotFound(DestinationError):
    """There is no such bucket or folder (S3BucketDoesNotExistException)."""


class DestinationRefused(DestinationError):
    """Nothing may be written there (InsufficientS3BucketPolicyException)."""
