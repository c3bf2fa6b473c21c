"""Parameters sorted into buckets that a rule can update together, and what a rule is called with besides tensors."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from .slots import slot_dtype


class Bucket(NamedTuple):
    """Tensors that are updated together: same group, device, dtypes and own step count."""

    tensor_lists: list[list[Tensor]]  # parameters, gradients, then each slot: one tensor for each parameter
    constants: dict[str, Any]  # keywords that a compiled rule keeps: hyperparameters, and the flags of the phase
    step_scalars: dict[str, Any]  # keywords that change from step to step: floats, or 0-dim tensors on the device
    phase: tuple[Any, ...]  # the flags alone


class RuleKeywords(NamedTuple):
    """The keywords of a rule at one step; the fields as in `Bucket`."""

    constants: dict[str, Any]
    step_scalars: dict[str, float]
    phase: tuple[Any, ...]


def rule_keywords(
    rule: Callable[..., None], scalars: Callable[..., dict[str, Any]], group: dict[str, Any], t: int
) -> RuleKeywords:
    """What `rule` is called with at step `t` (from 1): numbers and flags from `scalars`, the rest from the group.

    Floats and ints of `scalars` change from step to step; everything else in it (bool, str, None) is a flag.
    """
    parameters = list(inspect.signature(scalars).parameters)[1:]  # without t
    values = scalars(t, **{name: group[name] for name in parameters})
    step_scalars = {name: float(value) for name, value in values.items() if type(value) in (int, float)}
    flags = {name: value for name, value in values.items() if name not in step_scalars}
    hyperparameters = {name: hashable(group[name]) for name in keyword_only(rule) if name not in values}
    return RuleKeywords({**hyperparameters, **flags}, step_scalars, tuple(flags.values()))


def keyword_only(rule: Callable[..., None]) -> list[str]:
    return [name for name, p in inspect.signature(rule).parameters.items() if p.kind is p.KEYWORD_ONLY]


def hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


class DeviceScalars:
    """Step scalars on the parameters' device, in tensors whose addresses stay the same from step to step."""

    def __init__(self) -> None:
        self._buffers: dict[Tensor, Tensor] = {}  # by the first parameter of a bucket

    def copy(self, step_scalars: dict[str, float], p: Tensor) -> dict[str, Tensor]:
        """The scalars as 0-dim tensors beside p, in its slots' dtype; the host does not wait for the device.

        Raises RuntimeError while a CUDA graph is captured, which would repeat this step's numbers for ever.
        """
        if p.is_cuda and torch.cuda.is_current_stream_capturing():
            raise RuntimeError("a CUDA graph would keep this step's rate: capture update(), and call advance() outside")
        on_host = torch.tensor(list(step_scalars.values()), dtype=slot_dtype(p), pin_memory=p.is_cuda)
        if p not in self._buffers:
            self._buffers[p] = torch.empty_like(on_host, device=p.device)
        return dict(zip(step_scalars, self._buffers[p].copy_(on_host, non_blocking=True).unbind()))
