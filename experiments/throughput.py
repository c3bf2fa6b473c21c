"""How long runs will take and what they keep, measured from a few real steps of each kind of run."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, count, islice
from typing import Any

from torch import Tensor

from experiments import machine
from experiments.compose import Request, full_key
from experiments.loop import into_training, take
from experiments.run import build
from experiments.task import Player, Task

WARM, TIMED = 1, 5  # batches: a GAN's generator steps at one in five
UNTIMED = ("++optimizer.", "++epochs=")  # overrides that do not change how long an epoch takes
EVALUATION = 1.1  # scoring a split after each epoch adds about a tenth


def seconds_left(requests: Iterable[Request], threads: int) -> float:
    """Estimated seconds that the requests take one after the other, from the first epoch on."""
    known: dict[tuple[str, ...], float] = {}
    total = 0.0
    for request in requests:
        if kind(request) not in known:
            known[kind(request)] = epoch_seconds(request, threads)
        total += known[kind(request)] * request.epochs
    return total


def kind(request: Request) -> tuple[str, ...]:
    """What runs whose epochs take equally long have in common: all but the optimizer and how many epochs there are."""
    cell = request.cell
    overrides = [word for word in cell.optimizer.split(",")[1:] if not full_key(word).startswith(UNTIMED)]
    return cell.setting, cell.data, cell.model, cell.scale, *overrides


def epoch_seconds(request: Request, threads: int) -> float:
    """Estimated seconds of one epoch, from the first steps of a task that is thrown away.

    threads: those of a run that is not given any itself.
    """
    device = machine.prepare(request.config, request.config["threads"] or threads)
    return pace(build(request, device), request.config["precision"]).epoch


@dataclass(frozen=True)
class Pace:
    """Seconds of a step and of an epoch with its evaluation, and bytes of a checkpoint."""

    step: float
    epoch: float
    checkpoint: int


def pace(task: Task, precision: str) -> Pace:
    """Take a task's first steps."""
    into_training(task.players)
    batches = endless(task)
    steps(task, batches, WARM, precision)
    began = time.perf_counter()
    steps(task, batches, TIMED, precision)
    step = (time.perf_counter() - began) / TIMED
    epoch = step * len(task.batches(0)) * EVALUATION  # type: ignore[arg-type]
    return Pace(step, epoch, sum(map(kept, task.players.values())))


def endless(task: Task) -> Iterator[tuple[int, Any]]:
    """Batches with their index in the epoch, one epoch after the other."""
    return chain.from_iterable(enumerate(task.batches(epoch)) for epoch in count())


def steps(task: Task, batches: Iterator[tuple[int, Any]], n: int, precision: str) -> None:
    """Take the turns of n batches and wait for the device."""
    for index, batch in islice(batches, n):
        for turn in task.turns(batch, index):
            logs = take(turn, precision)
        float(next(iter(logs.values()))[0])


def kept(player: Player) -> int:
    """Bytes that a checkpoint holds of a player: weights, buffers and the optimizer's state."""
    tensors = [*player.module.state_dict().values()]
    tensors += [v for state in player.optimizer.state.values() for v in state.values() if isinstance(v, Tensor)]
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)
