"""The optimizers that are timed, and the sets of tensors that they are timed on."""

from __future__ import annotations

import importlib
import random
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import Parameter

import optimizers
from models.densenet import DenseNet121
from models.resnet import ResNet34

OURS = ("loop", "foreach", "compiled")
REFERENCE = "torch Adam, fused"
MODELS = {"ResNet34": ResNet34, "DenseNet121": DenseNet121}


@dataclass(frozen=True)
class Contestant:
    """A name, and the class and arguments of an optimizer."""

    name: str
    cls: Any
    arguments: dict[str, Any]
    ours: bool = False

    def make(self, params: list[Parameter]) -> torch.optim.Optimizer:
        return self.cls(params, lr=1e-4, **self.arguments)


def shapes_of(name: str) -> list[torch.Size]:
    """Shapes of a set of parameters: those of a model, or a thousand small ones."""
    if name == "many small":
        sizes = random.Random(0)
        return [torch.Size([sizes.randrange(1, 2048)]) for _ in range(1000)]
    return [p.shape for p in MODELS[name](classes=10).parameters()]


def ours(name: str) -> list[Contestant]:
    more = {"momentum": 0.9} if name == "SGD" else {}
    cls = getattr(optimizers, name)
    return [Contestant(f"{name}, {mode}", cls, {"mode": mode, **more}, ours=True) for mode in OURS]


def torch_adam() -> list[Contestant]:
    ways = {"loop": {"foreach": False}, "foreach": {"foreach": True}, "fused": {"fused": True}}
    return [Contestant(f"torch Adam, {way}", torch.optim.Adam, arguments) for way, arguments in ways.items()]


PEERS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "adabelief-pytorch AdaBelief": (
        "adabelief_pytorch", "AdaBelief", {"eps": 1e-8, "rectify": False, "print_change_log": False}
    ),
    "timm AdaBelief": ("timm.optim", "AdaBelief", {"rectify": False}),
    "pytorch_optimizer AdaBelief": ("pytorch_optimizer", "AdaBelief", {}),
    "heavyball AdamW, compiled": ("heavyball", "AdamW", {}),
}  # fmt: skip


def peers() -> list[Contestant]:
    """Public packages, as far as they are installed."""
    found = []
    for name, (module, cls, arguments) in PEERS.items():
        try:
            found.append(Contestant(name, getattr(importlib.import_module(module), cls), arguments))
        except ImportError:
            print(f"{name}: not installed, left out")
    return found
