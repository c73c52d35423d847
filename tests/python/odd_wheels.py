"""Builds wheels of packages whose names and versions are spelled in many ways: `odd_wheels.py FOLDER` builds them there.

By tools of this environment, and by hand as older ones wrote them. Prints a JSON object: for each builder, what a
requirements file says of each wheel, by its file name.
"""

import base64
import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

BUILDERS = {"setuptools": "setuptools.build_meta", "poetry": "poetry.core.masonry.api"}

VERSIONS = ["1!2.0", "1.0-1", "1.0.post2", "1.0+cu118", "1.0+ubuntu.1-x", "1.0.0-beta.2", "v1.0", "1.0.dev3", "01.2"]

# As names of files have them, and as the metadata do. Poetry wrote the first one until its core 1.0.8.
BY_HAND = [
    ("1_2.0", "1!2.0"),
    ("1.0_cu118", "1.0+cu118"),
    ("1.0_ubuntu.1_x", "1.0+ubuntu.1.x"),
    ("1.0_post2", "1.0.post2"),
    ("1.0_1", "1.0.post1"),
    ("1_2.0_cu118", "1!2.0+cu118"),
    ("2004b", "2004b"),
]


def built(folder: Path, builder: str, name: str, version: str) -> str:
    """The file name of a wheel that a tool built."""
    source = folder / "source" / name
    package = source / plain(name)
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (source / "pyproject.toml").write_text(f'[project]\nname = "{name}"\nversion = "{version}"\n')
    build = f"import {BUILDERS[builder]} as backend; print(backend.build_wheel({str(folder)!r}))"
    done = subprocess.run([sys.executable, "-c", build], cwd=source, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.splitlines()[-1]


def by_hand(folder: Path, name: str, text: str, version: str) -> str:
    """The same of one that is packed here, with this text as its version."""
    stem = f"{name.replace('-', '_')}-{text}"
    info = f"{stem}.dist-info"
    files = {
        f"{plain(name)}.py": "",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},sha256={digest(content)},{len(content)}\n" for path, content in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
        for path, content in files.items():
            wheel.writestr(path, content)
    return f"{stem}-py3-none-any.whl"


def plain(name: str) -> str:
    return name.lower().replace(".", "_").replace("-", "_")


def digest(content: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content.encode()).digest()).rstrip(b"=").decode()


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    wheels = {}
    for builder in BUILDERS:
        names = [(f"Zope.{builder}-Odd_{index}", version) for index, version in enumerate(VERSIONS)]
        wheels[builder] = {built(folder, builder, name, version): f"{name}=={version}" for name, version in names}
    hand = [(f"Zope.hand-Odd_{index}", *version) for index, version in enumerate(BY_HAND)]
    wheels["hand"] = {by_hand(folder, *one): f"{one[0]}=={one[2]}" for one in hand}
    print(json.dumps(wheels))


main()
