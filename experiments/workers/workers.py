"""The runs of a grid, one after the other in this process, or in several that claim runs from each other."""

from __future__ import annotations

import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol, TypeVar

from experiments.config.cli import child_environment, is_bad_input, sentence
from experiments.config.compose import Request, override_key
from experiments.config.wording import duration
from experiments.runs import environment
from experiments.runs.recorder import PruningCallback
from experiments.runs.run import note_failure, run
from experiments.store.run_files import run_path
from experiments.store.status import finished_record

WAIT, LOOK = 2.0, 0.1  # seconds between looks at runs that another process holds, and at processes
STOPPED = 2  # the status of a worker that a failure has stopped
T = TypeVar("T")


class RunLimits(Protocol):
    """How much a command does: max_seconds of time, how often a failed run is tried again (retries), whether a failure
    ends it (on_failure: "continue" or "stop")."""

    @property
    def max_seconds(self) -> float | None: ...
    @property
    def retries(self) -> int: ...
    @property
    def on_failure(self) -> str: ...


def work_through(limits: RunLimits, todo: Sequence[Request]) -> int:
    """Take the runs up one after the other. Returns 2 after a failure that stops."""
    since = time.time()
    number = {id(r): f"[{n}/{len(todo)}]" for n, r in enumerate(todo, 1)}

    def take(request: Request, left: float | None) -> str:
        if failed_since(request, since):  # in another worker
            return "skipped"
        label = f"{number[id(request)]} {request.cell} seed {request.seed}"
        status = try_run(request, label, left, limits.retries)
        print_result(request, label, status)
        return status

    return take_in_turns(limits, todo, take)


def take_in_turns(limits: RunLimits, todo: Sequence[T], take: Callable[[T, float | None], str]) -> int:
    """Take things up one after the other, with the seconds left; those that another process holds ("busy") are looked
    at again. Returns 2 after a failure that stops."""
    began, waiting = time.monotonic(), list(todo)
    while waiting:
        busy: list[T] = []
        for number, thing in enumerate(waiting):
            left = None if limits.max_seconds is None else limits.max_seconds - (time.monotonic() - began)
            if left is not None and left <= 0:
                print(f"time is up; {len(waiting) - number + len(busy)} runs are left for the next call")
                return 0
            status = take(thing, left)
            if status == "failed" and limits.on_failure == "stop":
                return STOPPED
            if status == "busy":
                busy.append(thing)
        if len(busy) == len(waiting):
            time.sleep(WAIT)
        waiting = busy
    return 0


def failed_since(request: Request, since: float) -> bool:
    note = Path(request.config["store"], run_path(request), "failure.txt")
    return note.is_file() and note.stat().st_mtime > since


def print_result(request: Request, label: str, status: str) -> None:
    record = finished_record(request, Path(request.config["store"]))
    if status in ("done", "busy", "failed") or not record or not record.summary:
        return
    scores, seconds = record.summary["scores"], duration(record.summary["wall_seconds"])
    final = "-" if scores["final"] is None else f"{scores['final']:.2f}"
    print(f"{label}: {status}, {scores['metric']} {final}, {seconds}", flush=True)


def try_run(
    request: Request, label: str, max_seconds: float | None, retries: int, pruning: PruningCallback | None = None
) -> str:
    """Run a request; an exception is reported and left in the run's folder, and tried again `retries` times."""
    request = replace(request, config={**request.config, "max_seconds": max_seconds})
    for _ in range(retries + 1):
        try:
            return run(request, label, pruning)
        except Exception as error:
            if is_bad_input(error):
                print(f"{label}: {sentence(error)}", file=sys.stderr)
                continue
            note_failure(request, traceback.format_exc())
            print(f"{label}: failed: {type(error).__name__}: {error}", file=sys.stderr)
    return "failed"


def share_among_workers(module: str, arguments: Sequence[str], jobs: int) -> int:
    """Run a command in `jobs` processes that claim runs from each other; a killed one's run is taken up by the rest,
    and one that a failure stops (2) stops them too."""
    given = {override_key(argument) for argument in arguments}
    defaults = {"threads": str(max(1, environment.cores() // jobs)), "progress": "lines"}
    command = [sys.executable, "-m", module, *arguments, *(f"{k}={v}" for k, v in defaults.items() if k not in given)]
    devices = [] if "device" in given else environment.gpus()
    workers = [
        subprocess.Popen([*command, *own_device(number, devices), "worker=1"], env=child_environment())
        for number in range(jobs)
    ]
    try:
        while None in (codes := [worker.poll() for worker in workers]) and STOPPED not in codes:
            time.sleep(LOOK)
        return STOPPED if STOPPED in codes else max(code for code in codes if code is not None)
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.wait()


def own_device(number: int, devices: Sequence[str]) -> list[str]:
    """The override that gives a worker its own of several GPUs; nothing where there is one device for all."""
    return [f"device={devices[number % len(devices)]}"] if len(devices) > 1 else []
