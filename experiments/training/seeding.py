"""Named random streams. Each is derived from (seed, name, epoch), so that nothing needs to be saved to resume, and
with one seed every optimizer sees the same initial weights and the same batches."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

import torch
from torch import nn


def derive_seed(seed: int, name: str, epoch: int = 0) -> int:
    """A 63-bit seed for the stream `name` of a run in an epoch."""
    return int.from_bytes(sha256(f"{seed}/{name}/{epoch}".encode()).digest()[:8], "big") >> 1


def random_generator(seed: int, name: str, epoch: int = 0) -> torch.Generator:
    """A generator on the CPU, so that every device draws the same numbers."""
    return torch.Generator().manual_seed(derive_seed(seed, name, epoch))


def initialise_module(model: Callable[[], nn.Module], seed: int, name: str = "init") -> nn.Module:
    """A module with initial weights drawn on the CPU from the run's own stream, whatever device it is moved to."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, name))
        return model()
