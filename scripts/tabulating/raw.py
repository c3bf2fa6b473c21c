"""Rows of the long csv that stands beside every table: one raw number each, with what it is and where it is from."""

from __future__ import annotations

from typing import Any

from experiments.cell import Cell
from scripts.reading.statistic import Estimate


def key_of(cell: Cell) -> tuple[str, str, str]:
    return cell.data, cell.model, cell.optimizer


def place(cell: Cell) -> dict[str, Any]:
    return {name: getattr(cell, name) for name in ("data", "model", "optimizer", "protocol", "scale")}


def plain(cell: Cell, kind: str, quantity: str, value: float, source: str = "", note: str = "") -> dict[str, Any]:
    return {**place(cell), "kind": kind, "quantity": quantity, "value": value, "source": source, "note": note}


def entry(cell: Cell, kind: str, quantity: str, e: Estimate | None, source: str = "", note: str = "") -> dict[str, Any]:
    assert e is not None
    numbers = {"sd": e.sd, "n": e.n, "low": e.low, "high": e.high}
    return {**plain(cell, kind, quantity, e.mean, source, note), **numbers}
