"""`layership sandbox` as a process: the endpoint that every tool is measured against."""

import json
import os
import subprocess
import urllib.request
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")

# What each request waits for, in milliseconds; the cases that prepare something wait for nothing.
LATENCY = {"s3": 30, "lambda": 80, "publish": 800}
# Lambda's quota for control-plane calls, per account and Region.
QUOTA = 15


class Sandbox:
    def __init__(self, binary: Path, folder: Path, *, latency: dict | None = None, quota: int | None = None, burst: int | None = None):
        command = [binary, "sandbox", "--dir", folder]
        for name, milliseconds in (latency or {}).items():
            command += [f"--{name}-latency-ms", str(milliseconds)]
        if quota:
            command += ["--lambda-requests-per-second", str(quota)]
        if burst:
            command += ["--lambda-burst", str(burst)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        lines = [self.process.stdout.readline() for _ in range(5)]
        self.environment = dict(line.removeprefix("export ").strip().split("=", 1) for line in lines)
        self.endpoint = self.environment["AWS_ENDPOINT_URL"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def requests(self) -> dict:
        """Counts by operation, and how many were throttled."""
        request = urllib.request.Request(
            f"{self.endpoint}/_sandbox/requests?summary",
            headers={"x-sandbox-secret": self.environment["AWS_SECRET_ACCESS_KEY"]},
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS
