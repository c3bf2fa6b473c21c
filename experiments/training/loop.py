"""The only training loop."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import torch
from torch import Tensor, nn

from experiments.config.errors import MetricUnavailable
from experiments.training.learning_rates import scaled_lr, set_rates
from experiments.training.schedules import Schedule
from experiments.training.seeding import derive_seed
from experiments.training.sums import LogSums
from experiments.training.task import Evaluation, Logs, OptimizerStep, Player, Task


@dataclass(frozen=True)
class RunPlan:
    """What a run is asked for.

    epochs: the schedule's length; stop_after: end the run after so many of them; max_seconds: end this slice of it at
    the next epoch end after so many seconds; evaluate: after how many epochs each split is scored, 0: only once all are
    done (where a score costs more than an epoch); precision: "fp32", "tf32" or "bf16"; batches: end every epoch after
    so many; dropout: the random stream of what is drawn while training.
    """

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
        """The number of epochs after which the run is at rest."""
        return self.epochs if self.stop_after is None else min(self.epochs, self.stop_after)

    def splits_due(self, epoch: int) -> list[str]:
        """The splits to score after an epoch; the last one closes every interval."""
        return [s for s, n in self.evaluate.items() if n and ((epoch + 1) % n == 0 or epoch + 1 == self.epochs)]

    @property
    def splits_at_end(self) -> list[str]:
        return [split for split, interval in self.evaluate.items() if interval == 0]


class Recorder(Protocol):
    """Who is told what happens, and keeps it."""

    def after_batch(self, epoch: int, batch: int, of: int, sums: LogSums) -> None:
        """`batch` of `of` batches of an epoch are done."""

    def after_epoch(self, epoch: int, scores: dict[str, float], seconds: float, checkpoint: bool) -> bool:
        """An epoch is done. checkpoint: its state has to be kept. Answers whether that is enough (pruning)."""

    def after_evaluation(self, epoch: int, found: Evaluation) -> None:
        """A split was scored."""

    def add_final_scores(self, scores: dict[str, float]) -> None:
        """The scores that are taken once all epochs are done."""


def fit(task: Task, schedule: Schedule, plan: RunPlan, recorder: Recorder, first: int = 0) -> str:
    """Train `task` from epoch `first` on.

    Returns "complete", "partial" (`stop_after` reached), "diverged" (a loss that is not finite: a result),
    "unfinished" (`max_seconds` spent), "pruned" (`recorder.after_epoch` answered that it is enough) or "unscored"
    (trained, but what the score needs is not here).
    """
    slice_began = time.monotonic()
    for epoch in range(first, plan.last):
        began = time.monotonic()
        torch.manual_seed(derive_seed(plan.seed, plan.dropout, epoch))
        rates = set_rates(task.players, schedule, epoch)
        sums = train_epoch(task, epoch, plan, recorder)
        scores = {**rates, **{f"train/{name}": value for name, value in sums.means().items()}}
        scores |= evaluate_splits(task, plan.splits_due(epoch), epoch, recorder)
        task.after_epoch(scores)
        diverged = has_diverged(scores)
        at_rest = diverged or epoch + 1 == plan.last
        out_of_time = plan.max_seconds is not None and time.monotonic() - slice_began >= plan.max_seconds
        enough = recorder.after_epoch(epoch, scores, time.monotonic() - began, checkpoint=at_rest or out_of_time)
        if diverged:
            return "diverged"
        if enough and not at_rest:
            return "pruned"
        if out_of_time and not at_rest:
            return "unfinished"
    if plan.last < plan.epochs:
        return "partial"
    if not plan.splits_at_end:
        return "complete"
    try:
        recorder.add_final_scores(evaluate_splits(task, plan.splits_at_end, plan.last - 1, recorder))
    except MetricUnavailable as missing:
        print(f"trained but not scored, to be scored by the next call: {missing}")
        return "unscored"
    return "complete"


def has_diverged(scores: Mapping[str, float | None]) -> bool:
    """Whether a training value of an epoch is not finite; a record holds None for such a value."""
    return any(v is None or not math.isfinite(v) for name, v in scores.items() if name.startswith("train/"))


def evaluate_splits(task: Task, splits: Sequence[str], epoch: int, recorder: Recorder) -> dict[str, float]:
    """Score the task on each split."""
    scores: dict[str, float] = {}
    for split in splits:
        with evaluating(task.players):
            found = task.evaluate(split)
        scores |= {f"{split}/{name}": value for name, value in found.scores.items()}
        recorder.after_evaluation(epoch, found)
    return scores


def train_epoch(task: Task, epoch: int, plan: RunPlan, recorder: Recorder) -> LogSums:
    """Take the steps of an epoch's batches; returns the sums of their logs."""
    into_training(task.players)
    batches, sums = task.batches(epoch), LogSums()
    of = min(len(batches), plan.batches or len(batches))  # type: ignore[arg-type]
    for index, batch in enumerate(islice(batches, of)):
        for step in task.optimizer_steps(batch, index):
            sums.add(optimizer_step(step, plan.precision))
        recorder.after_batch(epoch, index + 1, of, sums)
    return sums


def optimizer_step(step: OptimizerStep, precision: str) -> Logs:
    """Take one step: loss, gradients, clipping, update. Returns the logs of the first call of the loss."""
    player = step.player
    logs: Logs = {}
    optimizer = player.optimizer
    device = next(player.module.parameters()).device.type

    def closure() -> Tensor:
        nonlocal logs
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device, torch.bfloat16, enabled=precision == "bf16"):
            loss, these = step.loss()
        loss.backward()
        if player.max_norm is not None:
            nn.utils.clip_grad_norm_(player.module.parameters(), player.max_norm)
        logs = logs or these
        return loss

    with scaled_lr(optimizer, step.lr_factor):
        if player.closure in ("none", "after_backward"):
            closure()
        optimizer.step() if player.closure == "none" else optimizer.step(closure)  # type: ignore[arg-type]
    return logs


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
