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

from rich.console import Console

from experiments.config.cli import run_command
from scripts.loading.command_line import asked_grids, parser
from scripts.loading.runs import stores
from scripts.tables.all_tables import tables_of
from scripts.tables.files import write_table
from scripts.tables.grid_tables import has_runs
from scripts.tables.shown import shown
from scripts.tables.terminal import print_table

WIDTH = 150  # columns of the terminal where there is none


def main(words: Sequence[str]) -> int:
    """Write the tables that the words ask for, and draw some; returns the exit status."""
    options = parser("scripts.tables", "Write the tables of a grid.", "results/local/tables")
    flag, text = argparse.BooleanOptionalAction, "draw all tables here, or none (default: those with runs of ours)"
    options.add_argument("--show", action=flag, help=text)
    call = options.parse_args(words)
    tables = tables_of(asked_grids(call), stores(call.archive_only), call.studies)
    terminal = sys.stdout.isatty()
    console = Console(width=None if terminal else WIDTH, highlight=False, soft_wrap=not terminal)
    with_runs = [table for table in tables if has_runs(table)]
    for table in {True: tables, False: [], None: with_runs or tables}[call.show]:
        print_table(shown(table), console)
    for table in tables:
        path = write_table(table, call.out)[0]
        print(f"{path.with_suffix('')}.{{md,tex,csv}}  {table.summary}")
    return 0


if __name__ == "__main__":
    run_command(lambda: main(sys.argv[1:]))
