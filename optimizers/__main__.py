"""List the optimizers as a Markdown table:  python -m optimizers"""

import inspect
import sys

import torch

from . import __all__ as names
from .base import RuleOptimizer

PACKAGE = sys.modules[str(__package__)]
RULES = sorted((name for name in names if issubclass(getattr(PACKAGE, name), RuleOptimizer)), key=str.lower)
HEADER = ["optimizer", "what it is", "state", "bytes a parameter", "defaults", "variants"]


def table_row(name: str) -> list[str]:
    """Name, origin (the module docstring's first line), slots, bytes of state per float32 parameter, defaults, and the
    arguments that choose another method: their choices, or their name alone where it is yes or no."""
    cls = getattr(PACKAGE, name)
    module = sys.modules[cls.__module__]
    origin = (inspect.getdoc(module) or "").splitlines()[0]
    arguments = {k: p.default for k, p in inspect.signature(cls).parameters.items() if k not in ("params", "mode")}
    required = {"lr": 0.1} if arguments["lr"] is inspect.Parameter.empty else {}
    optimizer = cls([torch.nn.Parameter(torch.zeros(1))], **required)
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


def markdown_table() -> str:
    rows = [HEADER, ["---"] * len(HEADER), *map(table_row, RULES)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in rows)


if __name__ == "__main__":
    print(markdown_table())
