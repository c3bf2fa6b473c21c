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

from .c_codegen import CHUNK, generate_c
from .c_compiler import load_library
from .c_tracer import UnsupportedByC
from .eager import TensorLists, run_eager

PLAIN_TENSORS = (Tensor, torch.nn.Parameter)


class CKernel:
    """The C loop of one rule, constants written into it, to be run on lists of tensors. Arguments as in `generate_c`.

    Raises MissingCompiler without a working C compiler, UnsupportedByC for a rule that cannot be written in C.
    """

    def __init__(
        self,
        rule: Callable[..., None],
        scalar_names: Sequence[str],
        constants: dict[str, Any],
        dtypes: Sequence[torch.dtype],
    ) -> None:
        text, self.n_norms = generate_c(rule, scalar_names, constants, dtypes)
        self.run = load_library(text).run
        self.run.restype = None

    def __call__(self, tensor_lists: TensorLists, step_scalars: Sequence[float]) -> None:
        """Update in place. The tensors of a parameter have one memory layout."""
        sizes = tuple(p.numel() for p in tensor_lists[0])
        n_chunks, owner, start, size = split_into_chunks(sizes)
        addresses = [tensor.data_ptr() for tensors in tensor_lists for tensor in tensors]
        threads = torch.get_num_threads() if sum(sizes) >= CHUNK else 1
        self.run(
            ctypes.c_int64(n_chunks), ctypes.c_int64(len(sizes)), owner, start, size,
            (ctypes.c_void_p * len(addresses))(*addresses), (ctypes.c_double * len(step_scalars))(*step_scalars),
            (ctypes.c_double * (self.n_norms * (len(sizes) + n_chunks)))(), ctypes.c_int(threads),
        )  # fmt: skip


@lru_cache(maxsize=64)
def split_into_chunks(sizes: tuple[int, ...]) -> tuple[int, Any, Any, Any]:
    """Tensors of these sizes in chunks: their number, each one's tensor and first element, and the sizes."""
    chunks = [(tensor, start) for tensor, size in enumerate(sizes) for start in range(0, size, CHUNK)]
    array = ctypes.c_int64 * len(chunks)
    return (
        len(chunks),
        array(*(tensor for tensor, _ in chunks)),
        array(*(start for _, start in chunks)),
        (ctypes.c_int64 * len(sizes))(*sizes),
    )


@cache
def cached_kernel(
    rule: Callable[..., None],
    scalar_names: tuple[str, ...],
    constants: tuple[tuple[str, Any], ...],
    dtypes: tuple[torch.dtype, ...],
) -> CKernel:
    """The kernel of a rule, made once for each set of constants and dtypes."""
    return CKernel(rule, scalar_names, dict(constants), dtypes)


def run_c_kernel(
    rule: Callable[..., None], tensor_lists: TensorLists, constants: dict[str, Any], step_scalars: dict[str, float]
) -> None:
    """Update in place; tensors with gaps, or in another order than their gradient, go through the rule as it stands.

    Raises MissingCompiler, and UnsupportedByC for a rule or a kind of tensor that C cannot take.
    """
    dtypes = tuple(tensors[0].dtype for tensors in tensor_lists)
    update = cached_kernel(rule, tuple(step_scalars), tuple(constants.items()), dtypes)
    if any(type(tensor) not in PLAIN_TENSORS for tensors in tensor_lists for tensor in tensors):
        raise UnsupportedByC("there is no C for subclasses of tensors")  # their memory may be anything
    numbers = list(step_scalars.values())
    if all(tensor.is_contiguous() for tensors in tensor_lists for tensor in tensors):
        return update(tensor_lists, numbers)
    rows = [(row, share_memory_layout(row)) for row in zip(*tensor_lists)]  # a row: one parameter's tensors
    if alike := [row for row, shared in rows if shared]:
        update(list(zip(*alike)), numbers)
    if different := [row for row, shared in rows if not shared]:
        run_eager(rule, list(zip(*different)), all_at_once=False, **constants, **step_scalars)
    return None


def share_memory_layout(tensors: Sequence[Tensor]) -> bool:
    """Whether the numbers of these tensors lie in memory without gaps and in one order."""
    first = tensors[0]
    spanned = 1 + sum((size - 1) * stride for size, stride in zip(first.shape, first.stride()))
    return spanned == first.numel() and all(tensor.stride() == first.stride() for tensor in tensors)
