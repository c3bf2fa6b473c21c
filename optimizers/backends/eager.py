"""A rule as it stands, in Python: tensor by tensor (mode loop), or on lists of tensors (foreach and capturable)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

HALF_DTYPES = (torch.float16, torch.bfloat16)
TensorLists = Sequence[Sequence[Tensor]]  # parameters, gradients, then each slot: one tensor for each parameter


class Tensors(list[Tensor]):
    """A list of tensors with the methods of one: `ts.mul_(x)` calls `torch._foreach_mul_(ts, x)`.

    A method for which torch has no foreach function is called tensor by tensor. Numbers may be 0-dimensional tensors on
    the tensors' device: they are used there and never read.
    """

    def __getattr__(self, name: str) -> Callable[..., Tensors]:
        if name.startswith("__"):  # torch would take a `__torch_function__` for an override
            raise AttributeError(name)
        foreach_function = getattr(torch, f"_foreach_{name}", None)

        def one_by_one(*args: Any, **kwargs: Any) -> list[Tensor]:
            rows = zip(*(a if isinstance(a, Tensors) else [a] * len(self) for a in args)) if args else [()] * len(self)
            return [getattr(t, name)(*row, **kwargs) for t, row in zip(self, rows)]

        def method(*args: Any, **kwargs: Any) -> Tensors:
            for factor in ("alpha", "value"):
                if isinstance(kwargs.get(factor), Tensor):  # torch would read it
                    args = (args[0].mul(kwargs.pop(factor)), *args[1:])
            if name not in ("mul", "mul_", "div", "div_"):  # the only ones whose foreach function takes one tensor
                args = tuple(Tensors([a] * len(self)) if isinstance(a, Tensor) else a for a in args)
            if foreach_function:  # on plain lists: torch.compile knows no others
                lists = [list(a) if isinstance(a, Tensors) else a for a in (self, *args)]
                result = foreach_function(*lists, **kwargs)
            else:
                result = one_by_one(*args, **kwargs)
            return self if name.endswith("_") else Tensors(result)

        return method


def run_eager(rule: Callable[..., None], tensor_lists: TensorLists, all_at_once: bool, **keywords: Any) -> None:
    """Update in place: one call with lists of tensors if `all_at_once`, else one call a parameter.

    Half-precision parameters are updated in float32 and rounded once, at the end.
    """
    params, gradients, *slots = tensor_lists
    half = params[0].dtype in HALF_DTYPES
    weights = [p.float() for p in params] if half else params
    gradients = [g.to(weights[0].dtype) for g in gradients]
    if all_at_once:
        rule(Tensors(weights), Tensors(gradients), *map(Tensors, slots), **keywords)
    else:
        for tensors in zip(weights, gradients, *slots):
            rule(*tensors, **keywords)
    if half:
        for p, weight in zip(params, weights):
            p.copy_(weight)
