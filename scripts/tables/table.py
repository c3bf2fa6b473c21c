"""A table as numbers: frames with a row each, and how each column's text is made of a row, which comes last."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from scripts.loading.statistics import is_missing
from scripts.tables.footnotes import Footnotes

Row = Mapping[str, Any]  # a row of a block's numbers
# The columns of a table's raw numbers: one number a row, where it belongs, what it is and where it is from.
FIELDS = [
    "data", "model", "optimizer", "protocol", "scale", "kind", "quantity", "value", "sd", "n", "low", "high",
    "source", "note",
]  # fmt: skip


def rows_of(numbers: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame as mappings, which are read a hundred times as fast as its cells."""
    return numbers.to_dict("records")  # type: ignore[return-value]


@dataclass(frozen=True)
class Column:
    """A column of a block.

    title: what stands above it; text: what stands in a row, made of its numbers, and of footnotes where it marks one;
    needs: left out where this column of the numbers is empty.
    """

    title: str
    text: Callable[[Row, Footnotes], str]
    needs: str = ""


@dataclass
class Block:
    """Rows of numbers, the columns that are shown of them, and notes of its own."""

    title: str
    numbers: pd.DataFrame
    columns: list[Column]
    notes: list[str] = field(default_factory=list)

    @property
    def shown_columns(self) -> list[Column]:
        """The columns that have something to say."""
        return [column for column in self.columns if not column.needs or self.has(column.needs)]

    def has(self, name: str) -> bool:
        """Whether a column of the numbers is there and holds anything."""
        return name in self.numbers and not all(map(is_missing, self.numbers[name]))


@dataclass
class Table:
    """name: of its files; head: what its columns mean; gaps, notes: what stands below all blocks, before and after the
    footnotes; values: raw numbers, one mapping with keys of FIELDS each; summary: one line for the terminal."""

    name: str
    title: str
    head: list[str] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    values: list[dict[str, Any]] = field(default_factory=list)
    summary: str = ""

    @property
    def raw(self) -> pd.DataFrame:
        """The raw numbers as a frame with the columns FIELDS."""
        return pd.DataFrame(self.values, columns=FIELDS).astype({"value": "float64", "n": "Int64"})
