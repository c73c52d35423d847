"""Reads bills of materials as CycloneDX's own library does; prints one JSON object, by path.

`problems` is what the official schema of CycloneDX 1.6 says, or null.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from cyclonedx.model.bom import Bom
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL


def read(text: str) -> dict[str, Any]:
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    bom = Bom.from_json(json.loads(text))  # type: ignore[attr-defined]
    layer = bom.metadata.component
    packages = {}
    for component in bom.components:
        # A package URL is what its parser makes of it again.
        assert str(PackageURL.from_string(str(component.purl))) == str(component.purl), component.purl
        packages[str(component.purl)] = sorted(f"{one.alg.value}:{one.content}" for one in component.hashes)
    return {
        "problems": None if error is None else str(error)[:2000],
        "packages": packages,
        "layer": [layer.name, layer.version],
    }


json.dump({path: read(Path(path).read_text(encoding="utf-8")) for path in sys.argv[1:]}, sys.stdout)
