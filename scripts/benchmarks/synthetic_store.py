"""A store of made-up runs in every cell of every grid, for timing what only reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from experiments.config.cell import Cell
from experiments.config.compose import compose_ahead, expected, overrides_of
from experiments.config.metric import Metric
from experiments.grid.grid import grid_names, load_grid
from experiments.store.run_files import CONFIG, METRICS, SUMMARY, summarise_scores
from scripts.loading.grid_results import PROTOCOLS
from scripts.loading.measures import measure_of

METRIC_NAMES = ("lr", "train/loss", "train/{score}", "test/loss", "test/{score}", "validation/{score}")


def write_store(root: Path, runs: int, epochs: int) -> int:
    """Leave so many runs with so many epochs each in `root`, dealt to all cells in turn; returns how many cells have
    some. Their configurations are the present ones, so that every run counts."""
    cells = dict(islice(cells_with_metrics(), runs))
    compose_ahead(overrides_of(cell) for cell in cells)
    texts = {cell: config_text(cell) for cell in cells}
    places = ((cell, seed) for seed in count() for cell in cells)
    for number, (cell, seed) in enumerate(islice(places, runs)):
        config, text = texts[cell]
        write_run(root / cell.folder / f"seed={seed}", config, text, seed, epochs, cells[cell], number)
    return len(cells)


def cells_with_metrics() -> Iterator[tuple[Cell, Metric]]:
    """Every cell of every grid at every scale, with what it is judged by; one that several grids have comes again."""
    for grid in map(load_grid, grid_names()):
        for scale in grid.scales:
            for protocol in PROTOCOLS:
                for cell in grid.cells(scale, protocol):
                    yield cell, measure_of(grid)


def config_text(cell: Cell) -> tuple[dict[str, Any], str]:
    """A cell's present configuration, as a mapping and as yaml that lacks the seed."""
    config = dict(expected(cell).config)
    config["content"] = config["content"] or "of a user's copy"
    del config["seed"]
    return config, yaml.safe_dump(config, sort_keys=False)


def write_run(
    folder: Path, config: dict[str, Any], text: str, seed: int, epochs: int, metric: Metric, number: int
) -> None:
    """Leave the files of a complete run; `number` seeds its scores."""
    scores = np.random.default_rng(number).normal(60.0, 5.0, (epochs, len(METRIC_NAMES))).round(4)
    names = [name.format(score=metric.name) for name in METRIC_NAMES]
    lines = [{"epoch": epoch, **dict(zip(names, row))} for epoch, row in enumerate(scores.tolist())]
    window = config["scale"]["last"]
    summary = {
        "status": "complete", "epochs_done": epochs, "epochs": epochs, "seed": seed,
        "scores": summarise_scores(lines, f"test/{metric.name}", f"test/{metric.name}", metric.better, window),
        "machine": "a synthetic machine", "device": "cpu", "threads": 1, "versions": {"torch": "0"}, "commit": "0" * 40,
    }  # fmt: skip
    folder.mkdir(parents=True)
    (folder / CONFIG).write_text(f"{text}seed: {seed}\n")
    (folder / METRICS).write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / SUMMARY).write_text(json.dumps(summary))
