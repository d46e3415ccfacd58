"""Who is in the simulated organisation: accounts, Regions, and the actors of each account with their habits.

All names are roles (``platform-engineer``), addresses are of example.com or documentation ranges (RFC 5737).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ORGANISATION_ID = "o-exampleorg"
TRAIL_NAME = "organization-trail"
HOME_REGION = "us-east-1"
BUCKET = "example-organization-trail"


@dataclass(frozen=True, slots=True)
class Account:
    """A member of the organisation; ``weight`` is its share of the noise."""

    id: str
    name: str
    weight: float
    regions: tuple[tuple[str, float], ...]


_MAIN = (("us-east-1", 0.6), ("eu-central-1", 0.3), ("us-west-2", 0.1))
_HOME_ONLY = (("us-east-1", 1.0),)

MANAGEMENT = Account("123456789012", "management", 0.02, _HOME_ONLY)
LOG_ARCHIVE = Account("777788889999", "log-archive", 0.03, _HOME_ONLY)
SECURITY = Account("222233334444", "security-tooling", 0.07, (("us-east-1", 0.8), ("eu-central-1", 0.2)))
BUILD = Account("555555555555", "build-and-release", 0.16, (("us-east-1", 0.8), ("eu-central-1", 0.2)))
PRODUCTION = Account("111122223333", "production", 0.40, _MAIN)
STAGING = Account("444455556666", "staging", 0.14, (("us-east-1", 0.5), ("eu-central-1", 0.5)))
DATA = Account("666677778888", "data-platform", 0.18, (("us-east-1", 0.7), ("us-west-2", 0.3)))
ACCOUNTS = (MANAGEMENT, LOG_ARCHIVE, SECURITY, BUILD, PRODUCTION, STAGING, DATA)

ActorKind = Literal["role", "instance", "function", "user", "person", "service"]

CONSOLE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/99.0.4844.51 Safari/537.36"
)
CONSOLE_INTERNAL = "console.amazonaws.com"
CLI_LINUX = "aws-cli/2.4.23 Python/3.8.8 Linux/5.10.93-87.444.amzn2.x86_64 exe/x86_64.amzn.2 prompt/off command/{0}"
_CLI_MAC = (
    "aws-cli/2.27.17 md/awscrt#0.26.1 ua/2.1 os/macos#24.6.0 md/arch#arm64 lang/python#3.13.3 md/pyimpl#CPython "
    "{1}cfg/retry-mode#standard md/installer#exe md/prompt#off md/command#{0}"
)
CLI_MAC = _CLI_MAC.format("{0}", "")
ASSISTANT = _CLI_MAC.format("ec2.describe-instances", "exec-env/AmazonQ-For-CLI-Version-1.15.0 ")
BOTO3 = (
    "Boto3/1.21.18 Python/3.9.10 Linux/4.14.255-273-220.498.amzn2.x86_64 exec-env/AWS_Lambda_python3.9 Botocore/1.24.18"
)
JAVA = (
    "aws-sdk-java/2.17.148 Linux/5.4.176-103.347.amzn2int.x86_64 OpenJDK_64-Bit_Server_VM/11.0.14.1+10-LTS "
    "Java/11.0.14.1 vendor/Amazon.com_Inc. io/async http/NettyNio cfg/retry-mode/legacy"
)
GO = "aws-sdk-go/1.43.16 (go1.17.8; linux; amd64)"
JS = "aws-sdk-js/3.55.0 os/linux/5.10.96-90.460.amzn2.x86_64 lang/js md/nodejs/14.19.0 api/dynamodb/3.55.0"
TERRAFORM = (
    "APN/1.0 HashiCorp/1.0 Terraform/1.1.7 (+https://www.terraform.io) terraform-provider-aws/4.5.0 "
    "(+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go/1.43.9 (go1.16; linux; amd64)"
)
SSM_AGENT = "aws-sdk-go/1.41.4 (go1.17.6; linux; amd64) amazon-ssm-agent/"


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody or something that calls AWS.

    ``profile`` is a key of ``profiles.PROFILES``; ``name`` the role, user, address or service principal; ``weight`` the
    share of its account's calls; ``session_hours`` how long its credentials live. ``addresses`` empty: inside a VPC.
    """

    kind: ActorKind
    name: str
    profile: str
    weight: float
    agents: tuple[str, ...]
    addresses: tuple[str, ...] = ()
    session_hours: float = 1.0
    by_day: bool = False


_SERVICES = (
    Actor("service", "lambda.amazonaws.com", "sts service", 3, ("lambda.amazonaws.com",)),
    Actor("service", "ecs-tasks.amazonaws.com", "sts service", 2, ("ecs-tasks.amazonaws.com",)),
    Actor("service", "config.amazonaws.com", "sts service", 1.5, ("config.amazonaws.com",)),
    Actor("service", "autoscaling.amazonaws.com", "autoscaling", 1, ("autoscaling.amazonaws.com",)),
    Actor("service", "apigateway.amazonaws.com", "lambda service", 3, ("apigateway.amazonaws.com",)),
    Actor("service", "backup.amazonaws.com", "backup", 1, ("backup.amazonaws.com",)),
)
_EVERYWHERE = (
    Actor("role", "organization-audit", "audit", 5, (BOTO3,), ("198.51.100.20",)),
    Actor("role", "metrics-collector", "monitoring", 8, (GO,), ("198.51.100.77", "198.51.100.78"), 1.0),
)
_RUNNING = (
    Actor("function", "order-service", "web", 22, (BOTO3, JS), (), 6.0),
    Actor("role", "app-runtime", "web", 18, (JAVA, JS), (), 6.0),
    Actor("function", "batch-worker", "worker", 14, (BOTO3,), (), 6.0),
    Actor("instance", "ec2-fleet", "instance", 12, (SSM_AGENT,), (), 6.0),
    Actor("role", "terraform-deploy", "deploy", 5, (TERRAFORM,), ("203.0.113.24", "203.0.113.25")),
)


def _people(*names: str, weight: float = 1.6) -> tuple[Actor, ...]:
    agents = (CONSOLE_INTERNAL, CONSOLE, CLI_MAC.format("s3.ls"), CLI_LINUX.format("ec2.describe-instances"), ASSISTANT)
    return tuple(
        Actor("person", f"{name}@example.com", "person", weight, agents, (f"203.0.113.{60 + i}",), 8.0, by_day=True)
        for i, name in enumerate(names)
    )


ACTORS: dict[str, tuple[Actor, ...]] = {
    MANAGEMENT.id: (
        Actor("role", "billing-export", "management", 4, (BOTO3,), (), 1.0),
        *_people("organization-admin", weight=2),
        *_EVERYWHERE,
    ),
    LOG_ARCHIVE.id: (*_SERVICES[:3], *_EVERYWHERE),
    SECURITY.id: (
        Actor("role", "security-scanner", "auditor", 20, (BOTO3,), ("198.51.100.20",)),
        *_people("security-analyst", "incident-responder"),
        *_SERVICES[:2],
    ),
    BUILD.id: (
        Actor("user", "build-automation", "build", 14, (CLI_LINUX.format("s3.cp"), BOTO3), ("203.0.113.40",)),
        Actor("role", "ci-runner", "build", 14, (GO,), ("203.0.113.41", "203.0.113.42")),
        *_RUNNING[3:],
        *_people("release-manager", "build-engineer"),
        *_SERVICES[:4],
        *_EVERYWHERE,
    ),
    PRODUCTION.id: (*_RUNNING, *_people("on-call-engineer", "platform-engineer"), *_SERVICES, *_EVERYWHERE),
    STAGING.id: (
        *_RUNNING,
        *_people("platform-engineer", "backend-developer", "frontend-developer", "quality-engineer"),
        *_SERVICES[:5],
        *_EVERYWHERE,
    ),
    DATA.id: (*_RUNNING[1:], *_people("data-engineer", "data-analyst"), *_SERVICES, *_EVERYWHERE),
}
