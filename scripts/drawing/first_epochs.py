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

COLUMNS = 7  # panels side by side that can still be read on a page


def first_epochs_figure(grid: Grid, part: Slice, public: PublicRecord, caption: str) -> Figure:
    """One column per cell, wrapped; test scores above, train scores below. A model's panels share their y axis."""
    figure = Figure(grid.name, grid.title, caption, points=True)
    upper, lower = (panels(grid, part, split, public) for split in reversed(SPLITS))
    for first in range(0, len(upper), COLUMNS):
        for row in (upper[first : first + COLUMNS], lower[first : first + COLUMNS]):
            for left, panel in zip([None, *row], row):  # the axis is named where another one begins
                if left and (left.low, left.high) == (panel.low, panel.high):
                    panel.ylabel = ""
            figure.rows.append(row)
    return figure


def panels(grid: Grid, part: Slice, split: str, public: PublicRecord) -> list[Panel]:
    found: list[Panel] = []
    for cells in groups(part.cells).values():
        ordered = sorted(cells, key=lambda cell: list(OPTIMIZERS).index(cell.optimizer.split(",")[0]))
        row = [points_panel(cell, asked(grid, part, cell), part, split, public) for cell in ordered]
        values = [value for panel in row for line in panel.lines for value in line.values]
        for panel in row:
            margin = max(4, 0.06 * (max(values) - min(values))) if values else 0
            panel.low, panel.high = (min(values) - margin, max(values) + margin) if values else (0, 100)
            panel.ylabel = f"{split} {part.measure.axis}"
        found += row
    return found


def points_panel(cell: Cell, k: int, part: Slice, split: str, public: PublicRecord) -> Panel:
    """The first k epochs of a cell; several seeds one by one, since a mean may be that of none."""

    def first(kind: str, runs: Sequence[Curve]) -> list[Line]:
        return [single(kind, cell, getattr(run, split)[:k]) for run in runs if not run.deviates]

    official, records = public.official(*key_of(cell)), part.records(cell)
    lines = first("rerun", public.reruns(*key_of(cell))) + first("official", [official] if official else [])
    for record in records:
        kind = "ours" if len(records) == 1 else "seed"
        lines += ours(kind, cell, [record], split, range(k), part.measure.name)
    name = optimizer_name(cell.optimizer).replace(", ", ",\n")
    return Panel(f"{model_name(cell.model)}\n{name}", "", lines, 0, 100)
