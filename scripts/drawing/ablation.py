"""The figure of an ablation, as numbers: end scores, scores by epoch, shares of coordinates at the floor."""

from __future__ import annotations

from experiments.cell import Cell
from scripts.drawing.series import Figure, Panel, curves_figure, ours
from scripts.reading.names import panel_title
from scripts.reading.ours import Slice, groups

CAPTION = (
    "Below: share of the coordinates whose denominator is less than twice the smallest that the rule can have, in runs "
    "that logged it; shares compare between floors of equal height only (the table has the heights)."
)


def ablation_figure(name: str, title: str, caption: str, part: Slice, data: str) -> Figure:
    """As a figure of curves, the train scores replaced."""
    figure = curves_figure(name, title, f"{caption} {CAPTION}", part, data, None)
    cells = {panel_title(d, model): found for (d, model), found in groups(part.cells).items()}
    figure.rows[1] = [floor_panel(part, panel, cells[panel.title]) for panel in figure.rows[0]]
    return figure


def floor_panel(part: Slice, above: Panel, cells: list[Cell]) -> Panel:
    lines = []
    for cell in reversed(cells):
        runs = part.complete(cell)
        epochs = range(max((len(run.metrics) for run in runs), default=0))
        lines += ours("ours", cell, runs, "train", epochs, "at_floor")
    return Panel(above.title, "coordinates at the floor (%)", lines, -3, 103, drops=above.drops)
