"""The figure of an ablation: end scores, scores by epoch, and in place of train scores the shares of coordinates at the
floor of the denominator."""

from __future__ import annotations

from experiments.config.cell import Cell
from scripts.figures.curves import Panel, mean_line, run_scores
from scripts.figures.learning_curves import LearningCurves, learning_curves
from scripts.loading.display import panel_title
from scripts.loading.grid_results import GridResults, groups

CAPTION = (
    "Below: share of the coordinates whose denominator is less than twice the smallest that the rule can have, in runs "
    "that logged it; shares compare between floors of equal height only (the table has the heights)."
)


def ablation_figure(name: str, title: str, caption: str, part: GridResults, data: str) -> LearningCurves:
    """As a figure of learning curves, the train scores replaced."""
    figure = learning_curves(name, title, caption, part, data, None)
    figure.caption += f" {CAPTION}"
    cells = {panel_title(d, model): found for (d, model), found in groups(part.cells).items()}
    figure.rows[1] = [floor_panel(part, panel, cells[panel.title]) for panel in figure.rows[0]]
    return figure


def floor_panel(part: GridResults, above: Panel, cells: list[Cell]) -> Panel:
    lines = []
    for cell in reversed(cells):
        lines += mean_line("ours", cell, run_scores(part, cell, part.epochs(cell), "train/at_floor", "complete"))
    label = "coordinates at the floor (%)"
    return Panel(above.title, label, lines, -3, 103, drops=above.drops, drop_factor=above.drop_factor)
