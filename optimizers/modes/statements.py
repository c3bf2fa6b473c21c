"""A rule written out as C statements.

The rule is called with `Element`s instead of tensors, and every method notes one statement: `m.lerp_(g, 0.1)` becomes
`m = m + (T)0.1 * (g - m);`. An element is one number of a tensor; numbers that change from step to step are elements
too, the same for all of a tensor.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any


class Inexpressible(RuntimeError):
    """A rule, or a tensor, for which the C writer has no words."""


# C for each method, x being the tensor itself; a name with a trailing underscore assigns to x.
FORMS: dict[str, Callable[..., str]] = {
    "add": lambda x, y, alpha=1: f"{x} + {scaled(alpha, y)}",
    "sub": lambda x, y: f"{x} - {c(y)}",
    "mul": lambda x, y: f"{x} * {c(y)}",
    "div": lambda x, y: f"{x} * (1 / {c(y)})" if uniform(y) else f"{x} / {c(y)}",
    "addcmul": lambda x, y, z, value=1: f"{x} + {scaled(value, y)} * {z}",
    "addcdiv": lambda x, y, z, value=1: f"{x} + {scaled(value, y)} / {z}",
    "lerp": lambda x, y, w: f"{x} + {c(w)} * ({y} - {x})" if w < 0.5 else f"{y} - ({y} - {x}) * {c(1 - w)}",
    "neg": lambda x: f"-{x}",
    "sqrt": lambda x: f"SQRT({x})",
    "reciprocal": lambda x: f"1 / {x}",
    "pow": lambda x, y: power(x, y),
    "sign": lambda x: f"(T)(({x} > 0) - ({x} < 0))",
    "copy": lambda x, y: c(y),
    "maximum": lambda x, y: f"{x} > {c(y)} || {x} != {x} ? {x} : {c(y)}",  # NaN stays, as in torch
    "clamp_min": lambda x, y: f"{x} < {c(y)} ? {c(y)} : {x}",
    "clamp_max": lambda x, y: f"{x} > {c(y)} ? {c(y)} : {x}",
    "nan_to_num": lambda x, nan, high, low: f"{x} != {x} ? {c(nan)} : {x}",
    "eq": lambda x, y: f"{x} == {c(y)}",
    "logical_or": lambda x, y: f"{x} || {y}",
    "masked_fill": lambda x, mask, y: f"{mask} ? {c(y)} : {x}",
}


class Element:
    """One number of a tensor (or of every tensor, if `same`), under a C name, in a rule that is being written out."""

    def __init__(self, name: str, body: Body, same: bool = False) -> None:
        self.name, self.body, self.same = name, body, same

    def __str__(self) -> str:
        return self.name

    def __neg__(self) -> Element:
        return self.body.new(f"-{self}", self.same)

    def __rsub__(self, other: float) -> Element:
        return self.body.new(f"{c(other)} - {self}", self.same)

    def norm(self) -> Element:
        return self.body.norm(self)

    def __getattr__(self, method: str) -> Callable[..., Element]:
        if method.startswith("__"):
            raise AttributeError(method)
        form = FORMS.get(method.removesuffix("_"))
        if form is None:
            raise Inexpressible(f"there is no C for the method {method!r}")
        if method.endswith("_"):
            return lambda *args, **kwargs: self.body.assign(self, form(self, *args, **kwargs))
        return lambda *args, **kwargs: self.body.new(form(self, *args, **kwargs))


class Body:
    """The statements of a rule, the names it has assigned to, and the norms it asks for."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.assigned: set[str] = set()
        self.norms: list[str] = []

    def new(self, text: str, same: bool = False) -> Element:
        element = Element(f"t{len(self.statements)}", self, same)
        self.statements.append(f"T {element} = {text};")
        return element

    def assign(self, element: Element, text: str) -> Element:
        self.statements.append(f"{element} = {text};")
        self.assigned.add(element.name)
        return element

    def norm(self, element: Element) -> Element:
        if element.name in self.assigned:
            raise Inexpressible("there is no C for the norm of a tensor after its change")
        if element.name not in self.norms:
            self.norms.append(element.name)
        return Element(f"norm_{element}", self, same=True)


def c(value: Any) -> str:
    """A Python number as a C constant; an element by its name."""
    if isinstance(value, Element):
        return str(value)
    if math.isinf(value):
        return "(T)INFINITY" if value > 0 else "(T)-INFINITY"
    return f"(T){float(value)!r}"


def scaled(factor: Any, element: Any) -> str:
    if isinstance(factor, (int, float)) and factor in (1, -1):
        return f"{'-' if factor < 0 else ''}{c(element)}"
    return f"{c(factor)} * {c(element)}"


def uniform(value: Any) -> bool:
    return not isinstance(value, Element) or value.same


def power(x: Element, exponent: float) -> str:
    """Square roots where they do: Padam's quarter power as a call of pow would cost as much as all the rest."""
    known = {0.25: f"SQRT(SQRT({x}))", 0.5: f"SQRT({x})", 1.0: f"{x}", 2.0: f"{x} * {x}"}
    return known.get(exponent, f"POW({x}, {c(exponent)})")
