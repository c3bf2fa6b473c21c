"""Weights and inputs that are formulas of their own flat index, as the stored oracles were made with.

Because every value depends on its position inside its tensor only, names and order of parameters do not
matter.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


def wave(shape: tuple[int, ...], f: float, s: float, shift: float = 0.0) -> Tensor:
    """sin(f * i + s + shift) for the flat index i, float64, in `shape`."""
    count = torch.Size(shape).numel()
    return torch.sin(f * torch.arange(count, dtype=torch.float64) + s + shift).view(shape)


@torch.no_grad()
def fill(module: nn.Module, shift: float = 0.0) -> None:
    """Set every parameter of `module`, and frozen recurrent matrices, by formula.

    i is the flat index inside the tensor (torch's layout).
    Batch-norm weight 1 + 0.1 cos(i + shift); every other 1-d tensor (biases) 0.1 sin(i + shift); the rest
    cos(0.5 + shift + i + 0.001 i^2) * sqrt(2 * shape[0] / numel). Computed in float64 and then rounded to the
    parameter's type. Batch-norm statistics return to mean 0 and variance 1.
    """
    scales = set()
    for layer in module.modules():
        if isinstance(layer, _BatchNorm):
            scales.add(layer.weight)
            layer.reset_running_stats()
    frozen = [buffer for name, buffer in module.named_buffers() if name.endswith("weight_hh")]
    for parameter in [*module.parameters(), *frozen]:
        i = torch.arange(parameter.numel(), dtype=torch.float64)
        if parameter in scales:
            values = 1 + 0.1 * torch.cos(i + shift)
        elif parameter.ndim == 1:
            values = 0.1 * torch.sin(i + shift)
        else:
            gain = (2 * parameter.shape[0] / parameter.numel()) ** 0.5
            # i * i reaches 1e12: this order of products rounds as the oracles' did, 0.001 * i**2 does not
            values = torch.cos(0.5 + shift + i + 0.001 * i * i) * gain
        parameter.copy_(values.view(parameter.shape))
