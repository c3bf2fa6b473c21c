"""Tables as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from scripts.tables.shown import ShownTable


def markdown(table: ShownTable) -> str:
    """The whole table: title, head, blocks with their notes, notes."""
    parts = [f"# {table.title}", *table.head]
    for block in table.blocks:
        parts += [f"## {block.title}", markdown_rows(block.texts), *bullets(block.notes)]
    return "\n\n".join(parts + bullets(table.notes)) + "\n"


def markdown_rows(texts: pd.DataFrame) -> str:
    """A frame of texts as Markdown, the first column to the left and the others to the right."""
    titles = list(texts.columns)
    lines = [titles, ["---"] + ["---:"] * (len(titles) - 1), *texts.to_numpy().tolist()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def bullets(notes: Sequence[str]) -> list[str]:
    """Notes as one list, or nothing."""
    return ["\n".join(f"- {note}" for note in notes)] if notes else []
