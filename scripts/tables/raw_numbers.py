"""Rows of the long csv that stands beside every table: one raw number each, with what it is and where it is from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from experiments.config.cell import Cell
from scripts.loading.run_rows import SCORES
from scripts.loading.score_summary import BASE
from scripts.loading.statistics import Estimate, estimate_in, is_missing
from scripts.tables.table import Row, rows_of

PLACE = ("data", "model", "optimizer", "protocol", "scale")


def place_of(cell: Cell) -> dict[str, Any]:
    """Where a number belongs."""
    return {name: getattr(cell, name) for name in PLACE}


def raw_number(cell: Cell, kind: str, quantity: str, value: float, source: str = "", note: str = "") -> dict[str, Any]:
    """A single number."""
    return {**place_of(cell), "kind": kind, "quantity": quantity, "value": value, "source": source, "note": note}


def raw_estimate(cell: Cell, kind: str, quantity: str, e: Estimate, source: str = "", note: str = "") -> dict[str, Any]:
    """A mean over seeds with its spread."""
    spread = {"sd": e.sd, "n": e.n, "low": e.low, "high": e.high}
    return {**raw_number(cell, kind, quantity, e.mean, source, note), **spread}


def raw_scores(summary: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """What the rows of a score summary hold: scores, diverged runs, the lead over AdaBelief."""
    for row in rows_of(summary):
        yield from raw_scores_of_row(row)


def raw_scores_of_row(row: Row) -> Iterator[dict[str, Any]]:
    """What a score summary's row holds."""
    cell, origin = row["cell"], row["origin"]
    for name in SCORES:
        if e := estimate_in(row, name):
            yield raw_estimate(cell, "ours", name, e, note="" if is_missing(origin) else origin)
    if row["diverged"]:
        yield {**place_of(cell), "kind": "ours", "quantity": "diverged", "n": row["diverged"]}
    if (e := estimate_in(row, "lead")) and cell.optimizer != BASE:
        yield raw_estimate(cell, "difference", "last, ours - ours AdaBelief, paired by seed", e)
