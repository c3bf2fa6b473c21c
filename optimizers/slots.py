"""Slots, the state tensors of a parameter: their dtype, and how they are loaded."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .backends.eager import HALF_DTYPES


def slot_dtype(p: Tensor) -> torch.dtype:
    """float32 for parameters of half precision, else the parameter's dtype."""
    return torch.float32 if p.dtype in HALF_DTYPES else p.dtype


def new_slot(p: Tensor, value: float) -> Tensor:
    """A slot for parameter p, of its shape and memory layout, filled with `value`."""
    return torch.full_like(p, value, dtype=slot_dtype(p), requires_grad=False)


def restore_slots(optimizer: torch.optim.Optimizer, state_dict: dict[str, Any]) -> None:
    """Copy the slots of a state_dict once more after torch's `load_state_dict`, in their own dtype.

    Torch casts them to the parameter's dtype, which rounds them and flushes eps to zero in half precision.
    """
    ids = [i for group in state_dict["param_groups"] for i in group["params"]]
    params = [p for group in optimizer.param_groups for p in group["params"]]
    for i, p in zip(ids, params):
        for name, value in state_dict["state"].get(i, {}).items():
            if torch.is_tensor(value):
                slot = torch.empty_like(p, dtype=slot_dtype(p), requires_grad=False)
                optimizer.state[p][name] = slot.copy_(value)
