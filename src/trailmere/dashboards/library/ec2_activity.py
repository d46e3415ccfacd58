"""What is done with instances and networks of EC2. Network activity events of the same calls are not counted again."""

from __future__ import annotations

from trailmere.dashboards.library.phrases import ACCESS_DENIED, BY_ROOT, CALLER, MANAGEMENT, OUTCOME, RESULT
from trailmere.dashboards.records import ManagedDashboard, ManagedWidget, View

EC2_ACTIVITY = ManagedDashboard(
    "AWSCloudTrail-EC2Activity",
    "EC2 activity dashboard",
    "cloudtrail",
    "Management events of EC2.",
    (
        ManagedWidget(
            "EC2 instance management activity overview",
            View.BAR,
            f"""SELECT eventName, {RESULT} AS outcome, count(*) AS calls
FROM $EventDataStoreId$
WHERE :window AND eventSource = 'ec2.amazonaws.com' AND {MANAGEMENT} AND regexp_like(eventName,
  '^((Run|Start|Stop|Reboot|Terminate|Monitor|Unmonitor)Instances|RunScheduledInstances|CreateFleet'
  || '|RequestSpot(Fleet|Instances)|(Modify|Reset)Instance[A-Za-z]+)$')
GROUP BY 1, 2
ORDER BY 3 DESC, 1, 2""",
            "How often instances were launched, started, stopped, rebooted, terminated and modified.",
            {"XAxisColumn": "eventName", "YAxisColumn": "calls", "FilterColumn": "outcome"},
        ),
        ManagedWidget(
            "EC2 API success vs failure trends",
            View.LINE,
            f"""SELECT date_trunc('$Period$', eventTime) AS time, {RESULT} AS outcome, count(*) AS calls
FROM $EventDataStoreId$
WHERE :window AND eventSource = 'ec2.amazonaws.com' AND {MANAGEMENT}
GROUP BY 1, 2
ORDER BY 1, 2""",
            "How many calls of EC2 succeeded and failed over time.",
            {"XAxisColumn": "time", "YAxisColumn": "calls", "FilterColumn": "outcome"},
        ),
        ManagedWidget(
            "Top EC2 errors",
            View.BAR,
            f"""SELECT errorCode, count(*) AS errors
FROM $EventDataStoreId$
WHERE :window AND eventSource = 'ec2.amazonaws.com' AND {MANAGEMENT} AND errorCode IS NOT NULL
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "The errors that EC2 gave most often.",
            {"XAxisColumn": "errorCode", "YAxisColumn": "errors"},
        ),
        ManagedWidget(
            "Top EC2 AccessDenied events",
            View.TABLE,
            f"""SELECT eventName, {CALLER} AS caller, count(*) AS denials, max(eventTime) AS latest
FROM $EventDataStoreId$
WHERE :window AND eventSource = 'ec2.amazonaws.com' AND {MANAGEMENT} AND {ACCESS_DENIED}
GROUP BY 1, 2
ORDER BY 3 DESC, 1, 2
LIMIT 10""",
            "Which calls of EC2 were denied most often, and to whom.",
        ),
        ManagedWidget(
            "Top users launching EC2 instances",
            View.TABLE,
            f"""SELECT {CALLER} AS caller, sum(coalesce(json_array_length(json_extract(
  element_at(responseElements, 'instancesSet'), '$.items')), 1)) AS instances, count(*) AS launches,
  max(eventTime) AS latest
FROM $EventDataStoreId$
WHERE :window AND eventSource = 'ec2.amazonaws.com' AND {MANAGEMENT} AND eventName = 'RunInstances'
  AND errorCode IS NULL
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "Who launched the most instances. Attempts that failed do not count.",
        ),
        ManagedWidget(
            "Recent EC2 SecurityGroup and NetworkInterface changes",
            View.TABLE,
            f"""SELECT eventTime, {CALLER} AS caller, eventName,
  coalesce(element_at(requestParameters, 'groupId'),
  json_extract_scalar(element_at(requestParameters, 'ModifySecurityGroupRulesRequest'), '$.GroupId'),
  element_at(requestParameters, 'networkInterfaceId'), element_at(responseElements, 'groupId'),
  json_extract_scalar(element_at(responseElements, 'networkInterface'), '$.networkInterfaceId'),
  element_at(requestParameters, 'groupName')) AS resource,
  sourceIPAddress, awsRegion, recipientAccountId, {OUTCOME} AS outcome,
  requestParameters, eventID
FROM $EventDataStoreId$
WHERE :window AND eventSource = 'ec2.amazonaws.com' AND {MANAGEMENT} AND readOnly IS DISTINCT FROM true
  AND regexp_like(eventName, 'SecurityGroup|NetworkInterface|^(Una|A)ssign(Private|Ipv6)')
ORDER BY eventTime DESC, eventID
LIMIT 50""",
            "Who changed firewalls and network interfaces, or tried to.",
        ),
        ManagedWidget(
            "Recent VPC management and route table changes",
            View.TABLE,
            f"""SELECT eventTime, {CALLER} AS caller, eventName,
  coalesce(element_at(requestParameters, 'routeTableId'),
  element_at(requestParameters, 'subnetId'), element_at(requestParameters, 'internetGatewayId'),
  element_at(requestParameters, 'networkAclId'), element_at(requestParameters, 'vpcPeeringConnectionId'),
  json_extract_scalar(element_at(responseElements, 'routeTable'), '$.routeTableId'),
  json_extract_scalar(element_at(responseElements, 'subnet'), '$.subnetId'),
  json_extract_scalar(element_at(responseElements, 'vpc'), '$.vpcId'),
  element_at(requestParameters, 'vpcId')) AS resource,
  sourceIPAddress, awsRegion, recipientAccountId, {OUTCOME} AS outcome,
  requestParameters, eventID
FROM $EventDataStoreId$
WHERE :window AND eventSource = 'ec2.amazonaws.com' AND {MANAGEMENT} AND readOnly IS DISTINCT FROM true
  AND regexp_like(eventName, 'Vpc|Subnet|RouteTable|^(Create|Delete|Replace)Route$|InternetGateway|NatGateway'
  || '|DhcpOptions|NetworkAcl|TransitGateway|VpnGateway|VpnConnection|CustomerGateway|VgwRoute')
ORDER BY eventTime DESC, eventID
LIMIT 50""",
            "Who changed networks, and where they lead to, or tried to.",
        ),
        ManagedWidget(
            "Recent EC2 actions by root user",
            View.TABLE,
            f"""SELECT eventTime, eventName, readOnly, sourceIPAddress, userAgent, awsRegion,
  recipientAccountId, {OUTCOME} AS outcome,
  requestParameters, eventID
FROM $EventDataStoreId$
WHERE :window AND eventSource = 'ec2.amazonaws.com' AND {MANAGEMENT} AND {BY_ROOT}
ORDER BY eventTime DESC, eventID
LIMIT 50""",
            "What was done, or only looked at, in EC2 as the root user of an account. What AWS does on its behalf is "
            "left out.",
        ),
    ),
)
