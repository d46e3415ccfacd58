"""The managed policies: those of AWS that concern CloudTrail, by their names there.

Source: AWS managed policy reference guide. They say who may do what with CloudTrail; what AWS's allow in other services
(buckets, topics, keys) means nothing here.
"""

from __future__ import annotations

import json


def _allow(*actions: str) -> str:
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}
    )


MANAGED: dict[str, str] = {
    "AdministratorAccess": _allow("*"),
    "AWSCloudTrail_FullAccess": _allow("cloudtrail:*"),
    "AWSCloudTrail_ReadOnlyAccess": _allow(
        "cloudtrail:Get*", "cloudtrail:Describe*", "cloudtrail:List*", "cloudtrail:LookupEvents"
    ),
}
