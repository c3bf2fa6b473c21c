"""Every table that can be made from stores of runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from experiments.grid.grid import Grid, grid_names, load_grid
from scripts.loading.grid_results import PROTOCOLS
from scripts.loading.runs import prepare_requests
from scripts.loading.studies import read_results
from scripts.published.public_record import load_public_record
from scripts.tables.grid_tables import make_tables
from scripts.tables.table import Table
from scripts.tables.tuned import tuned_tables


def all_tables(roots: Sequence[Path]) -> list[Table]:
    """The tables of every grid at every scale, and of the tuning studies."""
    grids = [load_grid(name) for name in grid_names()]
    return tables_of([(grid, grid.scales) for grid in grids], roots, studies=True)


def tables_of(asked: Iterable[tuple[Grid, Sequence[str]]], roots: Sequence[Path], studies: bool) -> list[Table]:
    """The tables of grids at scales, and of the tuning studies if these are wanted."""
    found: list[Table] = []
    asked = list(asked)
    placed = [(grid, scale, protocol) for grid, scales in asked for scale in scales for protocol in PROTOCOLS]
    prepare_requests([cell for grid, scale, protocol in placed for cell in grid.cells(scale, protocol)], roots)
    for grid, scales in asked:
        found += make_tables(grid, scales, roots, load_public_record())
    return found + (tuned_tables(read_results(roots)) if studies else [])
