"""Fills an emulator with the data of the tests: seed.py ENDPOINT BUCKETS INSIDE OUTSIDE [--empty]."""

import sys
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

endpoint, buckets, inside, outside = sys.argv[1], *map(int, sys.argv[2:5])
common = dict(
    endpoint_url=endpoint,
    region_name="eu-west-1",
    aws_access_key_id="test",
    aws_secret_access_key="test",
    config=Config(max_pool_connections=16),
)
s3, ssm = boto3.client("s3", **common), boto3.client("ssm", **common)


def put(name, value, kind="String"):
    ssm.put_parameter(Name=name, Value=value, Type=kind)


prefix = "/flotilla/local"
special = [
    (f"{prefix}/database/host-name.v1_x", "slashes dots dashes"),
    (f"{prefix}/secret", "correct horse battery staple", "SecureString"),
    (f"{prefix}/list", "a,b,c", "StringList"),
    (f"{prefix}/large", "x" * 4096),
    (f"{prefix}/unicode", "grüße ☃"),
]
# AWS refuses an empty value, and so does moto; what an emulator takes, the service has to show.
if "--empty" in sys.argv:
    special.append((f"{prefix}/empty", ""))
names = [f"{prefix}/key-{number:04}" for number in range(inside - len(special))]
# A sibling that begins alike, another environment, another tree, and names without any path.
others = ["/flotilla/local-two/key", "/flotilla/production/key", "/other/key", "plain-key"]
names += [f"{others[number % len(others)]}-{number:03}" for number in range(outside)]

location = {"LocationConstraint": "eu-west-1"}
with ThreadPoolExecutor(8) as pool:
    work = [pool.submit(put, *parameter) for parameter in special]
    work += [pool.submit(put, name, f"value of {name}") for name in names]
    for number in range(buckets):
        name = f"bucket-{number:02}"
        work.append(pool.submit(s3.create_bucket, Bucket=name, CreateBucketConfiguration=location))
    for one in work:
        one.result()
