"""What several widgets say in the same words: who called, what counts as denied, as destroyed, as sign-in.

Pieces of SQL, to be put into statements: expressions, and conditions that may stand beside others with AND.
None holds a question mark: in a statement that is a place for a value, and who fills it need not know of literals.
"""

from __future__ import annotations

# Identity Center, web identities and failed sign-ins have no ARN; some records have an empty one. Services have no name
# but their own, callers from elsewhere sometimes only an account.
CALLER = (
    "coalesce(nullif(userIdentity.arn, ''), nullif(userIdentity.userName, ''), userIdentity.onBehalfOf.userId, "
    "userIdentity.principalId, userIdentity.invokedBy, userIdentity.accountId)"
)
# Records of some years ago name the console here; what is done in the console is done by a person.
NOT_A_SERVICE = (
    "userIdentity.type IS DISTINCT FROM 'AWSService' "
    "AND coalesce(userIdentity.invokedBy, 'signin.amazonaws.com') = 'signin.amazonaws.com'"
)
SUCCEEDED = "errorCode IS NULL"
OUTCOME = "coalesce(errorCode, 'Success')"

# One meaning, many spellings: AccessDenied, AccessDeniedException, Client.UnauthorizedOperation, AuthorizationError,
# NotAuthorized, VpceAccessDenied, ForbiddenException ...
ACCESS_DENIED = "regexp_like(lower(errorCode), 'accessdenied|unauthorized|notauthorized|authorizationerror|forbidden')"
# ThrottlingException, RequestThrottled, Client.RequestLimitExceeded, TooManyRequestsException, SlowDown ... A
# LimitExceeded of IAM and others is a quota, and waiting does not help.
THROTTLED = (
    "regexp_like(lower(errorCode), 'throttl|toomanyrequests|requestlimitexceeded|throughputexceeded|"
    "bandwidthlimitexceeded|slowdown|priorrequestnotcomplete')"
)

SERVICE = "replace(eventSource, '.amazonaws.com')"
API = f"concat({SERVICE}, ':', eventName)"
RESOURCE = (
    "coalesce(nullif(array_join(transform(resources, r -> r.arn), ', '), ''), CAST(requestParameters AS varchar))"
)

CONSOLE_LOGIN = "eventName = 'ConsoleLogin'"
LOGIN_OUTCOME = (
    "coalesce(element_at(responseElements, 'ConsoleLogin'), IF(errorMessage IS NULL AND errorCode IS NULL, 'Success', "
    "'Failure'))"
)
MFA_USED = "element_at(additionalEventData, 'MFAUsed')"

# Network activity tells of calls that have events of their own, of the same names.
CALL = "eventCategory IS DISTINCT FROM 'NetworkActivity'"

# Something is gone, stopped or let go of, and it was no service that did it on its own.
DESTROYED = (
    "regexp_like(eventName, '^(Batch|)(Delete|Terminate|Stop|Remove|Detach|Disable|Deactivate|Revoke|Purge|Deregister|"
    "Disassociate|Release)|^ScheduleKeyDeletion$') "
    f"AND readOnly IS DISTINCT FROM true AND {SUCCEEDED} AND {NOT_A_SERVICE} AND {CALL}"
)
IAM = "eventSource = 'iam.amazonaws.com'"
# The password policy of an account gives nobody anything.
IAM_POLICY_CHANGE = (
    "regexp_like(eventName, '^((Attach|Detach|Put|Delete)(User|Role|Group)Policy|(Create|Delete)Policy(Version|)|"
    "SetDefaultPolicyVersion|(Put|Delete)(User|Role)PermissionsBoundary|UpdateAssumeRolePolicy)$')"
)

# What kind of event; records before version 1.07 have no category.
MANAGEMENT = "(eventCategory = 'Management' OR eventCategory IS NULL AND coalesce(managementEvent, true))"
DATA = "(eventCategory = 'Data' OR eventCategory IS NULL AND managementEvent = false)"

RESULT = "IF(errorCode IS NULL, 'Success', 'Failure')"
ACTIVITY = "IF(readOnly, 'Read', 'Write')"
BY_ROOT = f"userIdentity.type = 'Root' AND {NOT_A_SERVICE}"

# Something was made or is gone. Tags, grants, tokens and log streams are made by the thousand and are nobody's
# resources.
CHANGED = f"readOnly IS DISTINCT FROM true AND {SUCCEEDED}"
CREATES = (
    "(regexp_like(eventName, '^(Create|Run|Allocate|Launch|Provision|Import|Restore|Copy|Request(Certificate|Spot)|"
    "Register(Domain|Image|TaskDefinition))') "
    "AND NOT regexp_like(eventName, '^Create(Tags|Grant|LogStream|Session|(OAuth2|)Token)'))"
)
DELETES = (
    "(regexp_like(eventName, '^(Delete|Terminate|Release|Deprovision|Deregister(Image|TaskDefinition)|"
    "ScheduleKeyDeletion)') AND NOT regexp_like(eventName, '^DeleteTags'))"
)
