"""Cases that are about bytes and not about layers: folders that are packed or found unchanged, and large uploads. Each is
measured beside what else does it on this machine, in the same run."""

import os
import random
import shutil
import subprocess
import sys
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path

import measure
from project import BUCKET
from sandbox import Sandbox

PEERS = Path(__file__).parent / "peers"
MB = 1_000_000
# Together beyond what Lambda accepts of one layer, so there are three.
UNCHANGED = [("one", 129), ("two", 129), ("three", 128)]
CHANGED = [("changed", 158)]
UPLOADS, UPLOAD_MB = 20, 60
# S3 answers after so many milliseconds.
LATENCY = {"s3": 30}


@dataclass
class Measured:
    case: str
    tool: str
    what: str
    seconds: float
    cpu_seconds: float
    # None where it was not measured.
    memory_mb: float | None


def of(case: str, tool: str, what: str, usage: measure.Usage) -> Measured:
    if usage.exit_code:
        raise RuntimeError(f"{tool}, {what}: exit code {usage.exit_code}")
    row = Measured(case, tool, what, usage.seconds, usage.cpu_seconds, usage.memory_mb)
    print(f"{case}: {tool}, {what}: {usage.seconds:.2f} s, {usage.cpu_seconds:.2f} s of CPU", file=sys.stderr, flush=True)
    return row


def folders(binary: Path, python: Path | None, folder: Path) -> list[Measured]:
    """Folders that did not change, and one that did, beside `zip -6`, Python's zipfile and the Python library's own packing."""
    found = []
    project = fresh(folder / "folders")
    layers(project, [(name, f"{name}/build") for name, _ in UNCHANGED + CHANGED])
    for name, size in UNCHANGED + CHANGED:
        package(project / name / "build/python", size * MB, seed=name)
    os.sync()
    unchanged, changed = [name for name, _ in UNCHANGED], [name for name, _ in CHANGED]
    # Read once: what is measured is not the disk.
    read_all(project)
    with Sandbox(binary, folder / "folders-sandbox") as sandbox:
        stage = lambda names: measure.run([binary, "stage", "--quiet", *names], folder=project, environment=sandbox.environment)
        found.append(of("folders", "layership", "386 MB, packed and staged", stage(unchanged)))
        found.append(of("folders", "layership", "386 MB, unchanged", stage(unchanged)))
        # Read, packed and digested, and nothing sent: as the peers do.
        plan = [binary, "plan", "--stage", "--quiet", *changed]
        usage = measure.run(plan, folder=project, environment=sandbox.environment)
        found.append(of("folders", "layership", "158 MB, packed", usage))
        found.append(of("folders", "layership", "158 MB, packed and staged", stage(changed)))
    build = project / "changed/build"
    command = ["zip", "-6", "--quiet", "--recurse-paths", project / "peer.zip", "."]
    if shutil.which("zip"):
        usage = measure.run(command, folder=project, working=build)
        found.append(of("folders", "zip -6", "158 MB, packed", usage))
    script = "import shutil, sys; shutil.make_archive(sys.argv[1], 'zip', sys.argv[2])"
    usage = measure.run([sys.executable, "-c", script, project / "python", build], folder=project)
    found.append(of("folders", "Python's zipfile", "158 MB, packed", usage))
    if python:
        command = [python, PEERS / "library_pack.py", build / "python", project / "library.zip"]
        found.append(of("folders", "Python library", "158 MB, packed", measure.run(command, folder=project)))
    return found


def uploads(binary: Path, python: Path | None, folder: Path) -> list[Measured]:
    """Large zips, beside a plain client that does nothing but send the same bytes to the same endpoint."""
    found = []
    project = fresh(folder / "uploads")
    names = [f"large-{number:02}" for number in range(UPLOADS)]
    layers(project, [(name, f"{name}/layer.zip") for name in names])
    for name in names:
        (project / name).mkdir(exist_ok=True)
        # What is compressed already, as wheels with native libraries nearly are.
        with zipfile.ZipFile(project / name / "layer.zip", "w") as archive:
            archive.writestr("python/library.bin", random.Random(name).randbytes(UPLOAD_MB * MB))
    os.sync()
    read_all(project)
    what = f"{UPLOADS} zips of {UPLOAD_MB} MB"
    runs = {"layership": [binary, "stage", "--quiet"]}
    if python:
        runs["boto3 client"] = [python, PEERS / "boto3_upload.py", "32", BUCKET, *names]
    for tool, command in runs.items():
        shutil.rmtree(folder / "uploads-sandbox", ignore_errors=True)
        with Sandbox(binary, folder / "uploads-sandbox", latency=LATENCY) as sandbox:
            usage = measure.run(command, folder=project, environment=sandbox.environment)
        found.append(of("uploads", tool, what, usage))
        os.sync()
    return found


CASES = {"folders": folders, "uploads": uploads}


def targets(rows: list[Measured]) -> list[tuple]:
    """What was to be reached: wanted, value, goal, unit, note, and whether more is better."""
    by = {(row.tool, row.what): row for row in rows}
    found = []
    unchanged, packed = by.get(("layership", "386 MB, unchanged")), by.get(("layership", "386 MB, packed and staged"))
    if unchanged and packed:
        note = f"; {packed.seconds:.2f} s and {unchanged.seconds:.2f} s"
        found.append(("folders of 386 MB, unchanged: 8 times faster than packed", packed.seconds / unchanged.seconds, 8, "times", note, True))
    ours, theirs = by.get(("layership", "158 MB, packed")), by.get(("zip -6", "158 MB, packed"))
    if ours and theirs:
        note = f"; {ours.seconds:.2f} s and {theirs.seconds:.2f} s"
        found.append(("folder of 158 MB: at most half of the time of `zip -6`", ours.seconds / theirs.seconds, 0.5, "of it", note, False))
    what = f"{UPLOADS} zips of {UPLOAD_MB} MB"
    ours, theirs = by.get(("layership", what)), by.get(("boto3 client", what))
    if ours and theirs:
        note = f"; {ours.seconds:.2f} s and {theirs.seconds:.2f} s"
        found.append((f"{what} at {LATENCY['s3']} ms: within 1.2 of a client that only sends", ours.seconds / theirs.seconds, 1.2, "of it", note, False))
    return found


def table(rows: list[Measured]) -> tuple:
    head = ["case", "tool", "what", "seconds", "CPU", "memory"]
    return head, [
        [row.case, row.tool, row.what, f"{row.seconds:.2f}", f"{row.cpu_seconds:.2f} s", "–" if row.memory_mb is None else f"{row.memory_mb:.0f} MB"]
        for row in rows
    ], "lllrrr"


def json(rows: list[Measured]) -> list[dict]:
    return [asdict(row) for row in rows]


def fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def layers(project: Path, archives: list[tuple[str, str]]) -> None:
    text = ["[defaults]", f'bucket = "{BUCKET}"', 'prefix = "layers/{layer}"', 'compatible-runtimes = ["python3.12"]']
    for name, archive in archives:
        text += [f"[layers.{name}]", f'manifest = "{name}/requirements.txt"', f'archive = "{archive}"']
        (project / name).mkdir(exist_ok=True)
        (project / name / "requirements.txt").write_text(f"{name}==1.0.0\n")
    (project / "layers.toml").write_text("\n".join(text) + "\n")


def package(folder: Path, size: int, *, seed: str) -> None:
    """Files as packages have them: much source of some kilobytes, and a few large libraries that deflate less well."""
    chance = random.Random(seed)
    words = ["".join(chance.choices("etaoinshrdlucmfwypvbgkjqxz_", k=chance.randint(2, 10))) for _ in range(4000)]
    written = number = 0
    while written < size:
        number += 1
        if number % 200 == 0:
            name, length = f"library_{number}.so", min(8 * MB, size - written)
            content = b"".join(
                chance.randbytes(700) + bytes(300) for _ in range(length // 1000 + 1)
            )[:length]
        else:
            name, length = f"module_{number}.py", min(chance.randint(1_000, 40_000), size - written)
            content = " ".join(chance.choices(words, k=length // 4)).encode()[:length]
        path = folder / f"package_{number % 40}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        written += len(content)


def read_all(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            path.read_bytes()
