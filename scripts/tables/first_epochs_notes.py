"""What is said below a table of first epochs: how it lies to the public runs, and which seeds are at chance."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import pandas as pd

from experiments.config.cell import Cell
from experiments.grid.grid import Grid
from experiments.grid.thresholds import threshold as threshold_of
from scripts.loading.display import optimizer_name
from scripts.loading.grid_results import GridResults
from scripts.loading.run_notes import label
from scripts.loading.statistics import Estimate, estimate
from scripts.published.curves import PublishedRun
from scripts.published.public_record import PublicRecord, public_key
from scripts.tables.formats import number, span, spread

SPLITS = ("train", "test")


def names_in_grid(cells: Sequence[Cell]) -> tuple[dict[Cell, str], list[str]]:
    """How each cell's row is called, and the overrides that all of them have and no row repeats."""
    words = [cell.optimizer.split(",")[1:] for cell in cells]
    shared = [word for word in words[0] if len(cells) > 1 and all(word in others for others in words)]
    names = {
        cell: optimizer_name(",".join(word for word in cell.optimizer.split(",") if word not in shared))
        for cell in cells
    }
    return names, shared


def scores_at(part: GridResults, cell: Cell, epoch: int, split: str) -> pd.DataFrame:
    """The rows of an epoch (0-based), of the runs that have a score of this split there."""
    epochs, score = part.epochs(cell), f"{split}/{part.measure.name}"
    if score not in epochs:
        return epochs.iloc[:0]
    return epochs[(epochs["epoch"] == epoch) & epochs[score].notna()]


def scores_on_test(part: GridResults, cell: Cell, epoch: int) -> list[float]:
    """The test scores of an epoch, by seed."""
    found = scores_at(part, cell, epoch, "test")
    return found[f"test/{part.measure.name}"].tolist() if len(found) else []


def reruns_at(runs: Sequence[PublishedRun], split: str, epoch: int) -> list[float]:
    """The scores of an epoch, of the reruns of the same recipe that reached it."""
    curves = [getattr(run, split) for run in runs if not run.deviates]
    return [curve[epoch] for curve in curves if epoch < len(curve)]


def official_at(cell: Cell, split: str, epoch: int, public: PublicRecord) -> float | None:
    """The authors' score of an epoch, if they published a curve."""
    curve = public.official(*public_key(cell))
    return getattr(curve, split)[epoch] if curve else None


def stuck_notes(grid: Grid, part: GridResults, found: Sequence[tuple[Cell, int]]) -> list[str]:
    """Cells of which some seeds, and not all, are no better than the grid's bound, with the last epoch where that is
    so: their mean is that of two kinds of runs."""
    notes: dict[Cell, str] = {}
    for cell, epoch in found:
        bound = threshold_of(grid, "at_least", cell, -inf)
        scores = scores_on_test(part, cell, epoch)
        others = [score for score in scores if score > bound]
        if 0 < len(others) < len(scores):
            notes[cell] = (
                f"{label(cell)}: {len(scores) - len(others)} of {len(scores)} seeds at chance ({bound:g}) at epoch "
                f"{epoch}; the other {len(others)}: {spread(estimate(others))}."
            )
    return list(notes.values())


def furthest_note(part: GridResults, found: Sequence[tuple[Cell, int]], public: PublicRecord) -> list[str]:
    """The test score that lies furthest outside the public runs' range at the last epoch asked for."""
    last = max((epoch for _, epoch in found), default=0)
    outside: list[tuple[float, str, Estimate, str]] = []
    for cell in [cell for cell, epoch in found if epoch == last]:
        ours, official = estimate(scores_on_test(part, cell, last)), official_at(cell, "test", last, public)
        if ours is None or official is None:
            continue
        runs = [official, *reruns_at(public.reruns(*public_key(cell)), "test", last)]
        distance = max(min(runs) - ours.mean, ours.mean - max(runs), 0.0)
        outside.append((distance, label(cell), ours, span(min(runs), max(runs)) if len(runs) > 1 else number(runs[0])))
    if not outside:
        return []
    distance, name, ours, known = max(outside, key=lambda entry: entry[0])
    if distance == 0:
        return [f"At epoch {last} every test score of ours lies within the public runs' range."]
    scatter = f"our seeds' sd is {number(ours.sd)} (n = {ours.n})" if ours.sd is not None else "one seed of ours"
    return [f"Furthest outside the public runs at epoch {last}: {name}, {number(ours.mean)} against {known}, "
            f"{number(distance)} points outside; {scatter}."]  # fmt: skip
