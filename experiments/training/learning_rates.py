"""Learning rates set for an epoch, and for one step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch

from experiments.training.schedules import Schedule
from experiments.training.task import Player


def set_rates(players: Mapping[str, Player], schedule: Schedule, epoch: int) -> dict[str, float]:
    """Set every learning rate for an epoch. Returns, for logging, that of each player's first parameter group."""
    rates = {}
    for name, player in players.items():
        for group, base_lr in zip(player.optimizer.param_groups, player.base_lrs):
            group["lr"] = schedule(base_lr, epoch, player.first_epoch)
        rates["lr" if len(players) == 1 else f"lr/{name}"] = float(player.optimizer.param_groups[0]["lr"])
    return rates


@contextmanager
def scaled_lr(optimizer: torch.optim.Optimizer, factor: float) -> Iterator[None]:
    """The optimizer with its learning rates multiplied by `factor`, for one step."""
    if factor == 1.0:
        yield
        return
    before = [group["lr"] for group in optimizer.param_groups]
    for group in optimizer.param_groups:
        group["lr"] *= factor
    yield
    for group, lr in zip(optimizer.param_groups, before):
        group["lr"] = lr
