"""How far two orders agree: Kendall's tau, and its bootstrap interval over what is ordered."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from scripts.loading.content_cache import remembered

RESAMPLES = 200_000  # with 2,000 the second decimal was chance
FORM = "interval of tau 1"  # raised when what is remembered changes


def kendall(a: Sequence[float], b: Sequence[float]) -> float:
    """Kendall's tau-b: concordant minus discordant pairs over the pairs that are not tied; nan where all are."""
    return float(weighted_tau(signs(a), signs(b), np.ones((1, len(a))))[0])


def kendall_interval(a: Sequence[float], b: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """95 % percentile bootstrap interval of tau, resampling the n items (optimizers) with replacement."""
    orders = [signs(values).astype(int).tolist() for values in (a, b)]  # all that it depends on
    low, high = remembered(FORM, [orders, seed, RESAMPLES, np.__version__], lambda: bootstrap_interval(a, b, seed))
    return low, high


def bootstrap_interval(a: Sequence[float], b: Sequence[float], seed: int) -> list[float]:
    """The 2.5 % and 97.5 % quantiles of tau over the resamples; nan, where all items are one, is left out."""
    counts, places = resamples(len(a), seed)
    tau = weighted_tau(signs(a), signs(b), counts)[places]
    return [float(end) for end in np.nanquantile(tau, [0.025, 0.975])]


@lru_cache(maxsize=4)
def resamples(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(distinct, n): how often each item is drawn; (RESAMPLES,): which of these rows each resample is. Of nine items
    there are 24,310 different draws."""
    counts = np.random.default_rng(seed).multinomial(n, [1 / n] * n, size=RESAMPLES)
    if (n + 1) ** n > np.iinfo(np.int64).max:
        return counts.astype(float), np.arange(RESAMPLES)
    numbers = counts @ ((n + 1) ** np.arange(n))  # a row as a number to the base n + 1
    _, rows, places = np.unique(numbers, return_index=True, return_inverse=True)
    return counts[rows].astype(float), places


def signs(values: Sequence[float]) -> np.ndarray:
    """(n, n): 1 where the row's value is larger than the column's, -1 where smaller."""
    array = np.asarray(values, dtype=float)
    rows, columns = array[:, None], array[None, :]
    return (rows > columns).astype(float) - (rows < columns)  # not a difference: a diverged run is infinitely bad


def weighted_tau(a: np.ndarray, b: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """tau-b for each row of `counts` (resamples, n), which says how often each item was drawn. An item's copies are
    ties in both orders and drop out. All sums are whole numbers, so exact however they are taken."""

    def total(matrix: np.ndarray) -> np.ndarray:
        summed: np.ndarray = np.einsum("ri,ri->r", counts @ matrix, counts)
        return summed

    with np.errstate(invalid="ignore", divide="ignore"):
        return total(a * b) / np.sqrt(total(a * a) * total(b * b))
