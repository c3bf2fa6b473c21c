"""Tables as LaTeX: pandas' own tabulars, in the style of booktabs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import pandas as pd

from scripts.loading.content_cache import remembered
from scripts.tables.formats import DASH, MINUS
from scripts.tables.shown import ShownBlock, ShownTable

ESCAPES = {
    "\\": r"\textbackslash{}", "±": r"$\pm$", MINUS: "$-$", DASH: "--", "%": r"\%", "_": r"\_", "&": r"\&", "#": r"\#",
    "τ": r"$\tau$", ">": "$>$", "<": "$<$", "β": r"$\beta$", "$": r"\$", "{": r"\{", "}": r"\}", "^": r"\^{}",
    "~": r"\textasciitilde{}",
}  # fmt: skip
FORM = "LaTeX tabular 1"  # raised when what is remembered changes


def latex(table: ShownTable) -> str:
    """The whole table; wants booktabs."""
    lines = ["% wants \\usepackage{booktabs}", "\\begin{table*}", f"\\caption{{{escaped(table.title)}}}"]
    lines += [f"{escaped(text)}\\par" for text in table.head]
    for _, blocks in groupby(table.blocks, key=lambda block: block.columns):
        lines.append(tabular(list(blocks)))
    notes = [note for block in table.blocks for note in block.notes] + table.notes
    return "\n".join([*lines, *(f"\\par {{\\footnotesize {escaped(note)}}}" for note in notes), "\\end{table*}", ""])


def tabular(blocks: Sequence[ShownBlock]) -> str:
    """Blocks with equal columns as one tabular, each block's title before its first row."""
    columns = ["", *map(escaped, blocks[0].columns)]
    rows = []
    for block in blocks:
        titles = [escaped(block.title), *[""] * (len(block.rows) - 1)]
        rows += [[title, *map(guarded, row)] for title, row in zip(titles, block.rows)]
    form = "ll" + "r" * (len(columns) - 2)
    return str(remembered(FORM, [columns, rows, form, pd.__version__], lambda: written(columns, rows, form)))


def written(columns: Sequence[str], rows: Sequence[Sequence[str]], form: str) -> str:
    """What pandas makes of it, a tenth of a second each."""
    return pd.DataFrame(rows, columns=list(columns)).to_latex(index=False, escape=False, column_format=form).rstrip()


def escaped(text: str) -> str:
    """A text with what LaTeX would take for a command escaped."""
    return "".join(ESCAPES.get(character, character) for character in text)


def guarded(text: str) -> str:
    """Escaped, and a bracket that begins a cell in braces: after a row's end it would be taken for a length."""
    return "{" + escaped(text) + "}" if text.startswith("[") else escaped(text)
