"""The plainest client that sends large zips: one connection for each thread, and nothing but the upload. What it takes is
what this machine and its endpoint take.

`boto3_upload.py WORKERS BUCKET NAME...`
"""

import sys
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

WORKERS, BUCKET, NAMES = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
S3 = boto3.client("s3", config=Config(max_pool_connections=WORKERS))


def send(name: str) -> None:
    S3.upload_file(f"{name}/layer.zip", BUCKET, f"layers/{name}/layer/layer.zip")


with ThreadPoolExecutor(WORKERS) as pool:
    list(pool.map(send, NAMES))
