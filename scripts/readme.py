"""Keep the tables inside README.md and results/README.md equal to those of the archive:  python -m scripts.readme

A comment says which rows and columns of which block of a table stand below it, up to the next `<!-- end -->`:

    <!-- first_epochs: VGG11 on CIFAR-10: epoch=2: optimizer, test ours, test official -->
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from experiments.config.cli import run_command
from experiments.config.errors import UserError
from experiments.config.paths import ARCHIVE
from experiments.store.atomic_write import atomic_write
from scripts.tables.all_tables import all_tables
from scripts.tables.footnotes import NoFootnotes
from scripts.tables.markdown import markdown_rows
from scripts.tables.shown import shown_block
from scripts.tables.table import Table

PAGES = (Path("README.md"), Path("results/README.md"))
PLACE = re.compile(
    r"(<!-- (?P<table>\w+): (?P<block>[^:\n]+): (?:(?P<column>[^=:\n]+)=(?P<value>[^:\n]+): )?"
    r"(?P<columns>[^\n]+) -->\n).*?(<!-- end -->)",
    re.DOTALL,
)


def main() -> int:
    """Fill both pages; returns the exit status."""
    tables = archived_tables()
    for page in PAGES:
        atomic_write(page, filled(page.read_text(), tables).encode())
    return 0


def archived_tables() -> dict[str, Table]:
    """Every table by its name, from the archived runs alone."""
    return {table.name: table for table in all_tables([ARCHIVE])}


def filled(text: str, tables: Mapping[str, Table]) -> str:
    """The text with every table in it made of `tables` again. Raises UserError where one asks for something else."""
    return PLACE.sub(lambda place: f"{place[1]}{part(place, tables)}\n{place[7]}", text)


def part(place: re.Match[str], tables: Mapping[str, Table]) -> str:
    """Some columns of the rows of a block, as Markdown; footnotes, which stand below the whole table, left out.

    Raises UserError where there is no such table, block or column."""
    name = place["table"]
    if name not in tables:
        raise UserError(f"a README asks for a table {name}, which is not there")
    block = next((block for block in tables[name].blocks if block.title == place["block"]), None)
    if block is None:
        raise UserError(f"a README asks for {place['block']!r} of {name}, which has no such block")
    texts = shown_block(block, NoFootnotes()).texts
    wanted = [title.strip() for title in place["columns"].split(",")]
    for title in [*wanted, *filter(None, [place["column"]])]:
        if title not in texts:
            raise UserError(f"a README asks for column {title!r} of {name}; there are {', '.join(map(str, texts))}")
    if place["column"]:
        texts = texts[texts[place["column"]] == place["value"]]
    return markdown_rows(texts[wanted])


if __name__ == "__main__":
    run_command(main)
