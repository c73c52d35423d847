"""Does with a published layer what Lambda does: downloads it, unpacks it, and imports from it.

Prints the version of each imported module as JSON. Run with `-S`, so that nothing else can be imported.
"""

from __future__ import annotations

import importlib
import io
import json
import sys
import urllib.request
import zipfile
from pathlib import Path


def version(module_name: str, root: Path) -> str:
    module = importlib.import_module(module_name)
    assert module.__file__ and Path(module.__file__).is_relative_to(root), module.__file__
    return str(module.__version__)


def main() -> None:
    location, folder, *modules = sys.argv[1:]
    with urllib.request.urlopen(location) as answer:
        zipfile.ZipFile(io.BytesIO(answer.read())).extractall(folder)
    root = Path(folder) / "python"
    sys.path.insert(0, str(root))
    json.dump({name: version(name, root) for name in modules}, sys.stdout)


if __name__ == "__main__":
    main()
