"""Learning-rate schedules: `schedule(base_lr, epoch, first)` is the learning rate in an epoch (0-based).

`base_lr` is the rate that the optimizer was made with. `first` is the epoch that it began in: 0, but for one that was
switched to on the way (ASGD).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class Schedule(Protocol):
    """The contract of every schedule."""

    def __call__(self, base_lr: float, epoch: int, first: int = 0) -> float:
        """The learning rate in `epoch` of an optimizer that began in epoch `first` with `base_lr`."""


@dataclass(frozen=True)
class Step:
    """Multiply the learning rate by `factor` at each milestone.

    epochs: the length of the run.
    milestones: epochs (0-based) of a run of `of` epochs, as the paper writes them; a run of another length drops at
        the same share of it, in integer arithmetic.

    The rate is multiplied drop by drop, as the official schedules do it: two drops of a tenth are not, in the last
    bits, one of a hundredth. An optimizer that begins later has only the drops from its first epoch on.
    """

    epochs: int
    milestones: Sequence[int]
    of: int
    factor: float

    def __call__(self, base_lr: float, epoch: int, first: int = 0) -> float:
        lr = base_lr
        for now in range(first, epoch + 1):
            lr *= self.factor ** (self.reached(now) - (self.reached(now - 1) if now else 0))
        return lr

    def reached(self, epoch: int) -> int:
        """How many milestones are reached at the start of an epoch."""
        return sum(epoch * self.of >= milestone * self.epochs for milestone in self.milestones)


@dataclass(frozen=True)
class Constant:
    """The learning rate stays as it is. Schedule-free optimizers want this."""

    epochs: int

    def __call__(self, base_lr: float, epoch: int, first: int = 0) -> float:
        return base_lr


@dataclass(frozen=True)
class Cosine:
    """Half a cosine from `base_lr` in the first epoch towards `final` times it after the last (Loshchilov and Hutter,
    ICLR 2017, arXiv 1608.03983, without restarts), preceded by `warmup` epochs that rise evenly.

    Raises ValueError for a warm-up that is not shorter than the run, or a final share outside [0, 1].
    """

    epochs: int
    final: float = 0.0
    warmup: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.warmup < self.epochs:
            raise ValueError(f"warmup must be shorter than the run of {self.epochs} epochs, got {self.warmup}")
        if not 0 <= self.final <= 1:
            raise ValueError(f"final is a share of the learning rate in [0, 1], got {self.final}")

    def __call__(self, base_lr: float, epoch: int, first: int = 0) -> float:
        if epoch < self.warmup:
            return base_lr * (epoch + 1) / (self.warmup + 1)
        gone = (epoch - self.warmup) / (self.epochs - self.warmup)
        return base_lr * (self.final + (1 - self.final) * (1 + math.cos(math.pi * gone)) / 2)
