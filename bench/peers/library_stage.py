"""Stages zips as aws_lambda_artifact_builder does: with their manifest's MD5, without a SHA-256 and without a note.

`library_stage.py BUCKET < names`
"""

import hashlib
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
from botocore.config import Config

BUCKET = sys.argv[1]
# As older clients do: boto3 of today sends a checksum that S3 keeps.
S3 = boto3.client("s3", config=Config(max_pool_connections=16, request_checksum_calculation="when_required"))


def stage(name: str) -> None:
    md5 = hashlib.md5(Path(name, "requirements.txt").read_bytes()).hexdigest()
    S3.put_object(
        Bucket=BUCKET,
        Key=f"layers/{name}/layer/layer.zip",
        Body=Path(name, "build/lambda/layer/layer.zip").read_bytes(),
        ContentType="application/zip",
        Metadata={"manifest_md5": md5},
    )


with ThreadPoolExecutor(16) as pool:
    list(pool.map(stage, sys.stdin.read().split()))
