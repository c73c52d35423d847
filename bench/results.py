"""What was measured, as tables, and held against what was to be reached."""

from dataclasses import asdict, dataclass, field

import local
from cases import CASES, CONCURRENCY, TOOLS
from load import Rate
from local import Measured
from sandbox import LATENCY, QUOTA

S3 = LATENCY["s3"] / 1000
# What is left of a run when its last publish is sent: the answer, the backup and the lock.
LAST = LATENCY["publish"] / 1000 + 2 * S3
# What the endpoint must answer in plenty. A page of ListLayers holds 50 layers: a run of 1,000 asks for 20 of them.
SMALL = ["HeadObject", "GetObject, not modified", "GetObject, 1 KB", "GetLayerVersion", "ListLayerVersions"]


@dataclass
class Row:
    case: str
    tool: str
    layers: int
    seconds: float
    cpu_seconds: float
    memory_mb: float
    exit_code: int
    published: int
    unchanged: int
    failed: int
    # Layers that another run would still publish, adopt, or fail at.
    left: int
    throttled: int
    requests: dict[str, int]

    def count(self, *operations: str) -> int:
        return sum(self.requests.get(operation, 0) for operation in operations)

    @property
    def lambda_requests(self) -> int:
        return sum(count for operation, count in self.requests.items() if "Layer" in operation)

    @property
    def s3_requests(self) -> int:
        return sum(self.requests.values()) - self.lambda_requests - self.count("GetCallerIdentity")


@dataclass
class Results:
    machine: dict[str, str]
    rates: list[Rate] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    # Folders and large uploads.
    local: list[Measured] = field(default_factory=list)
    # `--help` and `check` of many layers, in milliseconds.
    start_ms: dict[str, float] = field(default_factory=dict)

    def row(self, case: str, tool: str, layers: int) -> Row | None:
        return next((row for row in self.rows if (row.case, row.tool, row.layers) == (case, tool, layers)), None)

    def json(self) -> dict:
        return {**asdict(self), "latency_ms": LATENCY, "quota": QUOTA, "targets": [asdict(t) for t in targets(self)]}


@dataclass
class Target:
    wanted: str
    measured: str
    # How far the goal is surpassed: 2.0 is twice as good as asked for.
    ratio: float
    reached: bool


def at_most(wanted: str, value: float, goal: float, unit: str, note: str = "") -> Target:
    return Target(wanted, f"{value:.3g} {unit}{note}", goal / value if value else float("inf"), value <= goal)


def at_least(wanted: str, value: float, goal: float, unit: str, note: str = "") -> Target:
    return Target(wanted, f"{value:,.0f} {unit}{note}", value / goal, value >= goal)


def targets(results: Results) -> list[Target]:
    """What was to be reached, as far as it was measured."""
    found = [
        at_least(f"sandbox: 10,000 requests/s, {rate.call}", rate.per_second, 10_000, "requests/s")
        for rate in results.rates
        if rate.call in SMALL
    ]
    if row := results.row("unchanged", "layership", 1000):
        found += unchanged_targets(results, row)
    if row := results.row("release", "layership", 300):
        wait = 300 / QUOTA
        wanted = f"300 changed under {QUOTA}/s: within 1.1 of 300/{QUOTA} = {wait:.0f} s"
        found.append(at_most(wanted, row.seconds, 1.1 * wait, "s", f", {row.seconds / wait:.2f} of it"))
        found.append(none("300 changed: no throttle, no failure", row.throttled + row.failed + row.left))
    if row := results.row("daily", "layership", 200):
        floor = (row.lambda_requests - 1) / QUOTA + LAST
        note = f"; floor {floor:.2f} s: {row.lambda_requests} Lambda requests at {QUOTA}/s, the last publish, its backup and lock"
        found.append(at_most(f"200 layers, 10 changed, under {QUOTA}/s: 3 s", row.seconds, 3, "s", note))
    for name in ("strict", "shared", "scarce"):
        if row := results.row(name, "layership", 60):
            case, admitted = CASES[name], row.lambda_requests - row.throttled
            floor = (admitted - (case.burst or case.quota)) / case.quota + LAST
            wanted = f"{case.title}: within 1.15 of {admitted} requests at that pace after the burst, and the end of the last = {floor:.1f} s"
            found.append(at_most(wanted, row.seconds, 1.15 * floor, "s", f", {row.seconds / floor:.2f} of it"))
            found.append(none(f"{case.title}: no failure", row.failed + row.left))
    if row := results.row("large", "layership", 10_000):
        pages = row.count("ListLayers")
        # Each page names the next: none is under way before the one before it was answered and had its place in the quota.
        floor = max(pages * LATENCY["lambda"] / 1000, (pages - 1) / QUOTA)
        wanted = f"10,000 unchanged: within 1.1 of {pages} pages, one after the other = {floor:.1f} s"
        found.append(at_most(wanted, row.seconds, 1.1 * floor, "s", f", {row.seconds / floor:.2f} of it"))
        found.append(at_most("peak memory at 10,000 jobs: 150 MB", row.memory_mb, 150, "MB"))
    if row := results.row("first", "layership", 1000):
        found.append(at_most("S3 requests a first publish: 7", row.s3_requests / row.published, 7, "requests"))
        found.append(at_most("PublishLayerVersion a published job: 1", row.count("PublishLayerVersion") / row.published, 1, "requests"))
    if row := results.row("release", "layership", 300):
        found.append(at_most("S3 requests a changed job: 8, with the mark and the freed lock", row.s3_requests / row.published, 8, "requests"))
    if row := results.row("library-staged", "layership", 100):
        wanted = "S3 requests a layer that the library staged: 10"
        found.append(at_most(wanted, row.s3_requests / row.published, 10, "requests"))
    for wanted, value, goal, unit, note, is_more_better in local.targets(results.local):
        if is_more_better:
            found.append(Target(wanted, f"{value:.1f} {unit}{note}", value / goal, value >= goal))
        else:
            found.append(at_most(wanted, value, goal, unit, note))
    for what, milliseconds in results.start_ms.items():
        found.append(at_most(f"{what}: 500 ms", milliseconds, 500, "ms"))
    return found


def unchanged_targets(results: Results, row: Row) -> list[Target]:
    found = []
    if peer := results.row("unchanged", "library", 200):
        times = (peer.seconds / peer.layers) / (row.seconds / row.layers)
        note = f"; a layer: {peer.seconds / peer.layers * 1000:.0f} ms (measured at 200) and {row.seconds:.2f} ms"
        found.append(at_least("1,000 unchanged: 50 times the Python library", times, 50, "times", note))
    if peer := results.row("unchanged", "library-16", 1000):
        times = peer.seconds / row.seconds
        found.append(at_least("1,000 unchanged: 5 times the library in 16 threads", times, 5, "times"))
    bound = 2 * S3 * row.layers / CONCURRENCY
    wanted = f"1,000 unchanged: within 1.3 of 2 × {S3:.2f} s × 1,000 / {CONCURRENCY} = {bound:.2f} s"
    return [
        *found,
        at_most(wanted, row.seconds, 1.3 * bound, "s", f", {row.seconds / bound:.2f} of it"),
        at_most("S3 requests an unchanged job: 2", row.s3_requests / row.layers, 2, "requests"),
        at_most("peak memory at 1,000 jobs: 60 MB", row.memory_mb, 60, "MB"),
        at_most("CPU an unchanged job, start-up included: 1 ms", row.cpu_seconds / row.layers * 1000, 1, "ms"),
    ]


def none(wanted: str, count: int) -> Target:
    return Target(wanted, str(count), 1.0, count == 0)


def markdown(results: Results) -> str:
    parts = [
        "Endpoint: `layership sandbox` in release build on the same machine; every S3 request waits "
        f"{LATENCY['s3']} ms, every Lambda request {LATENCY['lambda']} ms, PublishLayerVersion {LATENCY['publish']} ms."
        f" layership runs {CONCURRENCY} jobs at once (its default); its pace of {QUOTA} Lambda requests/s is lifted"
        " where the endpoint has no quota. Nothing is extrapolated.",
        "\n".join(f"- {name}: {value}" for name, value in results.machine.items()),
    ]
    if results.rates:
        parts += ["### The endpoint itself", table(*rate_table(results.rates)), RATE_NOTES]
    for name, case in CASES.items():
        if rows := [row for row in results.rows if row.case == name]:
            parts += [f"### {case.title}", table(*case_table(rows))]
    if results.local:
        parts += ["### Folders and large uploads", table(*local.table(results.local)), LOCAL_NOTES]
    if results.rows:
        parts += ["### Requests", table(*request_table(results.rows)), NOTES]
    if found := targets(results):
        lines = [
            [t.wanted, t.measured, f"{t.ratio:.2f}", "reached" if t.reached else "**not reached**"] for t in found
        ]
        parts += ["### To reach", table(["target", "measured", "ratio to the goal", ""], lines, "llrl")]
    return "\n\n".join(parts) + "\n"


RATE_NOTES = """\
Without latency, 32 connections, one request in flight on each, the load generator on the same cores. A page of
ListLayers is no small call: it has 50 layers."""
LOCAL_NOTES = """\
What is packed lies in memory before it is read. "Staged" includes the upload to the endpoint on the same cores; "packed" is
what `zip`, Python's zipfile and the second step of the Python library (`zip -9`) do: a zip is written."""
NOTES = """\
ms a layer: seconds divided by layers. CPU: the tool with everything it starts, without the endpoint. Memory: peak of
the largest process (of `xargs -P 16` there are sixteen at once). Throttled: answers of 429 and 503. Left: layers that
another run would still have to publish, adopt, or fail at."""


def rate_table(rates: list[Rate]) -> tuple:
    head = ["call", "requests/s", "sandbox CPU a request", "load generator"]
    return head, [
        [rate.call, f"{rate.per_second:,.0f}", f"{rate.sandbox_us:.0f} µs", f"{rate.generator_cores:.2f} cores"]
        for rate in rates
    ], "lrrr"


def case_table(rows: list[Row]) -> tuple:
    head = ["tool", "layers", "seconds", "ms a layer", "S3 requests", "Lambda requests", "throttled"]
    head += ["published", "failed", "left", "memory", "CPU"]
    rows = sorted(rows, key=lambda row: (row.layers, list(TOOLS).index(row.tool)))
    return head, [
        [
            *[TOOLS[row.tool].title, f"{row.layers:,}", f"{row.seconds:.2f}", f"{row.seconds / row.layers * 1000:.1f}"],
            *[f"{row.s3_requests:,}", f"{row.lambda_requests:,}", f"{row.throttled:,}", f"{row.published:,}"],
            *[f"{row.failed:,}", f"{row.left:,}", f"{row.memory_mb:.0f} MB", f"{row.cpu_seconds:.2f} s"],
        ]
        for row in rows
    ], "l" + "r" * 11


def request_table(rows: list[Row]) -> tuple:
    return ["case", "tool", "layers", "requests by operation"], [
        [
            *[CASES[row.case].title, TOOLS[row.tool].title, f"{row.layers:,}"],
            ", ".join(f"{operation} {count:,}" for operation, count in sorted(row.requests.items())),
        ]
        for row in rows
    ], "llrl"


def table(head: list[str], rows: list[list[str]], sides: str) -> str:
    """Aligned, so that it is a table in a terminal too."""
    widths = [max(len(line[column]) for line in [head, *rows]) for column in range(len(head))]
    pad = {"l": str.ljust, "r": str.rjust}
    line = lambda cells: "| " + " | ".join(pad[s](c, w) for s, c, w in zip(sides, cells, widths)) + " |"
    rule = "|" + "|".join("-" * (w + 1) + (":" if s == "r" else "-") for s, w in zip(sides, widths)) + "|"
    return "\n".join([line(head), rule, *map(line, rows)])
