"""A stand-in for AWS: an organisation whose trails are delivered as CloudTrail really writes them."""
