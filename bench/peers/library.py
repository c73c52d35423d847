"""aws_lambda_artifact_builder as it is documented, one layer after the other or in a pool of threads.

`library.py WORKERS BUCKET < names`; prints what became of each layer.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import aws_lambda_artifact_builder.api as builder
import boto3
from botocore.config import Config
from s3pathlib import S3Path

WORKERS, BUCKET = int(sys.argv[1]), sys.argv[2]
# A good engineer gives a pool of threads a connection each; one thread has the defaults.
POOL = Config(max_pool_connections=max(10, WORKERS))
S3, LAMBDA = boto3.client("s3", config=POOL), boto3.client("lambda", config=POOL)


def publish(name: str) -> str:
    publisher = builder.LambdaLayerVersionPublisher(
        path_pyproject_toml=Path(name, "pyproject.toml").absolute(),
        s3dir_lambda=S3Path(f"s3://{BUCKET}/layers/{name}/"),
        layer_build_tool=builder.LayerBuildToolEnum.pip,
        s3_client=S3,
        layer_name=name,
        lambda_client=LAMBDA,
        publish_layer_version_kwargs={"CompatibleRuntimes": ["python3.12"]},
        verbose=False,
    )
    try:
        publisher.run()
    except Exception as error:  # also how it says "unchanged"
        return f"unchanged {name}" if "unchanged" in str(error) else f"failed {name}: {error}"
    return f"published {name}"


with ThreadPoolExecutor(WORKERS) as pool:
    for line in pool.map(publish, sys.stdin.read().split()):
        print(line, flush=True)
