"""A grid's runs made, skipped, resumed and judged.

What trains is imported once something is to be trained: a grid that is done is looked at without waiting for torch.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from experiments.config.compose import Request
from experiments.config.paths import ARCHIVE
from experiments.config.wording import count_of, duration
from experiments.grid.grid_options import GridOptions
from experiments.grid.thresholds import expected_failure, missed_threshold
from experiments.store.status import finished_record, run_status


def run_grid(options: GridOptions, requests: list[Request], module: str, arguments: Sequence[str]) -> int:
    """Make the runs that are missing, in worker processes of the command (module, arguments) if there are several jobs;
    returns the exit status."""
    store = Path(requests[0].config["store"])
    todo = [r for r in requests if not finished_record(r, store)]
    archived = [r for r in todo if finished_record(r, ARCHIVE)] if options.skip_archived else []
    todo = [r for r in todo if r not in archived]
    if options.worker:
        return make_runs(options, todo, 1, module, arguments)
    print_counts(options, len(requests), len(todo), len(archived))
    status = 0
    if todo:
        jobs = min(options.jobs or default_jobs(options.scale), len(todo))
        print_estimate(todo, jobs)
        status = make_runs(options, todo, jobs, module, arguments)
    status = max(status, judge(options, [r for r in requests if r not in archived], store))
    if status == 0 and options.scale in options.grid.next:
        print_next(f"next: {options.grid.next[options.scale]}")
    return status


def make_runs(options: GridOptions, todo: list[Request], jobs: int, module: str, arguments: Sequence[str]) -> int:
    """Make runs in this process, or in `jobs` of them; returns the exit status."""
    from experiments.workers.workers import share_among_workers, work_through

    if jobs > 1:
        return share_among_workers(module, [*arguments, f"scale={options.scale}"], jobs)
    return work_through(options, todo)


def default_jobs(scale: str) -> int:
    """Small models run fastest side by side with one thread each; full ones take the machine, or the GPU, in turn."""
    from experiments.runs import environment

    return 1 if scale == "full" or environment.gpus() else environment.cores()


def print_counts(options: GridOptions, requests: int, todo: int, archived: int) -> None:
    """Say how many runs there are and how many are done."""
    skipped = f", {archived} archived ones left out" if archived else ""
    print(
        f"{options.grid.title}, {options.scale} scale: {count_of(requests, 'run')}, "
        f"{requests - todo - archived} already done{skipped}", flush=True,
    )  # fmt: skip


def print_estimate(todo: list[Request], jobs: int) -> None:
    """Say how long the missing runs will take, by the time of their first steps."""
    from experiments.runs import environment
    from experiments.workers.time_estimate import seconds_left

    threads = max(1, environment.cores() // jobs)
    estimate = seconds_left(todo, threads) / jobs
    side = f", {jobs} side by side" if jobs > 1 else ""
    print(f"{len(todo)} to do{side}, about {duration(estimate)} by the time of the first steps", flush=True)


def judge(options: GridOptions, requests: list[Request], store: Path) -> int:
    """Say what is not done and what is not healthy; returns the exit status."""
    missing = [r for r in requests if not finished_record(r, store)]
    records = [record for r in requests if (record := finished_record(r, store))]
    unhealthy = 0
    for record in records:
        why, reason = missed_threshold(options.grid, record), expected_failure(options.grid, record.cell)
        if why and reason:
            print(f"expected failure: {record.cell} seed {record.seed}: {why} ({reason})")
        elif why:
            unhealthy += 1
            print(f"not healthy: {record.cell} seed {record.seed}: {why}", file=sys.stderr)
    for request in missing:
        print(f"not done: {request.cell} seed {request.seed} ({run_status(request, store)})", file=sys.stderr)
    print(f"{len(records)} of {count_of(len(requests), 'run')} done")
    timed_out = options.max_seconds is not None and not any(run_status(r, store) == "failed" for r in missing)
    return 2 if unhealthy or (missing and not timed_out) else 0


def print_next(line: str) -> None:
    """Print the last line, or leave it to who has more to say before (make, whose tables follow)."""
    if path := os.environ.get("NEXT"):
        Path(path).write_text(f"{line}\n")
    else:
        print(line)
