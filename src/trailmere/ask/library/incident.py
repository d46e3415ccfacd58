"""Following somebody: what one key, address, session, person or role has done."""

from __future__ import annotations

from trailmere.ask.records import Sample

INCIDENT: tuple[Sample, ...] = (
    Sample(
        "What an access key did",
        "Everything that was done with an access key, in the order of time.",
        "access key compromised leaked done used activity investigate AKIA ASIA",
        """SELECT eventTime, eventSource, eventName, sourceIPAddress, errorCode
FROM $EDS_ID
WHERE :window AND userIdentity.accessKeyId = :key
ORDER BY eventTime
LIMIT :limit""",
    ),
    Sample(
        "What was done from an address",
        "Everything that came from an address, in the order of time.",
        "ip address suspicious from activity seen investigate came",
        """SELECT eventTime, recipientAccountId, eventSource, eventName, userIdentity.arn, errorCode
FROM $EDS_ID
WHERE :window AND sourceIPAddress = :ip
ORDER BY eventTime
LIMIT :limit""",
    ),
    Sample(
        "Accounts that an address was seen in",
        "In which accounts an address was seen, first and last.",
        "ip address accounts account seen organization other which first last",
        """SELECT recipientAccountId, count(*) AS events, min(eventTime) AS first, max(eventTime) AS last
FROM $EDS_ID
WHERE :window AND sourceIPAddress = :ip
GROUP BY 1
ORDER BY 2 DESC""",
    ),
    Sample(
        "What a person did",
        "Everything that a user did, in the order of time.",
        "user person did done activity actions everything by what investigate events",
        """SELECT eventTime, eventSource, eventName, awsRegion, sourceIPAddress, errorCode
FROM $EDS_ID
WHERE :window AND strpos(userIdentity.arn, :user) > 0
ORDER BY eventTime
LIMIT :limit""",
    ),
    Sample(
        "What a person did, counted",
        "Which calls a user made, and how often.",
        "user person count often times api calls summary did many by",
        """SELECT eventSource, eventName, count(*) AS calls
FROM $EDS_ID
WHERE :window AND strpos(userIdentity.arn, :user) > 0
GROUP BY 1, 2
ORDER BY 3 DESC
LIMIT :limit""",
    ),
    Sample(
        "What a person changed",
        "The calls of a user that changed something and succeeded.",
        "user person changed changes write modified did successful",
        """SELECT eventTime, eventSource, eventName, eventID, requestParameters
FROM $EDS_ID
WHERE :window AND readOnly = false AND errorCode IS NULL AND strpos(userIdentity.arn, :user) > 0
ORDER BY eventTime
LIMIT :limit""",
        frozenset({"error"}),
    ),
    Sample(
        "What a role did",
        "Which calls the sessions of a role made, and how often.",
        "role did used activity calls count sessions assumed",
        """SELECT eventSource, eventName, count(*) AS calls, count_if(errorCode IS NOT NULL) AS failed
FROM $EDS_ID
WHERE :window AND userIdentity.sessionContext.sessionIssuer.userName = :role
GROUP BY 1, 2
ORDER BY 3 DESC
LIMIT :limit""",
    ),
    Sample(
        "One event",
        "An event by its id, whole, as it was delivered.",
        "event id eventID single one show detail record json",
        """SELECT eventTime, eventName, eventJson
FROM $EDS_ID
WHERE :window AND eventID = :eventid""",
    ),
    Sample(
        "Credentials handed on",
        "Which credentials a key was given by assuming roles: the next links of its chain.",
        "role chain chaining credentials assumed session key temporary ASIA handed next AssumeRole",
        """SELECT eventTime, element_at(requestParameters, 'roleArn') AS role, json_extract_scalar(
  element_at(responseElements, 'credentials'), '$.accessKeyId') AS next_key
FROM $EDS_ID
WHERE :window AND userIdentity.accessKeyId = :key AND eventName = 'AssumeRole' AND errorCode IS NULL
ORDER BY eventTime
LIMIT :limit""",
        frozenset({"event", "service", "error"}),
    ),
)
