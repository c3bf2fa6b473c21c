"""Sweep any product of values.

    python -m experiments.sweep task=cifar model=vgg11 optimizer=adam,sgd optimizer.lr=1e-4,1e-3

task names a grid (configs/grid): its setting, and the data, models and optimizers where the words name none. optimizer
takes names and import paths. Words with several values, as Hydra writes them (a=1,2 or a=range(1,3)), are multiplied.
scale, protocol, seeds (default 0), jobs, on_failure, retries and max_seconds as for `experiments.reproduce`.
The runs lie in the same store, each under what it overrides; a diverged one is a result.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from experiments.config.cell import name_and_overrides
from experiments.config.cli import run_command
from experiments.grid.grid import axis_values, load_grid
from experiments.grid.grid_options import GridOptions, known_optimizer, parse_grid_options
from experiments.store.run_files import Record
from experiments.store.status import finished_record
from experiments.workers.run_grid import run_grid

WIDTH = 120  # columns where there is no terminal


def main(arguments: Sequence[str]) -> int:
    options = sweep_options(arguments)
    requests = options.requests()
    status = run_grid(options, requests, "experiments.sweep", arguments)
    if not options.worker:
        higher = "at_least" in load_grid(options.grid.name).healthy  # how the task's own grid states what is healthy
        print_results(
            [record for r in requests if (record := finished_record(r, Path(r.config["store"])))], -1 if higher else 1
        )
    return status


def sweep_options(arguments: Sequence[str]) -> GridOptions:
    """The options of a grid made of the arguments: the task's, with the named optimizers in place of its own."""
    given = dict(word.partition("=")[::2] for word in arguments)
    grid = load_grid(given.get("task", "cifar"))
    rest = [word for word in arguments if word.partition("=")[0] not in ("task", "optimizer")]
    options = parse_grid_options([f"grid={grid.name}", *rest])
    names = given["optimizer"].split(",") if "optimizer" in given else None
    blocks = [
        {
            **block,
            "optimizer": list(map(grid_entry, names)) if names else axis_values(block, "optimizer", options.scale),
        }
        for block in grid.blocks
    ]
    asked = replace(
        grid,
        title=f"Sweep of {grid.title}",
        blocks=blocks,
        seeds={scale: [0] for scale in grid.scales},
        healthy={},
        next={},
    )
    return replace(options, grid=asked)


def grid_entry(optimizer: str) -> str:
    """An optimizer as a grid writes it: by its name, or `external` with the import path as an override."""
    return f"external,_target_={optimizer}" if "." in known_optimizer(optimizer) else optimizer


def print_results(records: Sequence[Record], better: int) -> None:
    """Print what came of it, the best first (smallest times `better`); a run without a score is last. Overrides that
    all share are left out."""
    if not records:
        return
    scores = [(record.summary or {})["scores"] for record in records]
    overrides = [name_and_overrides(record.cell.optimizer)[1] for record in records]
    shared = set.intersection(*map(set, overrides)) if len(records) > 1 else set()
    title = ", ".join([f"{scores[0]['metric']} (best: chosen by {scores[0]['select_on']})", *sorted(shared)])
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for column in ("best", "final", "status", "data", "model", "optimizer", "seed", "overrides"):
        table.add_column(column, justify="right" if column in ("seed", "best", "final") else "left")
    rows = sorted(
        zip(records, scores, overrides), key=lambda row: (row[1]["best"] is None, better * (row[1]["best"] or 0))
    )
    for record, score, words in rows:
        best, final = (f"{score[name]:.2f}" if score[name] is not None else "-" for name in ("best", "final"))
        cell, own = record.cell, " ".join(word for word in words if word not in shared) or "the recipe's"
        name = name_and_overrides(cell.optimizer)[0]
        table.add_row(best, final, record.status, cell.data, cell.model, name, str(record.seed), own)
    Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else WIDTH).print(table)


if __name__ == "__main__":
    run_command(lambda: main(sys.argv[1:]))
