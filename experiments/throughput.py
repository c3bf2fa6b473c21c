"""How long runs will take and what they keep, measured from a few real steps of each kind of run."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, count, islice
from typing import Any

from torch import Tensor

from experiments import machine
from experiments.compose import Request
from experiments.loop import take
from experiments.run import build
from experiments.task import Player, Task

WARM, TIMED = 1, 5  # batches: a GAN's generator steps at one in five
# Rounds: at most so many, while one takes less than this part of the last; one if a step takes so many seconds.
ROUNDS, SETTLED, LONG = 5, 0.8, 4.0
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
    """What runs that take equally long have in common."""
    return request.cell.setting, request.cell.data, request.cell.model, request.cell.scale


def epoch_seconds(request: Request, threads: int) -> float:
    """Estimated seconds of one epoch, from the first steps of a task that is thrown away."""
    return pace(build(request, machine.prepare(request.config, threads)), request.config["precision"]).epoch


@dataclass(frozen=True)
class Pace:
    """Seconds of a step and of an epoch with its evaluation, and bytes of a checkpoint."""

    step: float
    epoch: float
    checkpoint: int


def pace(task: Task, precision: str) -> Pace:
    """Take a task's first steps, in rounds until one is no longer much faster than the one before: a machine that has
    just started still reads its libraries from the disk, and took eighteen times as long."""
    length = len(task.batches(0))  # type: ignore[arg-type]
    batches = chain.from_iterable(enumerate(task.batches(epoch)) for epoch in count())
    seconds(task, batches, WARM, precision)
    before, step = math.inf, seconds(task, batches, TIMED, precision)
    for _ in range(ROUNDS - 1):
        if step > LONG or step > SETTLED * before:
            break
        before, step = step, seconds(task, batches, TIMED, precision)
    return Pace(step, step * length * EVALUATION, sum(map(kept, task.players.values())))


def seconds(task: Task, batches: Iterator[tuple[int, Any]], n: int, precision: str) -> float:
    """Seconds of a step, over n batches."""
    began = time.perf_counter()
    for index, batch in islice(batches, n):
        for turn in task.turns(batch, index):
            float(next(iter(take(turn, precision).values()))[0])  # waits for the device
    return (time.perf_counter() - began) / n


def kept(player: Player) -> int:
    """Bytes that a checkpoint holds of a player: weights, buffers and the optimizer's state."""
    tensors = [*player.module.state_dict().values()]
    tensors += [v for state in player.optimizer.state.values() for v in state.values() if isinstance(v, Tensor)]
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)
