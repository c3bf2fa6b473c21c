"""What all optimizers here share: everything except the mathematics.

A *rule* is one closed function `rule(p, g, *slots, *, ...)` that updates parameter `p` and its state tensors (the
*slots*) in place from gradient `g`. It never sees the step count or the learning rate: what depends on them is
computed once per step in float64 by the rule's `scalars(t, ...)` and arrives by keyword, as do the hyperparameters.
The same text runs in two ways with the same bits on CPU:

loop     tensor by tensor, the readable reference
foreach  on all tensors at once, through `Tensors`
"""

from __future__ import annotations

import inspect
import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import torch
from torch import Tensor

MODES = ("auto", "loop", "foreach")
HALF = (torch.float16, torch.bfloat16)


class Tensors(list[Tensor]):
    """A list of tensors with the methods of one: `ts.mul_(x)` calls `torch._foreach_mul_(ts, x)`.

    A method for which torch has no batched form is called tensor by tensor.
    """

    def __getattr__(self, name: str) -> Callable[..., Tensors]:
        if name.startswith("__"):  # torch would take a `__torch_function__` for an override
            raise AttributeError(name)
        batched = getattr(torch, f"_foreach_{name}", None)

        def each(*args: Any, **kwargs: Any) -> list[Tensor]:
            rows = zip(*(a if isinstance(a, Tensors) else [a] * len(self) for a in args)) if args else [()] * len(self)
            return [getattr(t, name)(*row, **kwargs) for t, row in zip(self, rows)]

        def method(*args: Any, **kwargs: Any) -> Tensors:
            result = batched(self, *args, **kwargs) if batched else each(*args, **kwargs)
            return self if name.endswith("_") else Tensors(result)

        return method


class RuleOptimizer(torch.optim.Optimizer):
    """A `torch.optim.Optimizer` around one rule.

    A subclass names its `rule`, its `scalars` and its `slots`, and lists its hyperparameters in `__init__`.

    mode: how the rule is run, one of `MODES`; `auto` is foreach. No mode changes a result on CPU.
    Half-precision parameters are updated in float32 and keep float32 slots.
    Raises ValueError for hyperparameters outside their range or unknown ones, RuntimeError for sparse gradients.
    """

    slots: ClassVar[tuple[str, ...]] = ()
    factors: ClassVar[int] = 2  # how many betas
    rule: ClassVar[Callable[..., None]]
    scalars: ClassVar[Callable[..., dict[str, Any]]]

    def __init__(self, params: Any, defaults: dict[str, Any], mode: str = "auto") -> None:
        if mode not in MODES:
            raise ValueError(f"mode must be one of {', '.join(MODES)}, got {mode!r}")
        self.mode = "foreach" if mode == "auto" else mode
        super().__init__(params, defaults)

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "mode": self.mode}

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

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # type: ignore[override]
        """Take one step; returns the closure's value, if there is a closure."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for t, params in self._buckets(group):
                self._update(group, t, params)
        return loss

    def _buckets(self, group: dict[str, Any]) -> Iterator[tuple[int, list[Tensor]]]:
        """Parameters that have a gradient, by device, dtype and own step count (counted from their first gradient)."""
        buckets = defaultdict(list)
        for p in group["params"]:
            if p.grad is None:
                continue
            if p.grad.is_sparse:
                raise RuntimeError(f"{type(self).__name__} does not support sparse gradients")
            state = self.state[p]
            if not state:
                state["step"] = 0
                for name in self.slots_of(group):
                    state[name] = torch.full_like(p, self.initial(group), dtype=slot_dtype(p), requires_grad=False)
            state["step"] += 1
            buckets[p.device, p.dtype, p.grad.dtype, state["step"]].append(p)
        for (_, _, _, t), params in buckets.items():
            yield t, params

    def _update(self, group: dict[str, Any], t: int, params: list[Tensor]) -> None:
        cls = type(self)
        values = {**group, **call_with(cls.scalars, group, t)}
        keywords = {name: values[name] for name in keyword_names(cls.rule)}
        half = params[0].dtype in HALF
        weights = [p.float() for p in params] if half else params
        gradients = [p.grad.to(w.dtype) for p, w in zip(params, weights)]  # type: ignore[union-attr]
        slots = [[self.state[p][name] for p in params] for name in self.slots_of(group)]
        if self.mode == "foreach":
            cls.rule(Tensors(weights), Tensors(gradients), *map(Tensors, slots), **keywords)
        else:
            for tensors in zip(weights, gradients, *slots):
                cls.rule(*tensors, **keywords)
        if half:
            for p, w in zip(params, weights):
                p.copy_(w)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """As torch's, but slots keep their own dtype (torch casts them to the parameter's, flushing eps to zero)."""
        super().load_state_dict(state_dict)
        ids = [i for group in state_dict["param_groups"] for i in group["params"]]
        params = [p for group in self.param_groups for p in group["params"]]
        for i, p in zip(ids, params):
            for name, value in state_dict["state"].get(i, {}).items():
                if torch.is_tensor(value):
                    self.state[p][name] = value.detach().clone().to(device=p.device, dtype=slot_dtype(p))


def slot_dtype(p: Tensor) -> torch.dtype:
    return torch.float32 if p.dtype in HALF else p.dtype


def call_with(scalars: Callable[..., dict[str, Any]], group: dict[str, Any], t: int) -> dict[str, Any]:
    """Call `scalars(t, ...)` with those values of the group that its signature names."""
    names = list(inspect.signature(scalars).parameters)[1:]
    return scalars(t, **{name: group[name] for name in names})


def keyword_names(rule: Callable[..., None]) -> list[str]:
    return [n for n, p in inspect.signature(rule).parameters.items() if p.kind is p.KEYWORD_ONLY]


def validate(group: dict[str, Any], factors: int) -> None:
    """Raise ValueError, naming the value, if a hyperparameter lies outside its range."""
    for name in ("lr", "eps", "weight_decay", "final_lr", "gamma", "initial_accumulator", "power"):
        value = group.get(name, 0.0)
        if not (isinstance(value, (int, float)) and math.isfinite(value) and value >= 0):
            raise ValueError(f"{name} must be a finite number, zero or more, got {value!r}")
    if len(group.get("betas", range(factors))) != factors:
        raise ValueError(f"betas must be {factors} numbers, got {group['betas']!r}")
    averages = [("betas", b) for b in group.get("betas", ())]
    for name, value in [*averages, *((name, group.get(name) or 0.0) for name in ("beta", "momentum", "alpha"))]:
        if not (isinstance(value, (int, float)) and 0 <= value < 1):
            raise ValueError(f"{name} must lie in [0, 1), got {value!r}")
