#!/usr/bin/env python3
"""Packs a built binary with its licence, manual pages and completions, for people and for `cargo binstall`.

    packaging/archive.py --binary target/release/layership --target x86_64-unknown-linux-gnu --out dist

A zip for Windows, a tarball elsewhere, with one folder inside that is named as the archive is. The same input gives the
same bytes. Prints the path of the archive.
"""

import argparse
import gzip
import io
import sys
import tarfile
import zipfile
from pathlib import Path

from project import NOTICES, ROOT, licence, notices, project


def files(binary: Path) -> dict[str, tuple[bytes, int]]:
    """Content and mode of each file inside."""
    found = {
        binary.name: (binary.read_bytes(), 0o755),
        "LICENSE": (licence(), 0o644),
        NOTICES: (notices(), 0o644),
        "README.md": ((ROOT / "packaging/README.md").read_bytes(), 0o644),
        "layers.toml.example": ((ROOT / "layers.toml.example").read_bytes(), 0o644),
    }
    for page in sorted((ROOT / "man").glob("*.1")):
        found[f"man/{page.name}"] = (page.read_bytes(), 0o644)
    return found


def write(binary: Path, target: str, out: Path) -> Path:
    """Writes the archive into a folder."""
    stem = f"{project().name}-{target}"
    out.mkdir(parents=True, exist_ok=True)
    if "windows" in target:
        path = out / f"{stem}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, (content, mode) in files(binary).items():
                info = zipfile.ZipInfo(f"{stem}/{name}", date_time=(1980, 1, 1, 0, 0, 0))
                info.create_system, info.external_attr = 3, (0o100000 | mode) << 16
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, content)
        return path
    path, tar = out / f"{stem}.tar.gz", io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, (content, mode) in files(binary).items():
            info = tarfile.TarInfo(f"{stem}/{name}")
            info.size, info.mode = len(content), mode
            archive.addfile(info, io.BytesIO(content))
    path.write_bytes(gzip.compress(tar.getvalue(), compresslevel=6, mtime=0))
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, required=True)
    parser.add_argument("--target", required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    try:
        print(write(args.binary, args.target, args.out))
    except OSError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
