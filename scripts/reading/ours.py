"""Our own runs of a grid, as tables and figures want them: scores by seed, and what became of the rest."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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
        return [r for r in self.records(cell) if status(r) == "complete"]

    def diverged(self, cell: Cell) -> list[Record]:
        return [r for r in self.records(cell) if status(r) == "diverged"]

    def finished(self, cell: Cell) -> list[Record]:
        return [r for r in self.records(cell) if status(r) in ("complete", "diverged")]

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


def status(record: Record) -> str:
    return (record.summary or {}).get("status", "unfinished")


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
    short = [r for c in part.cells if c.data == data for r in part.records(c) if status(r) == "partial"]
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


def origin(records: Sequence[Record]) -> str | None:
    """Says so where a row's seeds come from several machines or commits."""
    summaries = [r.summary or {} for r in records]
    machines = [str(s.get("machine" if s.get("device", "cpu") == "cpu" else "device"))[:80] for s in summaries]
    commits = [str(s.get("commit"))[:10] for s in summaries]
    texts = []
    for plural, values in (("machines", machines), ("commits", commits)):
        found = list(dict.fromkeys(values))
        if len(found) > 1:
            texts.append(f"{len(found)} {plural} ({'; '.join(found)})")
    return f"seeds come from {' and '.join(texts)}" if texts else None


def settings(records: Sequence[Record]) -> str:
    """How runs were made, in words: width, pixels, epochs, threads, device, precision; "/" between differing values."""

    def values(found: Iterable[Any]) -> str:
        return "/".join(dict.fromkeys(str(value) for value in found if value is not None)) or "?"

    def config(*path: str) -> str:
        return values(deep(r.config, path) for r in records)

    def summary(key: str) -> str:
        return values((r.summary or {}).get(key) for r in records)

    compiled = ", compiled" if any(r.config.get("compile") for r in records) else ""
    pixels = f"{config('data', 'pixels')} px, " if any("pixels" in r.config["data"] for r in records) else ""
    partial = [r for r in records if status(r) == "partial"]
    reached = [str(n) for n in sorted({r.epochs_done for r in partial})] + ["all"] * (0 < len(partial) < len(records))
    first = f"the first {' or '.join(reached)} of ".replace("first 1 of", "first of") if partial else ""
    width = f"width {config('model', 'width')}, " if any("width" in r.config["model"] for r in records) else ""
    return (
        f"{width}{pixels}{first}{config('epochs')} epochs, "
        f"{summary('threads')} threads on {summary('device')}, {config('precision')}{compiled}"
    )


def deep(config: Mapping[str, Any], path: Sequence[str]) -> Any:
    value: Any = config
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
