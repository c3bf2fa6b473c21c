"""The figure of an ablation, as numbers: end scores, scores by epoch, shares of coordinates at the floor."""

from __future__ import annotations

import numpy as np

from experiments.cell import Cell
from scripts.drawing.series import Figure, Panel, Strip, curves_figure, ours
from scripts.reading.ours import Slice, groups

CAPTION = (
    "Above: a dot for each seed, a line at AdaBelief's mean. Below: share of the coordinates whose denominator is less "
    "than twice the smallest that the rule can have, in runs that logged it; shares compare between floors of equal "
    "height only (the table has the heights)."
)
FAR = 3  # times the distance between the quartiles: what is further below them is named beside the axis


def ablation_figure(name: str, title: str, caption: str, part: Slice, data: str) -> Figure:
    """As a figure of curves, the train scores replaced."""
    figure = curves_figure(name, title, f"{caption} {CAPTION}", part, data, None)
    shown = [cells for (d, _), cells in groups(part.cells).items() if d == data and any(map(part.finished, cells))]
    figure.strips = [strip(part, panel.title, cells) for panel, cells in zip(figure.rows[0], shown, strict=True)]
    figure.rows[1] = [floor_panel(part, panel, cells) for panel, cells in zip(figure.rows[0], shown, strict=True)]
    return figure


def floor_panel(part: Slice, above: Panel, cells: list[Cell]) -> Panel:
    lines = []
    for cell in reversed(cells):
        runs = part.complete(cell)
        epochs = range(max((len(run.metrics) for run in runs), default=0))
        lines += ours("ours", cell, runs, "train", epochs, "at_floor")
    return Panel(above.title, "coordinates at the floor (%)", lines, -3, 103, drops=above.drops)


def strip(part: Slice, title: str, cells: list[Cell]) -> Strip:
    """Last-quarter means by seed. One rule that fails would press the others together, so the axis leaves it out."""
    values = {cell.optimizer: found for cell in cells if (found := list(part.scores(cell, "last").values()))}
    if not values:
        return Strip(title, "", {}, 0.0, 1.0, [])
    signed = {name: part.measure.sign * float(np.mean(found)) for name, found in values.items()}
    lower, upper = np.percentile(list(signed.values()), (25, 75))
    below = [name for name, mean in signed.items() if mean < lower - FAR * max(upper - lower, 1.0)]
    shown = [value for name, found in values.items() if name not in below for value in found]
    margin = 0.06 * max(max(shown) - min(shown), 1.0)
    label = f"test {part.measure.axis}, last quarter"
    return Strip(title, label, values, min(shown) - margin, max(shown) + margin, below)
