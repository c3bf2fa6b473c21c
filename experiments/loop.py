"""The only training loop."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

import torch
from torch import Tensor, nn

from experiments.errors import Unscored
from experiments.seeding import derive
from experiments.task import Logs, Player, Task, Turn


@dataclass(frozen=True)
class Plan:
    """What a run is asked for. `epochs` is the schedule's length, `stop_after` ends the run earlier, `max_seconds`
    ends this slice of it at the next epoch end; `evaluate` says after how many epochs each split is scored, 0: only
    once all are done (where a score costs more than an epoch); `batches` ends every epoch after so many of
    them; `dropout` names the random stream of what is drawn while training."""

    seed: int
    epochs: int
    evaluate: Mapping[str, int]
    stop_after: int | None = None
    max_seconds: float | None = None
    precision: str = "fp32"
    batches: int | None = None
    dropout: str = "dropout"

    @property
    def last(self) -> int:
        return self.epochs if self.stop_after is None else min(self.epochs, self.stop_after)

    def due(self, epoch: int) -> list[str]:
        """The splits to score after an epoch; the last one closes every interval."""
        return [s for s, n in self.evaluate.items() if n and ((epoch + 1) % n == 0 or epoch + 1 == self.epochs)]

    @property
    def at_end(self) -> list[str]:
        return [split for split, interval in self.evaluate.items() if interval == 0]


def fit(task: Task, schedule: Callable[[int, int], float], plan: Plan, record: Any, first: int = 0) -> str:
    """Train `task` from epoch `first` on.

    Returns "complete", "partial" (`stop_after` reached), "diverged" (a loss that is not finite: a result),
    "unfinished" (`max_seconds` spent), "pruned" (`record.epoch` answered that it is enough) or "unscored" (trained, but
    what the score needs is not here). `record` gets `tick(epoch, batch, of, sums)` after each batch,
    `epoch(epoch, scores, seconds, checkpoint)` after each epoch, `evaluation(epoch, found)` after each evaluation, and
    `late(scores)` with the scores of the end.
    """
    slice_began = time.monotonic()
    for epoch in range(first, plan.last):
        began = time.monotonic()
        torch.manual_seed(derive(plan.seed, plan.dropout, epoch))
        rates = set_rates(task.players, schedule(epoch, plan.epochs))
        sums = train_epoch(task, epoch, plan, record)
        scores = {**rates, **{f"train/{name}": value for name, value in sums.means().items()}}
        scores |= evaluate(task, plan.due(epoch), epoch, record)
        task.after_epoch(scores)
        diverged = not all(math.isfinite(v) for name, v in scores.items() if name.startswith("train/"))
        at_rest = diverged or epoch + 1 == plan.last
        out_of_time = plan.max_seconds is not None and time.monotonic() - slice_began >= plan.max_seconds
        enough = record.epoch(epoch, scores, time.monotonic() - began, checkpoint=at_rest or out_of_time)
        if diverged:
            return "diverged"
        if enough and not at_rest:
            return "pruned"
        if out_of_time and not at_rest:
            return "unfinished"
    if plan.last < plan.epochs:
        return "partial"
    if not plan.at_end:
        return "complete"
    try:
        record.late(evaluate(task, plan.at_end, plan.last - 1, record))
    except Unscored as missing:
        print(f"trained but not scored, to be scored by the next call: {missing}")
        return "unscored"
    return "complete"


def evaluate(task: Task, splits: Sequence[str], epoch: int, record: Any) -> dict[str, float]:
    """Score the task on each split."""
    scores: dict[str, float] = {}
    for split in splits:
        with evaluating(task.players):
            found = task.evaluate(split)
        scores |= {f"{split}/{name}": value for name, value in found.scores.items()}
        record.evaluation(epoch, found)
    return scores


def train_epoch(task: Task, epoch: int, plan: Plan, record: Any) -> Sums:
    into_training(task.players)
    batches, sums = task.batches(epoch), Sums()
    of = min(len(batches), plan.batches or len(batches))  # type: ignore[arg-type]
    for index, batch in enumerate(islice(batches, of)):
        for turn in task.turns(batch, index):
            sums.add(take(turn, plan.precision))
        record.tick(epoch, index + 1, of, sums)
    return sums


def take(turn: Turn, precision: str) -> Logs:
    """Take one turn: loss, gradients, clipping, step. Returns the logs of the first call of the loss."""
    player = turn.player
    logs: Logs = {}
    optimizer = player.optimizer
    device = next(player.module.parameters()).device.type

    def closure() -> Tensor:
        nonlocal logs
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device, torch.bfloat16, enabled=precision == "bf16"):
            loss, news = turn.loss()
        loss.backward()
        if player.max_norm is not None:
            nn.utils.clip_grad_norm_(player.module.parameters(), player.max_norm)
        logs = logs or news
        return loss

    with scaled(optimizer, turn.rate):
        if player.step in ("plain", "again"):
            closure()
        optimizer.step() if player.step == "plain" else optimizer.step(closure)  # type: ignore[arg-type]
    return logs


class Sums:
    """Running sums of the logs, on their device; nothing here waits for it until `means` reads them."""

    def __init__(self) -> None:
        self.totals: dict[str, Tensor] = {}
        self.counts: dict[str, int] = {}

    def add(self, logs: Logs) -> None:
        for name, (total, count) in logs.items():
            if name in self.totals:
                self.totals[name] += total
                self.counts[name] += count
            else:  # float64: a sum of 50,000 float32 terms would lose digits that two machines then disagree on
                self.totals[name] = total.detach().to(torch.float64)
                self.counts[name] = count

    def means(self) -> dict[str, float]:
        if not self.totals:
            return {}
        values = torch.stack(list(self.totals.values())).tolist()
        return {name: value / self.counts[name] for name, value in zip(self.totals, values)}


def set_rates(players: Mapping[str, Player], factor: float) -> dict[str, float]:
    """Multiply every rate by `factor`; returns the rates, to be logged."""
    rates = {}
    for name, player in players.items():
        for group in player.optimizer.param_groups:
            group["lr"] *= factor
        rates["lr" if len(players) == 1 else f"lr/{name}"] = float(player.optimizer.param_groups[0]["lr"])
    return rates


@contextmanager
def scaled(optimizer: torch.optim.Optimizer, rate: float) -> Iterator[None]:
    """The optimizer with its rates multiplied by `rate`, for one step."""
    if rate == 1.0:
        yield
        return
    before = [group["lr"] for group in optimizer.param_groups]
    for group in optimizer.param_groups:
        group["lr"] *= rate
    yield
    for group, lr in zip(optimizer.param_groups, before):
        group["lr"] = lr


@contextmanager
def evaluating(players: Mapping[str, Player]) -> Iterator[None]:
    """Modules in eval mode, optimizers that have one too (schedule-free ones then hold their averaged weights)."""
    for player in players.values():
        player.module.eval()
        call_if_any(player.optimizer, "eval")
    with torch.no_grad():
        yield
    into_training(players)


def into_training(players: Mapping[str, Player]) -> None:
    """Modules in train mode, and optimizers that have one."""
    for player in players.values():
        player.module.train()
        call_if_any(player.optimizer, "train")


def call_if_any(optimizer: torch.optim.Optimizer, method: str) -> None:
    if callable(getattr(optimizer, method, None)):
        getattr(optimizer, method)()
