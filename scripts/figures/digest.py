"""What a drawn figure was made from, as one hash: its numbers and words, the code that draws it, matplotlib's version.

Two figures of equal digest are equal files, so a file that carries the digest of what is to be drawn can stay.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from experiments.config.paths import ROOT
from scripts.figures.figure import Figure

DRAWING = ("scripts.figures.", "scripts.loading.display")  # modules that decide how a figure looks
RENDERER = "scripts.figures.rendering"


def figure_digest(figure: Figure) -> str:
    """The hash of everything that decides how a figure looks, as 64 hexadecimal digits.

    Raises TypeError where the figure holds something else than plain values.
    """
    numbers = json.dumps(figure, default=plain_value)
    code = code_digest((type(figure).__module__, RENDERER))
    return sha256("\n".join([numbers, code, version("matplotlib")]).encode()).hexdigest()


def plain_value(value: Any) -> Any:
    """What JSON has no word for: a dataclass as its name and fields, bytes as their hash.

    Raises TypeError for anything else, which may print alike without being alike.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return [type(value).__qualname__, {field.name: getattr(value, field.name) for field in fields(value)}]
    if isinstance(value, bytes):
        return sha256(value).hexdigest()
    raise TypeError(f"a figure holds plain values only, not a {type(value).__qualname__}: {value!r}")


@cache
def code_digest(modules: tuple[str, ...], root: Path = ROOT) -> str:
    """The hash of modules and of what they import, directly or not, of the DRAWING ones. Comments, docstrings and
    layout do not count."""
    found: dict[str, str] = {}
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module not in found:
            tree = ast.parse(module_file(module, root).read_bytes())
            found[module] = ast.dump(without_docstrings(tree))
            waiting += [name for name in imported(tree) if module_file(name, root).is_file()]
    return sha256(json.dumps(sorted(found.items())).encode()).hexdigest()


def imported(tree: ast.Module) -> Iterator[str]:
    """The DRAWING modules that a module may import, among them names that are no modules."""
    for node in ast.walk(tree):
        names: Iterable[str] = ()
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        yield from (name for name in names if name.startswith(DRAWING))


def module_file(module: str, root: Path) -> Path:
    return root.joinpath(*module.split(".")).with_suffix(".py")


def without_docstrings(tree: ast.Module) -> ast.Module:
    """The same tree, changed in place."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node, False) is not None:
            node.body = node.body[1:]
    return tree
