"""Runs whose logits no longer depend on the image: how far the logits spread, and how many seeds of each arm collapsed,
compared by seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from experiments.config.cell import Cell
from scripts.loading.grid_results import GridResults
from scripts.loading.statistics import is_missing, mcnemar
from scripts.tables.footnotes import Footnotes
from scripts.tables.formats import DASH
from scripts.tables.raw_numbers import raw_number
from scripts.tables.table import Column, Row

METRIC = "test/logit_sd"
COLLAPSED = 1e-4  # a spread below it; of runs that learn it is above 0.1
COLLAPSE_HEAD = (
    "logit sd: standard deviation of a class's logit over the test images, mean over classes; median over the seeds "
    f"and their range. A run has collapsed where it is below {COLLAPSED:g}: its logits no longer depend on the image."
)


def logit_numbers(epochs: pd.DataFrame) -> dict[str, Any]:
    """Of rows of one epoch: the spread of the logits (`logit_middle`, `logit_low`, `logit_high`), how many runs logged
    it (`logit_runs`) and how many had `collapsed`; nothing where none did."""
    found = epochs[METRIC].dropna() if METRIC in epochs else pd.Series(dtype=float)
    if not len(found):
        return dict.fromkeys(("logit_middle", "logit_low", "logit_high", "logit_runs", "collapsed"))
    return {
        "logit_middle": float(np.median(found)), "logit_low": found.min(), "logit_high": found.max(),
        "logit_runs": len(found), "collapsed": int((found < COLLAPSED).sum()),
    }  # fmt: skip


def spread_text(row: Row, marks: Footnotes) -> str:
    """The median over the seeds, with their range."""
    if is_missing(row["logit_middle"]):
        return DASH
    ends = f" ({row['logit_low']:.2g} to {row['logit_high']:.2g})" if row["logit_runs"] > 1 else ""
    return f"{row['logit_middle']:.2g}{ends}"


def collapsed_text(row: Row, marks: Footnotes) -> str:
    """ "5 of 24"."""
    return DASH if is_missing(row["collapsed"]) else f"{row['collapsed']:.0f} of {row['logit_runs']:.0f}"


COLLAPSE_COLUMNS = [
    Column("logit sd", spread_text, "logit_middle"),
    Column("collapsed", collapsed_text, "logit_middle"),
]


def collapse_notes(part: GridResults, cells: Sequence[Cell], names: Mapping[Cell, str]) -> list[str]:
    """Of each arm how many seeds had collapsed in their last epoch, and for each two arms in how many seeds only one of
    them did."""
    arms = {cell: by_seed for cell in cells if (by_seed := collapsed_by_seed(part, cell))}
    if not arms:
        return []
    counts = [f"{names[cell]}: {sum(seeds.values())} of {len(seeds)} seeds" for cell, seeds in arms.items()]
    text = f"Collapsed (logit sd below {COLLAPSED:g}): {'; '.join(counts)}"
    pairs = [comparison(arms, names, first, second) for first, second in combinations(arms, 2)]
    return [text + (f". By seed: {'; '.join(pairs)}." if pairs else ".")]


def collapsed_by_seed(part: GridResults, cell: Cell) -> dict[int, bool]:
    """Whether each seed's run had collapsed after its last epoch that logged the spread."""
    epochs = part.epochs(cell)
    if METRIC not in epochs:
        return {}
    last = epochs.dropna(subset=[METRIC]).groupby("seed")[METRIC].last()
    return {int(seed): bool(spread < COLLAPSED) for seed, spread in last.items()}  # type: ignore[call-overload]


def comparison(
    arms: Mapping[Cell, Mapping[int, bool]], names: Mapping[Cell, str], first: Cell, second: Cell
) -> str:  # fmt: skip
    """Two arms over the seeds that both have, with McNemar's exact test."""
    only_first, only_second, p = mcnemar(arms[first], arms[second])
    shared = len(arms[first].keys() & arms[second].keys())
    return (
        f"{names[first]} against {names[second]}, {shared} seeds: {only_first} only in the first, {only_second} only "
        f"in the second (McNemar's exact p = {p:.2g})"
    )


def raw_logits(row: Row) -> Iterator[dict[str, Any]]:
    """A row's numbers for the csv."""
    if is_missing(row["logit_middle"]):
        return
    quantity, cell = f"{METRIC}, epoch {row['epoch']}", row["cell"]
    ends = {"n": int(row["logit_runs"]), "low": row["logit_low"], "high": row["logit_high"]}
    yield {**raw_number(cell, "ours", f"{quantity}, median", row["logit_middle"]), **ends}
    collapsed = raw_number(cell, "ours", f"{quantity}, runs below {COLLAPSED:g}", row["collapsed"])
    yield {**collapsed, "n": int(row["logit_runs"])}
