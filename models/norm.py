"""How the batch-norm scales start: the initial value that changed between the paper's torch and today's."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

CHOICES = ("uniform", "ones")


def draw_norm_scales(module: nn.Module, kind: str, generator: torch.Generator | None = None) -> None:
    """Set the scale (`weight`) of every batch norm in `module`, in the order of `module.modules()`.

    Torch before 1.2 drew the scales from U(0, 1); the first epochs of the official CIFAR curves with
    SGD show it (1.1.0 by their README, though not by the files). A network without batch norm is left as it is.

    Args:
        module: changed in place, on whatever device it is.
        kind: "uniform" draws from U(0, 1); "ones" keeps what torch does since 1.2.
        generator: source of the draws; they are made on its device (the CPU without one), then copied.

    Raises:
        ValueError: another kind.
    """
    if kind not in CHOICES:
        raise ValueError(f"norm scales must be one of {', '.join(CHOICES)}, got {kind!r}")
    if kind == "ones":
        return
    device = "cpu" if generator is None else generator.device
    for layer in module.modules():
        if isinstance(layer, _BatchNorm) and layer.affine:
            with torch.no_grad():
                layer.weight.copy_(torch.rand(layer.weight.shape, generator=generator, device=device))
