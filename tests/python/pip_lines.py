"""Whether pip takes each of these requirements files, as a list of JSON. Nothing here needs the network.

Usage: pip_lines.py FILE…
"""

from __future__ import annotations

import json
import sys

from pip._internal.network.session import PipSession
from pip._internal.req.constructors import install_req_from_parsed_requirement
from pip._internal.req.req_file import parse_requirements


def is_taken(file: str) -> bool:
    try:
        for one in parse_requirements(file, session=PipSession()):
            install_req_from_parsed_requirement(one)
    except Exception:
        return False
    return True


print(json.dumps([is_taken(file) for file in sys.argv[1:]]))
