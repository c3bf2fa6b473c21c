"""Tuning studies: what tuning gained, and how good the best of so many trials is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from scripts.figures.canvas import add_legend, new_canvas, strip_axes
from scripts.figures.figure import Figure
from scripts.loading.display import data_name, model_name, optimizer_colours, optimizer_name
from scripts.loading.studies import CONFIDENCE, Result, TuningCurve, families

KINDS = {"defaults": ("own defaults", "o"), "recipe": ("recipe", "s"), "tuned": ("tuned", "D")}
FAR = 1e6  # beyond every axis: where a band that has no end is drawn to
CAPTION = (
    f"Left: test score at the epoch that held-out data chose, mean ± sd over fresh seeds. Others: best held-out value "
    f"of the first n trials as they came (steps), and the median best of n random trials with its {CONFIDENCE:.0%} "
    "band, which assumes nothing about their distribution (opda, arXiv 2311.09480): a few trials cannot rule out that "
    "a much better setting exists, so its upper edge lies high. A pruned trial counts with its best value so far."
)


@dataclass(frozen=True)
class StudyPlot:
    """A study of one optimizer. scores: by kind (defaults, recipe, tuned) mean and sd over fresh seeds; trials: their
    held-out values in the order in which they ended; curve: the best of so many of them, as one expects it."""

    optimizer: str
    scores: dict[str, tuple[float, float | None]]
    trials: list[float]
    curve: TuningCurve | None


@dataclass
class TuningCurves(Figure):
    """Studies side by side. sign: 1 where larger scores are better, or -1; unit: of the scores, as an axis names it."""

    studies: list[StudyPlot]
    sign: int
    unit: str

    def draw(self) -> Canvas:
        n = len(self.studies)
        canvas = new_canvas(3.6 + 2.1 * n, 4.3, self.title)
        first, *others = canvas.subplots(1, n + 1, squeeze=False, width_ratios=[1.9, *([1] * n)])[0]
        colours = optimizer_colours(study.optimizer for study in self.studies)
        draw_gains(first, self, colours)
        for ax, study in zip(others, self.studies):
            draw_trials(ax, study, self.sign, colours[study.optimizer])
        share_limits(others, self)
        handles: list[Artist] = [
            Line2D([], [], color="0.25", ls="", marker=mark, mfc="0.25" if kind == "tuned" else "none")
            for kind, (_, mark) in KINDS.items()
        ]
        handles += [
            Line2D([], [], color="0.25", drawstyle="steps-post"),
            Line2D([], [], color="0.25", ls="--"),
            Patch(color="0.25", alpha=0.15, lw=0),
        ]
        labels = [text for text, _ in KINDS.values()] + ["best so far", "median best of n", "its band"]
        add_legend(canvas, handles, labels, self.caption, columns=min(6, int(canvas.get_figwidth() / 1.6)))
        return canvas


def tuning_curves(results: Sequence[Result]) -> list[TuningCurves]:
    """One figure per family of studies that has trials at their end."""
    figures, used = [], Counter[str]()
    for family in families([result for result in results if result.at_end]):
        s = family[0].study
        name = f"tuned_{s.task}_{s.data}_{s.model}_{s.scale}"
        used[name] += 1
        name += f"_{used[name]}" if used[name] > 1 else ""
        overrides = f" ({' '.join(s.overrides)})" if s.overrides else ""
        budgets = sorted({result.study.n_trials for result in family})
        equal = "equal budgets" if len(budgets) == 1 else "unequal budgets"
        title = (
            f"{model_name(s.model)} on {data_name(s.data)}, {s.scale} scale{overrides}: {equal} of"
            f" {' to '.join(map(str, budgets[:1] + budgets[1:][-1:]))} trials"
        )
        plots = [study_plot(result) for result in family]
        figures.append(TuningCurves(name, title, CAPTION, plots, s.sign, family[0].measure.axis))
    return figures


def study_plot(result: Result) -> StudyPlot:
    scores = {kind: (e.mean, e.sd) for kind in KINDS if (e := result.estimate(kind))}
    trials = [trial.outcome.value for trial in result.at_end if trial.outcome]
    return StudyPlot(result.study.optimizer, scores, trials, result.curve())


def draw_gains(ax: Axes, figure: TuningCurves, colours: Mapping[str, str]) -> None:
    """A row per optimizer: own defaults, recipe, tuned."""
    for y, study in enumerate(figure.studies):
        colour = colours[study.optimizer]
        for kind, (mean, sd) in study.scores.items():
            face = colour if kind == "tuned" else "none"
            ax.errorbar(mean, y, xerr=sd, color=colour, marker=KINDS[kind][1], mfc=face, capsize=2, ls="", ms=6)
    ax.set(ylim=(len(figure.studies) - 0.5, -0.5), title="what tuning gained", xlabel=f"test {figure.unit}")
    ax.set_yticks(range(len(figure.studies)), [optimizer_name(study.optimizer) for study in figure.studies])
    strip_axes(ax, "both")


def draw_trials(ax: Axes, study: StudyPlot, sign: int, colour: str) -> None:
    """The best value so far as steps; the median best of n trials with its band."""
    counts = range(1, len(study.trials) + 1)
    best = [sign * max(sign * value for value in study.trials[:n]) for n in counts]
    ax.step(counts, best, where="post", color=colour, lw=1.4, marker="o", ms=3)
    if study.curve:
        ax.plot(counts, study.curve.middle, color=colour, ls="--", lw=1)
        low, high = (np.clip(edge, 0, FAR) for edge in (study.curve.low, study.curve.high))
        ax.fill_between(counts, low, high, color=colour, alpha=0.15, lw=0)
    ax.set_title(optimizer_name(study.optimizer), fontsize=10)
    ax.set_xlabel("trials")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    strip_axes(ax)


def share_limits(axes: Sequence[Axes], figure: TuningCurves) -> None:
    """The same finite limits for all; a perplexity's band has no upper end."""
    values = [value for study in figure.studies for value in study.trials if isfinite(value)]
    low, high = 0.0, 100.0
    if figure.sign < 0 and values:
        low, high = 0.9 * min(values), min(max(values), 4 * min(values))
    for ax in axes:
        ax.set_ylim(low, high)
        ax.tick_params(labelleft=ax is axes[0])
    axes[0].set_ylabel(f"best held-out {figure.unit}")
