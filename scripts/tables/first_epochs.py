"""`first_epochs.*`, ...: the full model and recipe, first epochs only, beside the same epochs of the public record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from experiments.config.cell import Cell
from experiments.grid.grid import Grid
from scripts.loading.display import panel_title
from scripts.loading.grid_results import GridResults, asked_epochs, groups
from scripts.loading.provenance import made_with, origin
from scripts.loading.run_notes import stale_notes
from scripts.loading.statistics import columns_of, estimate, estimate_in, is_missing
from scripts.published.public_record import PublicRecord, public_key
from scripts.tables.collapse import COLLAPSE_COLUMNS, COLLAPSE_HEAD, collapse_notes, logit_numbers, raw_logits
from scripts.tables.first_epochs_notes import (
    SPLITS,
    furthest_note,
    names_in_grid,
    official_at,
    reruns_at,
    scores_at,
    stuck_notes,
)
from scripts.tables.footnotes import Footnotes
from scripts.tables.formats import (
    DASH,
    count_column,
    number_column,
    origin_mark,
    signed_column,
    span,
    spread_column,
    word_column,
)
from scripts.tables.raw_numbers import place_of, raw_estimate, raw_number
from scripts.tables.table import Block, Column, Row, Table, rows_of

OURS = (
    "{words} after epochs 0, 1, ... of the paper's 200-epoch schedule, and on the training split. train: {train}; "
    "test: the whole test split after the epoch. Ours: mean ± sd over n seeds."
)
PUBLIC = (
    " official: the authors' curve, a single run. reruns: independent runs of the same recipe, also unfinished ones "
    "(range of more than one)."
)
SCATTER = "How far single runs scatter shows where there are several: our sd{}."


def first_epochs_table(grid: Grid, part: GridResults, public: PublicRecord) -> Table:
    """One block per model, one row for each cell and epoch that is asked for."""
    table = Table(grid.name, grid.title)
    names, shared = names_in_grid(part.cells)
    for (data, model), cells in groups(part.cells).items():
        found = [(cell, epoch) for cell in cells for epoch in range(asked_epochs(grid, cell))]
        numbers = pd.DataFrame([epoch_row(part, cell, epoch, public, names[cell]) for cell, epoch in found])
        runs = pd.concat([part.runs_of(cell) for cell in cells])
        notes = [f"{made_with(runs)}."] if len(runs) else []
        notes += [*furthest_note(part, found, public), *stuck_notes(grid, part, found)]
        notes += collapse_notes(part, cells, names)
        table.blocks.append(Block(panel_title(data, model), numbers, first_epochs_columns(), notes))
        table.values += [v for row in rows_of(numbers) for v in raw_epoch(part, row, public)]
    table.head = first_epochs_head(part, table.blocks, shared)
    table.notes = stale_notes(part)
    done = sum(bool(len(part.runs_of(cell))) for cell in part.cells)
    table.summary = f"first epochs: {done} of {len(part.cells)} cells begun"
    return table


def epoch_row(part: GridResults, cell: Cell, epoch: int, public: PublicRecord, label: str) -> dict[str, Any]:
    """The numbers of a cell at an epoch: `runs` that reached it and their `origin`; for each split the estimate
    <split>_ours, <split>_official, <split>_difference and the range <split>_reruns_low to _high."""
    epochs = scores_at(part, cell, epoch, "test")
    runs = part.runs_of(cell)
    reached = runs[runs.index.isin(epochs["run"])]
    row: dict[str, Any] = {"cell": cell, "label": label, "epoch": epoch}
    row |= {"runs": len(reached) or None, "origin": origin(reached)}
    for split in SPLITS:
        scored = epochs.get(f"{split}/{part.measure.name}", pd.Series(dtype=float))
        ours = estimate(scored.dropna().tolist())
        official = official_at(cell, split, epoch, public)
        reruns = reruns_at(public.reruns(*public_key(cell)), split, epoch)
        row |= columns_of(f"{split}_ours", ours)
        row |= {
            f"{split}_official": official,
            f"{split}_difference": ours.mean - official if ours and official is not None else None,
            f"{split}_reruns_low": min(reruns, default=None),
            f"{split}_reruns_high": max(reruns, default=None),
        }
    return row | logit_numbers(epochs)


def first_epochs_columns() -> list[Column]:
    """Those of the public record, and of logits, are left out where there is none."""
    found = [word_column("optimizer", "label"), count_column("epoch", "epoch"), Column("n", seed_count_text)]
    for split in SPLITS:
        found += [
            spread_column(f"{split} ours", f"{split}_ours"),
            number_column(f"{split} official", f"{split}_official", needs=f"{split}_official"),
            Column(f"{split} reruns", reruns_text(split), f"{split}_reruns_low"),
            signed_column(f"{split} ours - official", f"{split}_difference", needs=f"{split}_official"),
        ]
    return [*found, *COLLAPSE_COLUMNS]


def seed_count_text(row: Row, marks: Footnotes) -> str:
    """How many runs reached the epoch, with a footnote where they come from several machines or commits."""
    return DASH if is_missing(row["runs"]) else f"{row['runs']:.0f}{origin_mark(row, marks)}"


def reruns_text(split: str) -> Any:
    """The range of the reruns of a split, as a function of a row."""
    low, high = f"{split}_reruns_low", f"{split}_reruns_high"
    return lambda row, marks: DASH if is_missing(row[low]) else span(row[low], row[high])


def first_epochs_head(part: GridResults, blocks: Sequence[Block], shared: Sequence[str]) -> list[str]:
    """What the columns hold that the blocks show."""
    published = any(block.has(f"test_{kind}") for block in blocks for kind in ("official", "reruns_low"))
    texts = [(OURS + PUBLIC * published).format(**vars(part.measure))]
    texts += [f"In all runs: {', '.join(shared)}."] if shared else []
    texts += [SCATTER.format(", the reruns' range" if published else "")]
    return texts + ([COLLAPSE_HEAD] if any(block.has("logit_middle") for block in blocks) else [])


def raw_epoch(part: GridResults, row: Row, public: PublicRecord) -> Iterator[dict[str, Any]]:
    """A row's numbers for the csv."""
    cell, epoch = row["cell"], row["epoch"]
    for split in SPLITS:
        quantity = f"{split}/{part.measure.name}, epoch {epoch}"
        if ours := estimate_in(row, f"{split}_ours"):
            yield raw_estimate(cell, "ours", quantity, ours)
        if not is_missing(row[f"{split}_official"]):
            yield raw_number(cell, "official curve", quantity, row[f"{split}_official"])
        for run in public.reruns(*public_key(cell)):
            for value in reruns_at([run], split, epoch):
                yield raw_number(cell, "rerun", quantity, value, run.repository, "; ".join(run.remarks))
        if not is_missing(row[f"{split}_difference"]):
            yield {**place_of(cell), "kind": "difference", "quantity": f"{quantity}, ours - official",
                   "value": row[f"{split}_difference"]}  # fmt: skip
    yield from raw_logits(row)
