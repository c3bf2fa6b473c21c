"""Sweeps over rate and eps, found among the runs of a store: which values were tried, and what came of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from experiments.config.cell import Cell, name_and_overrides
from scripts.loading.grid_results import AT_END
from scripts.loading.measures import MEASURES, Measure, named_measure
from scripts.loading.run_rows import CELL, cell_of
from scripts.loading.runs import present_request, select_runs

AXES = ("lr", "eps")
LEAST = 2  # values of each that make a map


@dataclass(frozen=True)
class Map:
    """One optimizer's scores by (lr, eps); None: every run diverged. rest: what else was overridden."""

    cell: Cell
    rest: tuple[str, ...]
    scores: dict[tuple[float, float], float | None]
    measure: Measure

    @property
    def rates(self) -> list[float]:
        """The learning rates that were tried, ascending."""
        return sorted({lr for lr, _ in self.scores})

    @property
    def epsilons(self) -> list[float]:
        """The values of eps that were tried, ascending."""
        return sorted({eps for _, eps in self.scores})


def read_maps(stores: Sequence[Path]) -> list[Map]:
    """A map for every optimizer, in its cell, of which at least two rates and two eps were run; those that single
    points of a tuning study make up are no product and left out."""
    members: dict[tuple[object, ...], list[Cell]] = {}
    for cell in sorted({cell for store in stores for cell in cells_in(store)}):
        _, overrides = name_and_overrides(cell.optimizer)
        name = cell.optimizer.split(",")[0]
        rest = tuple(word for word in overrides if word.partition("=")[0] not in AXES)
        target = tuple(word for word in cell.optimizer.split(",") if word.startswith("_target_="))
        key = cell.setting, cell.data, cell.model, cell.protocol, cell.scale, name, target, rest
        members.setdefault(key, []).append(cell)
    return [found for key, cells in members.items() if (found := read_map(cells, key[-1], stores))]  # type: ignore[arg-type]


def cells_in(store: Path) -> Iterator[Cell]:
    """The cells that have a folder in a store."""
    if store.is_dir():
        for folder in {path.parent for path in store.glob("*/*/*/*/*/seed=*")}:
            yield Cell.of(folder.relative_to(store))


def read_map(members: Sequence[Cell], rest: tuple[str, ...], stores: Sequence[Path]) -> Map | None:
    """The map that cells make up which differ in rate and eps alone; None where they are too few for one."""
    if len(members) < LEAST * LEAST or not any(f",{AXES[1]}=" in cell.optimizer for cell in members):
        return None
    runs = select_runs(members, stores).runs
    runs = runs[runs["status"].isin(AT_END)]
    scores: dict[tuple[float, float], float | None] = {}
    measure = MEASURES["accuracy"]
    for names, of_cell in runs.groupby(CELL, sort=False):
        optimizer = present_request(cell_of(names)).config["optimizer"]
        if "eps" not in optimizer:
            continue
        best = of_cell["best"][of_cell["status"] == "complete"].dropna()
        scores[float(optimizer["lr"]), float(optimizer["eps"])] = float(np.mean(best)) if len(best) else None
        measure = named_measure(of_cell["metric"].iloc[0])
    made = Map(members[0], rest, scores, measure)
    product = len(made.rates) >= LEAST and len(made.epsilons) >= LEAST
    return made if product and len(scores) > len(made.rates) * len(made.epsilons) / 2 else None
