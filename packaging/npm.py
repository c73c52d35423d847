#!/usr/bin/env python3
"""Packs a built binary for npm, so that `npx layership` works.

    packaging/npm.py --binary target/release/layership --out dist     the package of one platform
    packaging/npm.py --main --out dist                                the package that people install

People install `layership`, which names one package for each platform as an optional dependency; npm installs the one
whose `os` and `cpu` fit, and the launcher starts its binary. No script runs during the installation, and nothing is
downloaded but packages. The same input gives the same bytes. Prints the path of the package.
"""

import argparse
import gzip
import io
import json
import sys
import tarfile
from pathlib import Path

from binary import Unknown, platform_of
from project import NOTICES, ROOT, licence, notices, project, readme

# As Node names them; the release workflow builds each of them, statically linked where that is Linux.
PLATFORMS = ["darwin-arm64", "darwin-x64", "linux-arm64", "linux-x64", "win32-x64"]


def package(name: str, further: dict) -> bytes:
    """The package.json."""
    about = project()
    common = {
        "name": name,
        "version": about.version,
        "description": about.description,
        "license": about.license,
        "repository": {"type": "git", "url": f"git+{about.repository}.git"},
    }
    return (json.dumps(common | further, indent=2) + "\n").encode()


def of_platform(binary: Path, out: Path) -> Path:
    """The package that carries the binary of one platform."""
    about, platform = project(), platform_of(binary)
    name = f"{platform.node_os}-{platform.node_cpu}"
    if name not in PLATFORMS:
        raise Unknown(f"{binary}: no package is declared for {name}")
    program = f"bin/{about.name}{platform.suffix}"
    files = {
        "package.json": package(
            f"@{about.name}/{name}",
            {"os": [platform.node_os], "cpu": [platform.node_cpu], "preferUnplugged": True, "files": ["bin", NOTICES]},
        ),
        "LICENSE": licence(),
        NOTICES: notices(),
        "README.md": f"The binary of `{about.name}` for {name}. Install `{about.name}` instead.\n".encode(),
        program: binary.read_bytes(),
    }
    return pack(out / f"{about.name}-{name}-{about.version}.tgz", files, programs=[program])


def main_package(out: Path) -> Path:
    """The package that people install."""
    about = project()
    program = f"bin/{about.name}.js"
    files = {
        "package.json": package(
            about.name,
            {
                "keywords": about.keywords,
                "bin": {about.name: program},
                "engines": {"node": ">=18"},
                "files": ["bin"],
                "optionalDependencies": {f"@{about.name}/{name}": about.version for name in PLATFORMS},
            },
        ),
        "LICENSE": licence(),
        "README.md": readme().encode(),
        program: (ROOT / "packaging/npm/launcher.js").read_bytes(),
    }
    return pack(out / f"{about.name}-{about.version}.tgz", files, programs=[program])


def pack(path: Path, files: dict[str, bytes], programs: list[str]) -> Path:
    """A tarball as npm makes it, without clock or owner."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(f"package/{name}")
            info.size, info.mode = len(content), 0o755 if name in programs else 0o644
            archive.addfile(info, io.BytesIO(content))
    path.write_bytes(gzip.compress(tar.getvalue(), compresslevel=6, mtime=0))
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--binary", type=Path)
    which.add_argument("--main", action="store_true")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    try:
        print(main_package(args.out) if args.main else of_platform(args.binary, args.out))
    except (Unknown, OSError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
