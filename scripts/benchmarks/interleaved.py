"""One interleaved run: in every round each contestant takes one step, in an order drawn anew."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import Parameter

from scripts.benchmarks.contestants import Contestant

WARM = 3  # rounds that are not counted: state is made, kernels are compiled
COPY = "plain copy of the same bytes"


def seconds_per_step(
    contestants: Sequence[Contestant], shapes: Sequence[torch.Size], rounds: int, device: str, copied: int
) -> tuple[dict[str, list[float]], dict[str, int]]:
    """Seconds of each counted step, by contestant, and of copying `copied` bytes a parameter (read and written); on a
    GPU, how many kernels each launches in a step.

    Gradients are new tensors in every step, as autograd leaves them: what a mode does to gather them is in its time.
    """
    noise = [1e-2 * torch.randn(shape, device=device) for shape in shapes]
    timed = {c.name: stepper(c, shapes, noise, device) for c in contestants}
    timed[COPY] = copier(sum(shape.numel() for shape in shapes) * copied // 8, device)
    seconds: dict[str, list[float]] = {name: [] for name in timed}
    order = random.Random(0)
    gc.collect()
    gc.disable()
    for _ in range(WARM + rounds):
        for name in order.sample(list(timed), len(timed)):
            seconds[name].append(timed[name]())
    gc.enable()
    launches = {} if device == "cpu" else {name: kernels_of(step) for name, step in timed.items()}
    return {name: values[WARM:] for name, values in seconds.items()}, launches


def stepper(
    contestant: Contestant, shapes: Sequence[torch.Size], noise: list[Tensor], device: str
) -> Callable[[], float]:
    params = [Parameter(torch.randn(shape, device=device)) for shape in shapes]
    optimizer = contestant.make(params)

    def step() -> float:
        for p, g in zip(params, noise):
            p.grad = g.clone()
        took = timed(optimizer.step, device)
        optimizer.zero_grad(set_to_none=True)
        return took

    return step


def copier(floats: int, device: str) -> Callable[[], float]:
    source, target = torch.zeros(floats, device=device), torch.ones(floats, device=device)
    return lambda: timed(lambda: target.copy_(source), device)


def timed(action: Callable[[], object], device: str) -> float:
    """Seconds of an action: by the wall clock, or between two events on the GPU."""
    if device == "cpu":
        began = time.perf_counter()
        action()
        return time.perf_counter() - began
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    torch.cuda.synchronize()
    begin.record()
    action()
    end.record()
    torch.cuda.synchronize()
    return begin.elapsed_time(end) / 1e3


def kernels_of(step: Callable[[], float]) -> int:
    """Kernels that a step launches, without those that make its gradients."""
    from torch.autograd import DeviceType
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CUDA, ProfilerActivity.CPU]) as profiled:
        step()
    kernels = [e for e in profiled.events() if e.device_type == DeviceType.CUDA and "Memcpy" not in e.name]
    return len(kernels)


@dataclass(frozen=True)
class Ratio:
    """Median over rounds of one contestant's time over another's in the same round, with a 95 % bootstrap interval."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f} to {self.high:.2f})"


def ratio(times: Sequence[float], reference: Sequence[float]) -> Ratio:
    quotients = np.asarray(times) / np.asarray(reference)
    draws = np.random.default_rng(0).choice(quotients, (2000, len(quotients)))
    low, high = np.quantile(np.median(draws, axis=1), [0.025, 0.975])
    return Ratio(float(np.median(quotients)), float(low), float(high))
