"""Trails through boto3: created, described, changed, in their home Region and others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.serving import ACCOUNT
from tests.api.test_stores import code_of

Client = Callable[..., Any]
ARN = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail"


@pytest.fixture
def cloudtrail(client: Client) -> Any:
    """The administrator's client."""
    return client("cloudtrail")


def test_a_trail_is_got_as_it_was_created(cloudtrail: Any) -> None:
    created = cloudtrail.create_trail(
        Name="audit", S3BucketName="logs", S3KeyPrefix="all", SnsTopicName="told", IsMultiRegionTrail=True
    )

    trail = cloudtrail.get_trail(Name="audit")["Trail"]
    del created["ResponseMetadata"]
    assert created["TrailARN"] == f"{ARN}/audit"
    assert created["SnsTopicARN"] == f"arn:aws:sns:us-east-1:{ACCOUNT}:told"
    assert trail == {
        **created,
        "HomeRegion": "us-east-1",
        "HasCustomEventSelectors": False,
        "HasInsightSelectors": False,
    }


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("aa", "Trail name too short. Minimum allowed length: 3 characters. Specified name length: 2 characters."),
        ("-trail", "Trail name must starts with a letter or number."),
        ("trail!", "Trail name must ends with a letter or number."),
        ("my--trail", "Trail name cannot have adjacent periods (.), hyphens (-), or underscores (_)."),
        ("192.168.5.4", "Trail name cannot be in IP address format."),
    ],
)
def test_a_name_that_no_trail_can_have_is_refused_in_the_words_of_the_service(
    cloudtrail: Any, name: str, message: str
) -> None:
    with pytest.raises(cloudtrail.exceptions.InvalidTrailNameException) as caught:
        cloudtrail.create_trail(Name=name, S3BucketName="logs")

    assert caught.value.response["Error"]["Message"] == message


def test_what_is_wrong_with_a_trail_is_told_with_the_declared_error(cloudtrail: Any) -> None:
    cloudtrail.create_trail(Name="audit", S3BucketName="logs")

    def created(**wishes: Any) -> str:
        return code_of(lambda: cloudtrail.create_trail(**{"Name": "other", "S3BucketName": "logs", **wishes}))

    assert created(Name="audit") == "TrailAlreadyExistsException"
    assert created(IncludeGlobalServiceEvents=False, IsMultiRegionTrail=True) == "InvalidParameterCombinationException"
    assert created(S3BucketName="no bucket") == "InvalidS3BucketNameException"
    assert created(S3KeyPrefix="x" * 201) == "InvalidS3PrefixException"
    assert created(SnsTopicName="a topic") == "InvalidSnsTopicNameException"
    assert created(KmsKeyId="a key") == "InvalidKmsKeyIdException"
    assert created(IsOrganizationTrail=True) == "OrganizationsNotInUseException"
    assert created(TagsList=[{"Key": "aws:x", "Value": "y"}]) == "InvalidTagParameterException"
    for number in range(4):
        cloudtrail.create_trail(Name=f"more{number}", S3BucketName="logs")
    assert created() == "MaximumNumberOfTrailsExceededException"


def test_a_trail_that_is_not_there_is_told_by_its_name_or_its_arn(cloudtrail: Any) -> None:
    messages = []
    for operation in (cloudtrail.get_trail, cloudtrail.get_trail_status):
        with pytest.raises(cloudtrail.exceptions.TrailNotFoundException) as caught:
            operation(Name="audit")
        messages.append(caught.value.response["Error"]["Message"])

    assert messages == [
        f"Unknown trail: audit for the user: {ACCOUNT}",
        f"Unknown trail: {ARN}/audit for the user: {ACCOUNT}",
    ]
    assert code_of(lambda: cloudtrail.get_trail(Name="arn:aws:s3:::x")) == "CloudTrailARNInvalidException"


def test_other_regions_show_the_shadow_of_a_trail_of_several_and_do_not_change_it(
    cloudtrail: Any, client: Client
) -> None:
    cloudtrail.create_trail(Name="one", S3BucketName="logs")
    cloudtrail.create_trail(Name="all", S3BucketName="logs", IsMultiRegionTrail=True)

    abroad = client("cloudtrail", region="eu-west-1")

    def names(described: Any) -> list[str]:
        return [one["Name"] for one in described["trailList"]]

    assert names(cloudtrail.describe_trails()) == ["one", "all"]
    assert names(abroad.describe_trails()) == ["all"]
    assert names(abroad.describe_trails(includeShadowTrails=False)) == []
    assert names(abroad.describe_trails(trailNameList=["one", f"{ARN}/one"])) == ["one"]
    assert [one["HomeRegion"] for one in abroad.list_trails()["Trails"]] == ["us-east-1"]
    assert abroad.get_trail_status(Name="all")["IsLogging"] is False
    assert code_of(lambda: abroad.start_logging(Name="all")) == "InvalidHomeRegionException"
    assert code_of(lambda: abroad.delete_trail(Name="one")) == "TrailNotFoundException"


def test_logging_is_started_and_stopped_and_the_status_says_since_when(cloudtrail: Any) -> None:
    cloudtrail.create_trail(Name="audit", S3BucketName="logs")

    before = cloudtrail.get_trail_status(Name="audit")
    cloudtrail.start_logging(Name="audit")
    started = cloudtrail.get_trail_status(Name=f"{ARN}/audit")
    cloudtrail.stop_logging(Name="audit")
    stopped = cloudtrail.get_trail_status(Name="audit")
    assert (before["IsLogging"], before["TimeLoggingStarted"], "StartLoggingTime" in before) == (False, "", False)
    assert (started["IsLogging"], "StopLoggingTime" in started) == (True, False)
    assert (stopped["IsLogging"], stopped["StartLoggingTime"]) == (False, started["StartLoggingTime"])
    assert stopped["StopLoggingTime"] >= stopped["StartLoggingTime"]


def test_a_trail_is_changed_and_deleted(cloudtrail: Any) -> None:
    cloudtrail.create_trail(Name="audit", S3BucketName="logs")

    changed = cloudtrail.update_trail(Name="audit", S3BucketName="more-logs", EnableLogFileValidation=True)
    same = cloudtrail.update_trail(Name="audit")
    cloudtrail.delete_trail(Name="audit")
    assert (changed["S3BucketName"], changed["LogFileValidationEnabled"]) == ("more-logs", True)
    assert same["S3BucketName"] == "more-logs"
    assert cloudtrail.describe_trails()["trailList"] == []


def test_selectors_of_one_kind_take_the_place_of_the_other(cloudtrail: Any) -> None:
    cloudtrail.create_trail(Name="audit", S3BucketName="logs")
    basic = [{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True, "DataResources": []}]
    advanced = [{"Name": "all", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}]

    default = cloudtrail.get_event_selectors(TrailName="audit")
    put = cloudtrail.put_event_selectors(TrailName="audit", EventSelectors=basic)
    cloudtrail.put_event_selectors(TrailName="audit", AdvancedEventSelectors=advanced)
    got = cloudtrail.get_event_selectors(TrailName="audit")
    assert default["EventSelectors"][0]["ReadWriteType"] == "All"
    assert (put["EventSelectors"], "AdvancedEventSelectors" in put) == (basic, False)
    assert (got["AdvancedEventSelectors"], "EventSelectors" in got) == (advanced, False)
    assert cloudtrail.get_trail(Name="audit")["Trail"]["HasCustomEventSelectors"] is True


@pytest.mark.parametrize(
    "selectors",
    [
        {},
        {"EventSelectors": []},
        {"EventSelectors": [{"DataResources": [{"Type": "AWS::SNS::Topic", "Values": ["arn:aws:sns"]}]}]},
        {"EventSelectors": [{"IncludeManagementEvents": False}]},
        {"EventSelectors": [{"ExcludeManagementEventSources": ["ec2.amazonaws.com"]}]},
        {
            "AdvancedEventSelectors": [
                {
                    "FieldSelectors": [
                        {"Field": "eventCategory", "Equals": ["Management"]},
                        {"Field": "eventName", "Equals": ["RunInstances"]},
                    ]
                }
            ]
        },
        {"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Insight"]}]}]},
    ],
)
def test_selectors_that_no_trail_can_have_are_refused(cloudtrail: Any, selectors: dict[str, Any]) -> None:
    cloudtrail.create_trail(Name="audit", S3BucketName="logs")

    code = code_of(lambda: cloudtrail.put_event_selectors(TrailName="audit", **selectors))
    assert code == "InvalidEventSelectorsException"
