#!/usr/bin/env python3
"""Writes the licences of everything that is linked into the binary: THIRD-PARTY.txt, which goes along with every copy.

    packaging/notices.py --out THIRD-PARTY.txt

For all targets together, so that one file fits every package. A text that several crates have stands once. Where a crate
may be had under several licences, its MIT licence is chosen if it has one: it asks for the least. Nothing of Cargo.lock is
left out, and the same Cargo.lock gives the same bytes.
"""

import argparse
import re
import sys
from pathlib import Path

from crates import graph, linked
from project import licence, project

NAMES = re.compile(r"^(licen[cs]e|copying|notice|unlicense)", re.IGNORECASE)
# What is called like a licence and is none.
CODE = {".rs", ".c", ".h", ".go", ".py"}
RULE = "=" * 80


def is_choice(expression: str) -> bool:
    """Whether it offers MIT beside others."""
    parts = re.split(r"\s+OR\s+|/", expression.strip("()"))
    return "MIT" in [part.strip(" ()") for part in parts] and len(parts) > 1


def texts(package: dict) -> list[str]:
    """The licences and notices that the crate itself carries, and those of code of others that it carries along."""
    folder = Path(package["manifest_path"]).parent
    found = sorted(path for path in folder.rglob("*") if NAMES.match(path.name) and path.suffix not in CODE and path.is_file())
    # What only its tests read is not linked.
    found = [path for path in found if "tests" not in path.relative_to(folder).parts]
    nested = [path for path in found if path.parent != folder]
    files = [path for path in found if path.parent == folder]
    mit = [path for path in files if "mit" in path.name.lower()]
    if mit and is_choice(package["license"] or ""):
        files = mit + [path for path in files if path.name.lower().startswith("notice")]
    return [plain(path.read_text(encoding="utf-8", errors="replace")) for path in files + nested]


def plain(text: str) -> str:
    """Without what differs between copies of one text and is not its words."""
    return "\n".join(line.rstrip() for line in text.replace("\ufeff", "").splitlines()).strip("\n")


def permission() -> str:
    """The words of the MIT licence, which are the same for everybody."""
    return "The MIT licence says:\n\nPermission is" + licence().decode().split("Permission is", 1)[1].strip("\n")


def document() -> str:
    metadata, own = graph(None), project()
    packages = {package["id"]: package for package in metadata["packages"]}
    used = sorted((packages[key] for key in linked(metadata, own.name)), key=lambda one: (one["name"], one["version"]))
    # What has no source is of this repository, and has its licence.
    used = [package for package in used if package["source"]]
    of_text: dict[str, tuple[str, list[str]]] = {}
    without: list[str] = []
    for package in used:
        name = f"{package['name']} {package['version']} ({package['license'] or 'see its text'})"
        found = texts(package)
        for text in found:
            # Copies of one text differ in how their lines are broken.
            of_text.setdefault(" ".join(text.lower().split()), (text, []))[1].append(name)
        if not found:
            where = package["repository"] or "https://crates.io/crates/" + package["name"]
            without.append(f"{name}\n    by {', '.join(package['authors']) or 'its contributors'}, {where}")
    parts = [
        f"The binary of {own.name} contains the crates below, each under the licence that is named with it.\n"
        f"{len(used)} crates, for all targets together."
    ]
    for text, names in of_text.values():
        parts.append(f"{RULE}\n" + "\n".join(names) + f"\n{RULE}\n\n{text}")
    if without:
        listed = "\n".join(without)
        parts.append(f"{RULE}\nCrates that carry no text of their licence\n{RULE}\n\n{listed}\n\n{permission()}")
    return "\n\n".join(parts) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    try:
        args.out.write_text(document(), encoding="utf-8", newline="\n")
    except OSError as error:
        sys.exit(f"error: {error}")
    print(args.out)


if __name__ == "__main__":
    main()
