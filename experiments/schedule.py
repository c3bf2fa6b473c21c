"""Learning-rate schedules: what the rate is multiplied by at the start of an epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from omegaconf import OmegaConf

from experiments.recipes import CONFIGS


@dataclass(frozen=True)
class Drops:
    """Multiply the current rate by `factor` at each milestone.

    milestones: epochs (0-based) of a run of `of` epochs, as the paper writes them; a run of another length drops at
    the same share of it, in integer arithmetic.
    """

    milestones: Sequence[int]
    of: int
    factor: float

    def __call__(self, epoch: int, epochs: int) -> float:
        """The factor that takes effect at the start of `epoch` in a run of `epochs`."""
        reached = [m for m in self.milestones if epoch * self.of >= m * epochs]
        before = [m for m in self.milestones if epoch > 0 and (epoch - 1) * self.of >= m * epochs]
        return self.factor ** (len(reached) - len(before))


def drops_of(setting: str) -> list[float]:
    """When the rate falls, as shares of a run."""
    schedule: Any = OmegaConf.load(CONFIGS / "setting" / f"{setting}.yaml").schedule
    return [milestone / schedule.of for milestone in schedule.milestones]
