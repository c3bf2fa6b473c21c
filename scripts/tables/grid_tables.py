"""Which tables a grid has, and all tables at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from experiments.grid.grid import Grid
from scripts.loading.grid_results import PROTOCOLS, GridResults, read_grid_results
from scripts.published.public_record import PublicRecord
from scripts.tables.ablation import ablation_table
from scripts.tables.distances import distance_table
from scripts.tables.first_epochs import first_epochs_table
from scripts.tables.full_scale import full_table
from scripts.tables.imagenet import printed_table
from scripts.tables.imagenet_small import small_printed_table
from scripts.tables.small_scale import quick_table, small_table
from scripts.tables.table import Table


def make_tables(grid: Grid, scales: Sequence[str], roots: Sequence[Path], public: PublicRecord) -> list[Table]:
    """The tables of a grid that have something to say, from the runs in stores and the public record."""
    public = public.of(grid.setting)
    if grid.asks_for_first_epochs:
        parts = [read_grid_results(grid, scale, "paper", roots) for scale in scales if scale == "full"]
        return [first_epochs_table(grid, part, public) for part in parts if len(part.runs) or len(part.stale)]
    tables: list[Table] = []
    for scale in scales:
        parts = [read_grid_results(grid, scale, protocol, roots) for protocol in PROTOCOLS]
        tables += scale_tables(grid, scale, parts, public)
    return tables


def scale_tables(grid: Grid, scale: str, parts: Sequence[GridResults], public: PublicRecord) -> Iterator[Table]:
    """The tables of one scale, of the paper's protocol and the clean one."""
    begun = [part for part in parts if not part.is_empty or len(part.stale)]
    if parts[0].measure.name == "distance":
        if begun or scale == "full":
            yield distance_table(grid, scale, parts)
    elif grid.ablation:
        if begun:
            yield ablation_table(grid, scale, begun)
    elif scale == "full":
        if grid.printed:
            yield printed_table(grid, parts)
        else:
            for data in dict.fromkeys(cell.data for cell in parts[0].cells):
                yield full_table(grid, data, parts[0], parts[1], public)
    elif begun and scale == "quick":
        yield quick_table(grid, begun)
    elif begun:
        yield small_printed_table(grid, begun) if grid.printed else small_table(grid, begun, public)


def has_runs(table: Table) -> bool:
    """Whether a table holds numbers of ours."""
    return any(value["kind"] == "ours" for value in table.values)
