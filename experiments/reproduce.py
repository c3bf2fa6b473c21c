"""Reproduce a grid: its runs made, skipped, resumed and judged.

    python -m experiments.reproduce grid=cifar scale=quick seeds=0,1 jobs=2 model=vgg11 optimizer=adam,sgd

grid, scale, protocol, seeds, jobs, on_failure (continue or stop), retries, skip_archived and max_seconds (of the whole
call) steer the grid; setting, data, model and optimizer narrow it; every other word is a Hydra override for all of its
runs.
What to do next is the last line; where the environment names a file as NEXT, it is written there instead.
Exit status: 0 done and healthy, 2 some runs failed or are not healthy, 1 bad input.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from experiments import machine
from experiments.call import Call, parse
from experiments.cli import guarded
from experiments.compose import Request
from experiments.progress import clock, runs
from experiments.standing import ARCHIVE, find, standing
from experiments.throughput import seconds_left
from experiments.workers import share, work


def main(words: Sequence[str]) -> int:
    call = parse(words)
    return carry_out(call, call.requests(), "experiments.reproduce", words)


def carry_out(call: Call, requests: list[Request], module: str, words: Sequence[str]) -> int:
    """Make the runs that are missing, in worker processes of the command (module, words) if there are several jobs."""
    store = Path(requests[0].config["store"])
    todo = [r for r in requests if not find(r, store)]
    archived = [r for r in todo if find(r, ARCHIVE)] if call.skip_archived else []
    todo = [r for r in todo if r not in archived]
    if call.worker:
        return work(call, todo)
    jobs = min(call.jobs or default_jobs(call.scale), max(1, len(todo)))
    say_plan(call, requests, todo, archived, jobs)
    status = share(module, [*words, f"scale={call.scale}"], jobs) if jobs > 1 else work(call, todo)
    status = max(status, report(call, [r for r in requests if r not in archived], store))
    if status == 0 and call.scale in call.grid.next:
        say_next(f"next: {call.grid.next[call.scale]}")
    return status


def say_next(line: str) -> None:
    """Print the last line, or leave it to who has more to say before (make, whose tables follow)."""
    if path := os.environ.get("NEXT"):
        Path(path).write_text(f"{line}\n")
    else:
        print(line)


def default_jobs(scale: str) -> int:
    """Small models run fastest side by side with one thread each; full ones take the machine, or the GPU, in turn."""
    return 1 if scale == "full" or torch.cuda.is_available() else machine.cores()


def say_plan(call: Call, requests: list[Request], todo: list[Request], archived: list[Request], jobs: int) -> None:
    done = len(requests) - len(todo) - len(archived)
    skipped = f", {len(archived)} archived ones left out" if archived else ""
    print(f"{call.grid.title}, {call.scale} scale: {runs(len(requests))}, {done} already done{skipped}", flush=True)
    if todo:
        threads = max(1, machine.cores() // jobs)
        estimate = seconds_left(todo, threads) / jobs
        side = f", {jobs} side by side" if jobs > 1 else ""
        print(f"{len(todo)} to do{side}, about {clock(estimate)} by the time of the first steps", flush=True)


def report(call: Call, requests: list[Request], store: Path) -> int:
    """Say what is not done and what is not healthy; returns the exit status."""
    missing = [r for r in requests if not find(r, store)]
    records = [record for r in requests if (record := find(r, store))]
    sick = [(r, why) for r in records if (why := call.grid.unhealthy(r)) and not call.grid.expected_failure(r.cell)]
    for record in records:
        if (why := call.grid.unhealthy(record)) and (reason := call.grid.expected_failure(record.cell)):
            print(f"expected failure: {record.cell} seed {record.seed}: {why} ({reason})")
    for request in missing:
        print(f"not done: {request.cell} seed {request.seed} ({standing(request, store)})", file=sys.stderr)
    for record, why in sick:
        print(f"not healthy: {record.cell} seed {record.seed}: {why}", file=sys.stderr)
    print(f"{len(records)} of {runs(len(requests))} done")
    timed_out = call.max_seconds is not None and not any(standing(r, store) == "failed" for r in missing)
    return 2 if sick or (missing and not timed_out) else 0


if __name__ == "__main__":
    guarded(lambda: main(sys.argv[1:]))
