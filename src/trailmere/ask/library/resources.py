"""What is acted upon: instances, buckets, objects, functions, databases, keys."""

from __future__ import annotations

from trailmere.ask.records import Sample

RESOURCES: tuple[Sample, ...] = (
    Sample(
        "Instances launched",
        "Who launched instances, where, and which.",
        "ec2 instance instances launched started RunInstances created new machines mining who",
        """SELECT eventTime, userIdentity.arn, recipientAccountId, awsRegion,
  element_at(requestParameters, 'instanceType') AS type, element_at(responseElements, 'instancesSet') AS instances,
  errorCode
FROM $EDS_ID
WHERE :window AND eventName = 'RunInstances'
ORDER BY eventTime DESC
LIMIT :limit""",
        frozenset({"event", "service"}),
    ),
    Sample(
        "Instances stopped or terminated",
        "Who stopped or terminated instances.",
        "ec2 instance instances terminated stopped TerminateInstances StopInstances deleted who",
        """SELECT eventTime, userIdentity.arn, awsRegion, eventName, requestParameters, errorCode
FROM $EDS_ID
WHERE :window AND eventName IN ('TerminateInstances', 'StopInstances', 'RebootInstances')
ORDER BY eventTime DESC
LIMIT :limit""",
        frozenset({"event", "service"}),
    ),
    Sample(
        "Security groups opened",
        "Who opened or closed security groups.",
        "security group groups opened ingress AuthorizeSecurityGroupIngress firewall network rules port changed",
        """SELECT eventTime, userIdentity.arn, eventName, awsRegion, requestParameters, errorCode
FROM $EDS_ID
WHERE :window AND regexp_like(eventName, '^(Authorize|Revoke|Modify|Create|Delete)SecurityGroup')
ORDER BY eventTime DESC
LIMIT :limit""",
        frozenset({"event", "service"}),
    ),
    Sample(
        "Buckets created, changed or deleted",
        "Who created, deleted or reconfigured buckets.",
        "s3 bucket buckets created deleted changed policy acl public configuration CreateBucket DeleteBucket",
        """SELECT eventTime, userIdentity.arn, eventName, element_at(requestParameters, 'bucketName') AS bucket,
  errorCode
FROM $EDS_ID
WHERE :window AND eventSource = 's3.amazonaws.com' AND readOnly = false AND eventName LIKE '%Bucket%'
ORDER BY eventTime DESC
LIMIT :limit""",
        frozenset({"event", "service"}),
    ),
    Sample(
        "Objects read, written and deleted",
        "Which objects of which buckets were read, written or deleted, and by whom.",
        "s3 object objects read downloaded written uploaded deleted GetObject PutObject DeleteObject bucket data files",
        """SELECT eventTime, userIdentity.arn, eventName, element_at(requestParameters, 'bucketName') AS bucket,
  element_at(requestParameters, 'key') AS object, errorCode
FROM $EDS_ID
WHERE :window AND eventName IN ('GetObject', 'PutObject', 'DeleteObject', 'CopyObject', 'DeleteObjects')
ORDER BY eventTime DESC
LIMIT :limit""",
        frozenset({"event", "service"}),
    ),
    Sample(
        "Most accessed buckets",
        "The buckets with the most calls, reads and writes apart.",
        "s3 bucket buckets top most accessed used access count",
        """SELECT element_at(requestParameters, 'bucketName') AS bucket, count_if(readOnly) AS reads,
  count_if(NOT readOnly) AS writes
FROM $EDS_ID
WHERE :window AND eventSource = 's3.amazonaws.com'
GROUP BY 1
ORDER BY 2 DESC
LIMIT :limit""",
        frozenset({"service"}),
    ),
    Sample(
        "Databases deleted without a snapshot",
        "Database instances and clusters that were deleted without a last snapshot.",
        "rds database databases instance instances deleted without final snapshot DeleteDBInstance many",
        """SELECT eventTime, userIdentity.arn, eventName, requestParameters
FROM $EDS_ID
WHERE :window AND eventName IN ('DeleteDBInstance', 'DeleteDBCluster')
  AND element_at(requestParameters, 'skipFinalSnapshot') = 'true'
ORDER BY eventTime DESC
LIMIT :limit""",
        frozenset({"event", "service"}),
    ),
    Sample(
        "Functions created or changed",
        "Who created, changed or deleted functions of Lambda.",
        "lambda function functions created changed updated code deleted deployed",
        """SELECT eventTime, userIdentity.arn, eventName, element_at(requestParameters, 'functionName') AS function,
  errorCode
FROM $EDS_ID
WHERE :window AND eventSource = 'lambda.amazonaws.com' AND readOnly = false
ORDER BY eventTime DESC
LIMIT :limit""",
        frozenset({"service"}),
    ),
    Sample(
        "Keys disabled or scheduled for deletion",
        "Who disabled keys of KMS, scheduled their deletion or changed their policy.",
        "kms key keys disabled deletion scheduled ScheduleKeyDeletion DisableKey PutKeyPolicy encryption ransom",
        """SELECT eventTime, userIdentity.arn, eventName, requestParameters, errorCode
FROM $EDS_ID
WHERE :window AND eventName IN ('DisableKey', 'ScheduleKeyDeletion', 'PutKeyPolicy', 'DisableKeyRotation')
ORDER BY eventTime DESC
LIMIT :limit""",
        frozenset({"event", "service"}),
    ),
    Sample(
        "Resources created",
        "The calls that create things, counted: what is being built, and by whom.",
        "resources created creation new create run top users most",
        """SELECT eventSource, eventName, userIdentity.arn, count(*) AS created
FROM $EDS_ID
WHERE :window AND errorCode IS NULL AND readOnly = false
  AND regexp_like(eventName, '^(Create|Run|Allocate|Launch|Register)')
GROUP BY 1, 2, 3
ORDER BY 4 DESC
LIMIT :limit""",
        frozenset({"event", "error"}),
    ),
    Sample(
        "Resources deleted",
        "The calls that delete things, the latest first.",
        "resources deleted deletion destroyed removed terminated delete destructive who",
        """SELECT eventTime, eventSource, eventName, userIdentity.arn, awsRegion, requestParameters
FROM $EDS_ID
WHERE :window AND errorCode IS NULL AND readOnly = false
  AND regexp_like(eventName, '^(Delete|Terminate|Remove|Deregister)')
ORDER BY eventTime DESC
LIMIT :limit""",
        frozenset({"event", "error"}),
    ),
    Sample(
        "What was done to a resource",
        "Every call on a resource with this ARN, in the order of time.",
        "resource arn resources touched changed history done to accessed",
        """SELECT eventTime, userIdentity.arn AS caller, eventName, errorCode
FROM $EDS_ID
WHERE :window AND any_match(resources, r -> r.arn = :arn)
ORDER BY eventTime
LIMIT :limit""",
    ),
    Sample(
        "What was done to a bucket",
        "Every call on a bucket, counted by who made it.",
        "bucket s3 accessed who access touched calls on",
        """SELECT eventName, userIdentity.arn, count(*) AS calls, max(eventTime) AS last
FROM $EDS_ID
WHERE :window AND element_at(requestParameters, 'bucketName') = :bucket
GROUP BY 1, 2
ORDER BY 3 DESC
LIMIT :limit""",
    ),
)
