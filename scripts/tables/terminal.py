"""Tables in the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table as Drawn

from scripts.tables.formats import DASH
from scripts.tables.shown import ShownBlock, ShownTable


def print_table(table: ShownTable, console: Console) -> None:
    """Draw a table with its notes, without the columns that hold nothing but dashes."""
    console.print(f"\n{table.title}", style="bold")
    for block in table.blocks:
        console.print(drawn(block))
        for note in block.notes:
            console.print(f"- {note}", markup=False)
    for note in table.notes:
        console.print(note, markup=False)


def drawn(block: ShownBlock) -> Drawn:
    """A block as rich draws it."""
    kept = [i for i in range(len(block.columns)) if any(row[i] != DASH for row in block.rows)]
    found = Drawn(title=block.title, title_justify="left", box=None, pad_edge=False)
    for i in kept:
        found.add_column(block.columns[i], justify="right" if i else "left")
    for row in block.rows:
        found.add_row(*(row[i].replace("[", r"\[") for i in kept))
    return found
