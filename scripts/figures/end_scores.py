"""Where runs end: a strip for each model, in it a row of dots for each optimizer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

import numpy as np
from matplotlib.axes import Axes

from experiments.config.cell import Cell
from scripts.figures.canvas import colour_ticks, strip_axes
from scripts.loading.display import optimizer_name, panel_title
from scripts.loading.grid_results import GridResults, groups

CAPTION = (
    "Above: a dot for each seed (cross: one that diverged; arrow: a mean off the axis), a bar at their mean, a line at "
    "AdaBelief's."
)
FAR = 3  # times the distance between the quartiles: what is further below them is named beside the axis


@dataclass(frozen=True)
class Strip:
    """A score of each optimizer by seed, as dots on one axis; `below` names those that are too bad for it,
    `diverged` those of which a seed fell apart."""

    title: str
    xlabel: str
    values: dict[str, list[float]]
    low: float
    high: float
    below: list[str]
    diverged: list[str]
    sign: int  # 1 where larger is better, or -1


def end_score_strips(part: GridResults, data: str) -> list[Strip]:
    """One for each model of a data set that has runs."""
    models = {model: cells for (d, model), cells in groups(part.cells).items() if d == data}
    return [
        end_score_strip(part, model, cells)
        for model, cells in models.items()
        if any(part.count_finished(cell) for cell in cells)
    ]


def end_score_strip(part: GridResults, model: str, cells: Sequence[Cell]) -> Strip:
    """Last means by seed. One rule that fails would press the others together, so the axis leaves it out."""
    title, sign = panel_title(cells[0].data, model), part.measure.sign
    diverged = [cell.optimizer for cell in cells if len(part.runs_of(cell, "diverged"))]
    values = {c.optimizer: list(part.scores(c, "last").values()) for c in cells if part.count_finished(c)}
    means = {name: sign * float(np.mean(found)) for name, found in values.items() if found}
    if not means:
        return Strip(title, "", values, 0.0, 1.0, [], diverged, sign)
    lower, upper = np.percentile(list(means.values()), (25, 75))
    below = [name for name, value in means.items() if value < lower - FAR * max(upper - lower, 1.0)]
    shown = [value for name, found in values.items() if name not in below for value in found]
    margin = 0.06 * max(max(shown) - min(shown), 1.0)
    windows = sorted({int(n) for cell in cells for n in part.runs_of(cell, "complete")["last_window"].dropna()})
    label = f"test {part.measure.axis}, mean of the last {'/'.join(map(str, windows))} epochs"
    return Strip(title, label, values, min(shown) - margin, max(shown) + margin, below, diverged, sign)


def draw_strip(ax: Axes, strip: Strip, colours: Mapping[str, str]) -> None:
    """Optimizers from top to bottom, AdaBelief's mean as a line; what is too bad for the axis as an arrow at its worse
    edge, with its mean."""
    edge, side, inwards = (0.0, "left", 1) if strip.sign > 0 else (1.0, "right", -1)
    across = ax.get_yaxis_transform()  # from edge to edge, at an optimizer's height
    for y, (name, values) in enumerate(strip.values.items()):
        if name in strip.diverged:
            ax.plot(edge, y, "x", ms=6, color=colours[name], transform=across, clip_on=False)
        if name in strip.below:
            text, arrow = f"{mean(values):.1f}", "<" if inwards > 0 else ">"
            ax.plot(edge + 0.03 * inwards, y, arrow, ms=5, color=colours[name], transform=across)
            x = edge + 0.05 * inwards
            ax.text(x, y, text, transform=across, va="center", ha=side, fontsize=8.5, color=colours[name])
        elif values:
            ax.plot(values, [y] * len(values), "o", ms=5, alpha=0.85, color=colours[name])
            ax.plot([mean(values)] * 2, [y - 0.3, y + 0.3], lw=1.3, color=colours[name])
    if found := strip.values.get("adabelief"):
        ax.axvline(mean(found), color="0.8", lw=0.8, zorder=0)
    ax.set(title=strip.title, xlabel=strip.xlabel, xlim=(strip.low, strip.high), ylim=(len(strip.values) - 0.5, -0.5))
    ax.yaxis.tick_right()
    names = list(strip.values)
    ax.set_yticks(range(len(names)), [optimizer_name(name) for name in names], fontsize=8.5)
    colour_ticks(ax.get_yticklabels(), names, colours)
    ax.tick_params(axis="y", length=0, pad=8)
    strip_axes(ax, "x", ("top", "right", "left"))
