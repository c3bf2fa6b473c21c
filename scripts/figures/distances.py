"""Distances of generative models by optimizer: the paper's Fig. 6 with our runs in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, sqrt

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter, ScalarFormatter

from experiments.config.cell import Cell
from experiments.grid.grid import Grid
from experiments.grid.thresholds import threshold
from scripts.figures.canvas import add_legend, new_canvas, strip_axes
from scripts.figures.figure import Figure, count_runs
from scripts.loading.display import data_name, optimizer_colours, optimizer_name, setting_name
from scripts.loading.grid_results import GridResults, by_setting
from scripts.published.distances import load_distances

PAPER = "0.55"  # the paper's boxes are grey, ours have their optimizer's colour
SPAN = 2  # the ends of an axis differ by this factor at least
HALF = "Dashed: about half of an untrained generator's."
CAPTIONS = {
    "full": "Every point is a run's FID after its last epoch, every box holds the middle half of five; lower is "
    "better. The axes are logarithmic. SN-GAN: the paper's Table 3 (mean ± sd), ours the best of the checkpoints as "
    "there.",
    "small": "Frechet distance in the features of a small classifier of CIFAR-10, not the FID; narrower networks, "
    "fewer epochs: values not comparable with the paper, so its boxes are not drawn. Logarithmic axes. " + HALF,
    "quick": "Frechet distance between pixels, on digits of 8 pixels: a check of the pipeline, not comparable with the "
    "paper. Logarithmic axes. " + HALF,
}
LEGEND = {
    "ours": ("ours (one run)", {"color": "0.1", "marker": "o", "ls": ""}),
    "paper": ("paper, Fig. 6, as read (one run)", {"color": PAPER, "marker": "s", "mfc": "none", "ls": ""}),
    "table": ("paper, Table 3 (mean ± sd)", {"color": PAPER, "marker": "D", "mfc": "none", "ls": ""}),
    "limit": ("about half of an untrained generator's", {"color": "0.4", "ls": "--"}),
}


@dataclass
class DistancePanel:
    """For each optimizer our runs' distances, those of the paper's figure, and mean and sd of its table; `limit` is the
    grid's threshold where it is drawn."""

    title: str
    ylabel: str
    optimizers: list[str]
    ours: dict[str, list[float]]
    paper: dict[str, list[float]] = field(default_factory=dict)
    table: dict[str, tuple[float, float | None]] = field(default_factory=dict)
    limit: float | None = None


@dataclass
class DistanceFigure(Figure):
    panels: list[DistancePanel]

    def draw(self) -> Canvas:
        widths = [len(panel.optimizers) + 1.5 for panel in self.panels]
        canvas = new_canvas(0.62 * sum(widths) + 1.5, 5.4, self.title)
        axes = canvas.subplots(1, len(widths), squeeze=False, width_ratios=widths)
        colours = optimizer_colours(name for panel in self.panels for name in panel.optimizers)
        for ax, panel in zip(axes[0], self.panels):
            draw_panel(ax, panel, colours)
        shown = {
            "ours": any(any(p.ours.values()) for p in self.panels), "paper": any(p.paper for p in self.panels),
            "table": any(p.table for p in self.panels), "limit": any(p.limit for p in self.panels),
        }  # fmt: skip
        legend = [LEGEND[name] for name in LEGEND if shown[name]]
        handles = [Line2D([], [], **style) for _, style in legend]  # type: ignore[arg-type]
        add_legend(canvas, handles, [text for text, _ in legend], self.caption, columns=4)
        return canvas


def distance_figure(grid: Grid, part: GridResults) -> list[DistanceFigure]:
    """The full scale's under the paper's protocol always, the others where there are runs."""
    protocol = "" if part.protocol == "paper" else f"_{part.protocol}"
    if part.is_empty and (part.scale != "full" or protocol):
        return []
    count = len(part.finished_runs(part.cells))
    runs = count_runs(count) if count else "the public record, no run of ours yet"
    title = f"Generative models, {part.scale} scale{protocol.replace('_', ', ')}: {runs}"
    panels = [panel for cells in by_setting(part.cells).values() if (panel := distance_panel(grid, part, cells))]
    scale = "" if part.scale == "full" else f"{part.scale}_"
    caption = CAPTIONS.get(part.scale, CAPTIONS["small"])
    return [DistanceFigure(f"{scale}{grid.name}{protocol}", title, caption, panels)] if panels else []


def distance_panel(grid: Grid, part: GridResults, cells: Sequence[Cell]) -> DistancePanel | None:
    """The panel of one setting's cells; None where neither we nor the paper have any distance."""
    setting, full = cells[0].setting, part.scale == "full"
    published = load_distances()[0] if full and part.protocol == "paper" else {}
    paper = {c.optimizer: d for c in cells if (d := published.get((setting, c.optimizer)))}
    score = "best" if any(d.of_best for d in paper.values()) else "final"
    ours = {cell.optimizer: list(part.scores(cell, score).values()) for cell in cells}
    shown = [cell.optimizer for cell in cells if ours[cell.optimizer] or cell.optimizer in paper]
    if not shown:
        return None
    limit = inf if full else threshold(grid, "at_most", cells[0], inf)
    return DistancePanel(
        f"{setting_name(setting)} on {data_name(cells[0].data)}", "FID" if full else "Frechet distance", shown, ours,
        paper={name: list(d.runs) for name, d in paper.items() if d.runs},
        table={name: (d.mean, d.sd) for name, d in paper.items() if not d.runs},
        limit=limit if limit < inf else None,
    )  # fmt: skip


def draw_panel(ax: Axes, panel: DistancePanel, colours: Mapping[str, str]) -> None:
    for x, optimizer in enumerate(panel.optimizers):
        aside = 0.2 if panel.paper or panel.table else 0.0
        draw_runs(ax, x - aside, panel.ours.get(optimizer, []), colours[optimizer], "o")
        draw_runs(ax, x + aside, panel.paper.get(optimizer, []), PAPER, "s")
        if found := panel.table.get(optimizer):
            ax.errorbar(x + aside, found[0], found[1], color=PAPER, marker="D", mfc="none", capsize=3)
    if panel.limit:
        ax.axhline(panel.limit, color="0.4", ls="--", lw=0.8, zorder=0)
    ax.set_yscale("log")
    low, high = ax.get_ylim()
    widen = max(1.0, sqrt(SPAN * low / high))  # or two points alone would fill a panel, however close
    ax.set_ylim(low / widen, high * widen)
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 1.2, 1.5, 2, 3, 5, 7)))
    ax.yaxis.set_major_formatter(ScalarFormatter())
    ax.yaxis.set_minor_formatter(NullFormatter())
    names = [optimizer_name(optimizer) for optimizer in panel.optimizers]
    ax.set_xticks(range(len(names)), names, rotation=60, ha="right", rotation_mode="anchor")
    ax.set(title=panel.title, ylabel=panel.ylabel, xlim=(-0.7, len(names) - 0.3))
    strip_axes(ax)


def draw_runs(ax: Axes, x: float, values: list[float], colour: str, marker: str) -> None:
    """A box of the middle half from three runs on, and every run as a point."""
    if len(values) > 2:
        line = {"color": colour}
        ax.boxplot(
            [values], positions=[x], widths=0.32, showfliers=False, whis=(0, 100), manage_ticks=False,
            boxprops=line, medianprops=line, whiskerprops=line, capprops=line,
        )  # fmt: skip
    ax.plot([x] * len(values), values, marker, color=colour, ms=4, mfc="none" if marker == "s" else colour)
