"""What the trials of a family of studies say, in sentences made from the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from scripts.loading.display import optimizer_name
from scripts.loading.statistics import Estimate
from scripts.loading.studies import CONFIDENCE, Result, TuningCurve
from scripts.tables.formats import DASH, interval, spread


def finding(family: Sequence[Result]) -> str:
    """What the trials say in two sentences, with n and the band."""
    done = [(result, e) for result in family if (e := result.estimate("tuned"))]
    curves = {id(result): curve for result in family if (curve := result.curve())}
    if not done or not all(id(result) in curves for result, _ in done):
        return "No optimizer has its runs with fresh seeds yet."
    sign = done[0][0].study.sign
    ranked = sorted(done, key=lambda pair: -sign * pair[1].mean)
    order = ", ".join(f"{optimizer_name(r.study.optimizer)} {spread(e)}" for r, e in ranked)
    shown, said = band_texts([(optimizer_name(r.study.optimizer), curves[id(r)]) for r, _ in ranked])
    n = min(len(result.at_end) for result, _ in done)
    seeds = DASH.join(map(str, sorted({min(e.n for _, e in done), max(e.n for _, e in done)})))
    gained = gain_text([result for result, _ in done])
    return (
        f"Tuned, in this order: {order} (n = {seeds}){gained}. The {CONFIDENCE:.0%} bands of the median best "
        f"held-out value after all trials ({shown}; {n} trials each, without assumptions on their distribution) {said}."
    )


def gain_text(results: Sequence[Result]) -> str:
    """For whom tuning gained most over the recipe."""
    gains: list[tuple[str, Estimate]] = [
        (optimizer_name(result.study.optimizer), gain) for result in results if (gain := result.gain("recipe"))
    ]
    if not gains:
        return ""
    name, most = max(gains, key=lambda pair: pair[1].mean)
    if most.mean <= 0:
        return "; tuning gained nothing over any recipe"
    return f"; over the recipe tuning gained most for {name}, {interval(most)}"


def band_texts(curves: Sequence[tuple[str, TuningCurve]]) -> tuple[str, str]:
    """The ends of the bands after all trials, and which of them do not overlap."""
    bands = [(name, curve.low[-1], curve.high[-1]) for name, curve in curves]
    shown = ", ".join(
        f"{name} {low:.1f}{DASH}{f'{high:.1f}' if isfinite(high) else 'any'}" for name, low, high in bands
    )
    apart = [f"{a[0]} from {b[0]}" for i, a in enumerate(bands) for b in bands[i + 1 :] if a[1] > b[2] or b[1] > a[2]]
    return shown, f"tell only {', '.join(apart)}" if apart else "tell none of them apart"
