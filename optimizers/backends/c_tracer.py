"""A rule written out as C statements, one for each operation on tensors.

The rule is called with `Element`s instead of tensors, and every method notes one statement: `m.lerp_(g, 0.1)` becomes
`m = m + (T)0.1 * (g - m);`. An element is one number of a tensor; numbers that change from step to step are elements
too, the same for all of a tensor.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any


class UnsupportedByC(RuntimeError):
    """A rule or a kind of tensor that cannot be written in C."""


# C for each method, x being the tensor itself; a name with a trailing underscore assigns to x.
C_EXPRESSIONS: dict[str, Callable[..., str]] = {
    "add": lambda x, y, alpha=1: f"{x} + {scaled_operand(alpha, y)}",
    "sub": lambda x, y: f"{x} - {c_operand(y)}",
    "mul": lambda x, y: f"{x} * {c_operand(y)}",
    "div": lambda x, y: f"{x} * (1 / {c_operand(y)})" if is_uniform(y) else f"{x} / {c_operand(y)}",
    "addcmul": lambda x, y, z, value=1: f"{x} + {scaled_operand(value, y)} * {z}",
    "addcdiv": lambda x, y, z, value=1: f"{x} + {scaled_operand(value, y)} / {z}",
    "lerp": lambda x, y, weight: lerp_expression(x, y, weight),
    "neg": lambda x: f"-{x}",
    "sqrt": lambda x: f"SQRT({x})",
    "reciprocal": lambda x: f"1 / {x}",
    "pow": lambda x, y: power_expression(x, y),
    "sign": lambda x: f"(T)(({x} > 0) - ({x} < 0))",
    "copy": lambda x, y: c_operand(y),
    "maximum": lambda x, y: f"{x} > {c_operand(y)} || {x} != {x} ? {x} : {c_operand(y)}",  # NaN stays, as in torch
    "clamp_min": lambda x, y: f"{x} < {c_operand(y)} ? {c_operand(y)} : {x}",
    "clamp_max": lambda x, y: f"{x} > {c_operand(y)} ? {c_operand(y)} : {x}",
    "nan_to_num": lambda x, nan, high, low: f"{x} != {x} ? {c_operand(nan)} : {x}",
    "eq": lambda x, y: f"{x} == {c_operand(y)}",
    "logical_or": lambda x, y: f"{x} || {y}",
    "masked_fill": lambda x, mask, y: f"{mask} ? {c_operand(y)} : {x}",
}


class Element:
    """Stands in for a tensor: one number of it, under a C name; if `uniform`, the same number in the whole tensor."""

    def __init__(self, name: str, body: Body, uniform: bool = False) -> None:
        self.name, self.body, self.uniform = name, body, uniform

    def __str__(self) -> str:
        return self.name

    def __neg__(self) -> Element:
        return self.body.declare(f"-{self}", self.uniform)

    def __rsub__(self, other: float) -> Element:
        return self.body.declare(f"{c_operand(other)} - {self}", self.uniform)

    def norm(self) -> Element:
        return self.body.norm(self)

    def __getattr__(self, method: str) -> Callable[..., Element]:
        if method.startswith("__"):
            raise AttributeError(method)
        expression = C_EXPRESSIONS.get(method.removesuffix("_"))
        if expression is None:
            raise UnsupportedByC(f"there is no C for the method {method!r}")
        if method.endswith("_"):
            return lambda *args, **kwargs: self.body.assign(self, expression(self, *args, **kwargs))
        return lambda *args, **kwargs: self.body.declare(expression(self, *args, **kwargs))


class Body:
    """The body of the C loop that a rule becomes: statements, the names they assign to, the norms they need."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.assigned: set[str] = set()
        self.norms: list[str] = []

    def declare(self, text: str, uniform: bool = False) -> Element:
        """A new C variable with the value of the expression `text`."""
        element = Element(f"t{len(self.statements)}", self, uniform)
        self.statements.append(f"T {element} = {text};")
        return element

    def assign(self, element: Element, text: str) -> Element:
        """Give an element another value, as a method that works in place does."""
        self.statements.append(f"{element} = {text};")
        self.assigned.add(element.name)
        return element

    def norm(self, element: Element) -> Element:
        """The norm of the tensor that the element belongs to, computed before the loop."""
        if element.name in self.assigned:
            raise UnsupportedByC("there is no C for the norm of a tensor after its change")
        if element.name not in self.norms:
            self.norms.append(element.name)
        return Element(f"norm_{element}", self, uniform=True)


def c_operand(value: Any) -> str:
    """A Python number as a C constant; an element by its name."""
    if isinstance(value, Element):
        return str(value)
    if math.isinf(value):
        return "(T)INFINITY" if value > 0 else "(T)-INFINITY"
    return f"(T){float(value)!r}"


def scaled_operand(factor: Any, element: Any) -> str:
    """factor * element, without a product where the factor is 1 or -1."""
    if isinstance(factor, (int, float)) and factor in (1, -1):
        return f"{'-' if factor < 0 else ''}{c_operand(element)}"
    return f"{c_operand(factor)} * {c_operand(element)}"


def is_uniform(value: Any) -> bool:
    """Whether a value is the same for all numbers of a tensor."""
    return not isinstance(value, Element) or value.uniform


def lerp_expression(x: Element, y: Any, weight: float) -> str:
    """x + weight (y - x), in the form that torch takes for this weight."""
    if weight < 0.5:
        return f"{x} + {c_operand(weight)} * ({y} - {x})"
    return f"{y} - ({y} - {x}) * {c_operand(1 - weight)}"


def power_expression(x: Element, exponent: float) -> str:
    """Square roots where they do: Padam's quarter power as a call of pow would cost as much as all the rest."""
    known = {0.25: f"SQRT(SQRT({x}))", 0.5: f"SQRT({x})", 1.0: f"{x}", 2.0: f"{x} * {x}"}
    return known.get(exponent, f"POW({x}, {c_operand(exponent)})")
