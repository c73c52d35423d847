"""Everything in a bucket and every version of a layer, as boto3 sees them; prints one JSON object."""

from __future__ import annotations

import hashlib
import json
import sys
from typing import Any

import boto3


def objects(bucket: str) -> dict[str, Any]:
    """Every object by its key."""
    s3 = boto3.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    keys = [found["Key"] for page in pages for found in page.get("Contents", [])]
    return {key: described(s3.get_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")) for key in keys}


def described(found: dict[str, Any]) -> dict[str, Any]:
    body: bytes = found["Body"].read()
    return {
        "content_type": found["ContentType"],
        "metadata": found["Metadata"],
        "version_id": found.get("VersionId"),
        "etag": found["ETag"],
        "checksum_sha256": found.get("ChecksumSHA256"),
        "checksum_type": found.get("ChecksumType"),
        "size": len(body),
        "md5": hashlib.md5(body).hexdigest(),
        "sha256": hashlib.sha256(body).hexdigest(),
        # Latin-1 keeps every byte, whatever the bytes mean.
        "body": None if found["ContentType"] == "application/zip" else body.decode("latin-1"),
    }


def versions(layer: str) -> list[dict[str, Any]]:
    """Every version of the layer, oldest first."""
    client = boto3.client("lambda")
    pages = client.get_paginator("list_layer_versions").paginate(LayerName=layer)
    numbers = sorted(found["Version"] for page in pages for found in page["LayerVersions"])
    return [version(client.get_layer_version(LayerName=layer, VersionNumber=number)) for number in numbers]


def version(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": found["Version"],
        "arn": found["LayerVersionArn"],
        "code_sha256": found["Content"]["CodeSha256"],
        "location": found["Content"]["Location"],
        "runtimes": sorted(found.get("CompatibleRuntimes", [])),
        "architectures": sorted(found.get("CompatibleArchitectures", [])),
        "license": found.get("LicenseInfo"),
        "description": found.get("Description"),
    }


if __name__ == "__main__":
    _, bucket_name, layer_name = sys.argv
    json.dump({"objects": objects(bucket_name), "versions": versions(layer_name)}, sys.stdout)
