"""Who may and who may not: sign-ins, denials, policies."""

from __future__ import annotations

from trailmere.ask.records import Sample

ACCESS: tuple[Sample, ...] = (
    Sample(
        "Console sign-ins",
        "Who signed in to the console, from where, with or without MFA, and whether it succeeded.",
        "console login logins logged sign signin signed in users ConsoleLogin management console",
        """SELECT eventTime, userIdentity.arn, sourceIPAddress, element_at(additionalEventData, 'MFAUsed') AS mfa,
  element_at(responseElements, 'ConsoleLogin') AS outcome
FROM $EDS_ID
WHERE :window AND eventName = 'ConsoleLogin'
ORDER BY eventTime DESC
LIMIT :limit""",
        frozenset({"event", "service"}),
    ),
    Sample(
        "Failed console sign-ins",
        "Sign-ins to the console that failed, counted by person and address: guessed passwords show here.",
        "console login logins failed failure sign signin wrong password brute force attempts unsuccessful ConsoleLogin",
        """SELECT userIdentity.userName, sourceIPAddress, errorMessage, count(*) AS failures, max(eventTime) AS last
FROM $EDS_ID
WHERE :window AND eventName = 'ConsoleLogin' AND element_at(responseElements, 'ConsoleLogin') = 'Failure'
GROUP BY 1, 2, 3
ORDER BY 4 DESC
LIMIT :limit""",
        frozenset({"event", "service"}),
    ),
    Sample(
        "Console sign-ins without MFA",
        "Who signed in to the console without a second factor.",
        "console login logins sign signin without no mfa multi factor authentication ConsoleLogin",
        """SELECT eventTime, userIdentity.arn, sourceIPAddress, userAgent
FROM $EDS_ID
WHERE :window AND eventName = 'ConsoleLogin' AND element_at(additionalEventData, 'MFAUsed') = 'No'
ORDER BY eventTime DESC
LIMIT :limit""",
        frozenset({"event", "service"}),
    ),
    Sample(
        "Activity of the root user",
        "What was done as the root user of an account.",
        "root user account activity used actions",
        """SELECT eventTime, recipientAccountId, eventSource, eventName, sourceIPAddress, userAgent
FROM $EDS_ID
WHERE :window AND userIdentity.type = 'Root' AND userIdentity.invokedBy IS NULL
ORDER BY eventTime DESC
LIMIT :limit""",
        frozenset({"user"}),
    ),
    Sample(
        "Denied access by person",
        "Who was denied access most often, and to what.",
        "access denied unauthorized AccessDenied forbidden permission refused users top who errors",
        """SELECT userIdentity.arn, eventSource, eventName, count(*) AS denials
FROM $EDS_ID
WHERE :window AND regexp_like(errorCode, '(?i)accessdenied|unauthorized|forbidden')
GROUP BY 1, 2, 3
ORDER BY 4 DESC
LIMIT :limit""",
        frozenset({"error"}),
    ),
    Sample(
        "Denied access",
        "The calls that were denied, the latest first, with the reason.",
        "access denied unauthorized AccessDenied forbidden permission refused events list why",
        """SELECT eventTime, userIdentity.arn, eventSource, eventName, errorCode, errorMessage
FROM $EDS_ID
WHERE :window AND regexp_like(errorCode, '(?i)accessdenied|unauthorized|forbidden')
ORDER BY eventTime DESC
LIMIT :limit""",
        frozenset({"error"}),
    ),
    Sample(
        "Changes of policies",
        "Who attached, put or detached policies of users, roles and groups.",
        "iam policy policies attached attach put detach permissions changed privilege escalation",
        """SELECT eventTime, userIdentity.arn, eventName, requestParameters
FROM $EDS_ID
WHERE :window AND eventSource = 'iam.amazonaws.com'
  AND regexp_like(eventName, '^(Attach|Put|Detach|Delete|Create|Set).*Policy')
ORDER BY eventTime DESC
LIMIT :limit""",
        frozenset({"event", "service"}),
    ),
    Sample(
        "Administrators made",
        "Who gave somebody a policy of administrators.",
        "administrator admin access AdministratorAccess PowerUser policy granted attached privilege escalation",
        """SELECT eventTime, userIdentity.arn, eventName, requestParameters, errorCode
FROM $EDS_ID
WHERE :window AND eventName IN ('AttachUserPolicy', 'AttachRolePolicy', 'AttachGroupPolicy')
  AND element_at(requestParameters, 'policyArn') LIKE '%/AdministratorAccess'
ORDER BY eventTime DESC
LIMIT :limit""",
        frozenset({"event", "service"}),
    ),
    Sample(
        "Roles assumed",
        "Which roles were assumed, and by whom.",
        "role roles assumed assume AssumeRole sessions sts who top",
        """SELECT element_at(requestParameters, 'roleArn') AS role, userIdentity.arn, userIdentity.invokedBy,
  count(*) AS times
FROM $EDS_ID
WHERE :window AND eventName IN ('AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity')
GROUP BY 1, 2, 3
ORDER BY 4 DESC
LIMIT :limit""",
        frozenset({"event", "service"}),
    ),
    Sample(
        "Calls from other accounts",
        "Calls that came from an identity of another account.",
        "cross account other external foreign accounts access third party trust",
        """SELECT userIdentity.accountId, recipientAccountId, eventSource, eventName, count(*) AS calls
FROM $EDS_ID
WHERE :window AND userIdentity.accountId <> recipientAccountId
GROUP BY 1, 2, 3, 4
ORDER BY 5 DESC
LIMIT :limit""",
    ),
    Sample(
        "Logging changed or stopped",
        "Who stopped, deleted or changed a trail, an event data store or a detector.",
        "logging stopped disabled deleted trail cloudtrail guardduty config tampering StopLogging cover tracks evasion",
        """SELECT eventTime, userIdentity.arn, eventSource, eventName, requestParameters, errorCode
FROM $EDS_ID
WHERE :window AND eventName IN ('StopLogging', 'DeleteTrail', 'UpdateTrail', 'PutEventSelectors',
  'DeleteEventDataStore', 'StopEventDataStoreIngestion', 'DeleteDetector', 'UpdateDetector',
  'StopConfigurationRecorder', 'DeleteConfigurationRecorder', 'DeleteFlowLogs')
ORDER BY eventTime DESC
LIMIT :limit""",
        frozenset({"event", "service"}),
    ),
    Sample(
        "Secrets and parameters read",
        "Who read secrets, parameters and keys.",
        "secrets secretsmanager read GetSecretValue parameters ssm decrypt kms passwords credentials who",
        """SELECT eventSource, eventName, userIdentity.arn, count(*) AS times, max(eventTime) AS last
FROM $EDS_ID
WHERE :window AND eventName IN ('GetSecretValue', 'BatchGetSecretValue', 'GetParameter', 'GetParameters',
  'GetParametersByPath', 'Decrypt')
GROUP BY 1, 2, 3
ORDER BY 4 DESC
LIMIT :limit""",
        frozenset({"event", "service"}),
    ),
)
