"""One process and everything it starts: time, CPU, memory."""

import multiprocessing
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
    STARTER.send((command, folder, {**os.environ, **(environment or {})}, working or folder))
    usage = STARTER.recv()
    if isinstance(usage, OSError):
        raise usage
    return usage


def started(command: list, folder: Path, environment: dict, working: Path) -> Usage:
    with open(folder / "stdin") as given, open(folder / "stdout", "w") as out, open(folder / "stderr", "w") as err:
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=working, env=environment, stdin=given, stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    return Usage(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6, process.returncode)


def serve(asked) -> None:
    while True:
        try:
            asked.send(started(*asked.recv()))
        except EOFError:
            return
        except OSError as error:
            asked.send(error)


def starter():
    """A process that stays as small as this one is now, and starts the others: Linux counts the most that a process ever
    had in memory as its child's, too."""
    ours, its = multiprocessing.Pipe()
    multiprocessing.get_context("fork").Process(target=serve, args=(its,), daemon=True).start()
    return ours


STARTER = starter()
