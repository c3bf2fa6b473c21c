"""Which cells missed their grid's threshold, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import inf

from experiments.cell import Cell
from experiments.grid import Grid
from scripts.reading.names import optimizer_name
from scripts.reading.ours import Slice


def failures(grid: Grid, part: Slice, cells: Sequence[Cell]) -> list[str]:
    """Cells that missed the threshold, or may where nothing has been run, with the reason, if it is known."""
    found: dict[tuple[str, str], list[str]] = {}
    for cell in cells:
        reason, records = grid.expected_failure(cell), part.finished(cell)
        ill = [record for record in records if grid.unhealthy(record)]
        missed = f"Missed the threshold of {threshold(grid, cell):g}"
        for said, n in Counter("Diverged" if r.status == "diverged" else missed for r in ill).items():
            some = f" ({n} of {len(records)} runs)" if len(records) > 1 else ""
            why = reason or "this was not expected"
            found.setdefault((said, why), []).append(optimizer_name(cell.optimizer) + some)
        if reason and not records:
            found.setdefault(("May fail", reason), []).append(optimizer_name(cell.optimizer))
    return [f"{said}: {'; '.join(names)}: {reason}." for (said, reason), names in found.items()]


def threshold(grid: Grid, cell: Cell) -> float:
    """What the last epoch's score had to reach, or to stay under."""
    most = grid.bound("at_most", cell, inf)
    return most if most < inf else grid.bound("at_least", cell, -inf)
