"""The few statistics that tables print: mean and sd over seeds, paired differences, Kendall's tau."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

RESAMPLES = 200_000  # with 2,000 the second decimal was chance


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
    half = float(stdtrit(n - 1, 0.975)) * sd / n**0.5
    return Estimate(mean, sd, n, mean - half, mean + half)


def paired(ours: Mapping[int, float], other: Mapping[int, float]) -> Estimate | None:
    """`ours` minus `other` over the seeds that both have: equal seeds share initial weights and batches."""
    return estimate([ours[seed] - other[seed] for seed in sorted(ours.keys() & other.keys())])


def signs(values: Sequence[float]) -> np.ndarray:
    """(n, n): 1 where the row's value is larger than the column's, -1 where smaller."""
    array = np.asarray(values, dtype=float)
    rows, columns = array[:, None], array[None, :]
    return (rows > columns).astype(float) - (rows < columns)  # not a difference: a diverged run is infinitely bad


def kendall(a: Sequence[float], b: Sequence[float]) -> float:
    """Kendall's tau-b: concordant minus discordant pairs over the pairs that are not tied; nan where all are."""
    return float(weighted_tau(signs(a), signs(b), np.ones((1, len(a))))[0])


def kendall_interval(a: Sequence[float], b: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """95 % percentile bootstrap interval of tau, resampling the n items (optimizers) with replacement."""
    n = len(a)
    counts = np.random.default_rng(seed).multinomial(n, [1 / n] * n, size=RESAMPLES)  # (resamples, n)
    tau = weighted_tau(signs(a), signs(b), counts)
    low, high = np.nanquantile(tau, [0.025, 0.975])
    return float(low), float(high)


def weighted_tau(a: np.ndarray, b: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """tau-b for each row of `counts` (resamples, n), which says how often each item was drawn. An item's copies are
    ties in both orders and drop out."""

    def total(matrix: np.ndarray) -> np.ndarray:
        return np.einsum("ri,ij,rj->r", counts, matrix, counts)

    with np.errstate(invalid="ignore", divide="ignore"):
        return total(a * b) / np.sqrt(total(a * a) * total(b * b))
