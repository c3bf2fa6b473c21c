"""What all optimizers here share: everything except the mathematics.

A *rule* is one closed function `rule(p, g, *slots, *, ...)` that updates parameter `p` and its state tensors (the
*slots*) in place from gradient `g`. It never sees the step count or the learning rate: what depends on them is
computed once per step in float64 by the rule's `scalars(t, ...)` and arrives by keyword, as do the hyperparameters.
The same text runs in four ways (folder `modes`):

loop        tensor by tensor, the readable reference
foreach     on all tensors at once; on the CPU with the bits of loop
compiled    as one generated loop: in C on the CPU, through torch.compile elsewhere; rounding differs from loop's
capturable  as foreach, with what changes from step to step in tensors on the device: see `RuleOptimizer.update`
"""

from __future__ import annotations

import inspect
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor

from optimizers.modes.eager import HALF, run_eager
from optimizers.modes.kernel import run_compiled
from optimizers.modes.statements import Inexpressible
from optimizers.modes.toolchain import MissingCompiler, compiler
from optimizers.validation import validate

MODES = ("auto", "loop", "foreach", "compiled", "capturable")


class Bucket(NamedTuple):
    """Tensors that are updated together: same group, device, dtypes and own step count."""

    columns: list[list[Tensor]]  # parameters, gradients, then each slot
    fixed: dict[str, Any]  # hyperparameters, and the flags of the rule's phase
    rates: dict[str, Any]  # what changes from step to step: numbers, or 0-dimensional tensors on the device
    phase: tuple[Any, ...]  # the flags alone


class RuleOptimizer(torch.optim.Optimizer):
    """A `torch.optim.Optimizer` around one rule.

    A subclass names its `rule`, its `scalars` and its `slots`, and lists its hyperparameters in `__init__`.

    mode: how the rule is run, one of `MODES`; `auto` is compiled where a C compiler is found, else foreach.
    Half-precision parameters are updated in float32 and keep float32 slots.
    Raises ValueError for hyperparameters outside their range or unknown ones, RuntimeError for sparse gradients
    and complex parameters.
    """

    slots: ClassVar[tuple[str, ...]] = ()
    factors: ClassVar[int] = 2  # how many betas
    rule: ClassVar[Callable[..., None]]
    scalars: ClassVar[Callable[..., dict[str, Any]]]

    def __init__(self, params: Any, defaults: dict[str, Any], mode: str = "auto") -> None:
        if mode not in MODES:
            raise ValueError(f"mode must be one of {', '.join(MODES)}, got {mode!r}")
        self.mode = "compiled" if mode == "auto" else mode
        if self.mode == "compiled" and compiler() is None:
            self._without_compiler("no C compiler is found")
        self._forget()
        super().__init__(params, defaults)

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "mode": self.mode}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:  # which lack what was added since they were saved
            for name in self.defaults.keys() - group.keys() - {"differentiable"}:  # torch's own, in no group
                group[name] = self.defaults[name]
        self._forget()

    def _forget(self) -> None:
        """What `advance` leaves for `update` belongs to these tensors alone: it is neither copied nor saved."""
        self._plan: list[Bucket] = []
        self._on_device: dict[Tensor, Tensor] = {}
        self._graphs: dict[Any, Callable[..., Any]] = {}

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        known = {"params", "param_names", "initial_lr", *self.defaults}
        for name in param_group:
            if name not in known:
                takes = ", ".join(self.defaults)
                raise ValueError(f"unknown hyperparameter {name!r}; {type(self).__name__} takes {takes}")
        validate({**self.defaults, **param_group}, self.factors)
        super().add_param_group(param_group)

    def slots_of(self, group: dict[str, Any]) -> tuple[str, ...]:
        """Names of the state tensors that this group's configuration needs."""
        return self.slots

    def initial(self, group: dict[str, Any]) -> float:
        """The value that every slot starts from."""
        return 0.0

    @torch._disable_dynamo  # torch.compile would compile in counts and rates, Python numbers, step after step
    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # type: ignore[override]
        """Take one step; returns the closure's value, if there is a closure."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        self.advance()
        self.update()
        self._plan = []  # it holds the gradients
        return loss

    @torch.no_grad()
    def advance(self) -> tuple[Any, ...]:
        """The host's half of a step: count it and compute what depends on counts and rates; `update` is the other half.

        Returns the flags of the rules' phases (RAdam's first steps, ADOPT's first call).
        """
        self._plan = [bucket for group in self.param_groups for bucket in self._buckets(group)]
        return tuple(bucket.phase for bucket in self._plan)

    @torch.no_grad()
    def update(self) -> None:
        """The device's half of a step: run the rules on what `advance` has left.

        In mode capturable it reads nothing from the host: it can be captured in a CUDA graph, or compiled with
        `torch.compile(optimizer.update, mode="reduce-overhead")`. Then call `advance` before each replay, and keep one
        graph for each value that it returns.
        """
        for bucket in self._plan:
            self._run(bucket)

    def _buckets(self, group: dict[str, Any]) -> Iterator[Bucket]:
        """Parameters that have a gradient, by device, dtypes and own step count (counted from their first gradient)."""
        slots = self.slots_of(group)
        buckets = defaultdict(list)
        for p in group["params"]:
            g = p.grad
            if g is None:
                continue
            if g.is_sparse:
                raise RuntimeError(f"{type(self).__name__} does not support sparse gradients")
            if p.is_complex():
                raise RuntimeError(f"{type(self).__name__} does not support complex parameters")
            state = self.state[p]
            if not state:
                state["step"] = 0
                for name in slots:
                    state[name] = torch.full_like(p, self.initial(group), dtype=slot_dtype(p), requires_grad=False)
            state["step"] += 1
            buckets[p.device, p.dtype, g.dtype, state["step"]].append((p, g, *(state[name] for name in slots)))
        for (device, _, _, t), rows in buckets.items():
            values = call_with(type(self).scalars, group, t)
            rates: dict[str, Any] = {name: float(v) for name, v in values.items() if type(v) in (int, float)}
            flags = {name: value for name, value in values.items() if name not in rates}
            takes = [name for name in keyword_names(type(self).rule) if name not in values]
            if self.mode == "capturable" or (self.mode == "compiled" and device.type != "cpu"):
                rates = self._moved(rates, rows[0][0])
            yield Bucket(
                columns=list(map(list, zip(*rows))),
                fixed={**{name: hashable(group[name]) for name in takes}, **flags},
                rates=rates,
                phase=tuple(flags.values()),
            )

    def _moved(self, rates: dict[str, float], p: Tensor) -> dict[str, Tensor]:
        """The rates in tensors beside p, whose addresses stay from step to step; nothing waits for the device."""
        if p.is_cuda and torch.cuda.is_current_stream_capturing():
            raise RuntimeError("a CUDA graph would keep this step's rate: capture update(), and call advance() outside")
        host = torch.tensor(list(rates.values()), dtype=slot_dtype(p), pin_memory=p.is_cuda)
        if p not in self._on_device:
            self._on_device[p] = torch.empty_like(host, device=p.device)
        return dict(zip(rates, self._on_device[p].copy_(host, non_blocking=True).unbind()))

    def _run(self, bucket: Bucket) -> None:
        if self.mode == "compiled":
            try:
                return self._run_compiled(bucket)
            except (Inexpressible, MissingCompiler) as reason:
                self._without_compiler(reason)
        return run_eager(type(self).rule, bucket.columns, self.mode != "loop", **bucket.fixed, **bucket.rates)

    def _run_compiled(self, bucket: Bucket) -> None:
        if bucket.columns[0][0].device.type == "cpu":
            return run_compiled(type(self).rule, bucket.columns, bucket.fixed, bucket.rates)
        from optimizers.modes.graph import Graph  # imports torch.compile's machinery, seconds

        key = (tuple(map(id, bucket.columns[0])), tuple(bucket.fixed.items()))
        if key not in self._graphs:
            self._graphs[key] = Graph(type(self).rule, bucket.columns, bucket.fixed, bucket.rates)
        return self._graphs[key](bucket.columns, bucket.rates)

    def _without_compiler(self, reason: object) -> None:
        name = type(self).__name__
        warnings.warn(f"{reason}: {name} runs as foreach, several times slower than compiled", stacklevel=2)
        self.mode = "foreach"

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """As torch's, but slots keep their own dtype (torch casts them to the parameter's, flushing eps to zero)."""
        super().load_state_dict(state_dict)
        ids = [i for group in state_dict["param_groups"] for i in group["params"]]
        params = [p for group in self.param_groups for p in group["params"]]
        for i, p in zip(ids, params):
            for name, value in state_dict["state"].get(i, {}).items():
                if torch.is_tensor(value):
                    slot = torch.empty_like(p, dtype=slot_dtype(p), requires_grad=False)
                    self.state[p][name] = slot.copy_(value)


def slot_dtype(p: Tensor) -> torch.dtype:
    return torch.float32 if p.dtype in HALF else p.dtype


def hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def call_with(scalars: Callable[..., dict[str, Any]], group: dict[str, Any], t: int) -> dict[str, Any]:
    """Call `scalars(t, ...)` with those values of the group that its signature names."""
    names = list(inspect.signature(scalars).parameters)[1:]
    return scalars(t, **{name: group[name] for name in names})


def keyword_names(rule: Callable[..., None]) -> list[str]:
    return [n for n, p in inspect.signature(rule).parameters.items() if p.kind is p.KEYWORD_ONLY]
