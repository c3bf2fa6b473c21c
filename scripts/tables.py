"""Tables of a grid from everything at hand: our records and the public record.

    python -m scripts.tables [--grid cifar,first_epochs] [--scale full] [--out DIR] [--archive-only] [--show]

The full scale's are always written (`cifar10.*`, `ptb.*`, ...); smaller scales and the first epochs get tables of
their own once there are runs to show, tuning studies `tuned_<task>.*`. Every table comes as Markdown, LaTeX and a
long csv of raw numbers.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table as Drawn

from experiments.cli import guarded
from experiments.grid import Grid
from scripts.reading.arguments import asked_grids, parser
from scripts.reading.ours import PROTOCOLS, Slice, is_first_epochs, read_slice, stores
from scripts.reading.public_record import PublicRecord, load_public_record
from scripts.reading.studies import read_results
from scripts.tabulating.ablation import ablation_table
from scripts.tabulating.distances import distance_table
from scripts.tabulating.first_epochs import first_epochs_table
from scripts.tabulating.full import full_table
from scripts.tabulating.layout import DASH, Table
from scripts.tabulating.printed import printed_table, small_printed_table
from scripts.tabulating.scaled import quick_table, small_table
from scripts.tabulating.tuned import tuned_tables

WIDTH = 150  # columns of the terminal where there is none


def make_tables(grid: Grid, scales: Sequence[str], roots: Sequence[Path], public: PublicRecord) -> list[Table]:
    """The tables of a grid that have something to say."""
    public = public.of(grid.setting)
    if is_first_epochs(grid):
        parts = [read_slice(grid, scale, "paper", roots) for scale in scales if scale == "full"]
        return [first_epochs_table(grid, p, public) for p in parts if p.evidence.records or p.evidence.stale]
    tables: list[Table] = []
    for scale in scales:
        parts = [read_slice(grid, scale, protocol, roots) for protocol in PROTOCOLS]
        tables += scale_tables(grid, scale, parts, public)
    return tables


def scale_tables(grid: Grid, scale: str, parts: list[Slice], public: PublicRecord) -> list[Table]:
    begun = [part for part in parts if not part.is_empty or part.evidence.stale]
    if parts[0].measure.name == "distance":
        return [distance_table(grid, scale, parts)] if begun or scale == "full" else []
    if grid.ablation:
        return [ablation_table(grid, scale, begun)] if begun else []
    if grid.printed and scale == "full":
        return [printed_table(grid, parts)]
    if scale == "full":
        names = dict.fromkeys(cell.data for cell in parts[0].cells)
        return [full_table(grid, data, parts[0], parts[1], public) for data in names]
    if not begun:
        return []
    if scale == "quick":
        return [quick_table(grid, begun)]
    return [small_printed_table(grid, begun)] if grid.printed else [small_table(grid, begun, public)]


def has_runs(table: Table) -> bool:
    return any(value["kind"] == "ours" for value in table.values)


def show(table: Table, console: Console) -> None:
    """Draw a table in the terminal, without the columns that hold nothing but dashes."""
    console.print(f"\n{table.title}", style="bold")
    for block in table.blocks:
        kept = [i for i in range(len(block.columns)) if any(row[i] != DASH for row in block.rows)]
        drawn = Drawn(title=block.title, title_justify="left", box=None, pad_edge=False)
        for i in kept:
            drawn.add_column(block.columns[i], justify="right" if i else "left")
        for row in block.rows:
            drawn.add_row(*(row[i].replace("[", r"\[") for i in kept))
        console.print(drawn)
        for note in block.notes:
            console.print(f"- {note}", markup=False)
    for note in table.notes:
        console.print(note, markup=False)


def main(words: Sequence[str]) -> int:
    options = parser("scripts.tables", "Write the tables of a grid.", "results/local/tables")
    flag, text = argparse.BooleanOptionalAction, "draw all tables here, or none (default: those with runs of ours)"
    options.add_argument("--show", action=flag, help=text)
    call = options.parse_args(words)
    tables: list[Table] = []
    for grid, scales in asked_grids(call):
        tables += make_tables(grid, scales, stores(call.archive_only), load_public_record())
    if call.studies:
        tables += tuned_tables(read_results(stores(call.archive_only)))
    terminal = sys.stdout.isatty()
    console = Console(width=None if terminal else WIDTH, highlight=False, soft_wrap=not terminal)
    with_runs = [table for table in tables if has_runs(table)]
    for table in {True: tables, False: [], None: with_runs or tables}[call.show]:
        show(table, console)
    for table in tables:
        path = table.write(call.out)[0]
        print(f"{path.with_suffix('')}.{{md,tex,csv}}  {table.summary}")
    return 0


if __name__ == "__main__":
    guarded(lambda: main(sys.argv[1:]))
