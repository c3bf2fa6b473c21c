"""Our own runs of a grid at one scale under one protocol, as a view on the `runs` frame, with what judges them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd

from experiments.config.cell import Cell
from experiments.grid.grid import Grid
from experiments.store.run_files import AT_END
from scripts.loading.epochs import read_epochs
from scripts.loading.measures import MEASURES, Measure, measure_of
from scripts.loading.run_rows import CELL, SCORES, cell_of
from scripts.loading.runs import NONE, SelectedRuns, select_runs, stores

PROTOCOLS = ("paper", "clean")

__all__ = ["PROTOCOLS", "SCORES", "GridResults", "asked_epochs", "groups", "read_grid_results", "stores"]


@dataclass
class GridResults:
    """cells: in table order; selected: the runs that speak for them, and the stale ones; measure: what they are judged
    by."""

    scale: str
    protocol: str
    cells: list[Cell]
    selected: SelectedRuns = field(default_factory=lambda: NONE)
    measure: Measure = MEASURES["accuracy"]
    read_before: dict[Cell, pd.DataFrame] = field(default_factory=dict, repr=False)

    @property
    def runs(self) -> pd.DataFrame:
        """A row for each cell and seed that has a run at rest of the present configuration."""
        return self.selected.runs

    @property
    def stale(self) -> pd.DataFrame:
        """The rows of runs of another configuration, with the `reason`."""
        return self.selected.stale

    @cached_property
    def runs_by_cell(self) -> dict[tuple[Cell, tuple[str, ...]], pd.DataFrame]:
        """The rows of each cell that has some; with statuses, what has been asked for before."""
        names = self.runs[CELL].to_numpy().tolist()
        starts = [i for i in range(len(names)) if i == 0 or names[i] != names[i - 1]]  # the rows of a cell are together
        ends = [*starts[1:], len(names)]
        return {(cell_of(names[start]), ()): self.runs.iloc[start:end] for start, end in zip(starts, ends)}

    @cached_property
    def score_by_seed(self) -> dict[tuple[Cell, str], dict[int, float]]:
        """By cell and score the values by seed, of the complete runs that have one."""
        found: dict[tuple[Cell, str], dict[int, float]] = {}
        complete = self.runs[self.runs["status"] == "complete"]
        cells = [cell_of(names) for names in complete[CELL].to_numpy().tolist()]
        for name in SCORES:
            for cell, seed, score in zip(cells, complete["seed"].tolist(), complete[name].tolist()):
                if score == score:
                    found.setdefault((cell, name), {})[seed] = score
        return found

    @cached_property
    def is_empty(self) -> bool:
        """Whether there is no run at its end."""
        return not self.runs["status"].isin(AT_END).any()

    def runs_of(self, cell: Cell, *statuses: str) -> pd.DataFrame:
        """The rows of a cell's runs, by seed; of these statuses only, where some are named."""
        known = self.runs_by_cell
        if (cell, statuses) not in known:
            rows = known.get((cell, ()), NONE.runs)
            wanted = rows["status"].isin(statuses)
            known[cell, statuses] = rows if wanted.all() else rows[wanted] if wanted.any() else rows.iloc[:0]
        return known[cell, statuses]

    def finished_runs(self, cells: Iterable[Cell]) -> pd.DataFrame:
        """The rows of all runs of `cells` that are at their end, in the order of the cells and by seed."""
        found = [rows for cell in cells if len(rows := self.runs_of(cell, *AT_END))]
        return pd.concat(found) if found else NONE.runs

    def count_finished(self, cell: Cell) -> int:
        """How many runs of a cell are at their end."""
        return len(self.runs_of(cell, *AT_END))

    def epochs(self, cell: Cell) -> pd.DataFrame:
        """What a cell's runs measured, a row per run and epoch: `run` (its label in `runs`), `seed`, `epoch` and the
        metrics."""
        if cell not in self.read_before:
            self.read_before[cell] = read_epochs(self.runs_of(cell))
        return self.read_before[cell]

    def scores(self, cell: Cell, name: str) -> dict[int, float]:
        """`name` ("final", "best" or "last") by seed, of the complete runs."""
        return dict(self.score_by_seed.get((cell, name), {}))

    def adabelief(self, cell: Cell) -> Cell:
        """The cell that the cell's differences are taken from."""
        return Cell(cell.setting, cell.data, cell.model, "adabelief", cell.protocol, cell.scale)


def read_grid_results(grid: Grid, scale: str, protocol: str, roots: Sequence[Path]) -> GridResults:
    """The runs of a grid's cells, from stores. Raises UserError for a scale that the grid does not have."""
    cells = grid.cells(scale, protocol)
    return GridResults(scale, protocol, cells, select_runs(cells, roots), measure_of(grid))


def groups(cells: Iterable[Cell]) -> dict[tuple[str, str], list[Cell]]:
    """Cells by (data, model), in their order."""
    found: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        found.setdefault((cell.data, cell.model), []).append(cell)
    return found


def by_setting(cells: Iterable[Cell]) -> dict[str, list[Cell]]:
    """Cells by setting, in their order."""
    found: dict[str, list[Cell]] = {}
    for cell in cells:
        found.setdefault(cell.setting, []).append(cell)
    return found


def asked_epochs(grid: Grid, cell: Cell) -> int:
    """How many first epochs a grid asks of a cell; 0 where it asks for the whole schedule."""
    return max(stop or 0 for placed, stop in grid.placed(cell.scale, cell.protocol) if placed == cell)
