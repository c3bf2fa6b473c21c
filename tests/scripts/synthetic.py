"""Stores of made-up records, written as a run writes them, so that readers are tested on real files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from experiments.config.cell import Cell
from experiments.config.compose import expected
from experiments.grid.grid import Grid
from experiments.store.run_files import summarise_scores
from scripts.published.public_record import load_public_record
from scripts.tables.grid_tables import make_tables
from scripts.tables.shown import shown
from scripts.tables.table import Table

MACHINE = {"machine": "a laptop, 2 cores", "commit": "0123456789abcdef", "dirty": False, "threads": 2, "device": "cpu"}


def cell(data: str = "cifar10", model: str = "vgg11", optimizer: str = "adam", *, protocol: str = "paper",
         scale: str = "full", setting: str = "adabelief-cifar") -> Cell:  # fmt: skip
    return Cell(setting, data, model, optimizer, protocol, scale)


def write_run(root: Path, cell: Cell, seed: int, test: Sequence[float], train: Sequence[float] | None = None,
              status: str = "complete", config: dict[str, Any] | None = None, floor: Sequence[float] = (),
              logged: dict[str, Sequence[float]] | None = None, **facts: Any) -> Path:  # fmt: skip
    """Leave a run's three files; `test` and `train` are scores by epoch, `config` wins over the composed one;
    `floor` is the share of coordinates at the floor by epoch, of a run that logged it, and `logged` are further metrics
    by epoch."""
    resolved = {**expected(cell).config, "seed": seed, **(config or {})}
    name, better = ("perplexity", "min") if cell.model.startswith("lstm") else ("accuracy", "max")
    select_on = f"{resolved['protocol']['select_on']}/{name}"
    metrics: list[dict[str, Any]] = [
        {"epoch": epoch, "lr": 0.001, f"train/{name}": (train or test)[epoch], f"test/{name}": value}
        for epoch, value in enumerate(test)
    ]
    metrics = [{**line, "train/at_floor": share} for line, share in zip(metrics, floor)] or metrics
    for more, values in (logged or {}).items():
        metrics = [{**line, more: value} for line, value in zip(metrics, values)]
    if cell.protocol == "clean":
        metrics = [{**line, f"validation/{name}": line[f"test/{name}"] + 1} for line in metrics]
    summary = {
        "cell": resolved["cell"], "seed": seed, "status": status, "epochs_done": len(metrics),
        "epochs": resolved["epochs"],
        "scores": summarise_scores(metrics, f"test/{name}", select_on, better, resolved["scale"]["last"]),
        **MACHINE, **facts,
    }  # fmt: skip
    folder = root / cell.folder / f"seed={seed}"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(resolved))
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in metrics))
    (folder / "summary.json").write_text(json.dumps(summary))
    return folder


class ReadTable:
    """A table as a reader sees it: its texts, and beside them its raw numbers."""

    def __init__(self, table: Table) -> None:
        texts = shown(table)
        self.table, self.name, self.title, self.head = table, table.name, texts.title, texts.head
        self.blocks, self.notes, self.values, self.summary = texts.blocks, texts.notes, table.values, table.summary

    def row(self, block: str, optimizer: str) -> dict[str, str]:
        """A row as {column: text}."""
        found = next(b for b in self.blocks if b.title == block)
        return dict(zip(found.columns, next(r for r in found.rows if r[0] == optimizer)))


def tables_from(grid: Grid, scales: Sequence[str], roots: Sequence[Path]) -> list[ReadTable]:
    """The tables of a grid from stores of runs and the public record."""
    return [ReadTable(table) for table in make_tables(grid, scales, roots, load_public_record())]


def named_tables(grid: Grid, root: Path, scale: str = "full") -> dict[str, ReadTable]:
    """The tables of a grid at a scale by their names."""
    return {table.name: table for table in tables_from(grid, [scale], [root])}
