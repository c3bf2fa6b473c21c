"""A rule on a list of tensors as one graph for torch.compile: mode compiled where tensors are not on the CPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.fx.experimental.proxy_tensor import make_fx

from .eager import TensorLists, run_eager


class CompiledGraph:
    """One rule on these tensors: their shapes and the constants are compiled in, the step's scalars are not.

    The rule is traced here because torch.compile, reading Python, does not know `Tensors`.
    """

    def __init__(
        self,
        rule: Callable[..., None],
        tensor_lists: TensorLists,
        constants: dict[str, Any],
        step_scalars: dict[str, Tensor],
    ) -> None:
        lengths = [len(tensors) for tensors in tensor_lists]

        def flat_rule(*inputs: Tensor) -> None:
            rest = iter(inputs)
            lists = [[next(rest) for _ in range(n)] for n in lengths]
            scalars = {name: next(rest) for name in step_scalars}
            run_eager(rule, lists, all_at_once=True, **constants, **scalars)

        graph = make_fx(flat_rule, tracing_mode="fake")(*flatten_inputs(tensor_lists, step_scalars))
        self.run = torch.compile(graph, fullgraph=True, dynamic=False)

    def __call__(self, tensor_lists: TensorLists, step_scalars: dict[str, Tensor]) -> None:
        """Update in place; step_scalars are 0-dim tensors on the device."""
        self.run(*flatten_inputs(tensor_lists, step_scalars))


def flatten_inputs(tensor_lists: TensorLists, step_scalars: dict[str, Tensor]) -> list[Tensor]:
    return [tensor for tensors in tensor_lists for tensor in tensors] + list(step_scalars.values())
