"""Which cells missed their grid's threshold, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import inf, isnan

import pandas as pd

from experiments.config.cell import Cell
from experiments.grid.grid import Grid
from experiments.grid.thresholds import expected_failure, missed_by
from experiments.grid.thresholds import threshold as threshold_of
from experiments.store.run_files import AT_END
from scripts.loading.display import optimizer_name
from scripts.loading.grid_results import GridResults


def failure_notes(grid: Grid, part: GridResults, cells: Sequence[Cell]) -> list[str]:
    """Cells that missed the threshold, or may where nothing has been run, with the reason, if it is known."""
    found: dict[tuple[str, str], list[str]] = {}
    for cell in cells:
        reason, runs = expected_failure(grid, cell), part.runs_of(cell, *AT_END)
        missed = f"Missed the threshold of {stated_threshold(grid, cell):g}"
        ill = [status for status, wrong in zip(runs["status"], shortcomings(grid, cell, runs)) if wrong]
        for said, n in Counter("Diverged" if status == "diverged" else missed for status in ill).items():
            some = f" ({n} of {len(runs)} runs)" if len(runs) > 1 else ""
            why = reason or "this was not expected"
            found.setdefault((said, why), []).append(optimizer_name(cell.optimizer) + some)
        if reason and not len(runs):
            found.setdefault(("May fail", reason), []).append(optimizer_name(cell.optimizer))
    return [f"{said}: {'; '.join(names)}: {reason}." for (said, reason), names in found.items()]


def shortcomings(grid: Grid, cell: Cell, runs: pd.DataFrame) -> list[str | None]:
    """For each run of a cell what is wrong with it by the grid's threshold, or None."""
    columns = (runs[name] for name in ("status", "epochs_done", "metric", "final"))
    return [
        missed_by(grid, cell, status, epochs_done, metric, None if isnan(final) else final)
        for status, epochs_done, metric, final in zip(*columns)
    ]


def stated_threshold(grid: Grid, cell: Cell) -> float:
    """What the last epoch's score had to reach, or to stay under."""
    most = threshold_of(grid, "at_most", cell, inf)
    return most if most < inf else threshold_of(grid, "at_least", cell, -inf)
