"""Errors that an operation declares and nothing can cause here, and members that no call can give; each with a reason.

An error that AWS would answer in a situation that can arise here does not belong on this list.
"""

from __future__ import annotations

from collections.abc import Mapping

REASONS: Mapping[str, str] = {
    "by the event": "PutAuditEvents tells what is wrong with an event beside that event, and takes in the others.",
    "counted all along": "An event data store that is pending deletion counts among those that there may be.",
    "denied": "Whoever may not is told AccessDeniedException; there are no resources that AWS services made.",
    "empty organisation": "The lake's accounts are an organisation by a statement: it has no feature sets, trusted "
    "access, or service-linked roles that could be missing.",
    "few trails": "An account has fewer trails than a page of ListTrails holds.",
    "Insights of stores": "Insights are computed of event data stores, not of trails.",
    "no input for it": "No input that the operation takes can be wrong in that way.",
    "no KMS": "There is no KMS: the form of keys is checked, and nothing is encrypted with them.",
    "no log groups": "There is no CloudWatch Logs: the form of ARNs is checked, and nothing is delivered there.",
    "no SNS": "There is no SNS: the form of topics is checked, and nothing is sent there.",
    "no other services": "Nothing is asked of other services on the caller's behalf.",
    "no use": "The service model says that it is no longer in use, or reserved for later.",
    "one after another": "Changes of a record wait for each other; the later one finds what the earlier one left.",
    "one channel a source": "There are fewer sources than there may be channels, and each has one channel.",
    "own error": "Each member of the input has an error of its own for what is wrong with it.",
    "rights of trails": "Trails are delivered with other rights than the server's: a bucket is only looked for.",
    "served": "The operation is supported.",
    "status has its error": "In every status that forbids the operation, the event data store is pending deletion, "
    "and that is InactiveEventDataStoreException.",
    "unaffected": "Whatever can be changed in an event data store does not matter to an import.",
}

EVERY = "*"  # operation

# (operation, error) -> the name of a reason; one that is listed for an operation wins
ERRORS: Mapping[tuple[str, str], str] = {
    (EVERY, "ConcurrentModificationException"): "one after another",
    (EVERY, "ConflictException"): "one after another",
    (EVERY, "CloudTrailAccessNotEnabledException"): "empty organisation",
    (EVERY, "NoManagementAccountSLRExistsException"): "empty organisation",
    (EVERY, "OrganizationNotInAllFeaturesModeException"): "empty organisation",
    (EVERY, "InsufficientDependencyServiceAccessPermissionException"): "no other services",
    (EVERY, "InsufficientIAMAccessPermissionException"): "no other services",
    (EVERY, "OperationNotPermittedException"): "denied",
    (EVERY, "UnsupportedOperationException"): "served",
    (EVERY, "TrailNotProvidedException"): "no use",
    (EVERY, "KmsException"): "no KMS",
    (EVERY, "KmsKeyDisabledException"): "no KMS",
    (EVERY, "KmsKeyNotFoundException"): "no KMS",
    (EVERY, "InsufficientEncryptionPolicyException"): "no KMS",
    (EVERY, "InsufficientSnsTopicPolicyException"): "no SNS",
    (EVERY, "CloudTrailInvalidClientTokenIdException"): "no SNS",
    (EVERY, "CloudWatchLogsDeliveryUnavailableException"): "no log groups",
    ("CreateTrail", "InsufficientS3BucketPolicyException"): "rights of trails",
    ("UpdateTrail", "InsufficientS3BucketPolicyException"): "rights of trails",
    ("UpdateTrail", "InvalidEventSelectorsException"): "no input for it",
    ("CreateChannel", "ChannelMaxLimitExceededException"): "one channel a source",
    ("PutAuditEvents", "ChannelUnsupportedSchema"): "by the event",
    ("UpdateEventDataStore", "EventDataStoreHasOngoingImportException"): "unaffected",
    ("RestoreEventDataStore", "EventDataStoreMaxLimitExceededException"): "counted all along",
    ("PutEventConfiguration", "InvalidEventDataStoreStatusException"): "status has its error",
    ("StartImport", "InvalidEventDataStoreStatusException"): "status has its error",
    ("CreateTrail", "InvalidParameterException"): "own error",
    ("DeleteEventDataStore", "InvalidParameterException"): "own error",
    ("DisableFederation", "InvalidParameterException"): "own error",
    ("GetEventConfiguration", "InvalidParameterException"): "own error",
    ("GetEventDataStore", "InvalidParameterException"): "own error",
    ("ListQueries", "InvalidParameterException"): "own error",
    ("RestoreEventDataStore", "InvalidParameterException"): "own error",
    ("StartEventDataStoreIngestion", "InvalidParameterException"): "own error",
    ("StopEventDataStoreIngestion", "InvalidParameterException"): "own error",
    ("UpdateTrail", "InvalidParameterException"): "own error",
    ("PutInsightSelectors", "InsufficientS3BucketPolicyException"): "Insights of stores",
    ("PutInsightSelectors", "S3BucketDoesNotExistException"): "Insights of stores",
    ("PutInsightSelectors", "KmsException"): "Insights of stores",
    ("PutInsightSelectors", "InsufficientEncryptionPolicyException"): "Insights of stores",
}

# (operation, member) that no valid call has
MEMBERS: Mapping[tuple[str, str], str] = {
    ("GetInsightSelectors", "TrailName"): "Insights of stores",
    ("ListInsightsMetricData", "TrailName"): "Insights of stores",
    ("PutInsightSelectors", "TrailName"): "Insights of stores",
    ("ListPublicKeys", "NextToken"): "no use",
    ("ListTrails", "NextToken"): "few trails",
}
