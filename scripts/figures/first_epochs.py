"""The first epochs of full-scale runs, one panel for each cell: single epochs of ours beside the official curve's and
the reruns'."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from experiments.config.cell import Cell
from experiments.grid.grid import Grid
from scripts.figures.canvas import add_legend, new_canvas, strip_axes
from scripts.figures.curves import Line, Panel, mean_line, one_run_line, run_scores
from scripts.figures.figure import Figure
from scripts.figures.line_kinds import kinds_of, legend_handle, legend_text, line_style
from scripts.loading.display import model_name, optimizer_colours, optimizer_name, optimizer_rank
from scripts.loading.grid_results import GridResults, asked_epochs, groups
from scripts.published.curves import PublishedRun
from scripts.published.public_record import PublicRecord, public_key

COLUMNS = 7  # panels side by side that can still be read on a page
CAPTION = "Full model and recipe, first epochs only. Epochs count from 0."


@dataclass
class FirstEpochs(Figure):
    """rows: of panels, in turn of test and of train scores."""

    rows: list[list[Panel]] = field(default_factory=list)

    @property
    def lines(self) -> list[Line]:
        return [line for row in self.rows for panel in row for line in panel.lines]

    def draw(self) -> Canvas:
        rows, columns = len(self.rows), max(map(len, self.rows))
        canvas = new_canvas(1.55 * columns + 0.6, 2.6 * rows + 1.4, self.title)
        colours = optimizer_colours(line.optimizer for line in self.lines)
        for places, row in zip(canvas.subplots(rows, columns, squeeze=False), self.rows):
            for ax, panel in zip(places, row):
                draw_points(ax, panel, colours)
            for ax in places[len(row) :]:
                ax.set_axis_off()
        kinds = kinds_of(self.lines)
        handles = [legend_handle(kind, points=True) for kind in kinds]
        add_legend(canvas, handles, [legend_text(kind, self.lines) for kind in kinds], self.caption)
        return canvas


def first_epochs_figure(grid: Grid, part: GridResults, public: PublicRecord) -> FirstEpochs:
    """One column per cell, wrapped; test scores above, train scores below. A model's panels share their y axis."""
    figure = FirstEpochs(grid.name, grid.title, CAPTION)
    upper, lower = (split_panels(grid, part, split, public) for split in ("test", "train"))
    for first in range(0, len(upper), COLUMNS):
        for row in (upper[first : first + COLUMNS], lower[first : first + COLUMNS]):
            for left, panel in zip([None, *row], row):  # the axis is named where another one begins
                if left and (left.low, left.high) == (panel.low, panel.high):
                    panel.ylabel = ""
            figure.rows.append(row)
    return figure


def split_panels(grid: Grid, part: GridResults, split: str, public: PublicRecord) -> list[Panel]:
    """A panel for each cell, those of a model by the order of optimizers and with common limits."""
    panels: list[Panel] = []
    for cells in groups(part.cells).values():
        ordered = sorted(cells, key=lambda cell: optimizer_rank(cell.optimizer))
        row = [cell_panel(cell, asked_epochs(grid, cell), part, split, public) for cell in ordered]
        values = [value for panel in row for line in panel.lines for value in line.values]
        for panel in row:
            margin = max(4, 0.06 * (max(values) - min(values))) if values else 0
            panel.low, panel.high = (min(values) - margin, max(values) + margin) if values else (0, 100)
            panel.ylabel = f"{split} {part.measure.axis}"
        panels += row
    return panels


def cell_panel(cell: Cell, epochs: int, part: GridResults, split: str, public: PublicRecord) -> Panel:
    """The first epochs of a cell; several seeds one by one, since a mean may be that of none."""

    def first(kind: str, runs: Sequence[PublishedRun]) -> list[Line]:
        return [one_run_line(kind, cell, getattr(run, split)[:epochs]) for run in runs if not run.deviates]

    official = public.official(*public_key(cell))
    lines = first("rerun", public.reruns(*public_key(cell))) + first("official", [official] if official else [])
    runs = run_scores(part, cell, part.epochs(cell), f"{split}/{part.measure.name}")
    for scores in runs:
        scores = {epoch: score for epoch, score in scores.items() if epoch < epochs}
        lines += mean_line("ours" if len(runs) == 1 else "seed", cell, [scores])
    name = optimizer_name(cell.optimizer).replace(", ", ",\n")
    return Panel(f"{model_name(cell.model)}\n{name}", "", lines, 0, 100)


def draw_points(ax: Axes, panel: Panel, colours: Mapping[str, str]) -> None:
    for line in panel.lines:
        style = {"color": colours[line.optimizer], **line_style(line.kind, points=True)}
        ax.errorbar(line.epochs, line.values, yerr=line.sd if any(line.sd) else None, capsize=2, **style)
    last = max((line.epochs[-1] for line in panel.lines), default=0)
    ax.set(xlim=(-0.5, last + 0.5), ylim=(panel.low, panel.high), xticks=range(last + 1))
    ax.set_title(panel.title, fontsize=9)
    ax.set_xlabel("epoch", fontsize=8)
    ax.tick_params(labelsize=8, labelleft=bool(panel.ylabel))
    ax.set_ylabel(panel.ylabel, fontsize=8.5)
    strip_axes(ax)
