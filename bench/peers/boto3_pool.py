"""A script as a good engineer would write it with boto3: shared clients, standard retries, a pool of threads, and the
backup compared by its entity tag instead of being read.

`boto3_pool.py WORKERS BUCKET < names`; prints what became of each layer.
"""

import hashlib
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

WORKERS, BUCKET = int(sys.argv[1]), sys.argv[2]
CONFIG = Config(max_pool_connections=WORKERS, retries={"mode": "standard", "max_attempts": 10})
S3, LAMBDA = boto3.client("s3", config=CONFIG), boto3.client("lambda", config=CONFIG)


def same_backup(name: str, version: int, md5: str) -> bool:
    key = f"layers/{name}/layer/{version:06}/requirements.txt"
    try:
        return S3.head_object(Bucket=BUCKET, Key=key)["ETag"] == f'"{md5}"'
    except ClientError as error:
        if error.response["Error"]["Code"] == "404":
            return False
        raise


def publish(name: str) -> str:
    manifest = Path(name, "requirements.txt").read_bytes()
    md5 = hashlib.md5(manifest).hexdigest()
    staged = f"layers/{name}/layer/layer.zip"
    if S3.head_object(Bucket=BUCKET, Key=staged)["Metadata"].get("manifest_md5") != md5:
        raise ValueError("the staged archive belongs to another manifest")
    versions = LAMBDA.list_layer_versions(LayerName=name)["LayerVersions"]
    if versions and same_backup(name, max(version["Version"] for version in versions), md5):
        return "unchanged"
    content = {"S3Bucket": BUCKET, "S3Key": staged}
    answer = LAMBDA.publish_layer_version(LayerName=name, Content=content, CompatibleRuntimes=["python3.12"])
    backup = f"layers/{name}/layer/{answer['Version']:06}/requirements.txt"
    S3.put_object(Bucket=BUCKET, Key=backup, Body=manifest, ContentType="text/plain")
    return "published"


def outcome(name: str) -> str:
    try:
        return f"{publish(name)} {name}"
    except Exception as error:
        return f"failed {name}: {error}"


with ThreadPoolExecutor(WORKERS) as pool:
    for line in pool.map(outcome, sys.stdin.read().split()):
        print(line, flush=True)
