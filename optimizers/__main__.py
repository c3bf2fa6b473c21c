"""List the optimizers as a Markdown table:  python -m optimizers"""

import inspect
import sys

import torch

import optimizers


def row(name: str) -> list[str]:
    """Name, origin (the module docstring's first line), slots, bytes of state per float32 parameter, defaults."""
    cls = getattr(optimizers, name)
    origin = (inspect.getdoc(sys.modules[cls.__module__]) or "").splitlines()[0]
    arguments = inspect.signature(cls).parameters
    needed = {"lr": 0.1} if arguments["lr"].default is inspect.Parameter.empty else {}
    group = cls([torch.nn.Parameter(torch.zeros(1))], **needed).param_groups[0]
    slots = cls.slots_of(cls([torch.nn.Parameter(torch.zeros(1))], **needed), group)
    defaults = [
        key if p.default is inspect.Parameter.empty else f"{key}={p.default!r}"
        for key, p in arguments.items()
        if key not in ("params", "mode")
    ]
    return [name, origin, ", ".join(slots) or "-", str(4 * len(slots)), ", ".join(defaults)]


def table() -> str:
    head = ["optimizer", "what it is", "state", "bytes a parameter", "defaults"]
    rows = [head, ["---"] * len(head), *map(row, sorted(optimizers.__all__, key=str.lower))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in rows)


if __name__ == "__main__":
    print(table())
