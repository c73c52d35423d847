"""Steps 2 to 4 of aws_lambda_artifact_builder, called as its users call them.

Prints one JSON object: what the step made, or how it refused: {"refused": type of the exception, "message": its text}.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import boto3
from aws_lambda_artifact_builder.api import (
    LambdaLayerVersionPublisher,
    LayerBuildToolEnum,
    LayerPathLayout,
    create_layer_zip_file,
    upload_layer_zip_to_s3,
)
from s3pathlib import S3Path


def log(line: str) -> None:
    """Standard output is for the result."""
    print(line, file=sys.stderr)


def package(layout: LayerPathLayout) -> None:
    """Step 2: the zip."""
    path = layout.path_build_lambda_layer_zip
    # `zip` adds to a zip that is there already: packages that are gone would stay in it.
    path.unlink(missing_ok=True)
    if shutil.which("zip"):
        # Nothing is left out: by default it leaves out urllib3, without which requests cannot be imported.
        create_layer_zip_file(layout.dir_python, path, ignore_package_list=[], verbose=False)
    else:
        shutil.make_archive(str(path.with_suffix("")), "zip", layout.dir_artifacts, layout.dir_python.name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=["stage", "publish"])
    parser.add_argument("--project", type=Path, required=True)
    parser.add_argument("--tool", type=LayerBuildToolEnum, required=True)
    parser.add_argument("--s3dir", type=S3Path, required=True)
    parser.add_argument("--layer", required=True)
    parser.add_argument("--settings", type=json.loads, help="further arguments of PublishLayerVersion, as JSON")
    args = parser.parse_args()

    common: dict[str, Any] = {
        "s3_client": boto3.client("s3"),
        "path_pyproject_toml": args.project / "pyproject.toml",
        "s3dir_lambda": args.s3dir,
        "layer_build_tool": args.tool,
        "printer": log,
    }
    result: dict[str, Any]
    if args.step == "stage":
        package(LayerPathLayout(path_pyproject_toml=common["path_pyproject_toml"]))
        upload_layer_zip_to_s3(**common)
        result = {"staged": True}
    else:
        publisher = LambdaLayerVersionPublisher(
            **common,
            lambda_client=boto3.client("lambda"),
            layer_name=args.layer,
            publish_layer_version_kwargs=args.settings,
        )
        try:
            deployment = publisher.run()
            result = {
                "version": deployment.layer_version,
                "arn": deployment.layer_version_arn,
                "manifest": deployment.s3path_manifest.uri,
            }
        except (ValueError, FileNotFoundError) as error:
            result = {"refused": type(error).__name__, "message": str(error)}
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
