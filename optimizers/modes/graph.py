"""A rule on a list of tensors as one graph for torch.compile: mode compiled where tensors are not on the CPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.fx.experimental.proxy_tensor import make_fx

from optimizers.modes.eager import Columns, run_eager


class Graph:
    """The graph of one rule on these tensors: shapes and hyperparameters are compiled in, numbers that change are not.

    The rule is traced here because torch.compile, reading Python, does not know `Tensors`.
    """

    def __init__(
        self, rule: Callable[..., None], columns: Columns, fixed: dict[str, Any], rates: dict[str, Tensor]
    ) -> None:
        lengths = [len(column) for column in columns]

        def flat(*tensors: Tensor) -> None:
            rest = iter(tensors)
            parts = [[next(rest) for _ in range(n)] for n in lengths]
            run_eager(rule, parts, together=True, **fixed, **{name: next(rest) for name in rates})

        traced = make_fx(flat, tracing_mode="fake")(*self.inputs(columns, rates))
        self.run = torch.compile(traced, fullgraph=True, dynamic=False)

    def __call__(self, columns: Columns, rates: dict[str, Tensor]) -> None:
        """Update in place; rates are 0-dimensional tensors on the device."""
        self.run(*self.inputs(columns, rates))

    @staticmethod
    def inputs(columns: Columns, rates: dict[str, Tensor]) -> list[Tensor]:
        return [tensor for column in columns for tensor in column] + list(rates.values())
