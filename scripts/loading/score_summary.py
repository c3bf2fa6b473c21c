"""A grid's scores over seeds, as a frame: one row a cell, all numbers that a table says of our runs of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from experiments.config.cell import Cell
from experiments.store.run_files import AT_END
from scripts.loading.grid_results import GridResults
from scripts.loading.provenance import origin
from scripts.loading.run_rows import SCORES
from scripts.loading.statistics import STATISTICS, Estimate, columns_of, estimate, paired

BASE = "adabelief"  # what every other row is set against


def score_summary(part: GridResults, cells: Sequence[Cell], lead: str = "last") -> pd.DataFrame:
    """One row for each of `cells`, in their order.

    Columns: `cell`, `optimizer`; the statistics _mean, _sd, _n, _low and _high of each of final, best, last and `lead`,
    which is the `lead` score minus AdaBelief's, paired by seed (nothing for AdaBelief itself); `complete` and
    `diverged`, numbers of runs; `origin`, a text where the runs come from several machines or commits.
    """
    numbers = pd.DataFrame([summary_row(part, cell, lead) for cell in cells])
    kinds = {f"{name}_{statistic}": "float64" for name in (*SCORES, "lead") for statistic in STATISTICS}
    return numbers.astype(kinds)


def summary_row(part: GridResults, cell: Cell, lead: str) -> dict[str, Any]:
    """A cell's row of a score summary."""
    found: dict[str, Any] = {"cell": cell, "optimizer": cell.optimizer}
    for name in SCORES:
        found |= columns_of(name, mean_score(part, cell, name))
    return {
        **found,
        **columns_of("lead", None if cell.optimizer == BASE else lead_over_adabelief(part, cell, lead)),
        "complete": len(part.runs_of(cell, "complete")),
        "diverged": len(part.runs_of(cell, "diverged")),
        "origin": origin(part.runs_of(cell, *AT_END)),
    }


def mean_score(part: GridResults, cell: Cell, name: str) -> Estimate | None:
    """A score ("final", "best" or "last") over the seeds of a cell's complete runs."""
    return estimate(list(part.scores(cell, name).values()))


def lead_over_adabelief(part: GridResults, cell: Cell, name: str = "last") -> Estimate | None:
    """A cell's score minus AdaBelief's, paired by seed."""
    return paired(part.scores(cell, name), part.scores(part.adabelief(cell), name))
