"""The few statistics that tables print: mean and sd over seeds with Student's interval, paired differences, and the
exact test of paired yes-or-no answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import comb

import numpy as np
import pandas as pd

STATISTICS = ("mean", "sd", "n", "low", "high")


@dataclass(frozen=True)
class Estimate:
    """A mean over `n` values; `sd` (n - 1) and the 95 % interval `low` to `high` are None where n is too small."""

    mean: float
    sd: float | None
    n: int
    low: float | None = None
    high: float | None = None


def estimate(values: Sequence[float]) -> Estimate | None:
    """Mean, sample sd and Student's 95 % interval of the mean; None without values."""
    if not len(values):
        return None
    n, mean = len(values), float(np.mean(values))
    if n < 2:
        return Estimate(mean, None, n)
    sd = float(np.std(values, ddof=1))
    half = student_quantile(n - 1) * sd / n**0.5
    return Estimate(mean, sd, n, mean - half, mean + half)


@lru_cache(maxsize=256)
def student_quantile(degrees: int) -> float:
    """The value that Student's t with so many degrees of freedom exceeds in 2.5 % of cases."""
    from scipy.special import stdtrit  # a quarter of a second, and many tables have single seeds only

    return float(stdtrit(degrees, 0.975))


def paired(ours: Mapping[int, float], other: Mapping[int, float]) -> Estimate | None:
    """`ours` minus `other` over the seeds that both have: equal seeds share initial weights and batches."""
    return estimate([ours[seed] - other[seed] for seed in sorted(ours.keys() & other.keys())])


def columns_of(name: str, found: Estimate | None) -> dict[str, float | None]:
    """An estimate as columns of a frame: `name`_mean, `name`_sd, `name`_n, `name`_low and `name`_high."""
    return {f"{name}_{statistic}": getattr(found, statistic, None) for statistic in STATISTICS}


def estimate_in(row: Mapping[str, float], name: str) -> Estimate | None:
    """The estimate whose columns stand in a frame's row; None where there is none."""
    mean, sd, n, low, high = (row.get(f"{name}_{statistic}") for statistic in STATISTICS)
    if is_missing(mean) or is_missing(n):
        return None
    ends = (None if is_missing(value) else float(value) for value in (sd, low, high))  # type: ignore[arg-type]
    deviation, lower, upper = ends
    return Estimate(float(mean), deviation, int(n), lower, upper)  # type: ignore[arg-type]


def is_missing(value: object) -> bool:
    """Whether a field of a frame holds nothing: None, nan or pandas' own."""
    return value is None or value is pd.NA or (isinstance(value, float) and value != value)


def mcnemar(first: Mapping[int, bool], second: Mapping[int, bool]) -> tuple[int, int, float]:
    """Of the seeds that both have: in how many only the first holds, in how many only the second, and McNemar's exact
    two-sided p, which is that of the sign test on them (1 where there are none)."""
    shared = first.keys() & second.keys()
    only_first = sum(first[seed] and not second[seed] for seed in shared)
    only_second = sum(second[seed] and not first[seed] for seed in shared)
    n = only_first + only_second
    tail = sum(comb(n, k) for k in range(min(only_first, only_second) + 1)) / 2**n
    return only_first, only_second, min(1.0, 2 * tail)
