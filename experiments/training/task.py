"""The contract between the loop and what it trains: the loop knows players and their steps, never a task's name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from torch import Tensor, nn
from torch.optim import Optimizer

from experiments.config.errors import UserError
from experiments.config.metric import Metric

CLOSURES = ("none", "after_backward", "only")
Batch = Any
Logs = Mapping[str, tuple[Tensor, int]]  # name -> (sum over the batch, on the device; number of items summed)


@dataclass
class Player:
    """A module with its optimizer.

    max_norm: clip the gradient's norm to this, if given.
    closure: what `optimizer.step` is given: "none" (gradients are there already), "after_backward" (they are, and the
    closure that makes them again), or "only" (the closure alone).
    base_lrs: the learning rate of each of the optimizer's groups as it was made; first_epoch: the epoch that it began
    in. What a schedule makes of the rate counts from them.

    Raises UserError for another closure.
    """

    module: nn.Module
    optimizer: Optimizer
    max_norm: float | None = None
    closure: str = "none"

    def __post_init__(self) -> None:
        if self.closure not in CLOSURES:
            raise UserError(f"closure must be {', '.join(CLOSURES)}, got {self.closure!r}")
        self.replace_optimizer(self.optimizer)

    def replace_optimizer(self, optimizer: Optimizer, first_epoch: int = 0) -> None:
        """Go on with another optimizer from `first_epoch` on, at its own learning rate."""
        self.optimizer, self.first_epoch = optimizer, first_epoch
        self.base_lrs = [group["lr"] for group in optimizer.param_groups]


@dataclass
class OptimizerStep:
    """One step of one player's optimizer.

    loss: called by the loop, as often as the optimizer asks; returns the loss and its logs.
    lr_factor: multiplies the learning rate of this step alone.
    """

    player: Player
    loss: Callable[[], tuple[Tensor, Logs]]
    lr_factor: float = 1.0


@dataclass
class Evaluation:
    """Scores by name (without the split), and images (n, 3, height, width) to show, if any."""

    scores: dict[str, float]
    images: dict[str, Tensor] = field(default_factory=dict)


class Task(Protocol):
    """The contract. Subclasses inherit an empty `after_epoch` and an empty `state_dict`, to be overridden if needed."""

    players: dict[str, Player]
    metric: Metric
    unit: str  # what a log's count counts: "images"

    def batches(self, epoch: int) -> Iterable[Batch]:
        """The epoch's batches, in an order that depends on (seed, epoch) alone. Has a length."""

    def optimizer_steps(self, batch: Batch, index: int) -> Iterator[OptimizerStep]:
        """The steps of a batch; `index` counts from 0 in each epoch. What stands after a `yield` happens once the
        player has stepped."""

    def evaluate(self, split: str) -> Evaluation:
        """Score the players (in eval mode, without gradients) on a split."""

    def after_epoch(self, scores: dict[str, float]) -> None:
        """Called after each epoch's evaluation; may replace a player's optimizer (`Player.replace_optimizer`)."""
        return

    def state_dict(self) -> dict[str, Any]:
        """What survives an epoch besides the players."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore `state_dict`'s answer; called before the players are restored."""
        return
