"""A table as texts: what all of its forms (Markdown, LaTeX, the terminal, a README) are written from."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from scripts.tables.footnotes import Footnotes
from scripts.tables.table import Block, Table, rows_of


@dataclass(frozen=True)
class ShownBlock:
    """texts: a frame of texts, the columns by their titles."""

    title: str
    texts: pd.DataFrame
    notes: list[str]

    @property
    def columns(self) -> list[str]:
        """The titles of the columns."""
        return list(self.texts.columns)

    @property
    def rows(self) -> list[list[str]]:
        """The texts, row by row."""
        return self.texts.to_numpy().tolist()  # type: ignore[no-any-return]


@dataclass(frozen=True)
class ShownTable:
    name: str
    title: str
    head: list[str]
    blocks: list[ShownBlock]
    notes: list[str]


def shown(table: Table) -> ShownTable:
    """The table with every number formatted, row by row, so that footnotes have their letters in reading order."""
    marks = Footnotes()
    blocks = [shown_block(block, marks) for block in table.blocks]
    return ShownTable(table.name, table.title, table.head, blocks, [*table.gaps, *marks.notes(), *table.notes])


def shown_block(block: Block, marks: Footnotes) -> ShownBlock:
    """A block with every number formatted."""
    columns = block.shown_columns
    rows = [[column.text(row, marks) for column in columns] for row in rows_of(block.numbers)]
    texts = pd.DataFrame(rows, columns=[column.title for column in columns], dtype="object")
    return ShownBlock(block.title, texts, block.notes)
