"""What Cargo.toml says of the project: the only place where its version and its words stand."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOTICES = "THIRD-PARTY.txt"


@dataclass(frozen=True)
class Project:
    """The root package."""

    name: str
    version: str
    description: str
    license: str
    keywords: list[str]
    repository: str

    @property
    def python_version(self) -> str:
        """The version as PEP 440 writes it: `1.2.0-rc.1` is `1.2.0rc1`."""
        release, _, before = self.version.partition("-")
        kind, _, number = before.partition(".")
        words = {"": "", "alpha": "a", "beta": "b", "rc": "rc"}
        if kind not in words:
            raise SystemExit(f"error: version {self.version}: a pre-release is `alpha.N`, `beta.N` or `rc.N`")
        return f"{release}{words[kind]}{number}"


def project() -> Project:
    """Reads it."""
    cargo = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))
    package, shared = cargo["package"], cargo["workspace"]["package"]

    def word(key: str):
        value = package[key]
        return shared[key] if isinstance(value, dict) else value

    keys = ("name", "version", "description", "license", "keywords", "repository")
    return Project(*(word(key) for key in keys))


def licence() -> bytes:
    """The text that goes along with every copy."""
    return (ROOT / "LICENSE").read_bytes()


def notices() -> bytes:
    """The licences of what is linked into the binary, which go along with it; `packaging/notices.py` writes them."""
    return (ROOT / NOTICES).read_bytes()


def readme() -> str:
    """The page of the package in an index."""
    return (ROOT / "packaging/README.md").read_text(encoding="utf-8")
