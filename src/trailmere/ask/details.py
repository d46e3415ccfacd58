"""Details in a question: keys, addresses, accounts, services, API calls, names; and the condition that each one is.

A detail is recognised by its form, or by the word before it. What it becomes in SQL is a condition over one literal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from ipaddress import ip_address

from trailmere.query.quoting import literal

# A name that users say -> the event source.
SERVICES = {
    "api gateway": "apigateway",
    "athena": "athena",
    "backup": "backup",
    "bedrock": "bedrock",
    "cloudformation": "cloudformation",
    "cloudfront": "cloudfront",
    "cloudtrail": "cloudtrail",
    "cloudwatch logs": "logs",
    "cloudwatch": "monitoring",
    "cognito": "cognito-idp",
    "dynamodb": "dynamodb",
    "ec2": "ec2",
    "ecr": "ecr",
    "ecs": "ecs",
    "eks": "eks",
    "elastic load balancing": "elasticloadbalancing",
    "eventbridge": "events",
    "glue": "glue",
    "guardduty": "guardduty",
    "iam": "iam",
    "kinesis": "kinesis",
    "kms": "kms",
    "lambda": "lambda",
    "organizations": "organizations",
    "rds": "rds",
    "redshift": "redshift",
    "route 53": "route53",
    "route53": "route53",
    "s3": "s3",
    "sagemaker": "sagemaker",
    "secrets manager": "secretsmanager",
    "security hub": "securityhub",
    "sns": "sns",
    "sqs": "sqs",
    "ssm": "ssm",
    "step functions": "states",
    "sts": "sts",
    "systems manager": "ssm",
}
_SAID = "|".join(sorted(SERVICES, key=len, reverse=True))
_VERBS = (
    "Accept Add Allocate Assign Associate Assume Attach Authorize Batch Cancel Change Complete Console Copy Create "
    "Decrypt Delete Deregister Describe Detach Disable Disassociate Enable Encrypt Export Federate Generate Get Head "
    "Import Initiate Invoke List Lookup Modify Publish Put Query Reboot Receive Register Release Remove Replace "
    "Request Reset Restore Resume Revoke Rotate Run Scan Schedule Send Set Start Stop Subscribe Suspend Switch Tag "
    "Terminate Unsubscribe Untag Update Upload Use Verify"
).replace(" ", "|")
_NAME = r"[\w+=,.@-]{1,64}"
_QUOTED = rf"['\"](?P<quoted>{_NAME})['\"]"


@dataclass(frozen=True, slots=True)
class Detail:
    """One kind of detail. ``pattern`` finds it (groups ``value`` or ``quoted``); ``condition`` holds ``?`` once."""

    pattern: re.Pattern[str]
    condition: str
    value: Callable[[str], str | None] = lambda text: text

    def of(self, value: str) -> str:
        """The condition for one value."""
        return self.condition.replace("?", literal(value))


def _service(said: str) -> str:
    lowered = said.lower()
    return lowered if lowered.endswith(".amazonaws.com") else f"{SERVICES[lowered]}.amazonaws.com"


def _address(text: str) -> str | None:
    try:
        return str(ip_address(text.strip(".:")))
    except ValueError:
        return None


def _detail(pattern: str, condition: str, value: Callable[[str], str | None] = lambda text: text) -> Detail:
    return Detail(re.compile(pattern), condition, value)


# In this order: what an earlier one has taken is not seen by a later one.
DETAILS: dict[str, Detail] = {
    "caller": _detail(r"(?P<value>arn:aws[\w-]*:(?:iam|sts):[^\s,;'\"?]+)", "userIdentity.arn = ?"),
    "arn": _detail(r"(?P<value>arn:aws[\w-]*:[^\s,;'\"?]+)", "any_match(resources, r -> r.arn = ?)"),
    "key": _detail(r"\b(?P<value>A(?:KIA|SIA)[A-Z0-9]{12,28})\b", "userIdentity.accessKeyId = ?"),
    "eventid": _detail(r"\b(?P<value>[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})\b", "eventID = ?"),
    "ip": _detail(r"(?P<value>\b(?:\d{1,3}\.){3}\d{1,3}\b|[0-9a-f]{1,4}:[0-9a-f:]+)", "sourceIPAddress = ?", _address),
    "account": _detail(r"\b(?:(?i:accounts? ))?(?P<value>\d{12})\b", "recipientAccountId = ?"),
    "region": _detail(
        r"\b(?P<value>[a-z]{2}(?:-[a-z]+)?-(?:north|south|central)?(?:east|west|north|south|central)-[1-9])\b",
        "awsRegion = ?",
    ),
    "error": _detail(
        r"\b(?P<value>(?:Client\.)?[A-Z]\w+(?:Exception|Denied|Fault|Failure|NotFound|Exceeded|Operation))\b",
        "errorCode = ?",
    ),
    "event": _detail(rf"\b(?P<value>(?:{_VERBS})(?:[A-Z][A-Za-z0-9]*)+)\b", "eventName = ?"),
    "service": _detail(
        rf"(?i:\b(?:amazon |aws )?(?P<value>[a-z0-9-]+\.amazonaws\.com|{_SAID})\b)(?! bucket)",
        "eventSource = ?",
        _service,
    ),
    "bucket": _detail(
        rf"(?i:\bbucket(?: named| called)?) (?:{_QUOTED}|(?P<value>[a-z0-9]+[.-][a-z0-9.-]+[a-z0-9]))",
        "element_at(requestParameters, 'bucketName') = ?",
    ),
    "role": _detail(
        rf"(?i:\brole(?: named| called)?) (?:{_QUOTED}|(?P<value>[\w+=,@]*[-_A-Z]{_NAME}))",
        "userIdentity.sessionContext.sessionIssuer.userName = ?",
    ),
    "user": _detail(
        r"(?i:\b(?:(?:by )?(?:user|person|identity|username)(?: named| called)?|by)) "
        rf"(?:{_QUOTED}|(?P<value>{_NAME}))(?<![,.])",
        "strpos(userIdentity.arn, ?) > 0",
    ),
}
# Of a value that nothing but the word before it tells: one of these is no name.
WHOLE = frozenset({"account"})  # the word before it tells nothing any more
UNQUOTED_NAMES = frozenset({"user"})


def find(question: str, words: Collection[str]) -> tuple[dict[str, str], str]:
    """The details of a question by kind, the first of each, and the question without them.

    ``words``: those that mean something else, so that in "by service" there is no user named service.
    """
    found: dict[str, str] = {}
    for kind, detail in DETAILS.items():
        for match in detail.pattern.finditer(question):
            groups = match.groupdict()
            text = groups.get("quoted") or groups["value"] or ""
            if kind in UNQUOTED_NAMES and not groups.get("quoted") and text.lower() in words:
                continue
            if (value := detail.value(text)) is not None:
                found[kind] = value
                start, end = (
                    match.span() if kind in WHOLE else match.span("quoted" if groups.get("quoted") else "value")
                )
                question = question[:start] + " " + question[end:]
                break
    return found, question
