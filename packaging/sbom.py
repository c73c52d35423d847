#!/usr/bin/env python3
"""Writes what a binary of layership is built of, as CycloneDX 1.6.

    packaging/sbom.py --target x86_64-unknown-linux-musl --out dist

Those crates that are linked for the target: no tests, no build scripts, nothing of other platforms. Versions and checksums
are those of Cargo.lock. There is no time and no random number in it, so that the same source gives the same bytes. Prints
the path.
"""

import argparse
import json
import tomllib
from pathlib import Path

from crates import graph, linked
from project import ROOT, project


def bom(target: str) -> dict:
    """The whole document."""
    metadata, about = graph(target), project()
    packages = {package["id"]: package for package in metadata["packages"]}
    root = next(key for key, package in packages.items() if package["name"] == about.name)
    used = linked(metadata, about.name)
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text(encoding="utf-8"))
    checksums = {(one["name"], one["version"]): one.get("checksum") for one in lock["package"]}

    def reference(key: str) -> str:
        return f"pkg:cargo/{packages[key]['name']}@{packages[key]['version']}"

    def component(key: str, kind: str) -> dict:
        package = packages[key]
        found = {
            "type": kind,
            "bom-ref": reference(key),
            "name": package["name"],
            "version": package["version"],
            "purl": reference(key),
        }
        checksum = checksums[package["name"], package["version"]]
        if checksum:
            found["hashes"] = [{"alg": "SHA-256", "content": checksum}]
        if package["license"]:
            # `/` is how `OR` was written once.
            found["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
        if package["repository"]:
            found["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
        return found

    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": component(root, "application"),
            "properties": [{"name": "cargo:target", "value": target}],
        },
        "components": [component(key, "library") for key in sorted(used, key=reference) if key != root],
        "dependencies": [
            {"ref": reference(key), "dependsOn": sorted(map(reference, used[key]))}
            for key in sorted(used, key=reference)
        ],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    path = args.out / f"{project().name}-{args.target}.cdx.json"
    path.write_text(json.dumps(bom(args.target), indent=2) + "\n", encoding="utf-8")
    print(path)


if __name__ == "__main__":
    main()
