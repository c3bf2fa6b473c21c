"""The best value after n trials, as a median with a band: the tuning curve of Lourie, Cho and He (arXiv 2311.09480)."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version

from scripts.loading.content_cache import remembered

CONFIDENCE = 0.95
FORM = "tuning curve 1"  # raised when what is remembered changes


@dataclass(frozen=True)
class TuningCurve:
    """The median best value after n = 1, 2, ... trials, and the ends of its band, which holds for all n at once."""

    middle: list[float]
    low: list[float]
    high: list[float]


def tuning_curve(values: Sequence[float], sign: int) -> TuningCurve | None:
    """The tuning curve of trials with these values, of which larger is better times `sign`; None without any.

    The band is free of assumptions on their distribution. A pruned trial counts with its best value so far, a diverged
    one (whose value is not finite) with the worst there is.
    """
    if not values:
        return None
    least, most = (0.0, 100.0) if sign > 0 else (0.0, math.inf)
    worst = least if sign > 0 else most
    finite = [value if math.isfinite(value) else worst for value in values]
    question = [finite, least, most, sign, CONFIDENCE, version("opda"), version("numpy")]
    return TuningCurve(**remembered(FORM, question, lambda: asdict(confidence_band(finite, least, most, sign))))


def confidence_band(values: Sequence[float], least: float, most: float, sign: int) -> TuningCurve:
    """opda's bands of values between `least` and `most`."""
    from opda.nonparametric import EmpiricalDistribution  # a second, nearly all of it scipy.stats

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # equal values, at chance: the band is too wide then
        bands = EmpiricalDistribution.confidence_bands(
            values, CONFIDENCE, least, most, method="ld_equal_tailed", n_jobs=1
        )  # fmt: skip
    counts = range(1, len(values) + 1)
    ends, middle, other = (d.quantile_tuning_curve(counts, minimize=sign < 0).tolist() for d in bands)
    low, high = (list(map(f, ends, other)) for f in (min, max))
    return TuningCurve(middle, low, high)
