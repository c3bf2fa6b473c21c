"""The three forms of a table on disk: Markdown, LaTeX and its raw numbers as a long csv."""

from __future__ import annotations

from pathlib import Path

from experiments.store.atomic_write import atomic_write
from scripts.tables.latex import latex
from scripts.tables.markdown import markdown
from scripts.tables.shown import shown
from scripts.tables.table import Table


def write_table(table: Table, folder: Path) -> list[Path]:
    """Write <name>.md, <name>.tex and <name>.csv into a folder, which is made; returns their paths."""
    texts = shown(table)
    contents = {
        "md": markdown(texts), "tex": latex(texts), "csv": table.raw.to_csv(index=False, lineterminator="\n"),
    }  # fmt: skip
    paths = [folder / f"{table.name}.{form}" for form in contents]
    for path, content in zip(paths, contents.values()):
        atomic_write(path, content.encode())
    return paths
