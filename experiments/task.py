"""The contract between the loop and what it trains: the loop knows players and turns, never a task's name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from torch import Tensor, nn
from torch.optim import Optimizer

from experiments.errors import UserError

STEPS = ("plain", "again", "only")
Batch = Any
Logs = Mapping[str, tuple[Tensor, int]]  # name -> (sum over the batch, on the device; number of items summed)


class Metric(NamedTuple):
    """What a task is judged by: `name` as in the record ("test/accuracy"), `better` is "max" or "min"."""

    name: str
    better: str


@dataclass
class Player:
    """A module with its optimizer.

    max_norm: clip the gradient's norm to this, if given.
    step: how the optimizer wants its closure, "plain": closure(); step(), "again": closure(); step(closure), or
    "only": step(closure).
    """

    module: nn.Module
    optimizer: Optimizer
    max_norm: float | None = None
    step: str = "plain"

    def __post_init__(self) -> None:
        if self.step not in STEPS:
            raise UserError(f"step must be {', '.join(STEPS)}, got {self.step!r}")


@dataclass
class Turn:
    """One step of one player. `loss` is called by the loop, as often as the optimizer asks; `rate` multiplies the
    learning rate of this step alone."""

    player: Player
    loss: Callable[[], tuple[Tensor, Logs]]
    rate: float = 1.0


@dataclass
class Evaluation:
    """Scores by name (without the split), and images (n, 3, height, width) to show, if any."""

    scores: dict[str, float]
    images: dict[str, Tensor] = field(default_factory=dict)


class Task(Protocol):
    """Who inherits from this has nothing to do after an epoch and nothing to keep but the players, unless told."""

    players: dict[str, Player]
    metric: Metric
    unit: str  # what a log's count counts: "images"

    def batches(self, epoch: int) -> Iterable[Batch]:
        """The epoch's batches, in an order that depends on (seed, epoch) alone. Has a length."""

    def turns(self, batch: Batch, index: int) -> Iterator[Turn]:
        """The turns of a batch; `index` counts from 0 in each epoch. What stands after a `yield` happens once the
        player has stepped."""

    def evaluate(self, split: str) -> Evaluation:
        """Score the players (in eval mode, without gradients) on a split."""

    def after_epoch(self, scores: dict[str, float]) -> None:
        """Called after each epoch's evaluation; may replace a player's optimizer."""
        return

    def state_dict(self) -> dict[str, Any]:
        """What survives an epoch besides the players."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore `state_dict`'s answer; called before the players are restored."""
        return
