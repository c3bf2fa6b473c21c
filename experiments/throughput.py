"""How long runs will take, measured from a few real steps of each kind of run."""

from __future__ import annotations

import time
from collections.abc import Iterable

from experiments import machine
from experiments.compose import Request
from experiments.loop import take
from experiments.run import build

WARM, TIMED = 1, 5  # batches: a GAN's generator steps at one in five
EVALUATION = 1.1  # scoring a split after each epoch adds about a tenth


def seconds_left(requests: Iterable[Request], threads: int) -> float:
    """Estimated seconds that the requests take one after the other, from the first epoch on."""
    known: dict[tuple[str, ...], float] = {}
    total = 0.0
    for request in requests:
        kind = (request.cell.setting, request.cell.data, request.cell.model, request.cell.scale)
        if kind not in known:
            known[kind] = epoch_seconds(request, threads)
        total += known[kind] * request.epochs
    return total


def epoch_seconds(request: Request, threads: int) -> float:
    """Estimated seconds of one epoch, from the first steps of a task that is thrown away."""
    task = build(request, machine.prepare(request.config, threads))
    batches = task.batches(0)
    for index, batch in enumerate(batches):
        if index == WARM:
            began = time.perf_counter()
        if index == WARM + TIMED:
            break
        for turn in task.turns(batch, index):
            float(next(iter(take(turn, request.config["precision"]).values()))[0])  # waits for the device
    return (time.perf_counter() - began) / TIMED * len(batches) * EVALUATION  # type: ignore[arg-type]
