"""Which finished runs of a grid are healthy, and which are expected not to be."""

from __future__ import annotations

from math import inf

from experiments.config.cell import Cell
from experiments.grid.grid import Grid
from experiments.store.run_files import Record


def expected_failure(grid: Grid, cell: Cell) -> str | None:
    """Why the cell is expected to miss the grid's threshold, or None."""
    for entry in grid.expected_failures:
        where = {key: value for key, value in entry.items() if key != "reason"}
        if all(getattr(cell, key) == value for key, value in where.items()):
            return str(entry["reason"])
    return None


def missed_threshold(grid: Grid, record: Record) -> str | None:
    """What is wrong with a finished run that has to pass the grid's threshold, or None."""
    scores = (record.summary or {}).get("scores") or {}
    return missed_by(grid, record.cell, record.status, record.epochs_done, scores.get("metric"), scores.get("final"))


def missed_by(
    grid: Grid, cell: Cell, status: str, epochs_done: int, metric: str | None, final: float | None
) -> str | None:
    """What is wrong with a run of a cell that ended so, with this score after its last epoch, or None."""
    if status == "partial" or not grid.healthy:
        return None
    if status == "diverged":
        return f"diverged in epoch {epochs_done - 1}"
    if final is None:
        return f"no {metric}"
    least, most = threshold(grid, "at_least", cell, -inf), threshold(grid, "at_most", cell, inf)
    if final < least:
        return f"{metric} {final:.1f} < {least}"
    return f"{metric} {final:.1f} > {most}" if final > most else None


def threshold(grid: Grid, kind: str, cell: Cell, default: float) -> float:
    """The cell's threshold, "at_least" or "at_most", in the unit of its metric; `default` where it has none."""
    bounds = grid.healthy.get(kind, {})
    found = bounds.get(f"{cell.data}/{cell.model}", bounds.get(cell.data, default))
    return found.get(cell.scale, default) if isinstance(found, dict) else found
