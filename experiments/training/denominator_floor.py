"""How far an optimizer is from one step size for all: the share of coordinates whose denominator is at its floor."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor

from experiments.config.errors import UserError
from experiments.training.task import Player
from optimizers.base import RuleOptimizer

NEAR = 2.0  # at the floor: a denominator below so many times the smallest that the rule can have
MOMENTA = (("exp_avg",), ("momentum_buffer",))  # the first slot of rules that have one
MOMENTUM = 1e-12  # small, so that its square adds nothing to a second moment, and exact in float64


class Floors:
    """The floors of a task's players, as an epoch's line tells them."""

    def __init__(self, players: Mapping[str, Player]) -> None:
        self.players = players
        self.floors = {name: Floor(player.optimizer) for name, player in players.items()}

    def shares_at_floor(self) -> dict[str, float]:
        """{"train/at_floor": percent}, a name behind it where there are several players; none for a player that has
        changed its optimizer."""
        known = {name: f for name, f in self.floors.items() if f.optimizer is self.players[name].optimizer}
        return {f"train/at_floor{'' if len(self.floors) == 1 else f'/{name}'}": f.share() for name, f in known.items()}


class Floor:
    """Watches one optimizer through its own rule, whatever that is: each coordinate is given the same momentum and no
    gradient, and the length of its step is compared with the step of a coordinate that never had a gradient, the
    longest that the rule can take. SGD's share is 100 %: its steps know no denominator. So is Lion's and ADOPT's, which
    bring a gradient to size before it enters the momentum.

    Raises UserError for an optimizer that is not a rule, or has no momentum.
    """

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        if not isinstance(optimizer, RuleOptimizer):
            raise UserError(f"at_floor=true asks for an optimizer of the suite, got {type(optimizer).__name__}")
        if any(optimizer.slots_of(group)[:1] not in MOMENTA for group in optimizer.param_groups):
            raise UserError(f"at_floor=true compares steps of equal momentum, and {type(optimizer).__name__} has none")
        self.optimizer = optimizer
        quiet = deepcopy(optimizer)
        for group in quiet.param_groups:
            group["params"] = [torch.zeros(1, dtype=torch.float64)]
        quiet.state.clear()
        quiet.mode = "loop"
        self.quiet = quiet  # one coordinate for each group that never has a gradient

    def share(self) -> float:
        """Share of the coordinates at the floor, in percent, as the optimizer now stands."""
        self.catch_up()
        low, count = 0, 0
        for steps, longest in zip(unit_step_lengths(self.optimizer), unit_step_lengths(self.quiet)):
            low += int((steps * NEAR > longest).sum())
            count += steps.numel()
        return 100 * low / count

    def catch_up(self) -> None:
        """Take as many steps without a gradient as the optimizer has taken with one."""
        taken = step_count(self.optimizer)
        while step_count(self.quiet) < taken:
            for group, own in zip(self.quiet.param_groups, self.optimizer.param_groups):
                group["lr"] = own["lr"]
                for p in group["params"]:
                    p.grad = torch.zeros_like(p)
            self.quiet.step()


def step_count(optimizer: RuleOptimizer) -> int:
    return max((state["step"] for state in optimizer.state.values()), default=0)


def unit_step_lengths(optimizer: RuleOptimizer) -> list[Tensor]:
    """For each group, how far the next step would move each of its coordinates if all had the same momentum and none a
    gradient. Changes nothing."""
    twin: Any = deepcopy(optimizer)
    twin.mode = "loop"
    for group in twin.param_groups:
        for p in group["params"]:
            state = twin.state[p]
            p.data = torch.zeros_like(p, dtype=torch.float64)
            p.grad = torch.zeros_like(p)
            for name in twin.slots_of(group):
                state[name] = state[name].double()
            state[twin.slots_of(group)[0]].fill_(MOMENTUM)
    twin.step()
    return [torch.cat([p.detach().abs().flatten() for p in group["params"]]) for group in twin.param_groups]
