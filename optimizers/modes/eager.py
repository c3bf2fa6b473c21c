"""A rule as it stands: tensor by tensor, or on a list of tensors at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

HALF = (torch.float16, torch.bfloat16)
Columns = Sequence[Sequence[Tensor]]  # parameters, gradients, then each slot: one tensor for each parameter


class Tensors(list[Tensor]):
    """A list of tensors with the methods of one: `ts.mul_(x)` calls `torch._foreach_mul_(ts, x)`.

    A method for which torch has no batched form is called tensor by tensor. Numbers may be 0-dimensional tensors on
    the tensors' device: they are used there and never read.
    """

    def __getattr__(self, name: str) -> Callable[..., Tensors]:
        if name.startswith("__"):  # torch would take a `__torch_function__` for an override
            raise AttributeError(name)
        batched = getattr(torch, f"_foreach_{name}", None)

        def each(*args: Any, **kwargs: Any) -> list[Tensor]:
            rows = zip(*(a if isinstance(a, Tensors) else [a] * len(self) for a in args)) if args else [()] * len(self)
            return [getattr(t, name)(*row, **kwargs) for t, row in zip(self, rows)]

        def method(*args: Any, **kwargs: Any) -> Tensors:
            for factor in ("alpha", "value"):
                if isinstance(kwargs.get(factor), Tensor):  # torch would read it
                    args = (args[0].mul(kwargs.pop(factor)), *args[1:])
            if name not in ("mul", "mul_", "div", "div_"):  # the only ones with a batched form for one tensor
                args = tuple(Tensors([a] * len(self)) if isinstance(a, Tensor) else a for a in args)
            if batched:  # on plain lists: torch.compile knows no others
                lists = [list(a) if isinstance(a, Tensors) else a for a in (self, *args)]
                result = batched(*lists, **kwargs)
            else:
                result = each(*args, **kwargs)
            return self if name.endswith("_") else Tensors(result)

        return method


def run_eager(rule: Callable[..., None], columns: Columns, together: bool, **keywords: Any) -> None:
    """Update in place, all tensors `together` or one by one; half-precision parameters in float32."""
    params, gradients, *slots = columns
    half = params[0].dtype in HALF
    weights = [p.float() for p in params] if half else params
    gradients = [g.to(weights[0].dtype) for g in gradients]
    if together:
        rule(Tensors(weights), Tensors(gradients), *map(Tensors, slots), **keywords)
    else:
        for tensors in zip(weights, gradients, *slots):
            rule(*tensors, **keywords)
    if half:
        for p, weight in zip(params, weights):
            p.copy_(weight)
