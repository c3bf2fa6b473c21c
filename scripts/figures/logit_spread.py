"""Runs that collapsed: the spread of the last logits over images, a dot for each seed and optimizer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from experiments.grid.grid import Grid
from scripts.figures.canvas import add_caption, new_canvas, strip_axes
from scripts.figures.curves import run_scores
from scripts.figures.figure import Figure, count_runs
from scripts.loading.display import optimizer_colours, optimizer_name
from scripts.loading.grid_results import GridResults

METRIC = "test/logit_sd"
LOGGED = "task.logit_sd=true"  # the override of a grid whose runs measure it
AXIS = "standard deviation of the logits over the test images"
COLLAPSED = 1e-4  # below it the logits no longer depend on the image
LEAST = 1e-12  # a spread of zero is drawn here: a logarithmic axis has no zero
CAPTION = (
    "After the last step, a dot for each seed, a bar at the median. Logarithmic axis. In front: how many seeds "
    "collapsed, so that their logits no longer depend on the image."
)


@dataclass
class LogitSpread(Figure):
    """spreads: by row, named by its optimizer, the standard deviation of each seed's logits; common: the overrides that
    all rows share, which their labels leave out."""

    spreads: dict[str, list[float]]
    common: list[str]

    def draw(self) -> Canvas:
        canvas = new_canvas(8.0, 0.55 * len(self.spreads) + 2.3, self.title, fontsize=12)
        draw_spreads(canvas.subplots(), self)
        add_caption(canvas, self.caption)
        return canvas


def measures_logit_spread(grid: Grid) -> bool:
    """Whether a grid's runs are made to see which of them collapse."""
    return LOGGED in grid.overrides


def logit_spread(grid: Grid, part: GridResults) -> list[LogitSpread]:
    """The figure of such a grid at one scale; none without runs that measured the spread."""
    spreads: dict[str, list[float]] = {}
    for cell in part.cells:
        runs = run_scores(part, cell, part.epochs(cell), METRIC)
        if last := [scores[max(scores)] for scores in runs if scores]:
            spreads.setdefault(cell.optimizer, []).extend(last)
    if not spreads:
        return []
    common = common_overrides([cell.optimizer for cell in part.cells])
    words = f" All runs: {', '.join(common)}." if common else ""
    title = f"{grid.title}: {count_runs(sum(map(len, spreads.values())))}"
    scale = "" if part.scale == "full" else f"{part.scale}_"
    protocol = "" if part.protocol == "paper" else f"_{part.protocol}"
    return [LogitSpread(f"{scale}{grid.name}{protocol}", title, CAPTION + words, spreads, common)]


def common_overrides(optimizers: Sequence[str]) -> list[str]:
    """The overrides that all of several optimizers carry, in their order."""
    first, *others = (optimizer.split(",")[1:] for optimizer in dict.fromkeys(optimizers))
    return [override for override in first if all(override in words for words in others)] if others else []


def draw_spreads(ax: Axes, figure: LogitSpread) -> None:
    names, colours = list(figure.spreads), optimizer_colours(figure.spreads)
    for y, (name, spreads) in enumerate(figure.spreads.items()):
        shown = [max(spread, LEAST) for spread in spreads]
        ax.plot(shown, [y] * len(shown), "o", ms=5, alpha=0.85, mew=0, color=colours[name])
        ax.plot([median(shown)] * 2, [y - 0.25, y + 0.25], lw=1.3, color=colours[name])
        collapsed = sum(spread < COLLAPSED for spread in spreads)
        ax.annotate(
            f"{collapsed} of {len(spreads)}", (0.01, y), xycoords=("axes fraction", "data"), xytext=(0, 9),
            textcoords="offset points", va="center", fontsize=8.5, color="0.25",
        )  # fmt: skip
    ax.axvline(COLLAPSED, color="0.4", ls="--", lw=0.8, zorder=0)
    ax.annotate(
        "collapsed below", (COLLAPSED, 1.0), xycoords=("data", "axes fraction"), xytext=(-4, -2), ha="right", va="top",
        textcoords="offset points", fontsize=8.5, color="0.4",
    )  # fmt: skip
    ax.set_xscale("log")
    low, high = ax.get_xlim()
    ax.set(xlim=(min(low, COLLAPSED / 10), max(high, COLLAPSED * 10)), ylim=(len(names) - 0.5, -0.5), xlabel=AXIS)
    ax.set_yticks(range(len(names)), [row_label(name, figure.common) for name in names])
    strip_axes(ax, "x")


def row_label(optimizer: str, common: Sequence[str]) -> str:
    """An optimizer's name without the overrides that all rows share."""
    name, *overrides = optimizer.split(",")
    return optimizer_name(",".join([name, *(word for word in overrides if word not in common)]))
