"""Terraform with its AWS provider, unmodified: what is declared is created, read alike, changed, destroyed.

The binaries are run where they are: ``terraform``, and a folder of providers that ``TRAILMERE_TERRAFORM_PROVIDERS``
names (as ``terraform providers mirror`` makes it). They are too large to be fetched for a test. A second test needs
neither: it makes the calls that the provider makes, in its order, with its waiting. It shows that these are answered as
the provider needs it, not that Terraform runs. Where the sequence comes from: the public source of the provider's
resource ``aws_cloudtrail_event_data_store``.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from tests.api.buckets import BUCKET, bucket
from tests.clients.serving import Server, on_this_machine, served
from tests.query.background import PATIENCE_SECONDS

pytestmark = [pytest.mark.extended, pytest.mark.timeout(300)]
PROVIDERS = "TRAILMERE_TERRAFORM_PROVIDERS"
STORE = """
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {
  skip_metadata_api_check = true
}

resource "aws_cloudtrail_event_data_store" "audit" {
  name                           = "audit"
  retention_period               = %(days)s
  termination_protection_enabled = false
  tags                           = { team = "%(team)s" }

  advanced_event_selector {
    name = "writes"

    field_selector {
      field  = "eventCategory"
      equals = ["Management"]
    }

    field_selector {
      field  = "readOnly"
      equals = ["false"]
    }
  }
}

resource "aws_cloudtrail" "all" {
  name                  = "all"
  s3_bucket_name        = "%(bucket)s"
  is_multi_region_trail = true
}
"""
SELECTORS = [
    {
        "Name": "writes",
        "FieldSelectors": [
            {"Field": "eventCategory", "Equals": ["Management"]},
            {"Field": "readOnly", "Equals": ["false"]},
        ],
    }
]


class Terraform:
    """``terraform`` in a folder of its own."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.program = on_this_machine("terraform")
        self.providers = os.environ.get(PROVIDERS)
        if not self.providers:
            pytest.skip(f"{PROVIDERS} names no folder of Terraform's providers")
        self.server, self.folder = server, folder
        (folder / "terraform.rc").touch()
        self.declare()
        self.run("init", f"-plugin-dir={self.providers}")

    def declare(self, *, days: int = 90, team: str = "blue") -> None:
        """Write down what there is to be."""
        text = STORE % {"days": days, "team": team, "bucket": BUCKET}
        (self.folder / "main.tf").write_text(text, encoding="utf-8")

    def run(self, *words: str) -> str:
        """What a command says, which has to end with 0."""
        settings = {"TF_CLI_CONFIG_FILE": str(self.folder / "terraform.rc"), "CHECKPOINT_DISABLE": "1"}
        command = [self.program, words[0], "-no-color", *words[1:]]
        done = self.server.run(command, cwd=self.folder, also=settings)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def test_terraform_creates_reads_changes_and_destroys_a_store_and_a_trail(tmp_path: Path) -> None:
    folder = tmp_path / "declared"
    folder.mkdir()
    with bucket() as (_s3, found), served(tmp_path, **found) as server:
        terraform = Terraform(server, folder)
        terraform.run("apply", "-auto-approve")
        made = server.client().get_trail(Name="all")["Trail"]
        terraform.run("plan", "-detailed-exitcode")  # 0: no differences
        terraform.declare(days=30, team="red")
        told = terraform.run("apply", "-auto-approve")
        stores = server.client().list_event_data_stores()["EventDataStores"]
        (arn,) = (one["EventDataStoreArn"] for one in stores if one["Name"] == "audit")
        changed = server.client().get_event_data_store(EventDataStore=arn)
        changed_tags = tags(server.client(), arn)
        terraform.run("destroy", "-auto-approve")
        gone = server.client().get_event_data_store(EventDataStore=arn)
        trails = server.client().list_trails()["Trails"]

    assert "Resources: 0 added, 1 changed, 0 destroyed." in told
    assert (made["S3BucketName"], made["IsMultiRegionTrail"]) == (BUCKET, True)
    assert (changed["RetentionPeriod"], changed_tags) == (30, {"team": "red"})
    assert (gone["Status"], trails) == ("PENDING_DELETION", [])


def until(client: Any, arn: str, *targets: str) -> dict[str, Any]:
    """What is read once the status is one that the provider waits for."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (read := client.get_event_data_store(EventDataStore=arn))["Status"] not in targets:
        assert time.monotonic() < deadline, read
    return dict(read)


def state(read: dict[str, Any]) -> dict[str, Any]:
    """The attributes that the provider keeps of a store, and compares with what is declared."""
    names = (
        "EventDataStoreArn", "AdvancedEventSelectors", "BillingMode", "KmsKeyId", "MultiRegionEnabled", "Name",
        "OrganizationEnabled", "RetentionPeriod", "TerminationProtectionEnabled",
    )  # fmt: skip
    return {name: read[name] for name in names if name in read}


def tags(client: Any, arn: str) -> dict[str, str]:
    return {
        one["Key"]: one["Value"] for one in client.list_tags(ResourceIdList=[arn])["ResourceTagList"][0]["TagsList"]
    }


def test_the_calls_of_terraforms_provider_are_answered_as_it_waits_for_and_compares_them(tmp_path: Path) -> None:
    declared = {
        "Name": "audit",
        "AdvancedEventSelectors": SELECTORS,
        "BillingMode": "EXTENDABLE_RETENTION_PRICING",
        "MultiRegionEnabled": True,
        "OrganizationEnabled": False,
        "RetentionPeriod": 2555,
        "TerminationProtectionEnabled": False,
    }
    with served(tmp_path) as server:
        client = server.client()
        arn = client.create_event_data_store(**declared, TagsList=[{"Key": "team", "Value": "blue"}])[
            "EventDataStoreArn"
        ]
        created, created_tags = state(until(client, arn, "ENABLED", "STOPPED_INGESTION")), tags(client, arn)
        client.update_event_data_store(EventDataStore=arn, RetentionPeriod=90)
        updated = state(until(client, arn, "ENABLED"))
        client.remove_tags(ResourceId=arn, TagsList=[{"Key": "team", "Value": "blue"}])
        client.add_tags(ResourceId=arn, TagsList=[{"Key": "owner", "Value": "red"}])
        updated_tags = tags(client, arn)
        client.stop_event_data_store_ingestion(EventDataStore=arn)
        until(client, arn, "STOPPED_INGESTION")
        client.start_event_data_store_ingestion(EventDataStore=arn)
        until(client, arn, "ENABLED")
        client.delete_event_data_store(EventDataStore=arn)
        until(client, arn, "PENDING_DELETION")

    assert (created, created_tags) == ({**declared, "EventDataStoreArn": arn}, {"team": "blue"})
    assert (updated, updated_tags) == ({**created, "RetentionPeriod": 90}, {"owner": "red"})
