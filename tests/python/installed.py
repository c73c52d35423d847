"""What a tool installs of its own lock file, for Python 3.12 on Linux and x86-64; prints JSON: names to versions.

Usage: installed.py TOOL FOLDER [OPTION…], where options are those of the tool. The tools only read: nothing here needs the
network.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable

from packaging.markers import Marker
from packaging.pylock import Pylock
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

WHERE = {
    "implementation_name": "cpython",
    "implementation_version": "3.12.0",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.12.0",
    "python_version": "3.12",
    "sys_platform": "linux",
    "extra": "",
}


def is_installed(marker: Marker | None) -> bool:
    return marker is None or marker.evaluate(WHERE)


def exported(*command: str) -> dict[str, str]:
    """Of a list of requirements that a tool made of its lock file."""
    bin = pathlib.Path(sys.executable).parent
    # Nothing is to be made for reading.
    alone = os.environ | {"PDM_USE_VENV": "0", "PDM_CHECK_UPDATE": "0", "POETRY_VIRTUALENVS_CREATE": "false"}
    done = subprocess.run([bin / command[0], *command[1:]], capture_output=True, text=True, check=False, env=alone)
    if done.returncode:
        sys.exit(done.stderr)
    lines = (line.split("#")[0].strip() for line in done.stdout.splitlines())
    return pinned(Requirement(line) for line in lines if line and not line.startswith(("-", ".")))


def pinned(requirements: Iterable[Requirement]) -> dict[str, str]:
    used = [one for one in requirements if is_installed(one.marker)]
    return {canonicalize_name(one.name): next(iter(one.specifier)).version for one in used}


def pip() -> dict[str, str]:
    """As pip's own parser reads requirements.txt."""
    from pip._internal.network.session import PipSession
    from pip._internal.req.constructors import install_req_from_parsed_requirement
    from pip._internal.req.req_file import parse_requirements

    parsed = parse_requirements("requirements.txt", session=PipSession())
    made = [install_req_from_parsed_requirement(one) for one in parsed]
    # pip brings a copy of `packaging` of its own: the text of its requirement is what both know.
    return pinned(Requirement(str(one.req) + (f" ; {one.markers}" if one.markers else "")) for one in made)


def pylock() -> dict[str, str]:
    lock = Pylock.from_dict(tomllib.loads(pathlib.Path("pylock.toml").read_text()))
    return {one.name: str(one.version) for one in lock.packages if is_installed(one.marker)}


UV = ["uv", "export", "--offline", "--frozen", "--no-dev", "--no-hashes", "--no-emit-workspace"]
TOOLS: dict[str, Callable[..., dict[str, str]]] = {
    "uv": lambda *more: exported(*UV, *more),
    "poetry": lambda: exported("poetry", "export", "--without-hashes"),
    "pdm": lambda: exported("pdm", "export", "--prod", "--no-hashes", "--format", "requirements"),
    "pipenv": lambda: exported("pipenv", "requirements"),
    "pip": pip,
    "pylock": pylock,
}


def main() -> None:
    tool, folder, *more = sys.argv[1:]
    os.chdir(folder)
    print(json.dumps(TOOLS[tool](*more), sort_keys=True))


main()
