#!/usr/bin/env python3
"""Packs a built binary as a wheel (PEP 427), so that `pip install layership` and `uvx layership` work.

    packaging/wheel.py --binary target/release/layership --out dist

The wheel is what `maturin` with `bindings = "bin"` makes: the binary as a script, and metadata. It is written here
because what is released is the very binary that was tested and attested, not one that the packaging compiles again.
The same binary gives the same bytes. Prints the path of the wheel.
"""

import argparse
import base64
import hashlib
import sys
import zipfile
from pathlib import Path

from binary import Unknown, platform_of
from project import NOTICES, licence, notices, project, readme


def metadata() -> str:
    """The core metadata (version 2.4)."""
    about = project()
    return "\n".join(
        [
            "Metadata-Version: 2.4",
            f"Name: {about.name}",
            f"Version: {about.python_version}",
            f"Summary: {about.description}",
            f"Keywords: {','.join(about.keywords)}",
            f"License-Expression: {about.license}",
            "License-File: LICENSE",
            f"License-File: {NOTICES}",
            f"Project-URL: Source, {about.repository}",
            "Classifier: Environment :: Console",
            "Classifier: Programming Language :: Rust",
            "Classifier: Topic :: Software Development :: Build Tools",
            "Description-Content-Type: text/markdown; charset=UTF-8",
            "",
            readme(),
        ]
    )


def write(binary: Path, out: Path) -> Path:
    """Writes the wheel into a folder."""
    about, platform = project(), platform_of(binary)
    stem = f"{about.name}-{about.python_version}"
    info, tags = f"{stem}.dist-info", platform.wheel_tag.split(".")
    wheel = ["Wheel-Version: 1.0", "Generator: packaging/wheel.py", "Root-Is-Purelib: false"]
    wheel += [f"Tag: py3-none-{tag}" for tag in tags]
    files = {
        f"{stem}.data/scripts/{about.name}{platform.suffix}": binary.read_bytes(),
        f"{info}/METADATA": metadata().encode(),
        f"{info}/WHEEL": ("\n".join(wheel) + "\n").encode(),
        f"{info}/licenses/LICENSE": licence(),
        f"{info}/licenses/{NOTICES}": notices(),
    }
    record = [f"{name},sha256={digest(content)},{len(content)}" for name, content in files.items()]
    files[f"{info}/RECORD"] = ("\n".join([*record, f"{info}/RECORD,,"]) + "\n").encode()

    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{stem}-py3-none-{platform.wheel_tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(entry(name), content)
    return path


def entry(name: str) -> zipfile.ZipInfo:
    """An entry that depends on no clock, umask or system."""
    info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    info.create_system = 3
    info.external_attr = (0o100755 if "/scripts/" in name else 0o100644) << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def digest(content: bytes) -> str:
    """As RECORD has it."""
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    try:
        print(write(args.binary, args.out))
    except (Unknown, OSError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
