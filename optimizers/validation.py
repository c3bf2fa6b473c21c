"""Ranges of the hyperparameters."""

import math
from typing import Any


def validate(group: dict[str, Any], n_betas: int) -> None:
    """Raise ValueError, naming the value, if a hyperparameter lies outside its range."""
    for name in ("lr", "eps", "weight_decay", "final_lr", "gamma", "initial_accumulator", "power"):
        value = group.get(name, 0.0)
        if not (isinstance(value, (int, float)) and math.isfinite(value) and value >= 0):
            raise ValueError(f"{name} must be a finite number, zero or more, got {value!r}")
    if len(group.get("betas", range(n_betas))) != n_betas:
        raise ValueError(f"betas must be {n_betas} numbers, got {group['betas']!r}")
    averages = [("betas", b) for b in group.get("betas", ())]
    for name, value in [*averages, *((name, group.get(name) or 0.0) for name in ("beta", "momentum", "alpha"))]:
        if not (isinstance(value, (int, float)) and 0 <= value < 1):
            raise ValueError(f"{name} must lie in [0, 1), got {value!r}")
