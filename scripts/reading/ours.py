"""Our own runs of a grid, as tables and figures want them: scores by seed, and what became of the rest."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from experiments.cell import Cell
from experiments.evidence import Evidence, gather
from experiments.grid import Grid
from experiments.record import Record
from experiments.standing import ARCHIVE
from scripts.reading.measure import MEASURES, Measure, measure_of
from scripts.reading.names import SETTINGS, data_name, model_name, optimizer_name

PROTOCOLS = ("paper", "clean")
SCORES = ("final", "best", "last")


def stores(archive_only: bool) -> list[Path]:
    """Where records are looked for: the live store first, unless the archive alone is to speak."""
    live = Path(os.environ.get("STORE", "results/runs"))
    return [ARCHIVE] if archive_only else [live, ARCHIVE]


def is_first_epochs(grid: Grid) -> bool:
    """Whether the grid asks for the first epochs only."""
    return any("stop_after" in block for block in grid.blocks)


@dataclass
class Slice:
    """A grid at one scale under one protocol: its cells in table order, and the evidence for them."""

    scale: str
    protocol: str
    cells: list[Cell]
    evidence: Evidence = field(default_factory=Evidence)
    measure: Measure = MEASURES["accuracy"]

    @property
    def is_empty(self) -> bool:
        """Whether there is no run at its end."""
        return not any(self.finished(cell) for cell in self.cells)

    def records(self, cell: Cell) -> list[Record]:
        return self.evidence.records.get(cell, [])

    def complete(self, cell: Cell) -> list[Record]:
        return [r for r in self.records(cell) if r.status == "complete"]

    def diverged(self, cell: Cell) -> list[Record]:
        return [r for r in self.records(cell) if r.status == "diverged"]

    def finished(self, cell: Cell) -> list[Record]:
        return [r for r in self.records(cell) if r.status in ("complete", "diverged")]

    def scores(self, cell: Cell, name: str) -> dict[int, float]:
        """`name` ("final", "best" or "last") by seed, of the complete runs."""
        found = {r.seed: (r.summary or {})["scores"][name] for r in self.complete(cell)}
        return {seed: value for seed, value in found.items() if value is not None}

    def adabelief(self, cell: Cell) -> Cell:
        """The cell that the cell's differences are taken from."""
        return Cell(cell.setting, cell.data, cell.model, "adabelief", cell.protocol, cell.scale)


def read_slice(grid: Grid, scale: str, protocol: str, roots: Sequence[Path]) -> Slice:
    cells = grid.cells(scale, protocol)
    return Slice(scale, protocol, cells, gather(cells, roots), measure_of(grid))


def groups(cells: Iterable[Cell]) -> dict[tuple[str, str], list[Cell]]:
    """Cells by (data, model), in their order."""
    found: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        found.setdefault((cell.data, cell.model), []).append(cell)
    return found


def label(cell: Cell) -> str:
    return f"{SETTINGS.get(cell.setting) or model_name(cell.model)} {optimizer_name(cell.optimizer)}"


def stale_notes(evidence: Evidence, data: str | None = None) -> list[str]:
    """One line for each record that the present configuration no longer speaks for."""
    return [
        f"Stale, not in the table: {label(record.cell)} on {data_name(record.cell.data)}, "
        f"{record.cell.protocol} protocol, seed {record.seed}: {reason}."
        for record, reason in evidence.stale
        if data in (None, record.cell.data)
    ]


def partial_note(part: Slice, data: str) -> list[str]:
    """Runs that stopped before the schedule's end have no final, best or last value; what they reached is named."""
    short = [r for c in part.cells if c.data == data for r in part.records(c) if r.status == "partial"]
    if not short:
        return []
    named = ", ".join(f"{label(r.cell)} seed {r.seed} ({r.epochs_done}; {reached(part, r)})" for r in short)
    protocol = "" if part.protocol == "paper" else f", {part.protocol} protocol"
    what = f"epochs done; test {part.measure.name} then"
    return [f"Stopped before the last epoch, not in the table ({what}){protocol}: {named}."]


def reached(part: Slice, record: Record) -> str:
    """The last test score of a run that stopped."""
    scores = [line[key] for line in record.metrics if line.get(key := f"test/{part.measure.name}") is not None]
    return f"{scores[-1]:.2f}" if scores else "not scored"
