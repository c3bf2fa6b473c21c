"""Search spaces: which values a study may try, checked before anything is trained."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import exp, isfinite, log, prod
from pathlib import Path
from typing import Any

import yaml

from experiments.config.errors import UserError
from experiments.config.paths import CONFIGS
from experiments.config.yaml_files import read_yaml

DIGITS = 3  # significant digits of a tried value: it stands in names, tables and recipes
POINTS_SEED = 0  # of the scrambled Halton sequence: the same points whoever asks


@dataclass(frozen=True)
class Dimension:
    """A hyperparameter's range. `key` is its name ("lr"), of an element ("betas.0"), or of the distance to 1
    ("1-betas.0"); `log` spreads values evenly in the logarithm."""

    key: str
    low: float
    high: float
    log: bool = False

    def value_at(self, share: float) -> float:
        """The value at a share in [0, 1] of the range, with three significant digits."""
        if self.log:
            value = exp(log(self.low) + share * (log(self.high) - log(self.low)))
        else:
            value = self.low + share * (self.high - self.low)
        return self.rounded(value)

    def rounded(self, value: float) -> float:
        return min(max(float(f"{value:.{DIGITS}g}"), self.low), self.high)


@dataclass(frozen=True)
class Space:
    """What is searched for one optimizer: ranges, and lists of values for a grid."""

    dimensions: tuple[Dimension, ...]
    grid: dict[str, list[float]]

    def quasi_random_point(self, number: int) -> dict[str, float]:
        """The `number`-th point (from 0) of a scrambled Halton sequence through the ranges: every first part of the
        sequence is spread evenly, so more trials go on where fewer ended."""
        from scipy.stats import qmc  # a second, and whoever reads a study does not draw

        sequence = qmc.Halton(len(self.dimensions), scramble=True, rng=POINTS_SEED)
        sequence.fast_forward(number)
        return {d.key: d.value_at(float(share)) for d, share in zip(self.dimensions, sequence.random(1)[0])}

    @property
    def grid_size(self) -> int:
        return prod(len(values) for values in self.grid.values())

    def grid_point(self, number: int) -> dict[str, float]:
        """The `number`-th point of the grid, the last key's values first."""
        return dict(zip(self.grid, list(product(*self.grid.values()))[number]))


def read_space(path: Path, search: list[str] | str = "all") -> Space:
    """Read a search space; `search` names the dimensions that are wanted, without the "1-" too, or "all".

    Raises:
        UserError: a file that is not there or not of this form, low not below high, the logarithm of zero, a distance
            to 1 that is not in (0, 1), a grid without values, none of the wanted dimensions.
    """
    try:
        content = read_yaml(path)
    except FileNotFoundError:
        raise UserError(f"no search space {path}") from None
    except (yaml.YAMLError, OSError, ValueError) as error:
        raise UserError(f"{shown(path)} cannot be read: {' '.join(str(error).split())}") from error
    where = shown(path)
    if not isinstance(content, dict) or not isinstance(content.get("space"), dict) or set(content) - {"space", "grid"}:
        raise UserError(f"{where} must hold a mapping `space` of ranges, and may hold a `grid` of lists")
    dimensions = tuple(read_dimension(f"{where}: {key}", str(key), entry) for key, entry in content["space"].items())
    if search != "all":
        dimensions = tuple(d for d in dimensions if d.key in search or d.key.removeprefix("1-") in search)
    if not dimensions:
        raise UserError(f"{where} has none of the dimensions {', '.join(search)}")
    grid = content.get("grid") or {}
    for key, values in grid.items():
        if not isinstance(values, list) or not values or not all(is_number(value) for value in values):
            raise UserError(f"{where}: grid {key} must be a list of numbers, got {values!r}")
    return Space(dimensions, {str(key): list(map(float, values)) for key, values in grid.items()})


def read_dimension(where: str, key: str, entry: Any) -> Dimension:
    if not isinstance(entry, dict) or not {"low", "high"} <= set(entry) <= {"low", "high", "log"}:
        raise UserError(f"{where} must have low and high, and may have log, got {entry!r}")
    low, high, is_log = entry["low"], entry["high"], entry.get("log", False)
    if not (is_number(low) and is_number(high)) or not isinstance(is_log, bool):
        raise UserError(f"{where}: low and high are numbers, log is true or false, got {entry!r}")
    if low >= high:
        raise UserError(f"{where}: low must be below high, got {low} and {high}")
    if is_log and low <= 0:
        raise UserError(f"{where}: a logarithm needs low above zero, got {low}")
    if key.startswith("1-") and not 0 < low < high < 1:
        raise UserError(f"{where}: a distance to 1 lies between 0 and 1, got {low} and {high}")
    return Dimension(key, float(low), float(high), is_log)


def space_file(optimizer: str, setting: str) -> Path:
    """The search space of an optimizer: the setting's own, else the common one, else (import paths) external.yaml."""
    places = [CONFIGS / "tune" / setting / f"{optimizer}.yaml", CONFIGS / "tune" / f"{optimizer}.yaml"]
    if "." in optimizer:
        places.append(CONFIGS / "tune" / "external.yaml")
    return next((path for path in places if path.is_file()), places[1])


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)


def shown(path: Path) -> str:
    return f"configs/{path.relative_to(CONFIGS)}" if path.is_relative_to(CONFIGS) else str(path)
