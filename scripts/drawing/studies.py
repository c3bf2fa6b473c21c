"""Plots of tuning studies: what tuning gained, and how good the best of so many trials is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from textwrap import fill

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from scripts.drawing.saving import save
from scripts.reading.names import colour, data_name, model_name, optimizer_name
from scripts.reading.studies import CONFIDENCE, Result, families

KINDS = {"defaults": ("own defaults", "o"), "recipe": ("recipe", "s"), "tuned": ("tuned", "D")}
FAR = 1e6  # beyond every axis: where a band that has no end is drawn to
CAPTION = (
    "Left: test score at the epoch that held-out data chose, mean ± sd over fresh seeds. Others: best held-out value "
    "of the first n trials as they came (steps), and the median best of n random trials with its {level:.0%} band, "
    "which assumes nothing about their distribution (opda, arXiv 2311.09480): a few trials cannot rule out that a much "
    "better setting exists, so its upper edge lies high. A pruned trial counts with its best value so far."
)


def draw_studies(results: Sequence[Result], folder: Path) -> list[tuple[str, list[Path]]]:
    """One figure per family of studies that has trials: title and paths of each."""
    drawn, used = [], Counter[str]()
    for family in families([result for result in results if result.at_end]):
        s = family[0].study
        name = f"tuned_{s.task}_{s.data}_{s.model}_{s.scale}"
        used[name] += 1
        name += f"_{used[name]}" if used[name] > 1 else ""
        words = f" ({' '.join(s.words)})" if s.words else ""
        budgets = sorted({result.study.slots for result in family})
        equal = "equal budgets" if len(budgets) == 1 else "unequal budgets"
        title = (
            f"{model_name(s.model)} on {data_name(s.data)}, {s.scale} scale{words}: {equal} of"
            f" {' to '.join(map(str, budgets[:1] + budgets[1:][-1:]))} trials"
        )
        drawn.append((title, draw_family(family, name, title, folder)))
    return drawn


def draw_family(family: Sequence[Result], name: str, title: str, folder: Path) -> list[Path]:
    n = len(family)
    size = (3.6 + 2.1 * n, 4.3)
    canvas, axes = plt.subplots(
        1, n + 1, figsize=size, squeeze=False, layout="constrained", width_ratios=[1.9, *([1] * n)]
    )  # fmt: skip
    gains, *curves = axes[0]
    draw_gains(gains, family)
    for ax, result in zip(curves, family):
        draw_curve(ax, result)
    share_heights(curves, family)
    canvas.suptitle(fill(title, int(9 * size[0])), fontsize=13)
    keys: list[Artist] = [
        Line2D([], [], color="0.25", ls="", marker=mark, mfc="0.25" if kind == "tuned" else "none", label=label)
        for kind, (label, mark) in KINDS.items()
    ]
    keys += [
        Line2D([], [], color="0.25", drawstyle="steps-post", label="best so far"),
        Line2D([], [], color="0.25", ls="--", label="median best of n"),
        Patch(color="0.25", alpha=0.15, lw=0, label="its band"),
    ]
    caption = fill(CAPTION.format(level=CONFIDENCE), int(13 * size[0]))
    canvas.legend(
        handles=keys,
        loc="outside lower center",
        ncols=min(6, int(size[0] / 1.6)),
        frameon=False,
        fontsize=9,
        title=caption,
    )
    return save(canvas, folder, name)


def draw_gains(ax: Axes, family: Sequence[Result]) -> None:
    """A row per optimizer: own defaults, recipe, tuned."""
    for y, result in enumerate(family):
        hue = colour(result.study.optimizer)
        for kind, (_, mark) in KINDS.items():
            if e := result.estimate(kind):
                face = hue if kind == "tuned" else "none"
                ax.errorbar(e.mean, y, xerr=e.sd, color=hue, marker=mark, mfc=face, capsize=2, ls="", ms=6)
    ax.set(ylim=(len(family) - 0.5, -0.5), yticks=range(len(family)), title="what tuning gained")
    ax.set_yticklabels([optimizer_name(result.study.optimizer) for result in family])
    ax.set_xlabel(f"test {family[0].measure.axis}")
    ax.grid(color="0.92", lw=0.6)
    ax.spines[["top", "right"]].set_visible(False)


def draw_curve(ax: Axes, result: Result) -> None:
    hue, sign = colour(result.study.optimizer), result.study.sign
    values = [trial.outcome.value for trial in result.at_end if trial.outcome]
    counts = list(range(1, len(values) + 1))
    best = [sign * max(sign * value for value in values[:n]) for n in counts]
    ax.step(counts, best, where="post", color=hue, lw=1.4, marker="o", ms=3)
    if curve := result.curve():
        ax.plot(counts, curve.middle, color=hue, ls="--", lw=1)
        low, high = (np.clip(edge, 0, FAR) for edge in (curve.low, curve.high))
        ax.fill_between(counts, low, high, color=hue, alpha=0.15, lw=0)
    ax.set_title(optimizer_name(result.study.optimizer), fontsize=10)
    ax.set_xlabel("trials")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(axis="y", color="0.92", lw=0.6)
    ax.spines[["top", "right"]].set_visible(False)


def share_heights(curves: Sequence[Axes], family: Sequence[Result]) -> None:
    """The same finite limits for all; a perplexity's band has no upper end."""
    values = [t.outcome.value for r in family for t in r.at_end if t.outcome and abs(t.outcome.value) < float("inf")]
    better_high = family[0].study.better == "max"
    low, high = (0.0, 100.0) if better_high else (0.9 * min(values), min(max(values), 4 * min(values)))
    for ax in curves:
        ax.set_ylim(low, high)
        ax.tick_params(labelleft=ax is curves[0])
    curves[0].set_ylabel(f"best held-out {family[0].measure.axis}")
