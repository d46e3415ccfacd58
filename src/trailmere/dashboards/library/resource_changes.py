"""What is created, deleted and opened to others. Only changes that succeeded count; attempts are shown where told."""

from __future__ import annotations

from trailmere.dashboards.library.phrases import CALLER, CHANGED, CREATES, DELETES, MANAGEMENT, OUTCOME
from trailmere.dashboards.records import ManagedDashboard, ManagedWidget, View

RESOURCE_CHANGES = ManagedDashboard(
    "AWSCloudTrail-ResourceChanges",
    "Resource changes dashboard",
    "cloudtrail",
    "Management events that write.",
    (
        ManagedWidget(
            "Resource creation and deletion trends",
            View.LINE,
            f"""SELECT date_trunc('$Period$', eventTime) AS time,
  if({DELETES}, 'deleted', 'created') AS change,
  count(*) AS calls
FROM $EventDataStoreId$
WHERE :window AND {MANAGEMENT} AND {CHANGED} AND ({CREATES} OR {DELETES})
GROUP BY 1, 2
ORDER BY 1, 2""",
            "How many calls created and deleted resources over time.",
            {"XAxisColumn": "time", "YAxisColumn": "calls", "FilterColumn": "change"},
        ),
        ManagedWidget(
            "Top users performing resource creation",
            View.TABLE,
            f"""SELECT {CALLER} AS caller, count(*) AS calls, count(DISTINCT eventSource) AS services,
  max(eventTime) AS latest
FROM $EventDataStoreId$
WHERE :window AND {MANAGEMENT} AND {CHANGED} AND {CREATES}
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "Who created the most resources.",
        ),
        ManagedWidget(
            "Top APIs used for resource creation",
            View.BAR,
            f"""SELECT eventName, eventSource, count(*) AS calls
FROM $EventDataStoreId$
WHERE :window AND {MANAGEMENT} AND {CHANGED} AND {CREATES}
GROUP BY 1, 2
ORDER BY 3 DESC, 1, 2
LIMIT 10""",
            "The calls by which the most resources were created.",
            {"XAxisColumn": "eventName", "YAxisColumn": "calls", "FilterColumn": "eventSource"},
        ),
        ManagedWidget(
            "Top APIs used for resource deletion",
            View.BAR,
            f"""SELECT eventName, eventSource, count(*) AS calls
FROM $EventDataStoreId$
WHERE :window AND {MANAGEMENT} AND {CHANGED} AND {DELETES}
GROUP BY 1, 2
ORDER BY 3 DESC, 1, 2
LIMIT 10""",
            "The calls by which the most resources were deleted.",
            {"XAxisColumn": "eventName", "YAxisColumn": "calls", "FilterColumn": "eventSource"},
        ),
        ManagedWidget(
            "Most recent resources created outside CloudFormation",
            View.TABLE,
            f"""SELECT eventTime, {CALLER} AS caller, eventSource, eventName,
  coalesce(element_at(resources, 1).arn,
  array_join(CAST(json_extract(element_at(responseElements, 'instancesSet'), '$.items[*].instanceId')
    AS array(varchar)), ', '),
  element_at(requestParameters, 'bucketName'), element_at(requestParameters, 'functionName'),
  element_at(requestParameters, 'tableName'), element_at(requestParameters, 'dBInstanceIdentifier'),
  element_at(requestParameters, 'clusterName'), element_at(requestParameters, 'roleName'),
  element_at(requestParameters, 'userName'), element_at(requestParameters, 'policyName'),
  element_at(requestParameters, 'groupName'), element_at(requestParameters, 'name')) AS resource,
  sourceIPAddress, userAgent, awsRegion, recipientAccountId, requestParameters, eventID
FROM $EventDataStoreId$
WHERE :window AND {MANAGEMENT} AND {CHANGED} AND {CREATES} AND eventSource <> 'cloudformation.amazonaws.com'
  AND 'cloudformation.amazonaws.com' NOT IN (coalesce(sourceIPAddress, ''), coalesce(userAgent, ''),
    coalesce(userIdentity.invokedBy, ''))
ORDER BY eventTime DESC, eventID
LIMIT 50""",
            "What was created by hand or by other tools, so that no template tells of it.",
        ),
        ManagedWidget(
            "Most recent resource changes made using console",
            View.TABLE,
            f"""SELECT eventTime, {CALLER} AS caller, eventSource, eventName,
  element_at(resources, 1).arn AS resource,
  sourceIPAddress, awsRegion, recipientAccountId, {OUTCOME} AS outcome,
  requestParameters, eventID
FROM $EventDataStoreId$
WHERE :window AND {MANAGEMENT} AND readOnly IS DISTINCT FROM true
  AND eventSource NOT IN ('signin.amazonaws.com', 'sts.amazonaws.com')
  AND eventName NOT IN ('Authenticate', 'Federate', 'CredentialChallenge', 'CredentialVerification')
  AND (sessionCredentialFromConsole = 'true' OR eventType = 'AwsConsoleAction'
    OR regexp_like(lower(userAgent), 'console|^(\\[|)mozilla/'))
ORDER BY eventTime DESC, eventID
LIMIT 50""",
            "What people changed in the console, or tried to. Signing in is no change.",
        ),
        ManagedWidget(
            "Most recent S3 bucket access changes",
            View.TABLE,
            f"""SELECT eventTime, {CALLER} AS caller, eventName,
  coalesce(element_at(requestParameters, 'bucketName'),
  element_at(requestParameters, 'name')) AS bucket, sourceIPAddress, awsRegion, recipientAccountId,
  {OUTCOME} AS outcome,
  requestParameters, eventID
FROM $EventDataStoreId$
WHERE :window AND eventSource = 's3.amazonaws.com' AND {MANAGEMENT} AND regexp_like(lower(eventName),
  '^(put|delete|create)(bucket(policy|acl|publicaccessblock|ownershipcontrols|cors|website|replication)'
  || '|accountpublicaccessblock|(multiregion|)accesspoint.*|accessgrant.*)$')
ORDER BY eventTime DESC, eventID
LIMIT 50""",
            "Who changed who may reach a bucket, or tried to: policies, ACLs, public access, access points, copies.",
        ),
        ManagedWidget(
            "Most recent KMS key access changes",
            View.TABLE,
            f"""SELECT eventTime, {CALLER} AS caller, eventName,
  coalesce(element_at(requestParameters, 'keyId'), element_at(resources, 1).arn) AS key,
  element_at(requestParameters, 'granteePrincipal') AS grantee, sourceIPAddress, awsRegion, recipientAccountId,
  {OUTCOME} AS outcome,
  requestParameters, eventID
FROM $EventDataStoreId$
WHERE :window AND eventSource = 'kms.amazonaws.com' AND {MANAGEMENT} AND eventName IN ('PutKeyPolicy', 'CreateGrant',
  'RevokeGrant', 'RetireGrant', 'EnableKey', 'DisableKey', 'ScheduleKeyDeletion', 'CancelKeyDeletion',
  'DeleteImportedKeyMaterial')
ORDER BY eventTime DESC, eventID
LIMIT 50""",
            "Who changed who may use a key, or took it away from everybody, or tried to.",
        ),
    ),
)
