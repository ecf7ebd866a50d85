"""Fills the emulator, which runs this at each start with its own address and a region in the environment."""

import boto3

BUCKETS = ["flotilla-artifacts", "flotilla-logs", "flotilla-uploads"]

# One can be read, one is refused (it is secret), and one belongs to another environment, which must not be seen.
PARAMETERS = [
    ("/flotilla/compose/greeting", "ahoy", "String"),
    ("/flotilla/compose/database/host", "postgres", "String"),
    ("/flotilla/compose/database/password", "flotilla", "SecureString"),
    ("/flotilla/production/greeting", "not for compose", "String"),
]

credentials = {"aws_access_key_id": "dummy", "aws_secret_access_key": "dummy"}
s3, ssm = boto3.client("s3", **credentials), boto3.client("ssm", **credentials)
for bucket in BUCKETS:
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
for name, value, kind in PARAMETERS:
    ssm.put_parameter(Name=name, Value=value, Type=kind)
