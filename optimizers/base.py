"""What all optimizers here share: everything except the mathematics.

A *rule* is one closed function `rule(p, g, *slots, *, ...)` that updates parameter `p` and its state tensors (the
*slots*) in place from gradient `g`. It never sees the step count or the learning rate: what depends on them is
computed once per step in float64 by the rule's `scalars(t, ...)`, t being 1 at a tensor's first gradient, and arrives
by keyword, as do the hyperparameters. The same text runs in four ways (folder `backends`):

loop        tensor by tensor, the readable reference
foreach     on all tensors at once; on the CPU with the bits of loop
compiled    as one generated loop: in C on the CPU, through torch.compile elsewhere; rounding differs from loop's
capturable  as foreach, with what changes from step to step in tensors on the device: see `RuleOptimizer.update`
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import torch

from .backends.c_compiler import MissingCompiler, find_compiler
from .backends.c_kernel import run_c_kernel
from .backends.c_tracer import UnsupportedByC
from .backends.eager import run_eager
from .buckets import Bucket, DeviceScalars, rule_keywords
from .slots import new_slot, restore_slots
from .validation import validate

MODES = ("auto", "loop", "foreach", "compiled", "capturable")


class RuleOptimizer(torch.optim.Optimizer):
    """A `torch.optim.Optimizer` around one rule.

    A subclass names its `rule`, its `scalars` and its `slots`, and lists its hyperparameters in `__init__`.

    mode: how the rule is run, one of `MODES`; `auto` is compiled where a C compiler is found, else foreach.
    Half-precision parameters are updated in float32 and keep float32 slots.
    Raises ValueError for hyperparameters outside their range or unknown ones, RuntimeError for sparse gradients
    and complex parameters.
    """

    slots: ClassVar[tuple[str, ...]] = ()
    n_betas: ClassVar[int] = 2
    rule: ClassVar[Callable[..., None]]
    scalars: ClassVar[Callable[..., dict[str, Any]]]

    def __init__(self, params: Any, defaults: dict[str, Any], mode: str = "auto") -> None:
        if mode not in MODES:
            raise ValueError(f"mode must be one of {', '.join(MODES)}, got {mode!r}")
        self.mode = "compiled" if mode == "auto" else mode
        if self.mode == "compiled" and find_compiler() is None:
            self._fall_back_to_foreach("no C compiler is found")
        self._drop_derived_state()
        super().__init__(params, defaults)

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "mode": self.mode}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:  # which lack what was added since they were saved
            for name in self.defaults.keys() - group.keys() - {"differentiable"}:  # torch's own, in no group
                group[name] = self.defaults[name]
        self._drop_derived_state()

    def _drop_derived_state(self) -> None:
        """What `advance` leaves for `update` belongs to these tensors alone: it is neither copied nor saved."""
        self._buckets: list[Bucket] = []
        self._device_scalars = DeviceScalars()
        self._graphs: dict[Any, Callable[..., Any]] = {}

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        known = {"params", "param_names", "initial_lr", *self.defaults}
        for name in param_group:
            if name not in known:
                takes = ", ".join(self.defaults)
                raise ValueError(f"unknown hyperparameter {name!r}; {type(self).__name__} takes {takes}")
        validate({**self.defaults, **param_group}, self.n_betas)
        super().add_param_group(param_group)

    def slots_of(self, group: dict[str, Any]) -> tuple[str, ...]:
        """Names of the state tensors that this group's configuration needs."""
        return self.slots

    def initial_slot_value(self, group: dict[str, Any]) -> float:
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
        self._buckets = []  # they hold the gradients
        return loss

    @torch.no_grad()
    def advance(self) -> tuple[Any, ...]:
        """The host's half of a step: count it and compute what depends on counts and rates; `update` is the other half.

        Returns the flags of the rules' phases (RAdam's first steps, ADOPT's first call).
        """
        self._buckets = [bucket for group in self.param_groups for bucket in self._buckets_of(group)]
        return tuple(bucket.phase for bucket in self._buckets)

    @torch.no_grad()
    def update(self) -> None:
        """The device's half of a step: run the rules on what `advance` has left.

        In mode capturable it reads nothing from the host: it can be captured in a CUDA graph, or compiled with
        `torch.compile(optimizer.update, mode="reduce-overhead")`. Then call `advance` before each replay, and keep one
        graph for each value that it returns.
        """
        for bucket in self._buckets:
            self._run_rule(bucket)

    def _buckets_of(self, group: dict[str, Any]) -> Iterator[Bucket]:
        """Parameters that have a gradient, by device, dtypes and own step count (counted from their first gradient)."""
        slots = self.slots_of(group)
        rows_of = defaultdict(list)  # each row: a parameter, its gradient, its slots
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
                    state[name] = new_slot(p, self.initial_slot_value(group))
            state["step"] += 1
            rows_of[p.device, p.dtype, g.dtype, state["step"]].append((p, g, *(state[name] for name in slots)))
        for (device, _, _, t), rows in rows_of.items():
            keywords = rule_keywords(type(self).rule, type(self).scalars, group, t)
            step_scalars: dict[str, Any] = keywords.step_scalars
            if self.mode == "capturable" or (self.mode == "compiled" and device.type != "cpu"):
                step_scalars = self._device_scalars.copy(keywords.step_scalars, rows[0][0])
            yield Bucket(list(map(list, zip(*rows))), keywords.constants, step_scalars, keywords.phase)

    def _run_rule(self, bucket: Bucket) -> None:
        if self.mode == "compiled":
            try:
                return self._run_compiled(bucket)
            except (UnsupportedByC, MissingCompiler) as reason:
                self._fall_back_to_foreach(reason)
        keywords = {**bucket.constants, **bucket.step_scalars}
        return run_eager(type(self).rule, bucket.tensor_lists, self.mode != "loop", **keywords)

    def _run_compiled(self, bucket: Bucket) -> None:
        tensor_lists, constants, step_scalars, _ = bucket
        if tensor_lists[0][0].device.type == "cpu":
            return run_c_kernel(type(self).rule, tensor_lists, constants, step_scalars)
        from .backends.inductor import CompiledGraph  # imports torch.compile's machinery, seconds

        key = (tuple(map(id, tensor_lists[0])), tuple(constants.items()))
        if key not in self._graphs:
            self._graphs[key] = CompiledGraph(type(self).rule, tensor_lists, constants, step_scalars)
        return self._graphs[key](tensor_lists, step_scalars)

    def _fall_back_to_foreach(self, reason: object) -> None:
        name = type(self).__name__
        warnings.warn(f"{reason}: {name} runs as foreach, several times slower than compiled", stacklevel=2)
        self.mode = "foreach"

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """As torch's, but slots keep their own dtype (torch casts them to the parameter's, flushing eps to zero)."""
        super().load_state_dict(state_dict)
        restore_slots(self, state_dict)
