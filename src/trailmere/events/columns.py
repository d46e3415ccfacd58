"""The columns of every event data store category, declared once as data.

The table schema, the SQL catalog, the reference docs and completion are all derived from ``COLUMNS``.
Source: CloudTrail user guide, "Supported SQL schemas for event data stores" (query-supported-event-schemas) and
"CloudTrail record contents" (cloudtrail-event-reference-record-contents). Where AWS's page has a spelling defect
both spellings are known: the corrected one is the column, the documented one an alias.

Rows (structs) are stored as leaf columns, ``useridentity__accesskeyid`` for ``userIdentity.accessKeyId``, because a
needle search over a leaf column with statistics costs an eighth of one inside a struct; maps and arrays are leaves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from trailmere.events.types import (
    BIGINT,
    BOOLEAN,
    DOUBLE,
    INTEGER,
    TIMESTAMP,
    VARCHAR,
    Array,
    Map,
    Row,
    Type,
    field,
    row,
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an event data store.

    ``name``: lower case, as AWS documents it. ``key``: the member of the JSON record it is read from ("" when it is
    derived). ``since``: the first eventVersion that has it, None where AWS gives none. ``hidden`` columns can be named
    in a query and do not appear in ``SELECT *``. ``computed`` columns are not stored; the query room computes them.
    """

    name: str
    key: str
    type: Type
    meaning: str
    since: str | None = None
    hidden: bool = False
    computed: bool = False
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Leaf:
    """A physical column: a path through rows down to a scalar, map or array.

    ``path`` are SQL names, ``keys`` the JSON members, ``name`` the physical column (``path`` joined by two
    underscores).
    """

    path: tuple[str, ...]
    keys: tuple[str, ...]
    name: str
    type: Type


USER_IDENTITY = row(
    field("type"),
    field("principalId"),
    field("arn"),
    field("accountId"),
    field("accessKeyId"),
    field("userName"),
    field(
        "sessionContext",
        row(
            field("attributes", row(field("creationDate", TIMESTAMP), field("mfaAuthenticated"))),
            field(
                "sessionIssuer",
                row(field("type"), field("principalId"), field("arn"), field("accountId"), field("userName")),
            ),
            field("webIdFederationData", row(field("federatedProvider"), field("attributes", Map()))),
            field("sourceIdentity"),
            field("ec2RoleDelivery"),
            field("ec2IssuedInVpc"),
            field("assumedRoot"),
        ),
    ),
    field("onBehalfOf", row(field("userId"), field("identityStoreArn"))),
    field(
        "inScopeOf",
        row(
            field("sourceArn"),
            field("sourceAccount"),
            field("issuerType"),
            field("credentialsIssuedTo", aliases=("credentiaisissuedto",)),
        ),
    ),
    field("invokedBy"),
    field("identityProvider"),
    field("credentialId"),
    field("invokedByDelegate", row(field("accountId"))),
)

RESOURCES = Array(
    row(field("accountId"), field("type"), field("ARN", spellings=("arn",)), field("ARNPrefix")),
)

EVENT_CONTEXT = row(
    field("requestContext", Map()),
    field(
        "tagContext",
        row(
            field("principalTags", Map()),
            field("resourceTags", Array(row(field("arn"), field("tags", Map())))),
        ),
    ),
)

TLS_DETAILS = row(field("tlsVersion"), field("cipherSuite"), field("clientProvidedHostHeader"), field("keyExchange"))

_HEAD = (
    Column("eventversion", "eventVersion", VARCHAR, "Version of the record format.", "1.0"),
    Column("eventcategory", "eventCategory", VARCHAR, "Management, Data, NetworkActivity, Insight ...", "1.07"),
    Column("eventtype", "eventType", VARCHAR, "What made the event: AwsApiCall, AwsServiceEvent ...", "1.02"),
    Column("eventid", "eventID", VARCHAR, "GUID of the event, unique within CloudTrail.", "1.01"),
    Column("eventtime", "eventTime", TIMESTAMP, "When the request was made, UTC.", "1.0"),
    Column("awsregion", "awsRegion", VARCHAR, "Region the request was made to.", "1.0"),
    Column("recipientaccountid", "recipientAccountId", VARCHAR, "Account that received the event.", "1.02"),
)

# Trailmere's own columns. Partition keys first (CloudTrail Lake lists them in GetEventDataStore.PartitionKeys).
_TAIL = (
    Column("eventjson", "", VARCHAR, "The exact text of the record as it was delivered."),
    Column("eventjsonchecksum", "", VARCHAR, "SHA-256 of eventJson, in hexadecimal.", computed=True),
    Column("calendarday", "", BIGINT, "Day of eventTime as YYYYMMDD (partition key).", hidden=True),
    Column("hour", "", BIGINT, "Hour of eventTime, 0-23 (partition key).", hidden=True),
    Column("deliveryid", "", VARCHAR, "The delivery that the record came in.", hidden=True),
    Column("deliveryordinal", "", BIGINT, "Place of the record in its delivery, from 0.", hidden=True),
    Column(
        "eventidconflict",
        "",
        BOOLEAN,
        "True where an earlier event has the same eventID and other content.",
        hidden=True,
    ),
)

CLOUDTRAIL = (
    Column("eventversion", "eventVersion", VARCHAR, "Version of the record format.", "1.0"),
    Column("useridentity", "userIdentity", USER_IDENTITY, "Who made the request.", "1.0"),
    Column("eventtime", "eventTime", TIMESTAMP, "When the request was made, UTC.", "1.0"),
    Column("eventsource", "eventSource", VARCHAR, "Service the request was made to.", "1.0"),
    Column("eventname", "eventName", VARCHAR, "The action.", "1.0"),
    Column("awsregion", "awsRegion", VARCHAR, "Region the request was made to.", "1.0"),
    Column("sourceipaddress", "sourceIPAddress", VARCHAR, "Address or service name of the caller.", "1.0"),
    Column("useragent", "userAgent", VARCHAR, "Agent through which the request was made.", "1.0"),
    Column("errorcode", "errorCode", VARCHAR, "AWS error code, if the request failed.", "1.0"),
    Column("errormessage", "errorMessage", VARCHAR, "Description of the error.", "1.0"),
    Column("requestparameters", "requestParameters", Map(), "Parameters sent with the request.", "1.0"),
    Column("responseelements", "responseElements", Map(), "Response to actions that change something.", "1.0"),
    Column("additionaleventdata", "additionalEventData", Map(), "Data outside request and response.", "1.0"),
    Column("requestid", "requestID", VARCHAR, "Identifier the service gave the request.", "1.01"),
    Column("eventid", "eventID", VARCHAR, "GUID of the event, unique within CloudTrail.", "1.01"),
    Column("readonly", "readOnly", BOOLEAN, "Whether the operation only reads.", "1.01"),
    Column("resources", "resources", RESOURCES, "Resources the event touched.", "1.01"),
    Column("eventtype", "eventType", VARCHAR, "What made the event: AwsApiCall, AwsServiceEvent ...", "1.02"),
    Column("apiversion", "apiVersion", VARCHAR, "API version of the request.", "1.01"),
    Column("managementevent", "managementEvent", BOOLEAN, "Whether it is a management event.", "1.06"),
    Column("recipientaccountid", "recipientAccountId", VARCHAR, "Account that received the event.", "1.02"),
    Column("sharedeventid", "sharedEventID", VARCHAR, "GUID shared by one action's events in accounts.", "1.03"),
    Column("annotation", "annotation", VARCHAR, "Why parts of the event were cut off."),
    Column("vpcendpointid", "vpcEndpointId", VARCHAR, "VPC endpoint the request came through.", "1.04"),
    Column("vpcendpointaccountid", "vpcEndpointAccountId", VARCHAR, "Account that owns the endpoint.", "1.09"),
    Column("serviceeventdetails", "serviceEventDetails", Map(), "What set a service event off.", "1.05"),
    Column("addendum", "addendum", Map(), "Why an event was late or updated.", "1.08"),
    Column("edgedevicedetails", "edgeDeviceDetails", Map(), "Edge device the request was made to.", "1.08"),
    Column("insightdetails", "insightDetails", Map(), "Details of an Insights event.", "1.07"),
    Column("eventcategory", "eventCategory", VARCHAR, "Management, Data or NetworkActivity.", "1.07"),
    Column("tlsdetails", "tlsDetails", TLS_DETAILS, "TLS version, cipher suite, host name.", "1.08"),
    Column(
        "sessioncredentialfromconsole",
        "sessionCredentialFromConsole",
        VARCHAR,
        "'true' where the credentials came from a console session.",
        "1.08",
    ),
    Column("eventcontext", "eventContext", EVENT_CONTEXT, "Tags and condition keys of the request.", "1.11"),
    *_TAIL,
)

_INSIGHT_SIDE = row(field("value"), field("average", DOUBLE))
INSIGHT_CONTEXT = row(
    field("baselineAverage", DOUBLE),
    field("insightAverage", DOUBLE),
    field("baselineDuration", INTEGER),
    field("insightDuration", INTEGER),
    field(
        "attributions",
        row(
            field("attribute"),
            field("insightValue"),
            field("insightAverage", DOUBLE),
            field("baselineValue"),
            field("baselineAverage", DOUBLE),
            field("insight", _INSIGHT_SIDE),
            field("baseline", _INSIGHT_SIDE),
        ),
    ),
)

INSIGHT = (
    *_HEAD,
    Column("sharedeventid", "sharedEventID", VARCHAR, "GUID shared by the start and the end event.", "1.07"),
    Column("addendum", "addendum", Map(), "Why an event was late or updated.", "1.08"),
    Column("insightsource", "insightSource", VARCHAR, "The store or trail whose events were analysed."),
    Column("insightstate", "insightState", VARCHAR, "Start or End."),
    Column("insighteventsource", "insightEventSource", VARCHAR, "Service with the unusual activity."),
    Column("insighteventname", "insightEventName", VARCHAR, "Action with the unusual activity."),
    Column("insighterrorcode", "insightErrorCode", VARCHAR, "Error code, of error-rate insights."),
    Column("insighttype", "insightType", VARCHAR, "ApiCallRateInsight or ApiErrorRateInsight."),
    Column("insightcontext", "insightContext", INSIGHT_CONTEXT, "Baseline, rates and attributions."),
    *_TAIL,
)

CONFIGURATION_ITEM_DATA = row(
    field("configurationItemVersion"),
    field("configurationItemCaptureTime"),
    field("configurationItemStatus"),
    field("configurationItemStateId"),
    field("accountId"),
    field("resourceType"),
    field("resourceId"),
    field("resourceName"),
    field("arn"),
    field("awsRegion"),
    field("availabilityZone"),
    field("resourceCreationTime"),
    field("configuration", Map()),
    field("supplementaryConfiguration", Map()),
    field("relatedEvents"),
    field("relationships", row(field("name"), field("resourceType"), field("resourceId"), field("resourceName"))),
    field("tags", Map()),
)

CONFIGURATION_ITEM = (
    *_HEAD,
    Column("addendum", "addendum", Map(), "Why an event was late or updated."),
    Column("eventdata", "eventData", CONFIGURATION_ITEM_DATA, "The configuration item."),
    *_TAIL,
)

EVIDENCE_DATA = row(
    field("attributes", Map()),
    field("awsAccountId"),
    field("awsOrganization"),
    field("complianceCheck"),
    field("dataSource"),
    field("eventName"),
    field("eventSource"),
    field("evidenceAwsAccountId"),
    field("evidenceByType"),
    field("iamId"),
    field("evidenceId"),
    field("time", TIMESTAMP),
    field("assessmentId"),
    field("controlSetId"),
    field("controlId"),
    field("controlName"),
    field("controlDomainName"),
    field("frameworkName"),
    field("frameworkId"),
    field("service"),
    field("serviceCategory"),
    field("resourceArn"),
    field("resourceType"),
    field("evidenceFolderId"),
    field("description"),
    field("manualEvidenceS3ResourcePath"),
    field("evidenceFolderName"),
    field("resourceComplianceCheck"),
)

EVIDENCE = (
    *_HEAD,
    Column("addendum", "addendum", Map(), "Why an event was late or updated."),
    Column("eventdata", "eventData", EVIDENCE_DATA, "The evidence."),
    *_TAIL,
)

ACTIVITY_DATA = row(
    field("version"),
    field("userIdentity", row(field("type"), field("principalId"), field("details", Map()))),
    field("userAgent"),
    field("eventSource"),
    field("eventName"),
    field("eventTime"),
    field("UID"),
    field("requestParameters", Map()),
    field("responseElements", Map(), aliases=('responseelements"',)),
    field("errorCode"),
    field("errorMessage", aliases=("errormssage",)),
    field("sourceIPAddress"),
    field("recipientAccountId"),
    field("additionalEventData", Map(), aliases=('additionaleventdata"',)),
)

ACTIVITY_AUDIT_LOG = (
    *_HEAD,
    Column(
        "addendum",
        "addendum",
        row(field("reason"), field("updatedFields"), field("originalUID"), field("originalEventID")),
        "Why an event was late or updated.",
    ),
    Column(
        "metadata", "metadata", row(field("ingestionTime"), field("channelARN")), "When and by which channel it came."
    ),
    Column("eventdata", "eventData", ACTIVITY_DATA, "The event as the integration sent it."),
    *_TAIL,
)

# A store holds one family. Management, Data and NetworkActivity events share one.
COLUMNS: dict[str, tuple[Column, ...]] = {
    "cloudtrail": CLOUDTRAIL,
    "insight": INSIGHT,
    "configurationitem": CONFIGURATION_ITEM,
    "evidence": EVIDENCE,
    "activityauditlog": ACTIVITY_AUDIT_LOG,
}

# eventCategory (as advanced event selectors spell it) -> family of the store that can hold it.
FAMILIES: dict[str, str] = {
    "Management": "cloudtrail",
    "Data": "cloudtrail",
    "NetworkActivity": "cloudtrail",
    "Insight": "insight",
    "ConfigurationItem": "configurationitem",
    "Evidence": "evidence",
    "ActivityAuditLog": "activityauditlog",
}


@cache
def leaves(family: str) -> tuple[Leaf, ...]:
    """The physical (stored) columns of a store of this family, in order."""
    return tuple(
        leaf
        for column in COLUMNS[family]
        if not column.computed
        for leaf in _descend((column.name,), (column.key,), column.type)
    )


def _descend(path: tuple[str, ...], keys: tuple[str, ...], type: Type) -> Iterator[Leaf]:
    if isinstance(type, Row):
        for part in type.fields:
            yield from _descend((*path, part.name), (*keys, part.key), part.type)
    else:
        yield Leaf(path=path, keys=keys, name="__".join(path), type=type)
