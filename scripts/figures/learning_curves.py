"""Scores by epoch, models as columns: test scores above train scores, and above both where runs end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import fill

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import MaxNLocator

from experiments.config.cell import Cell
from scripts.figures.canvas import add_legend, new_canvas, strip_axes
from scripts.figures.curves import Line, Panel, axis_limits, cell_lines, missing_remark
from scripts.figures.end_scores import Strip, draw_strip
from scripts.figures.figure import Figure
from scripts.figures.line_kinds import BAND, OURS, kinds_of, legend_handle, legend_text, line_style
from scripts.figures.line_labels import draw_line_labels
from scripts.loading.display import optimizer_colours, optimizer_name, panel_title
from scripts.loading.grid_results import GridResults, groups
from scripts.loading.rate_drops import rate_drops
from scripts.loading.runs import present_request
from scripts.published.public_record import PublicRecord

REMARK = 46  # characters that a panel holds
CUT = "The first epochs are cut off."


@dataclass
class LearningCurves(Figure):
    """rows: of panels with a column for each model; strips: one for each column, above them."""

    rows: list[list[Panel]] = field(default_factory=list)
    strips: list[Strip] = field(default_factory=list)

    @property
    def lines(self) -> list[Line]:
        return [line for row in self.rows for panel in row for line in panel.lines]

    def draw(self) -> Canvas:
        above = int(bool(self.strips))
        rows, columns = len(self.rows) + above, max(map(len, self.rows))
        canvas = new_canvas(5.2 * columns, 3.9 * rows + 1.3 - above, self.title)
        heights = [0.9] * above + [1.35, 1]
        axes = canvas.subplots(rows, columns, squeeze=False, gridspec_kw={"height_ratios": heights})
        colours = optimizer_colours(
            [line.optimizer for line in self.lines] + [name for strip in self.strips for name in strip.values]
        )
        for places, row in zip(axes[above:], self.rows):
            for ax, panel in zip(places, row):
                draw_curves(ax, panel, colours)
        for ax, strip in zip(axes[0], self.strips):
            draw_strip(ax, strip, colours)
        for places, count in zip(axes, [len(self.strips)] * above + [len(row) for row in self.rows]):
            for ax in places[count:]:
                ax.set_axis_off()
        kinds = kinds_of(self.lines)
        handles = [legend_handle(kind, points=False) for kind in kinds]
        add_legend(canvas, handles, [legend_text(kind, self.lines) for kind in kinds], self.caption)
        return canvas


def learning_curves(
    name: str, title: str, caption: str, part: GridResults, data: str, public: PublicRecord | None
) -> LearningCurves:
    """The figure of one data set; models without any curve are left out. The public record's curves are drawn only
    where it is given. The caption says what happens at the drops of the rate, and that the first epochs are cut off."""
    figure = LearningCurves(name, title, caption)
    columns = {model: cells for (d, model), cells in groups(part.cells).items() if d == data}
    epochs = {cell: part.epochs(cell) for cells in columns.values() for cell in cells}
    for split in ("test", "train"):
        row: list[Panel] = []
        for model, cells in columns.items():
            lines = []
            for cell in reversed(cells):  # AdaBelief, the first of them, is drawn last: on top
                lines += cell_lines(part, cell, epochs[cell], split, public)
            if lines:
                label = f"{split} {part.measure.axis}"
                row.append(curve_panel(panel_title(data, model), label, cells, lines, part.measure.better))
        figure.rows.append(row)
    figure.caption = " ".join(filter(None, [caption, drop_sentence(figure.rows), CUT]))
    return figure


def curve_panel(title: str, ylabel: str, cells: Sequence[Cell], lines: list[Line], better: str) -> Panel:
    """One panel of lines, with the drops of the rate that most of our runs share; a remark names the others."""
    ours = {line.optimizer for line in lines if line.kind in OURS}
    shown = [cell for cell in cells if cell.optimizer in ours] or cells[:1]  # the public record follows the first cell
    drops = {cell.optimizer: drop_epochs(cell) for cell in shown}
    common = Counter(drops.values()).most_common(1)[0][0]
    others: dict[tuple[float, ...], list[str]] = {}
    for optimizer, (epochs, _) in drops.items():
        if drops[optimizer] != common:
            others.setdefault(epochs, []).append(optimizer_name(optimizer))
    remarks = [missing_remark(cells, lines)]
    for epochs, names in others.items():
        where = f"drops at {', '.join(f'{epoch:g}' for epoch in epochs)}" if epochs else "no drops"
        remarks.append(f"{where}: {', '.join(names)}")
    low, high = axis_limits(lines, better)
    return Panel(title, ylabel, lines, low, high, "; ".join(filter(None, remarks)), list(common[0]), common[1])


def drop_epochs(cell: Cell) -> tuple[tuple[float, ...], float]:
    """The epochs at which the rate of a cell's runs falls, and by which factor; none under a smooth schedule."""
    config = present_request(cell).config
    factor = float(config["schedule"].get("factor", 1.0))
    drops = tuple(share * config["epochs"] for share in rate_drops(cell))
    return (drops, factor) if drops and factor != 1 else ((), 1.0)


def drop_sentence(rows: Sequence[Sequence[Panel]]) -> str:
    """What a grey line stands for; "" where there is none."""
    factors = sorted({panel.drop_factor for row in rows for panel in row if panel.drops})
    if not factors:
        return ""
    how = "divided by ten" if factors == [0.1] else f"multiplied by {' or '.join(f'{f:g}' for f in factors)}"
    return f"The rate is {how} at each grey line."


def draw_curves(ax: Axes, panel: Panel, colours: Mapping[str, str]) -> None:
    for line in panel.lines:
        draw_line(ax, line, colours[line.optimizer], panel)
    for drop in panel.drops:
        ax.axvline(drop, color="0.8", lw=0.8, zorder=0)
    ax.set(title=panel.title, xlabel="epoch", ylabel=panel.ylabel, ylim=(panel.low, panel.high))
    ax.set_xlim(0, max((line.epochs[-1] for line in panel.lines), default=1) or 1)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    strip_axes(ax)
    if panel.remark:
        draw_remark(ax, panel)
    draw_line_labels(ax, panel, colours)


def draw_line(ax: Axes, line: Line, colour: str, panel: Panel) -> None:
    """A line with its spread as a band; that of a diverged run ends in a cross, though it be below the panel."""
    ax.plot(line.epochs, line.values, color=colour, **line_style(line.kind, points=False))
    if line.kind == "diverged":
        end = min(max(line.values[-1], panel.low), panel.high)
        ax.plot(line.epochs[-1:], [end], "x", color=colour, ms=7, mew=1.5, clip_on=False, zorder=9)
    if any(line.sd):
        low, high = ([v + sign * s for v, s in zip(line.values, line.sd)] for sign in (-1, 1))
        ax.fill_between(line.epochs, low, high, color=colour, alpha=BAND, lw=0, zorder=1)


def draw_remark(ax: Axes, panel: Panel) -> None:
    """Write the remark in the lower right corner, or in the upper one where the curves end below."""
    ends = [line.values[-1] for line in panel.lines]
    falling = sum(ends) < len(ends) * (panel.low + panel.high) / 2
    y, va = (0.97, "top") if falling else (0.03, "baseline")
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 2}
    ax.text(
        0.99, y, fill(panel.remark, REMARK), transform=ax.transAxes, ha="right", va=va, fontsize=8, color="0.25",
        zorder=9, bbox=box,
    )  # fmt: skip
