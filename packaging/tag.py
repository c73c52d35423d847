#!/usr/bin/env python3
"""Whether a tag is the version of Cargo.toml: `packaging/tag.py v0.1.0`."""

import sys

from project import project

wanted = f"v{project().version}"
if sys.argv[1:] != [wanted]:
    sys.exit(f"error: the tag is {' '.join(sys.argv[1:]) or 'missing'}, Cargo.toml says {wanted}")
