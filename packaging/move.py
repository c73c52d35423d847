#!/usr/bin/env python3
"""Moves the project to another address: the one of Cargo.toml is replaced wherever it stands.

    packaging/move.py acme/layership

That is packages, workflows, pages and tests; their names (`layership`, `@layership/…`) stay. Prints the files that it wrote.
"""

import argparse
import re
import sys
from pathlib import Path

from project import ROOT, project

LEFT_OUT = {".git", "target", "node_modules", "__pycache__", ".layership"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("to", metavar="OWNER/NAME")
    parser.add_argument("--root", type=Path, default=ROOT)
    args = parser.parse_args()
    if not re.fullmatch(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+", args.to):
        sys.exit(f"error: `{args.to}` is not OWNER/NAME")
    own = project().repository.removeprefix("https://github.com/")
    # Neither a longer name that ends or begins alike nor a folder within a path.
    before = r"(?:(?<=github\.com/)|(?<=ghcr\.io/)|(?<![\w@/.-]))"
    pattern = re.compile(before + re.escape(own) + r"(?![\w-])")
    for path in sorted(args.root.rglob("*")):
        if path.is_symlink() or not path.is_file() or LEFT_OUT & set(path.relative_to(args.root).parts):
            continue
        try:
            text = path.read_bytes().decode()
        except UnicodeDecodeError:
            continue
        moved = pattern.sub(args.to, text)
        if moved != text:
            path.write_bytes(moved.encode())
            print(path.relative_to(args.root))


if __name__ == "__main__":
    main()
