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

from experiments import machine
from experiments.call import parse
from experiments.cli import guarded
from experiments.compose import Request
from experiments.loop import into_training
from experiments.reproduce import default_jobs
from experiments.run import build
from experiments.throughput import endless, kind, steps

WARM, TIMED = 3, 10  # batches: a GAN's generator steps at one in five
SHOWN = 10


def main(words: Sequence[str]) -> int:
    call = parse(words)
    jobs = call.jobs or default_jobs(call.scale)
    kinds: dict[tuple[str, ...], Request] = {}
    for request in call.requests():
        kinds.setdefault(kind(request), request)
    for request in kinds.values():
        show(request, max(1, machine.cores() // jobs))
    return 0


def show(request: Request, threads: int) -> None:
    """Print the operators of one run's training step."""
    device = machine.prepare(request.config, request.config["threads"] or threads)
    task, precision = build(request, device), request.config["precision"]
    into_training(task.players)
    batches = endless(task)
    steps(task, batches, WARM, precision)
    began = time.perf_counter()
    steps(task, batches, TIMED, precision)
    step = 1e3 * (time.perf_counter() - began) / TIMED
    activities = [ProfilerActivity.CPU] + ([ProfilerActivity.CUDA] if device.startswith("cuda") else [])
    with profile(activities=activities) as profiler:
        steps(task, batches, TIMED, precision)
    spent = {event.key: (own(event, device) / 1e3, event.count) for event in profiler.key_averages()}
    whole = sum(ms for ms, _ in spent.values())
    drawn = Table(box=None, pad_edge=False)
    for name in ("operator", "share", "ms a step", "calls a step"):
        drawn.add_column(name, justify="left" if name == "operator" else "right")
    for key, (ms, calls) in sorted(spent.items(), key=lambda item: -item[1][0])[:SHOWN]:
        drawn.add_row(key, f"{100 * ms / whole:.0f} %", f"{ms / TIMED:.2f}", f"{calls / TIMED:.0f}")
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"\n{request.cell}: {step:.0f} ms a step of {request.config['task']['batch_size']}, "
                  f"{torch.get_num_threads()} threads on {device}")  # fmt: skip
    console.print(drawn)


def own(event: object, device: str) -> float:
    """Microseconds in the operator itself, on the device that computes."""
    return float(getattr(event, "self_device_time_total" if device.startswith("cuda") else "self_cpu_time_total"))


if __name__ == "__main__":
    guarded(lambda: main(sys.argv[1:]))
