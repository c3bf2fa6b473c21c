"""Keep the tables inside README.md and results/README.md equal to the committed ones:  python -m scripts.readme

A comment says which rows and columns of which block of results/tables stand below it, up to the next `<!-- end -->`:

    <!-- first_epochs: VGG11 on CIFAR-10: epoch=2: optimizer, test ours, test official -->
"""

from __future__ import annotations

import re
from pathlib import Path

from experiments.cli import guarded
from experiments.errors import UserError
from scripts.tabulating.layout import row_line

PAGES, TABLES = (Path("README.md"), Path("results/README.md")), Path("results/tables")
PLACE = re.compile(
    r"(<!-- (?P<table>\w+): (?P<block>[^:\n]+): (?:(?P<column>[^=:\n]+)=(?P<value>[^:\n]+): )?"
    r"(?P<columns>[^\n]+) -->\n).*?(<!-- end -->)",
    re.DOTALL,
)
FOOTNOTE = re.compile(r" \[[a-z]+\]")  # which stand below the whole table


def main() -> int:
    for page in PAGES:
        page.write_text(filled(page.read_text(), TABLES))
    return 0


def filled(text: str, tables: Path) -> str:
    """The text with every table in it taken from `tables` again."""
    return PLACE.sub(lambda place: f"{place[1]}{part(place, tables)}\n{place[7]}", text)


def part(place: re.Match[str], tables: Path) -> str:
    """Some columns of the rows of a block, as Markdown. Raises UserError where there is no such table, block or
    column."""
    path = tables / f"{place['table']}.md"
    if not path.is_file():
        raise UserError(f"a README asks for {path}, which is not there")
    below = path.read_text().partition(f"\n## {place['block']}\n\n")[2]
    if not below:
        raise UserError(f"a README asks for {place['block']!r} of {path}, which has no such block")
    columns, _, *rows = (cells(line) for line in below.split("\n\n")[0].splitlines())
    wanted = [name.strip() for name in place["columns"].split(",")]
    for name in [*wanted, *filter(None, [place["column"]])]:
        if name not in columns:
            raise UserError(f"a README asks for column {name!r} of {path}; there are {', '.join(columns)}")
    if place["column"]:
        rows = [row for row in rows if row[columns.index(place["column"])] == place["value"]]
    shown = [[FOOTNOTE.sub("", row[columns.index(name)]) for name in wanted] for row in rows]
    return "\n".join(map(row_line, [wanted, ["---"] + ["---:"] * (len(wanted) - 1), *shown]))


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


if __name__ == "__main__":
    guarded(main)
