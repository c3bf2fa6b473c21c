"""The runs of a grid, one after the other in this process, or in several that claim runs from each other."""

from __future__ import annotations

import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from experiments import machine
from experiments.call import Call
from experiments.cli import EXPECTED, sentence
from experiments.compose import Request
from experiments.progress import clock
from experiments.run import note_failure, run, run_path
from experiments.standing import find

WAIT = 2.0  # seconds between looks at runs that another process holds


def work(call: Call, todo: list[Request]) -> int:
    """Take the runs up one after the other; those that another process holds are looked at again. Returns 2 after a
    failure that stops."""
    began, since = time.monotonic(), time.time()
    number = {id(r): f"[{n}/{len(todo)}]" for n, r in enumerate(todo, 1)}
    waiting = todo
    while waiting:
        busy = []
        for request in waiting:
            left = None if call.max_seconds is None else call.max_seconds - (time.monotonic() - began)
            if left is not None and left <= 0:
                print(f"time is up; {len(waiting)} runs are left for the next call")
                return 0
            if failed_since(request, since):  # in another worker
                continue
            label = f"{number[id(request)]} {request.cell} seed {request.seed}"
            status = attempt(request, label, left, call.retries)
            say_result(request, label, status)
            if status == "failed" and call.on_failure == "stop":
                return 2
            if status == "busy":
                busy.append(request)
        if len(busy) == len(waiting):
            time.sleep(WAIT)
        waiting = busy
    return 0


def failed_since(request: Request, since: float) -> bool:
    note = Path(request.config["store"], run_path(request), "failure.txt")
    return note.is_file() and note.stat().st_mtime > since


def say_result(request: Request, label: str, status: str) -> None:
    record = find(request, Path(request.config["store"]))
    if status in ("done", "busy", "failed") or not record or not record.summary:
        return
    scores, seconds = record.summary["scores"], clock(record.summary["wall_seconds"])
    final = "-" if scores["final"] is None else f"{scores['final']:.2f}"
    print(f"{label}: {status}, {scores['metric']} {final}, {seconds}", flush=True)


def attempt(request: Request, label: str, max_seconds: float | None, retries: int) -> str:
    """Run a request; an exception is reported and left in the run's folder, and tried again `retries` times."""
    request = replace(request, config={**request.config, "max_seconds": max_seconds})
    for _ in range(retries + 1):
        try:
            return run(request, label)
        except EXPECTED as error:
            print(f"{label}: {sentence(error)}", file=sys.stderr)
        except Exception as error:
            note_failure(request, traceback.format_exc())
            print(f"{label}: failed: {type(error).__name__}: {error}", file=sys.stderr)
    return "failed"


def share(words: Sequence[str], jobs: int) -> int:
    """Run the grid in `jobs` processes that claim runs from each other; a killed one's run is taken up by the rest."""
    quiet = [] if any(w.startswith("progress=") for w in words) else ["progress=lines"]
    threads = [] if any(w.startswith("threads=") for w in words) else [f"threads={max(1, machine.cores() // jobs)}"]
    command = [sys.executable, "-m", "experiments.reproduce", *words, *threads, *quiet, "worker=1"]
    workers = [subprocess.Popen(command) for _ in range(jobs)]
    try:
        return max(worker.wait() for worker in workers)
    finally:
        for worker in workers:
            worker.terminate()
