"""A repository of many layers, and the states in which a run can meet it."""

import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

from sandbox import Sandbox

PEERS = Path(__file__).parent / "peers"
BUCKET = "bench-artifacts"
# Pinned packages in a manifest.
PACKAGES = 40


def names(count: int) -> list[str]:
    return [f"layer-{number:05}" for number in range(count)]


def write(folder: Path, count: int) -> None:
    """A layers file with manifests and zips; the layout is the one that the Python library expects."""
    text = ["[defaults]", f'bucket = "{BUCKET}"', 'prefix = "layers/{layer}"', 'compatible-runtimes = ["python3.12"]']
    for name in names(count):
        text += [f"[layers.{name}]", f'manifest = "{name}/requirements.txt"']
        text += [f'archive = "{name}/build/lambda/layer/layer.zip"']
        (folder / name / "build/lambda/layer").mkdir(parents=True)
        (folder / name / "pyproject.toml").write_text(f'[project]\nname = "{name}"\n')
        set_version(folder, name, "1.0.0")
    (folder / "layers.toml").write_text("\n".join(text) + "\n")


def set_version(folder: Path, name: str, version: str) -> None:
    """One of the packages in another version, and the zip that was built with it."""
    pins = [f"package-{number}=={number}.4.2\n" for number in range(PACKAGES - 1)]
    (folder / name / "requirements.txt").write_text(f"{name}=={version}\n" + "".join(pins))
    with zipfile.ZipFile(folder / name / "build/lambda/layer/layer.zip", "w") as archive:
        archive.writestr(f"python/{name.replace('-', '_')}/__init__.py", f'__version__ = "{version}"\n')


class States:
    """Prepared once per size, copied for every run: what a run leaves behind is no part of the next one."""

    def __init__(self, binary: Path, python: Path | None, folder: Path):
        self.binary, self.python, self.folder = binary, python, folder

    def copy(self, state: str, count: int, changed: int) -> Path:
        """`staged`: everything is staged, nothing published; `library-staged`: the same, by the library; `published`:
        published, and so many changed since."""
        copy = self.folder / "run"
        shutil.rmtree(copy, ignore_errors=True)
        states = {"staged": self._staged, "library-staged": self._staged_by_library}
        shutil.copytree(states[state](count) if state in states else self._published(count, changed), copy)
        return copy

    def _staged(self, count: int) -> Path:
        folder = self.folder / f"staged-{count}"
        if not folder.exists():
            write(folder, count)
            self._layership(folder, "stage")
        return folder

    def _staged_by_library(self, count: int) -> Path:
        folder = self.folder / f"library-staged-{count}"
        if not folder.exists():
            write(folder, count)
            with Sandbox(self.binary, folder / "sandbox") as sandbox:
                command = [self.python, PEERS / "library_stage.py", BUCKET]
                environment = {**os.environ, **sandbox.environment}
                given = "\n".join(names(count))
                subprocess.run(command, cwd=folder, env=environment, input=given, text=True, check=True)
        return folder

    def _published(self, count: int, changed: int) -> Path:
        folder = self.folder / f"published-{count}-{changed}"
        if not folder.exists():
            shutil.copytree(self._published(count, 0) if changed else self._staged(count), folder)
            if changed:
                # Spread over the whole list.
                for name in names(count)[:: count // changed][:changed]:
                    set_version(folder, name, "1.0.1")
                self._layership(folder, "stage")
            else:
                self._layership(folder, "publish")
        return folder

    def _layership(self, folder: Path, command: str) -> None:
        with Sandbox(self.binary, folder / "sandbox") as sandbox:
            arguments = [self.binary, command, "--quiet", "--lambda-requests-per-second", "10000"]
            environment = {**os.environ, **sandbox.environment}
            subprocess.run(arguments, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)

    def left_to_do(self, folder: Path) -> int:
        """How many layers another run would still publish or adopt, or fails at."""
        with Sandbox(self.binary, folder / "sandbox") as sandbox:
            arguments = [self.binary, "plan", "--quiet", "--report", "json=left.json"]
            arguments += ["--lambda-requests-per-second", "10000"]
            environment = {**os.environ, **sandbox.environment}
            subprocess.run(arguments, cwd=folder, env=environment, check=False, stdout=subprocess.DEVNULL)
        summary = (folder / "left.json").open().read(1000)  # the report of many layers is long
        jobs, unchanged = (int(re.search(rf'"{field}": (\d+)', summary)[1]) for field in ("jobs", "unchanged"))
        return jobs - unchanged
