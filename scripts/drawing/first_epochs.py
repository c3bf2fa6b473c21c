"""The figure of the first epochs, as numbers: single epochs of ours beside the official curve's and the reruns'."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.cell import Cell
from experiments.grid import Grid
from scripts.drawing.series import Figure, Line, Panel, ours, single
from scripts.reading.names import OPTIMIZERS, model_name, optimizer_name
from scripts.reading.ours import Slice, groups
from scripts.reading.public_record import Curve, PublicRecord
from scripts.tabulating.first_epochs import SPLITS, asked
from scripts.tabulating.raw import key_of


def first_epochs_figure(grid: Grid, part: Slice, public: PublicRecord, caption: str) -> Figure:
    """One column per cell; test scores above, train scores below. A model's panels share their y axis."""
    figure = Figure(grid.name, grid.title, caption, points=True)
    for split in reversed(SPLITS):
        row: list[Panel] = []
        for cells in groups(part.cells).values():
            ordered = sorted(cells, key=lambda cell: list(OPTIMIZERS).index(cell.optimizer.split(",")[0]))
            panels = [points_panel(cell, asked(grid, part, cell), part, split, public) for cell in ordered]
            values = [value for panel in panels for line in panel.lines for value in line.values]
            for panel in panels:
                margin = max(4, 0.06 * (max(values) - min(values))) if values else 0
                panel.low, panel.high = (min(values) - margin, max(values) + margin) if values else (0, 100)
            panels[0].ylabel = f"{split} {part.measure.axis}"
            row += panels
        figure.rows.append(row)
    return figure


def points_panel(cell: Cell, k: int, part: Slice, split: str, public: PublicRecord) -> Panel:
    """The first k epochs of a cell."""

    def first(kind: str, runs: Sequence[Curve]) -> list[Line]:
        return [single(kind, cell, getattr(run, split)[:k]) for run in runs if not run.deviates]

    official = public.official(*key_of(cell))
    lines = first("rerun", public.reruns(*key_of(cell))) + first("official", [official] if official else [])
    lines += ours("ours", cell, part.records(cell), split, range(k), part.measure.name)
    return Panel(f"{model_name(cell.model)}\n{optimizer_name(cell.optimizer)}", "", lines, 0, 100)
