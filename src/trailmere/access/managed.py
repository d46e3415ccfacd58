"""The managed policies: those of AWS that concern CloudTrail, by their names there; and ours, for the roles of people.

Source: AWS managed policy reference guide. They say who may do what with CloudTrail; what AWS's allow in other services
(buckets, topics, keys) means nothing here.
"""

from __future__ import annotations

import json


def _allow(*actions: str) -> str:
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}
    )


_READING = ("cloudtrail:Get*", "cloudtrail:Describe*", "cloudtrail:List*", "cloudtrail:LookupEvents")
_VIEWER = (
    *_READING,
    "cloudtrail:SearchSampleQueries",
    "cloudtrail:StartQuery",
    "cloudtrail:CancelQuery",
    "cloudtrail:StartDashboardRefresh",
    "trailmere:GetHealth",
)
_ANALYST = (*_VIEWER, "cloudtrail:GenerateQuery", "cloudtrail:*Dashboard", "trailmere:PutSavedQuery")
_RESPONDER = (
    *_ANALYST,
    "cloudtrail:*Import",
    "cloudtrail:*Channel",
    "cloudtrail:CreateEventDataStore",
    "cloudtrail:UpdateEventDataStore",
    "cloudtrail:*EventDataStoreIngestion",
    "cloudtrail:PutInsightSelectors",
    "cloudtrail:*Tags",
    "cloudtrail:*Logging",
)

MANAGED: dict[str, str] = {
    "AdministratorAccess": _allow("*"),
    "AWSCloudTrail_FullAccess": _allow("cloudtrail:*"),
    "AWSCloudTrail_ReadOnlyAccess": _allow(*_READING),
    "TrailmereViewer": _allow(*_VIEWER),
    "TrailmereAnalyst": _allow(*_ANALYST),
    "TrailmereResponder": _allow(*_RESPONDER),
}
