"""Where a training step's time goes: the ten costliest operators of each kind of run of a grid.

    python -m experiments.profile grid=cifar scale=small [model=resnet34] [optimizer=adam] [threads=1] ...

Takes the words that `experiments.reproduce` takes. Every kind of run (data set, model) is shown once, with the first of
the optimizers asked for, on as many threads as a run of that scale gets.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

import torch
from rich.console import Console
from rich.table import Table
from torch.profiler import ProfilerActivity, profile

from experiments.config.cli import run_command
from experiments.config.compose import Request
from experiments.grid.grid_options import parse_grid_options, run_kind
from experiments.runs import environment
from experiments.runs.run import build_task
from experiments.training.loop import into_training
from experiments.workers.run_grid import default_jobs
from experiments.workers.time_estimate import endless_batches, take_steps

WARM, TIMED = 3, 10  # batches: a GAN's generator steps at one in five
SHOWN = 10


def main(arguments: Sequence[str]) -> int:
    options = parse_grid_options(arguments)
    jobs = options.jobs or default_jobs(options.scale)
    kinds: dict[tuple[str, ...], Request] = {}
    for request in options.requests():
        kinds.setdefault(run_kind(request), request)
    for request in kinds.values():
        print_profile(request, max(1, environment.cores() // jobs))
    return 0


def print_profile(request: Request, threads: int) -> None:
    """Print the operators of one run's training step."""
    device = environment.prepare(request.config, request.config["threads"] or threads)
    task, precision = build_task(request, device), request.config["precision"]
    into_training(task.players)
    batches = endless_batches(task)
    take_steps(task, batches, WARM, precision)
    began = time.perf_counter()
    take_steps(task, batches, TIMED, precision)
    ms_per_step = 1e3 * (time.perf_counter() - began) / TIMED
    activities = [ProfilerActivity.CPU] + ([ProfilerActivity.CUDA] if device.startswith("cuda") else [])
    with profile(activities=activities) as profiler:
        take_steps(task, batches, TIMED, precision)
    spent = {event.key: (own_microseconds(event, device) / 1e3, event.count) for event in profiler.key_averages()}
    whole = sum(ms for ms, _ in spent.values())
    drawn = Table(box=None, pad_edge=False)
    for name in ("operator", "share", "ms a step", "calls a step"):
        drawn.add_column(name, justify="left" if name == "operator" else "right")
    for key, (ms, calls) in sorted(spent.items(), key=lambda item: -item[1][0])[:SHOWN]:
        drawn.add_row(key, f"{100 * ms / whole:.0f} %", f"{ms / TIMED:.2f}", f"{calls / TIMED:.0f}")
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"\n{request.cell}: {ms_per_step:.0f} ms a step of {request.config['task']['batch_size']}, "
                  f"{torch.get_num_threads()} threads on {device}")  # fmt: skip
    console.print(drawn)


def own_microseconds(event: object, device: str) -> float:
    """Microseconds in the operator itself, on the device that computes."""
    return float(getattr(event, "self_device_time_total" if device.startswith("cuda") else "self_cpu_time_total"))


if __name__ == "__main__":
    run_command(lambda: main(sys.argv[1:]))
