"""List the optimizers as a Markdown table:  python -m optimizers"""

import inspect
import sys

import torch

import optimizers
from optimizers.base import RuleOptimizer

RULES = sorted((n for n in optimizers.__all__ if issubclass(getattr(optimizers, n), RuleOptimizer)), key=str.lower)
HEAD = ["optimizer", "what it is", "state", "bytes a parameter", "defaults", "variants"]


def row(name: str) -> list[str]:
    """Name, origin (the module docstring's first line), slots, bytes of state per float32 parameter, defaults, and the
    arguments that choose another method: their choices, or their name alone where it is yes or no."""
    cls = getattr(optimizers, name)
    module = sys.modules[cls.__module__]
    origin = (inspect.getdoc(module) or "").splitlines()[0]
    arguments = {k: p.default for k, p in inspect.signature(cls).parameters.items() if k not in ("params", "mode")}
    needed = {"lr": 0.1} if arguments["lr"] is inspect.Parameter.empty else {}
    optimizer = cls([torch.nn.Parameter(torch.zeros(1))], **needed)
    slots = optimizer.slots_of(optimizer.param_groups[0])
    choices = {**getattr(module, "CHOICES", {}), **({"form": module.FORMS} if hasattr(module, "FORMS") else {})}
    variants = [f"{key}: {', '.join(values)}" for key, values in choices.items()]
    variants += [key for key, value in arguments.items() if value is False or (value is None and key != "clip")]
    defaults = [
        key if value is inspect.Parameter.empty else f"{key}={value!r}"
        for key, value in arguments.items()
        if key not in choices and key not in variants
    ]
    state = ", ".join(slots) or "-"
    return [name, origin, state, str(4 * len(slots)), ", ".join(defaults), "; ".join(variants) or "-"]


def table() -> str:
    rows = [HEAD, ["---"] * len(HEAD), *map(row, RULES)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in rows)


if __name__ == "__main__":
    print(table())
