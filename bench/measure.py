"""One process and everything it starts: time, CPU, memory."""

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Usage:
    seconds: float
    cpu_seconds: float
    # Of the largest process.
    memory_mb: float
    exit_code: int


def run(
    command: list, *, folder: Path, environment: dict | None = None, stdin: str = "", working: Path | None = None
) -> Usage:
    """Runs to the end; output goes to `stdout` and `stderr` in the folder, so that reading it costs nothing. It runs in the
    folder too, unless another one is named to work in."""
    (folder / "stdin").write_text(stdin)
    with open(folder / "stdin") as given, open(folder / "stdout", "w") as out, open(folder / "stderr", "w") as err:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=working or folder, env={**os.environ, **(environment or {})}, stdin=given, stdout=out, stderr=err
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    return Usage(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6, process.returncode)
