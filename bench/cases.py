"""Who is measured, at what."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from project import BUCKET, names
from sandbox import QUOTA

PEERS = Path(__file__).parent / "peers"
# Jobs in flight: layership's default.
CONCURRENCY = 32
# Where the endpoint has no quota, layership's own pace must not be one.
NO_PACE = 10_000


@dataclass(frozen=True)
class Tool:
    title: str
    # Made from: the binary under test, the Python of the peers, and whether the endpoint has a quota.
    command: object


TOOLS = {
    "layership": Tool(
        "layership",
        lambda binary, python, quota: [
            *[binary, "publish"],
            *([] if quota else ["--lambda-requests-per-second", str(NO_PACE)]),
        ],
    ),
    "library": Tool("Python library", lambda binary, python, quota: [python, PEERS / "library.py", "1", BUCKET]),
    "library-16": Tool(
        "Python library, 16 threads", lambda binary, python, quota: [python, PEERS / "library.py", "16", BUCKET]
    ),
    "cli": Tool(
        "AWS CLI, xargs -P 16",
        lambda binary, python, quota: ["xargs", "-P", "16", "-n", "1", PEERS / "cli.sh", BUCKET],
    ),
    "boto3": Tool(
        "boto3 script, 32 threads", lambda binary, python, quota: [python, PEERS / "boto3_pool.py", "32", BUCKET]
    ),
}


@dataclass(frozen=True)
class Case:
    title: str
    # `staged`, `library-staged` or `published`, see project.States.
    state: str
    # How many of so many layers changed since they were published.
    changed: object
    # Layers, by tool. Peers are run at sizes that end in minutes.
    sizes: dict = field(default_factory=dict)
    # Lambda requests a second that the endpoint admits; none: no quota.
    quota: int | None = None
    # How many of them at once after a pause; none: as many as in a second.
    burst: int | None = None


ALL = [100, 300, 1000]
CASES = {
    "first": Case(
        "First publish, no quota",
        "staged",
        lambda count: count,
        {"layership": ALL, "library": [100], "library-16": ALL, "cli": [50], "boto3": ALL},
    ),
    "unchanged": Case(
        "Unchanged, no quota",
        "published",
        lambda count: 0,
        {"layership": ALL, "library": [100, 200], "library-16": ALL, "cli": [50], "boto3": ALL},
    ),
    "changed": Case(
        "5 % changed, no quota",
        "published",
        lambda count: count // 20,
        {"layership": ALL, "library": [100], "library-16": ALL, "cli": [50], "boto3": ALL},
    ),
    "release": Case(
        "All changed, 15 Lambda requests/s",
        "published",
        lambda count: count,
        {"layership": [300], "library": [100], "library-16": [300], "cli": [50], "boto3": [300]},
        quota=QUOTA,
    ),
    "daily": Case(
        "10 changed, 15 Lambda requests/s",
        "published",
        lambda count: min(10, count),
        {"layership": [200], "library": [200], "library-16": [200], "cli": [50], "boto3": [200]},
        quota=QUOTA,
    ),
    # Nothing is saved up: two requests within a fifteenth of a second are one too many.
    "strict": Case(
        "60 changed, 15 Lambda requests/s without a burst",
        "published",
        lambda count: count,
        {"layership": [60], "library-16": [60], "boto3": [60]},
        quota=QUOTA,
        burst=1,
    ),
    # Others use the quota too: what they leave, while everybody believes in the whole of it.
    "shared": Case(
        "60 changed, half of the quota taken by others: 7 Lambda requests/s left",
        "published",
        lambda count: count,
        {"layership": [60], "library": [60], "library-16": [60], "boto3": [60]},
        quota=7,
        burst=5,
    ),
    "scarce": Case(
        "60 changed, most of the quota taken by others: 3 Lambda requests/s left",
        "published",
        lambda count: count,
        {"layership": [60], "library-16": [60], "boto3": [60]},
        quota=3,
    ),
    # What the library staged has no SHA-256 and no note: its zips are read.
    "library-staged": Case(
        "First publish of what the Python library staged, no quota",
        "library-staged",
        lambda count: count,
        {"layership": [100], "library-16": [100], "boto3": [100]},
    ),
    # The sweep that finds the latest versions has two hundred pages, one after the other.
    "large": Case(
        "10,000 unchanged, 15 Lambda requests/s",
        "published",
        lambda count: 0,
        {"layership": [10_000]},
        quota=QUOTA,
    ),
}
QUICK = {
    "layership": [20, 50],
    "library": [20],
    "library-16": [50],
    "cli": [20],
    "boto3": [50],
}


def outcomes(tool: str, count: int, stdout: str, stderr: str) -> dict[str, int]:
    """What a tool says became of the layers. What it is silent about failed."""
    if tool == "layership":
        summary = re.search(r"Summary .*", stderr)[0]
        counted = {word: int(number) for number, word in re.findall(r"(\d+) (published|unchanged)", summary)}
    else:
        words = [line.split(" ", 1)[0] for line in stdout.splitlines()]
        counted = {word: words.count(word) for word in ("published", "unchanged")}
    published, unchanged = counted.get("published", 0), counted.get("unchanged", 0)
    return {"published": published, "unchanged": unchanged, "failed": count - published - unchanged}


def standard_input(tool: str, count: int) -> str:
    return "" if tool == "layership" else "\n".join(names(count)) + "\n"
