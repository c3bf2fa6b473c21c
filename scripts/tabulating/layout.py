"""A table as texts, and its three forms on disk: Markdown, LaTeX (booktabs) and a long csv of raw numbers."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from scripts.reading.statistic import Estimate

DASH, MINUS = "\u2013", "\u2212"  # a missing cell or a range; a number's sign
TEX = {
    "\\": r"\textbackslash{}", "±": r"$\pm$", MINUS: "$-$", DASH: "--", "%": r"\%", "_": r"\_", "&": r"\&", "#": r"\#",
    "τ": r"$\tau$", ">": "$>$", "<": "$<$", "β": r"$\beta$",
}  # fmt: skip
FIELDS = [
    "data", "model", "optimizer", "protocol", "scale", "kind", "quantity", "value", "sd", "n", "low", "high",
    "source", "note",
]  # fmt: skip


@dataclass
class Block:
    """Rows under common columns, with notes of its own."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    notes: list[str] = field(default_factory=list)


def without_empty(block: Block, optional: Sequence[str]) -> Block:
    """Without those of the `optional` columns that hold nothing but dashes."""
    kept = [i for i, name in enumerate(block.columns) if name not in optional or any(r[i] != DASH for r in block.rows)]
    columns, *rows = ([texts[i] for i in kept] for texts in (block.columns, *block.rows))
    return replace(block, columns=columns, rows=rows)


@dataclass
class Table:
    """`values` are the raw numbers behind it, one dict with keys of FIELDS each; `summary` is one line for the
    terminal."""

    name: str
    title: str
    head: list[str] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    values: list[dict[str, Any]] = field(default_factory=list)
    summary: str = ""

    def write(self, folder: Path) -> list[Path]:
        folder.mkdir(parents=True, exist_ok=True)
        paths = [folder / f"{self.name}.{kind}" for kind in ("md", "tex", "csv")]
        paths[0].write_text(markdown(self))
        paths[1].write_text(latex(self))
        with paths[2].open("w", newline="") as file:
            writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.values)
        return paths


class Footnotes:
    """Letters for texts, in the order in which they are first asked for: [a], [b], ..."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def mark(self, key: str, text: str) -> str:
        self.texts.setdefault(key, text)
        number = list(self.texts).index(key)
        return chr(ord("a") + number % 26) * (number // 26 + 1)

    def notes(self) -> list[str]:
        return [f"[{self.mark(key, text)}] {text}" for key, text in self.texts.items()]


def number(value: float | None, digits: int = 2) -> str:
    return DASH if value is None or not math.isfinite(value) else f"{value:.{digits}f}"


def signed(value: float | None, digits: int = 2) -> str:
    """With a sign, a true minus, and neither for what rounds to zero."""
    if value is None:
        return DASH
    text = f"{value:+.{digits}f}"
    return text.replace("-", MINUS) if float(text) else text[1:]


def spread(e: Estimate | None) -> str:
    """Mean ± sd; the mean alone for one value."""
    if e is None:
        return DASH
    return number(e.mean) if e.sd is None else f"{number(e.mean)} ± {number(e.sd)}"


def interval(e: Estimate | None) -> str:
    """A difference with its 95 % interval, where there is one."""
    if e is None:
        return DASH
    return signed(e.mean) if e.low is None else f"{signed(e.mean)} [{signed(e.low)}, {signed(e.high)}]"


def markdown(table: Table) -> str:
    parts = [f"# {table.title}", *table.head]
    for block in table.blocks:
        lines = [row_line(block.columns), row_line(["---"] + ["---:"] * (len(block.columns) - 1))]
        parts += [f"## {block.title}", "\n".join(lines + [row_line(row) for row in block.rows])]
        parts += bullets(block.notes)
    return "\n\n".join(parts + bullets(table.notes)) + "\n"


def row_line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def bullets(notes: list[str]) -> list[str]:
    return ["\n".join(f"- {note}" for note in notes)] if notes else []


def latex(table: Table) -> str:
    """One tabular per run of blocks with equal columns; wants \\usepackage{booktabs,graphicx}."""
    lines = ["% wants \\usepackage{booktabs,graphicx}", "\\begin{table*}", f"\\caption{{{tex(table.title)}}}"]
    lines += [f"{tex(text)}\\par" for text in table.head]
    previous: list[str] | None = None
    for block in table.blocks:
        width = len(block.columns)
        if block.columns != previous:
            lines += close_tabular(previous)
            lines += [f"\\resizebox{{\\textwidth}}{{!}}{{\\begin{{tabular}}{{l{'r' * (width - 1)}}}", "\\toprule"]
            lines += [tex_row(block.columns)]
        lines += ["\\midrule", f"\\multicolumn{{{width}}}{{l}}{{\\textbf{{{tex(block.title)}}}}} \\\\"]
        lines += [tex_row(row) for row in block.rows]
        previous = block.columns
    lines += close_tabular(previous)
    notes = [note for block in table.blocks for note in block.notes] + table.notes
    return "\n".join([*lines, *(f"\\par {{\\footnotesize {tex(note)}}}" for note in notes), "\\end{table*}", ""])


def close_tabular(previous: list[str] | None) -> list[str]:
    return ["\\bottomrule", "\\end{tabular}}", ""] if previous else []


def tex(text: str) -> str:
    return "".join(TEX.get(character, character) for character in text)


def tex_row(cells: Sequence[str]) -> str:
    return " & ".join("{" + tex(cell) + "}" if cell.startswith("[") else tex(cell) for cell in cells) + " \\\\"
