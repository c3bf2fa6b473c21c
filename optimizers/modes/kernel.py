"""A rule as one C loop over all tensors: what `mode="compiled"` runs on the CPU.

Made once for each set of hyperparameters and dtypes. The tensors are updated in place, wherever they lie; what changes
from step to step arrives as an argument, so neither a rate nor a step count ever compiles anything.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Any

import torch
from torch import Tensor

from optimizers.modes.eager import Columns, run_eager
from optimizers.modes.source import CHUNK, source
from optimizers.modes.statements import Inexpressible
from optimizers.modes.toolchain import load

PLAIN = (Tensor, torch.nn.Parameter)


class Kernel:
    """The loop of one rule with fixed hyperparameters, to be run on lists of tensors.

    Raises MissingCompiler without a working C compiler, Inexpressible for a rule beyond its vocabulary.
    """

    def __init__(self, rule: Callable[..., None], rates, fixed, dtypes) -> None:
        text, self.norms = source(rule, rates, fixed, dtypes)
        self.run = load(text).run
        self.run.restype = None

    def __call__(self, columns: Columns, rates: Sequence[float]) -> None:
        """Update in place. The tensors of a parameter are laid out alike."""
        sizes = tuple(p.numel() for p in columns[0])
        chunks, owner, start, size = split(sizes)
        addresses = [tensor.data_ptr() for column in columns for tensor in column]
        threads = torch.get_num_threads() if sum(sizes) >= CHUNK else 1
        self.run(
            ctypes.c_int64(chunks), ctypes.c_int64(len(sizes)), owner, start, size,
            (ctypes.c_void_p * len(addresses))(*addresses), (ctypes.c_double * len(rates))(*rates),
            (ctypes.c_double * (self.norms * (len(sizes) + chunks)))(), ctypes.c_int(threads),
        )  # fmt: skip


@lru_cache(maxsize=64)
def split(sizes: tuple[int, ...]) -> tuple[int, Any, Any, Any]:
    """Tensors of these sizes in chunks: their number, each one's tensor and first element, and the sizes."""
    pieces = [(tensor, at) for tensor, size in enumerate(sizes) for at in range(0, size, CHUNK)]
    array = ctypes.c_int64 * len(pieces)
    return (
        len(pieces),
        array(*(k for k, _ in pieces)),
        array(*(at for _, at in pieces)),
        (ctypes.c_int64 * len(sizes))(*sizes),
    )


@cache
def kernel(
    rule: Callable[..., None], rates: tuple[str, ...], fixed: tuple[tuple[str, Any], ...], dtypes: tuple
) -> Kernel:
    """The kernel of a rule, made once for each set of hyperparameters and dtypes."""
    return Kernel(rule, rates, dict(fixed), dtypes)


def run_compiled(rule: Callable[..., None], columns: Columns, fixed: dict[str, Any], rates: dict[str, float]) -> None:
    """Update in place; tensors with gaps, or in another order than their gradient, go through the rule as it stands."""
    update = kernel(rule, tuple(rates), tuple(fixed.items()), tuple(column[0].dtype for column in columns))
    if any(type(tensor) not in PLAIN for column in columns for tensor in column):
        raise Inexpressible("there is no C for subclasses of tensors")  # their memory may be anything
    if all(tensor.is_contiguous() for column in columns for tensor in column):
        return update(columns, list(rates.values()))
    rows = [(row, laid_out_alike(row)) for row in zip(*columns)]
    if alike := [row for row, yes in rows if yes]:
        update(list(zip(*alike)), list(rates.values()))
    if odd := [row for row, yes in rows if not yes]:
        run_eager(rule, list(zip(*odd)), together=False, **fixed, **rates)
    return None


def laid_out_alike(tensors: Sequence[Tensor]) -> bool:
    """Whether the numbers of these tensors lie in memory without gaps and in one order."""
    first = tensors[0]
    spanned = 1 + sum((size - 1) * stride for size, stride in zip(first.shape, first.stride()))
    return spanned == first.numel() and all(tensor.stride() == first.stride() for tensor in tensors)
