"""Who acts: users, roles, keys, addresses, sessions."""

from __future__ import annotations

from trailmere.ask.records import Sample

IDENTITY: tuple[Sample, ...] = (
    Sample(
        "Most active identities",
        "The users and roles that make the most calls.",
        "top users most active principals people identities who callers",
        """SELECT userIdentity.arn, userIdentity.type, count(*) AS events
FROM $EDS_ID
WHERE :window
GROUP BY 1, 2
ORDER BY 3 DESC
LIMIT :limit""",
    ),
    Sample(
        "Users of a service",
        "The users and roles that used a service, and when they last did.",
        "list users who used use service sns s3 ec2 lambda people give",
        """SELECT userIdentity.arn, eventSource, count(*) AS events, max(eventTime) AS last
FROM $EDS_ID
WHERE :window
GROUP BY 1, 2
ORDER BY 3 DESC
LIMIT :limit""",
    ),
    Sample(
        "Errors by identity",
        "Whose calls fail most often.",
        "errors failures failed users who top identities people each user",
        """SELECT userIdentity.arn, count(*) AS errors, count(DISTINCT errorCode) AS kinds
FROM $EDS_ID
WHERE :window AND errorCode IS NOT NULL
GROUP BY 1
ORDER BY 2 DESC
LIMIT :limit""",
    ),
    Sample(
        "Source addresses",
        "The addresses from which the most calls come, and how many identities use each.",
        "ip ips address addresses source sourceIPAddress top from where location",
        """SELECT sourceIPAddress, count(*) AS events, count(DISTINCT userIdentity.arn) AS identities
FROM $EDS_ID
WHERE :window
GROUP BY 1
ORDER BY 2 DESC
LIMIT :limit""",
    ),
    Sample(
        "Addresses of each identity",
        "From how many addresses each user or role calls.",
        "ip ips address addresses users each many different identity per user",
        """SELECT userIdentity.arn, count(DISTINCT sourceIPAddress) AS addresses, min(eventTime) AS first,
  max(eventTime) AS last
FROM $EDS_ID
WHERE :window
GROUP BY 1
ORDER BY 2 DESC
LIMIT :limit""",
    ),
    Sample(
        "Access keys in use",
        "The access keys of users that make calls, when they were first and last seen, and from how many addresses.",
        "access keys used long term AKIA key usage credentials first last seen",
        """SELECT userIdentity.accessKeyId, userIdentity.arn, count(*) AS events, min(eventTime) AS first,
  max(eventTime) AS last, count(DISTINCT sourceIPAddress) AS addresses
FROM $EDS_ID
WHERE :window AND userIdentity.accessKeyId LIKE 'AKIA%'
GROUP BY 1, 2
ORDER BY 3 DESC
LIMIT :limit""",
    ),
    Sample(
        "Access keys created",
        "Which access keys were created, for which users, by whom.",
        "access key keys created CreateAccessKey new made persistence credentials backdoor",
        """SELECT eventTime, userIdentity.arn, element_at(requestParameters, 'userName') AS for_user,
  responseElements, errorCode
FROM $EDS_ID
WHERE :window AND eventName = 'CreateAccessKey'
ORDER BY eventTime DESC
LIMIT :limit""",
        frozenset({"event", "service"}),
    ),
    Sample(
        "Users and roles created",
        "Which users, roles and login profiles were created, and by whom.",
        "users roles created new CreateUser CreateRole CreateLoginProfile iam made accounts persistence",
        """SELECT eventTime, userIdentity.arn, eventName, requestParameters, errorCode
FROM $EDS_ID
WHERE :window AND eventName IN ('CreateUser', 'CreateRole', 'CreateLoginProfile', 'CreateGroup', 'AddUserToGroup')
ORDER BY eventTime DESC
LIMIT :limit""",
        frozenset({"event", "service"}),
    ),
    Sample(
        "Sessions of roles",
        "Which sessions of roles were at work, for how long, and what they did.",
        "role sessions session assumed duration instance lambda federated principal",
        """SELECT userIdentity.principalId, userIdentity.sessionContext.sessionIssuer.arn AS role,
  min(eventTime) AS first, max(eventTime) AS last, count(*) AS events, count(DISTINCT eventName) AS calls
FROM $EDS_ID
WHERE :window AND userIdentity.type = 'AssumedRole'
GROUP BY 1, 2
ORDER BY 5 DESC
LIMIT :limit""",
    ),
    Sample(
        "People of IAM Identity Center",
        "In which accounts and roles people of IAM Identity Center federated.",
        "identity center sso federate federated people portal roles accounts sign in",
        """SELECT eventTime, userIdentity.principalId, element_at(serviceEventDetails, 'account_id') AS account,
  element_at(serviceEventDetails, 'role_name') AS role
FROM $EDS_ID
WHERE :window AND eventName = 'Federate'
ORDER BY eventTime DESC
LIMIT :limit""",
        frozenset({"event", "service"}),
    ),
    Sample(
        "Calls by AWS services",
        "Which services call on somebody's behalf, and what.",
        "invokedBy service services behalf aws internal automatic forward access",
        """SELECT userIdentity.invokedBy, eventSource, eventName, count(*) AS events
FROM $EDS_ID
WHERE :window AND userIdentity.invokedBy IS NOT NULL
GROUP BY 1, 2, 3
ORDER BY 4 DESC
LIMIT :limit""",
    ),
    Sample(
        "Console and programs",
        "How many calls come from sessions of the console, and how many from programs.",
        "console programmatic sessionCredentialFromConsole cli sdk people versus manual automated",
        """SELECT coalesce(sessionCredentialFromConsole, 'false') AS from_console, readOnly, count(*) AS events
FROM $EDS_ID
WHERE :window
GROUP BY 1, 2
ORDER BY 3 DESC""",
    ),
)
