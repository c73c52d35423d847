"""Which crates are linked into the binary, as cargo knows them."""

import json
import subprocess
import sys

from project import ROOT


def graph(target: str | None) -> dict:
    """What cargo knows of the packages, of one target or of all, without asking anybody."""
    command = ["cargo", "metadata", "--format-version=1", "--locked", "--offline"]
    command += ["--filter-platform", target] if target else []
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if ended.returncode != 0:
        fetch = f"cargo fetch --locked --target {target}" if target else "cargo fetch --locked"
        sys.exit(f"error: cargo metadata: {ended.stderr.strip()}\nhint: `{fetch}` first")
    return json.loads(ended.stdout)


def linked(metadata: dict, name: str) -> dict[str, list[str]]:
    """The packages that this one needs to run, itself among them, each with those that it needs itself.

    Procedural macros run in the compiler, and what they alone need is not in the binary.
    """
    packages = metadata["packages"]
    macros = {one["id"] for one in packages if any("proc-macro" in target["kind"] for target in one["targets"])}
    nodes = {node["id"]: node["deps"] for node in metadata["resolve"]["nodes"]}
    found, open_ids = {}, [next(one["id"] for one in packages if one["name"] == name)]
    while open_ids:
        package = open_ids.pop()
        if package not in found:
            needed = [one for one in nodes[package] if any(kind["kind"] is None for kind in one["dep_kinds"])]
            found[package] = [one["pkg"] for one in needed if one["pkg"] not in macros]
            open_ids += found[package]
    return found
