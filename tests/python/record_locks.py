"""Lets Bundler, Go, Composer and pnpm lock the projects in `tests/interop/locks`, and records what they say is in them.

Usage: record_locks.py FOLDER TOOL…, where FOLDER is `tests/interop/locks` and a TOOL is `bundler`, `go`, `composer` or
`pnpm-5`; `bundler-4` only records what Bundler reads in a lock file that is there.

These tools are too heavy for the tests, so this is run by hand, and its results are kept: the lock file, and beside it
`recorded.json`, each line a package with its version, or with what stands in place of one. But for pnpm, which needs npm,
nothing comes from elsewhere: the packages are made here and served on the loopback interface.
"""

from __future__ import annotations

import functools
import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Iterable
from pathlib import Path

PORT = 18099
HERE = f"http://127.0.0.1:{PORT}"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
ONE_TIME = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", "a"), ("EMAIL", "a@example.test"), ("DATE", "2024-01-02T03:04:05Z"))}

# Name, version, platform, and what it needs.
GEMS = {
    "gems": [
        ("a.b_c-d", "0.1", "ruby", []),
        ("early", "1.0.0.pre1", "ruby", []),
        ("mini_portile2", "2.8.5", "ruby", []),
        ("nokogiri", "1.16.0", "ruby", ["mini_portile2", "racc"]),
        ("nokogiri", "1.16.0", "arm64-darwin", ["racc"]),
        ("nokogiri", "1.16.0", "java", ["racc"]),
        ("nokogiri", "1.16.0", "x86_64-linux", ["racc"]),
        ("racc", "1.7.3", "ruby", []),
        ("racc", "1.7.3", "java", []),
        ("rack", "3.0.8", "ruby", []),
    ],
    "others": [("internal", "2.0", "ruby", [])],
}

# Version, then what it needs and what its tests use besides.
MODULES = {
    "example.test/Upper/Case": {"v0.1.0": ([], [])},
    "example.test/direct": {"v1.0.0": (["example.test/indirect v1.1.0", "example.test/unused v1.0.0"], ["example.test/tested v1.0.0"])},
    "example.test/fork": {"v1.5.0": ([], [])},
    "example.test/indirect": {"v1.1.0": ([], []), "v1.2.0": ([], [])},
    "example.test/local": {"v1.0.0": ([], [])},
    "example.test/multi": {"v1.0.0": ([], [])},
    "example.test/multi/v2": {"v2.3.0": ([], [])},
    "example.test/old": {"v2.0.0+incompatible": (None, [])},
    "example.test/pseudo": {"v0.0.0-20240102030405-abcdefabcdef": ([], [])},
    "example.test/replaced": {"v1.0.0": ([], [])},
    "example.test/tested": {"v1.0.0": ([], [])},
    "example.test/tool": {"v1.0.0": (["example.test/indirect v1.2.0"], [])},
    "example.test/unused": {"v1.0.0": ([], [])},
}


def run(folder: Path, *command: str | Path, **environment: str) -> str:
    alone = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"} | environment
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=alone)
    if done.returncode:
        sys.exit(f"{command}: {done.stdout}{done.stderr}")
    return done.stdout


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def recorded(folder: Path, by: str, packages: Iterable[list[str]]) -> None:
    lines = ",\n    ".join(sorted({json.dumps(package) for package in packages}))
    write(folder / "recorded.json", f'{{\n  "by": {json.dumps(by)},\n  "packages": [\n    {lines}\n  ]\n}}\n')


def gemspec(name: str, version: str, platform: str, needs: list[str]) -> str:
    needed = "".join(f"s.add_dependency {need!r};" for need in needs)
    return (f"Gem::Specification.new {{ |s| s.name = {name!r}; s.version = {version!r}; s.platform = {platform!r};"
            f"s.summary = 'x'; s.authors = ['a']; s.files = []; {needed} }}\n")


def git_served(root: Path, folder: Path) -> None:
    run(folder, "git", "init", "--quiet", "--initial-branch", "main")
    run(folder, "git", "add", ".")
    run(folder, "git", "commit", "--quiet", "--message", "tools", **ONE_TIME)
    run(root, "git", "clone", "--quiet", "--bare", folder, "tools.git")
    run(root / "tools.git", "git", "update-server-info")


# What Bundler's own reader of lock files finds in one.
BUNDLER = """
require "bundler"; require "json"
specs = Bundler::LockfileParser.new(File.read("Gemfile.lock")).specs
puts JSON.generate(specs.map { |spec|
  place = spec.source
  # A gem of a repository is what its commit has.
  version = place.is_a?(Bundler::Source::Git) ? "#{place.uri}##{place.revision}" : spec.version.to_s
  platform = spec.platform.to_s
  [spec.name, platform == "ruby" || version.include?("#") ? version : "#{version}-#{platform}"]
})
"""


def bundler_reads(root: Path, lock: Path, to: Path) -> None:
    folder = Path(tempfile.mkdtemp(dir=root))
    shutil.copy(lock, folder / "Gemfile.lock")
    shutil.copy(to / "Gemfile", folder) if (to / "Gemfile").exists() else write(folder / "Gemfile", "")
    specs = json.loads(run(folder, "ruby", "-e", BUNDLER))
    recorded(to, run(folder, "bundle", "--version").strip(), specs)


def bundler(root: Path, to: Path) -> None:
    for index, gems in GEMS.items():
        for name, version, platform, needs in gems:
            made = root / index / "gems" / f"{name}.gemspec"
            write(made, gemspec(name, version, platform, needs))
            run(made.parent, "gem", "build", "--silent", made.name)
            made.unlink()
        run(root, "gem", "generate_index", "--silent", "--directory", str(root / index))
    for name in ("tools-ui", "tools_core"):
        write(root / "tools" / name / f"{name}.gemspec", gemspec(name, "0.5", "ruby", ["rack"]))
    git_served(root, root / "tools")
    project = root / "project"
    write(project / "vendor/own/own.gemspec", gemspec("own", "0.0.1", "ruby", ["rack"]))
    shutil.copy(to / "Gemfile", project)
    run(project, "bundle", "lock", "--add-platform", "ruby", "java", "arm64-darwin", "x86_64-linux")
    # Bundler itself takes it for up to date.
    assert run(project, "bundle", "lock", "--print") == (project / "Gemfile.lock").read_text()
    shutil.copy(project / "Gemfile.lock", to)
    bundler_reads(root, to / "Gemfile.lock", to)


def bundler_4(root: Path, to: Path) -> None:
    bundler_reads(root, to / "Gemfile.lock", to)


def escaped(path: str) -> str:
    return "".join(f"!{c.lower()}" if c.isupper() else c for c in path)


def serve_module(root: Path, path: str, version: str, needs: list[str] | None, tests: list[str]) -> None:
    folder = root / "modules" / escaped(path) / "@v"
    requires = "".join(f"require {need}\n" for need in [*(needs or []), *tests])
    mod = f"module {path}\n" + ("" if needs is None else f"\ngo 1.19\n\n{requires}")
    # What is never imported is only ever asked for its own needs.
    used = [need.split()[0] for need in needs or [] if "unused" not in need]
    files = {"x.go": "package x\n" + "".join(f'import _ "{one}"\n' for one in used)}
    if needs is not None:
        files["go.mod"] = mod
    for test in tests:
        files["x_test.go"] = f'package x\n\nimport _ "{test.split()[0]}"\n'
    write(folder / f"{version}.info", json.dumps({"Version": version, "Time": "2024-01-02T03:04:05Z"}))
    write(folder / f"{version}.mod", mod)
    with zipfile.ZipFile(folder / f"{version}.zip", "w") as archive:
        for file, text in files.items():
            archive.writestr(zipfile.ZipInfo(f"{path}@{version}/{file}"), text)


# The module that a package comes from, or what replaces it.
ONE = "{{.Path}} {{.Version}}"
MODULE = f"{{{{with .Module}}}}{{{{if not .Main}}}}{{{{with .Replace}}}}{ONE}{{{{else}}}}{ONE}{{{{end}}}}{{{{end}}}}{{{{end}}}}"


def go(root: Path, to: Path) -> None:
    for path, versions in MODULES.items():
        for version, (needs, tests) in versions.items():
            serve_module(root, path, version, needs, tests)
        listed = [version for version in versions if "-2024" not in version]
        write(root / "modules" / escaped(path) / "@v/list", "".join(f"{version}\n" for version in listed))
    project = root / "project"
    write(project / "local/go.mod", "module example.test/local\n")
    write(project / "local/local.go", "package local\n")
    for file in ("go.mod", "main.go"):
        shutil.copy(to / file, project / file)
    alone = {"GOPROXY": f"{HERE}/modules", "GONOSUMDB": "*", "GOFLAGS": "-mod=mod -modcacherw", "GOINSECURE": "*",
             "CGO_ENABLED": "0", "GOTOOLCHAIN": "local"}
    tool = functools.partial(run, project, "go", **alone)
    tool("mod", "tidy")
    tool("mod", "verify")
    # Each module that a package comes from which is built, or tested with one that is.
    used = [line.split() for line in tool("list", "-deps", "-test", "-f", MODULE, "all").splitlines()]
    # What lies in the project itself has no version.
    recorded(to, tool("version").strip(), [module for module in used if len(module) == 2])
    for file in ("go.mod", "go.sum"):
        shutil.copy(project / file, to)


def composer_package(name: str, version: str, **more: object) -> dict[str, object]:
    return {"name": name, "version": version, "type": "library"} | more


# What Composer's own reader of lock files finds in one. Of a branch, the commit is what is installed.
COMPOSER = """
require "/usr/share/php/Composer/autoload.php";
$locker = Composer\\Factory::create(new Composer\\IO\\NullIO())->getLocker();
$found = [];
foreach ([false, true] as $dev) {
  foreach ($locker->getLockedRepository($dev)->getPackages() as $package) {
    if ($package instanceof Composer\\Package\\AliasPackage || isset($found[$package->getName()])) continue;
    $commit = $package->getSourceReference() ?? $package->getDistReference();
    $version = $package->getPrettyVersion() . ($package->isDev() ? "#$commit" : "");
    $found[$package->getName()] = [$package->getName(), $version, $dev ? "development" : "required"];
  }
}
echo json_encode(array_values($found));
"""


def composer(root: Path, to: Path) -> None:
    zipped = lambda name, **more: {"type": "zip", "url": f"{HERE}/{name}.zip"} | more
    source = lambda kind, reference: {"type": kind, "url": f"{HERE}/x.{kind}", "reference": reference}
    made = [
        composer_package("acme/aliased", "dev-feature/x-y", source=source("git", COMMIT)),
        composer_package("acme/branch", "dev-main", source=source("git", COMMIT[::-1])),
        composer_package("acme/exact", "v3.0.0", source=source("git", COMMIT), dist=zipped("exact", reference=COMMIT)),
        composer_package("acme/meta", "1.0.0", type="metapackage", require={"acme/plain": "*"}),
        composer_package("acme/numeric", "2.x-dev", dist=zipped("numeric", reference=COMMIT, shasum="")),
        composer_package("acme/plain", "1.2.3", dist=zipped("plain", shasum="a" * 40)),
        composer_package("acme/plain", "1.1.0", dist=zipped("plain", shasum="b" * 40)),
        composer_package("acme/replaces", "1.0.0", dist=zipped("r"), replace={"acme/gone": "self.version"}),
        composer_package("acme/subversion", "dev-trunk", source=source("svn", "trunk/@1234")),
        composer_package("acme/tester", "9.9.9", dist=zipped("t"), require={"acme/virtual": "*"}),
        composer_package("acme/tester-branch", "dev-main", dist=zipped("tb", reference=COMMIT), provide={"acme/virtual": "1.0"}),
    ]
    packages: dict[str, dict[str, object]] = {}
    for one in made:
        packages.setdefault(str(one["name"]), {})[str(one["version"])] = one
    write(root / "packages/packages.json", json.dumps({"packages": packages}))
    project = root / "project"
    write(project / "vendor-own/lib/composer.json", json.dumps({"name": "own/lib", "version": "dev-own"}))
    shutil.copy(to / "composer.json", project)
    tool = functools.partial(run, project, "composer", "--no-interaction", COMPOSER_ALLOW_SUPERUSER="1")
    tool("update", "--no-install", "--no-progress")
    found = json.loads(run(project, "php", "-r", COMPOSER, COMPOSER_ALLOW_SUPERUSER="1"))
    shown = json.loads(tool("show", "--locked", "--format=json"))["locked"]
    assert {one["name"] for one in shown} == {one[0] for one in found}, shown
    recorded(to, tool("--version").split(" 20")[0].strip(), found)
    shutil.copy(project / "composer.lock", to)


# What pnpm's own reader of lock files finds in one; with the place of what no registry has.
PNPM = """
const { readWantedLockfile } = require('@pnpm/lockfile-file');
const { nameVerFromPkgSnapshot } = require('@pnpm/lockfile-utils');
readWantedLockfile(process.argv[1], { ignoreIncompatible: false }).then((lock) => {
  const found = Object.entries(lock.packages).map(([path, snapshot]) => {
    const { name, version } = nameVerFromPkgSnapshot(path, snapshot);
    const need = snapshot.dev ? 'development' : snapshot.optional ? 'optional' : 'required';
    return [name, snapshot.name ? path : version, need, version];
  });
  console.log(JSON.stringify(found));
});
"""


def listed(node: dict[str, dict[str, dict[str, object]]]) -> Iterable[tuple[str, str]]:
    for group in ("dependencies", "devDependencies", "optionalDependencies"):
        for package in node.get(group, {}).values():
            yield str(package["from"]), str(package["version"])
            yield from listed(package)  # type: ignore[arg-type]


def pnpm_5(root: Path, to: Path) -> None:
    npm = functools.partial(run, root, "npm", HOME=os.environ["HOME"])
    write(root / "package.json", '{"private": true}')
    npm("install", "--ignore-scripts", "--no-audit", "--no-fund", "--legacy-peer-deps", "pnpm@7.33.7",
        "@pnpm/lockfile-file@5.3.8", "@pnpm/lockfile-utils@4.2.8", "@pnpm/logger@4.0.0")
    project = root / "project"
    packed = {"packed": ("@acme/packed", "1.2.3", project / "vendor"), "served": ("served_pkg", "3.0.0", root)}
    (project / "vendor").mkdir(parents=True)
    for folder, (name, version, where) in packed.items():
        write(root / folder / "package.json", json.dumps({"name": name, "version": version}))
        npm("pack", "--pack-destination", str(where), f"./{folder}")
    write(project / "vendor/dir/package.json", json.dumps({"name": "acme-dir_x", "version": "2.0.0"}))
    shutil.copy(to / "package.json", project)
    tool = functools.partial(run, project, "node", root / "node_modules/pnpm/bin/pnpm.cjs")
    tool("install", "--ignore-scripts", "--store-dir", str(root / "store"))
    found = json.loads(run(root, "node", "-e", PNPM, str(project)))
    # It is what pnpm lists; which says something else of what no registry has.
    installed = {pair for node in json.loads(tool("list", "--json", "--depth", "Infinity")) for pair in listed(node)}
    by_name = {(name, version) for name, _, _, version in found}
    places = {name for name, place, _, version in found if place != version}
    assert {name for name, _ in installed ^ by_name} <= places, installed ^ by_name
    recorded(to, f"pnpm {tool('--version').strip()}", [one[:3] for one in found])
    shutil.copy(project / "pnpm-lock.yaml", to)


TOOLS = {"bundler": bundler, "bundler-4": bundler_4, "go": go, "composer": composer, "pnpm-5": pnpm_5}


def main(folder: str, tools: list[str]) -> None:
    for name in tools:
        with tempfile.TemporaryDirectory() as made:
            handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=made)
            http.server.SimpleHTTPRequestHandler.log_message = lambda *_: None  # type: ignore[method-assign]
            with http.server.ThreadingHTTPServer(("127.0.0.1", PORT), handler) as server:
                threading.Thread(target=server.serve_forever, daemon=True).start()
                TOOLS[name](Path(made), Path(folder, name).resolve())
                server.shutdown()


main(sys.argv[1], sys.argv[2:])
