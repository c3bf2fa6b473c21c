"""The revision of a file that computes results, and the hash of known data, read from the source without importing it:
whoever only reads records needs neither torch nor torchvision."""

from __future__ import annotations

import ast
from functools import lru_cache
from importlib import import_module
from inspect import Parameter, signature
from pathlib import Path
from typing import Any

from experiments.config.errors import UserError
from experiments.config.paths import ROOT

COMPUTED: Any = object()
SUITE = ("optimizers", "models", "data", "experiments")  # packages whose source is read; all others are imported


def revision_of(target: str) -> int | None:
    """REVISION of the file that defines what a `_target_` names, or None where it states none.

    Raises UserError where there is no such thing."""
    found = constants(source_of(target)).get("REVISION") if is_ours(target) else COMPUTED
    return getattr(imported(target), "REVISION", None) if found is COMPUTED else found


def content_of(target: str, data: str) -> str | None:
    """The known content hash of the data set `data`, from CONTENT of the file that defines its loader; None where the
    data alone can tell."""
    found = constants(source_of(target)).get("CONTENT", {}) if is_ours(target) else COMPUTED
    if found is COMPUTED:
        found = getattr(imported(target), "CONTENT", {})
    return found.get(data)


def default_argument(target: str, name: str) -> Any:
    """The default of an argument of the class that a `_target_` names; `inspect.Parameter.empty` where it has none.

    Raises UserError where there is no such class."""
    if is_ours(target):
        node = next(node for node in ast.parse(source_of(target).read_bytes()).body
                    if isinstance(node, ast.ClassDef) and node.name == target.rpartition(".")[2])  # fmt: skip
        init = [part for part in node.body if isinstance(part, ast.FunctionDef) and part.name == "__init__"]
        if init:
            arguments = init[0].args
            given = [*arguments.posonlyargs, *arguments.args]
            defaults = {a.arg: d for a, d in zip(reversed(given), reversed(arguments.defaults))}
            defaults |= {a.arg: d for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults) if d is not None}
            try:
                return ast.literal_eval(defaults[name]) if name in defaults else Parameter.empty
            except ValueError:
                pass  # no literal: importing it tells
    module, _, last = target.rpartition(".")
    try:
        parameters = signature(getattr(import_module(module), last)).parameters
    except Exception as error:
        raise UserError(f"_target_={target!r} cannot be imported: {error}") from error
    return parameters[name].default if name in parameters else Parameter.empty


def is_ours(target: str) -> bool:
    return target.partition(".")[0] in SUITE


def source_of(target: str) -> Path:
    """The file that defines a `_target_` of the suite: "optimizers.Adam" is defined in optimizers/adam.py.

    Raises UserError where there is none."""
    module, _, name = target.rpartition(".")
    path = ROOT / module.replace(".", "/")
    file = path.with_suffix(".py") if path.with_suffix(".py").is_file() else path / "__init__.py"
    if not file.is_file():
        raise UserError(f"_target_={target!r} cannot be imported: no module {module!r}")
    defined, imports = names_of(file)
    if name in defined:
        return file
    if name in imports:
        return source_of(f"{imports[name]}.{name}")
    raise UserError(f"_target_={target!r} cannot be imported: {module} has no {name!r}")


@lru_cache(maxsize=256)
def names_of(file: Path) -> tuple[frozenset[str], dict[str, str]]:
    """What a file defines at its top level, and the module of each name that it imports from elsewhere."""
    defined: set[str] = set()
    imports: dict[str, str] = {}
    package = ".".join(file.parent.relative_to(ROOT).parts)
    for node in ast.parse(file.read_bytes()).body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            defined.add(node.name)
        elif isinstance(node, ast.Assign):
            defined |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.ImportFrom):
            module = f"{package}.{node.module}" if node.level else node.module or ""
            imports |= {alias.asname or alias.name: module for alias in node.names}
    return frozenset(defined), imports


@lru_cache(maxsize=256)
def constants(file: Path) -> dict[str, Any]:
    """REVISION and CONTENT of a file; COMPUTED where one is no literal, so that only importing the file tells."""
    found: dict[str, Any] = {}
    for node in ast.parse(file.read_bytes()).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name in ("REVISION", "CONTENT"):
                try:
                    found[name] = ast.literal_eval(node.value)
                except ValueError:
                    found[name] = COMPUTED
    return found


@lru_cache(maxsize=256)
def imported(target: str) -> Any:
    """The module that defines what an import path from outside of the suite names. Raises UserError."""
    module, _, name = target.rpartition(".")
    try:
        return import_module(getattr(import_module(module), name).__module__)
    except (ImportError, AttributeError, ValueError) as error:
        raise UserError(f"_target_={target!r} cannot be imported: {error}") from error
