"""How long runs will take and what they keep, measured from a few real steps of each kind of run."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from torch import Tensor

from experiments import machine
from experiments.compose import Request
from experiments.loop import take
from experiments.run import build
from experiments.task import Player, Task

WARM, TIMED = 1, 5  # batches: a GAN's generator steps at one in five
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
    batches = task.batches(0)
    for index, batch in enumerate(batches):
        if index == WARM:
            began = time.perf_counter()
        if index == WARM + TIMED:
            break
        for turn in task.turns(batch, index):
            float(next(iter(take(turn, precision).values()))[0])  # waits for the device
    step = (time.perf_counter() - began) / TIMED
    return Pace(step, step * len(batches) * EVALUATION, sum(map(kept, task.players.values())))  # type: ignore[arg-type]


def kept(player: Player) -> int:
    """Bytes that a checkpoint holds of a player: weights, buffers and the optimizer's state."""
    tensors = [*player.module.state_dict().values()]
    tensors += [v for state in player.optimizer.state.values() for v in state.values() if isinstance(v, Tensor)]
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)
