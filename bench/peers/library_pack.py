"""The second step of aws_lambda_artifact_builder: what was built becomes a zip.

`library_pack.py FOLDER ZIP`; the folder is named `python`, as the library's first step leaves it.
"""

import sys
from pathlib import Path

import aws_lambda_artifact_builder.api as builder

builder.create_layer_zip_file(dir_python=Path(sys.argv[1]), path_layer_zip=Path(sys.argv[2]), verbose=False)
