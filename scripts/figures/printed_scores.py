"""The paper's Table 2 as a dot plot: every published number with who measured it, and ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from experiments.grid.grid import Grid
from scripts.figures.canvas import add_legend, new_canvas, strip_axes
from scripts.figures.figure import Figure, count_runs
from scripts.loading.display import optimizer_colours, optimizer_name
from scripts.loading.grid_results import GridResults
from scripts.loading.statistics import estimate
from scripts.published.end_values import Printed, load_printed

CAPTION = (
    "Published top-1 accuracies of ResNet18 on ImageNet. Hollow ones were measured under another decay or schedule "
    "than the authors' own run of AdaBelief, so their distances are not the optimizers' alone."
)
MARKERS = {"the authors": "s", "the authors, presumably": "s", "Chen et al., Padam": "D", "Liu et al., RAdam": "^"}
SOURCES = {
    "s": "paper, the authors' own run (MSVAG: presumably)",
    "D": "paper, copied from Padam",
    "^": "paper, copied from RAdam",
}
OTHER_SOURCE = "P"
BELOW = {"paper": 0.18, "clean": 0.3}  # ours stand so far below the published numbers


@dataclass(frozen=True)
class Dot:
    """A number in an optimizer's row. sd: None without a spread; below: how far from the row's middle; hollow: with
    an edge only."""

    optimizer: str
    value: float
    source: str
    marker: str
    hollow: bool
    size: float = 8
    sd: float | None = None
    below: float = 0.0


@dataclass
class PrintedScores(Figure):
    """optimizers: from top to bottom."""

    optimizers: list[str]
    dots: list[Dot]

    def draw(self) -> Canvas:
        canvas = new_canvas(8.6, 0.42 * len(self.optimizers) + 2.6, self.title, fontsize=12)
        ax, colours = canvas.subplots(), optimizer_colours(self.optimizers)
        for dot in self.dots:
            draw_dot(ax, self.optimizers.index(dot.optimizer) + dot.below, dot, colours[dot.optimizer])
        ax.set_yticks(range(len(self.optimizers)), [optimizer_name(name) for name in self.optimizers])
        ax.invert_yaxis()
        ax.set_xlabel("top-1 accuracy on the validation images (%)")
        strip_axes(ax, "x")
        legend = {dot.source: dot for dot in reversed(self.dots)}  # the first dot of a source stands for all
        samples = [legend[source] for source in dict.fromkeys(dot.source for dot in self.dots)]
        handles = [
            Line2D([], [], ls="none", color="0.25", marker=dot.marker, mfc="none" if dot.hollow else None, ms=7)
            for dot in samples
        ]
        add_legend(canvas, handles, [dot.source for dot in samples], self.caption, columns=3, fontsize=8.5)
        return canvas


def printed_scores(grid: Grid, parts: Sequence[GridResults]) -> PrintedScores:
    """The public record of a grid without curves, and our runs of each part (a protocol) in it."""
    dots = [published_dot(row) for row in load_printed(grid.printed)]
    count = 0
    for part in parts:
        ours = our_dots(part)
        count += sum(len(part.scores(cell, "final")) for cell in part.cells)
        dots += ours
    runs = f"{count_runs(count)} among the public record" if count else "the public record, no run of ours yet"
    optimizers = dict.fromkeys([cell.optimizer for part in parts for cell in part.cells] + [d.optimizer for d in dots])
    return PrintedScores(grid.name, f"{grid.title}: {runs}", CAPTION, list(optimizers), dots)


def published_dot(row: Printed) -> Dot:
    if row.kind == "rerun":
        source = "independent rerun, the authors' recipe" if row.joins else "rerun, another decay or schedule"
        return Dot(row.optimizer, row.value, source, "x" if row.joins else "+", hollow=False)
    marker = MARKERS.get(row.measured_by, OTHER_SOURCE)
    source = SOURCES.get(marker, f"paper, measured by {row.measured_by}")
    return Dot(row.optimizer, row.value, source, marker, hollow=not row.joins)


def our_dots(part: GridResults) -> list[Dot]:
    """The mean of each cell's last epochs over seeds, with its sd."""
    clean = part.protocol != "paper"
    source = "ours, same decay for all" if clean else "ours, paper protocol"
    found = [(cell.optimizer, estimate(list(part.scores(cell, "final").values()))) for cell in part.cells]
    return [
        Dot(name, e.mean, source, "o", hollow=clean, size=6, sd=e.sd, below=BELOW["clean" if clean else "paper"])
        for name, e in found
        if e
    ]


def draw_dot(ax: Axes, y: float, dot: Dot, colour: str) -> None:
    ax.errorbar(
        [dot.value], [y], xerr=None if dot.sd is None else [dot.sd], ls="none", capsize=2, color=colour,
        marker=dot.marker, ms=dot.size, mfc="none" if dot.hollow else colour,
    )  # fmt: skip
