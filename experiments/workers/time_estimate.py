"""How long runs will take and what they keep, measured from a few real steps of each kind of run."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, count, islice
from typing import Any

from torch import Tensor

from experiments.config.compose import Request
from experiments.grid.grid_options import run_kind
from experiments.runs import environment
from experiments.runs.run import build_task
from experiments.training.loop import into_training, optimizer_step
from experiments.training.task import Player, Task

WARM, TIMED = 1, 5  # batches: a GAN's generator steps at one in five
EVALUATION = 1.1  # scoring a split after each epoch adds about a tenth


def seconds_left(requests: Iterable[Request], threads: int) -> float:
    """Estimated seconds that the requests take one after the other, from the first epoch on."""
    known: dict[tuple[str, ...], float] = {}
    total = 0.0
    for request in requests:
        if run_kind(request) not in known:
            known[run_kind(request)] = epoch_seconds(request, threads)
        total += known[run_kind(request)] * request.epochs
    return total


def epoch_seconds(request: Request, threads: int) -> float:
    """Estimated seconds of one epoch, from the first steps of a task that is thrown away.

    threads: those of a run that is not given any itself.
    """
    device = environment.prepare(request.config, request.config["threads"] or threads)
    return measure_pace(build_task(request, device), *pace_options(request)).seconds_per_epoch


@dataclass(frozen=True)
class Pace:
    """seconds_per_step; seconds_per_epoch, with its evaluation; checkpoint_bytes."""

    seconds_per_step: float
    seconds_per_epoch: float
    checkpoint_bytes: int


def pace_options(request: Request) -> tuple[str, int | None]:
    """What of a request the time of its epochs depends on, besides the task itself."""
    return request.config["precision"], request.config["batches_per_epoch"]


def measure_pace(task: Task, precision: str, batches_per_epoch: int | None = None) -> Pace:
    """Take a task's first steps and time them."""
    into_training(task.players)
    batches = endless_batches(task)
    take_steps(task, batches, WARM, precision)
    began = time.perf_counter()
    take_steps(task, batches, TIMED, precision)
    seconds_per_step = (time.perf_counter() - began) / TIMED
    steps = min(len(task.batches(0)), batches_per_epoch or sys.maxsize)  # type: ignore[arg-type]
    checkpoint_bytes = sum(map(bytes_in_checkpoint, task.players.values()))
    return Pace(seconds_per_step, seconds_per_step * steps * EVALUATION, checkpoint_bytes)


def endless_batches(task: Task) -> Iterator[tuple[int, Any]]:
    """Batches with their index in the epoch, one epoch after the other."""
    return chain.from_iterable(enumerate(task.batches(epoch)) for epoch in count())


def take_steps(task: Task, batches: Iterator[tuple[int, Any]], n: int, precision: str) -> None:
    """Take the optimizer steps of n batches and wait for the device."""
    for index, batch in islice(batches, n):
        for step in task.optimizer_steps(batch, index):
            logs = optimizer_step(step, precision)
        float(next(iter(logs.values()))[0])


def bytes_in_checkpoint(player: Player) -> int:
    """Bytes that a checkpoint holds of a player: weights, buffers and the optimizer's state."""
    tensors = [*player.module.state_dict().values()]
    tensors += [v for state in player.optimizer.state.values() for v in state.values() if isinstance(v, Tensor)]
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)
