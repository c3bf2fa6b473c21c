"""Scores by epoch, as numbers: which lines a panel shows, and between which limits. Nothing is drawn here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from experiments.config.cell import Cell
from scripts.loading.display import optimizer_name
from scripts.loading.grid_results import GridResults
from scripts.loading.statistics import estimate
from scripts.published.curves import PublishedRun
from scripts.published.public_record import PublicRecord, public_key

LONG = 100  # epochs from which a run is long: the full scale's
LEAST = 2.0  # points of the score that an axis spans at least
Scores = dict[int, float]  # by epoch


@dataclass(frozen=True)
class Line:
    """Scores at `epochs` (0-based) of a kind of `line_kinds`; `sd` is zero where there is one run."""

    kind: str
    optimizer: str
    epochs: list[int]
    values: list[float]
    sd: list[float]


@dataclass
class Panel:
    """Lines on common axes. low, high: limits of the y axis; remark: stands inside; drops: epochs at which the rate is
    multiplied by `drop_factor`."""

    title: str
    ylabel: str
    lines: list[Line]
    low: float
    high: float
    remark: str = ""
    drops: list[float] = field(default_factory=list)
    drop_factor: float = 1.0


def cell_lines(
    part: GridResults, cell: Cell, epochs: pd.DataFrame, split: str, public: PublicRecord | None
) -> list[Line]:
    """The reruns, the official curve and ours, in the order in which they are drawn over each other.

    epochs: what the cell's runs measured, as `part.epochs` says it; split: "test" or "train".
    """
    lines, metric = [], f"{split}/{part.measure.name}"
    if public:
        lines += rerun_lines(public.joined(*public_key(cell)), cell, split)
        if official := public.official(*public_key(cell)):
            lines.append(one_run_line("official", cell, getattr(official, split)))
    for scores in run_scores(part, cell, epochs, metric, "diverged"):
        lines += mean_line("diverged", cell, [scores])
    return lines + mean_line("ours", cell, run_scores(part, cell, epochs, metric, "complete"))


def one_run_line(kind: str, cell: Cell, scores: Sequence[float]) -> Line:
    """A line of one run's scores, one an epoch from the first on."""
    return Line(kind, cell.optimizer, list(range(len(scores))), list(scores), [0.0] * len(scores))


def rerun_lines(runs: Sequence[PublishedRun], cell: Cell, split: str) -> list[Line]:
    """A repository's only run of the cell as a line, several of them as a mean with its spread."""
    lines = []
    for repository in dict.fromkeys(run.repository for run in runs):
        curves = [getattr(run, split) for run in runs if run.repository == repository]
        if len(curves) == 1:
            lines.append(one_run_line("rerun", cell, curves[0]))
        else:
            mean, sd = np.mean(curves, axis=0).tolist(), np.std(curves, axis=0, ddof=1).tolist()
            lines.append(Line("reruns", cell.optimizer, list(range(len(mean))), mean, sd))
    return lines


def run_scores(part: GridResults, cell: Cell, epochs: pd.DataFrame, metric: str, *statuses: str) -> list[Scores]:
    """For each of a cell's runs of these statuses (of any, if none is named), by seed, its scores by epoch; none where
    a run did not measure the metric ("test/accuracy")."""
    runs = part.runs_of(cell, *statuses).index
    if metric not in epochs:
        return [{} for _ in runs]
    measured = epochs[epochs[metric].notna()]
    by_run = {run: dict(zip(rows["epoch"].tolist(), rows[metric].tolist())) for run, rows in measured.groupby("run")}
    return [by_run.get(run, {}) for run in runs]


def mean_line(kind: str, cell: Cell, runs: Sequence[Scores]) -> list[Line]:
    """One line of means over runs of a cell, at each epoch over those that have a score; none without any score."""
    found: dict[int, list[float]] = {}
    for scores in runs:
        for epoch, score in scores.items():
            found.setdefault(epoch, []).append(score)
    estimates = [(epoch, e) for epoch, values in sorted(found.items()) if (e := estimate(values))]
    if not estimates:
        return []
    epochs, means = [epoch for epoch, _ in estimates], [e.mean for _, e in estimates]
    return [Line(kind, cell.optimizer, epochs, means, [e.sd or 0.0 for _, e in estimates])]


def axis_limits(lines: Sequence[Line], better: str = "max") -> tuple[float, float]:
    """Where to cut the y axis of scores of which the `better` ("max" or "min") ones matter. Long runs fall off in their
    first epochs, so that what happens around the drop of the rate can be seen; short runs lose a sixth of their
    epochs."""
    sign = 1 if better == "max" else -1
    scores = [[sign * value for value in line.values] for line in lines if line.kind != "diverged"]
    lasting = [run for run in scores if len(run) > 3]
    if not lasting:
        if better == "max" or not lines:
            return 0.0, 100.0
        lasting = scores or [[-value for value in line.values] for line in lines]
    if max(map(len, lasting)) >= LONG:
        worst = min(float(np.median(run[len(run) // 4 : 3 * len(run) // 4])) for run in lasting)
    else:
        worst = min(min(run[max(1, len(run) // 6) :] or run) for run in lasting)
    best = max(max(run) for run in lasting)
    reach = max(best - worst, LEAST)
    worst, best = worst - 0.05 * reach, best + 0.08 * reach
    return (max(0.0, worst), min(100.0 + 0.03 * reach, best)) if better == "max" else (-best, -worst)


def missing_remark(cells: Sequence[Cell], lines: Sequence[Line]) -> str:
    """Which of the cells have no line: "no curve: SGD"; "" where all have one."""
    shown = {line.optimizer for line in lines}
    missing = [optimizer_name(cell.optimizer) for cell in cells if cell.optimizer not in shown]
    return f"no curve: {', '.join(missing)}" if missing else ""
