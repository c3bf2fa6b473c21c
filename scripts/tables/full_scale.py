"""`cifar10.*`, `ptb.*`, ...: our full-scale runs beside the paper's figure, the official curves and the reruns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from experiments.config.cell import Cell
from experiments.grid.grid import Grid
from scripts.loading.display import count_optimizers, data_name, model_name, optimizer_name
from scripts.loading.grid_results import GridResults, groups
from scripts.loading.run_notes import partial_note, stale_notes
from scripts.loading.score_summary import score_summary
from scripts.loading.statistics import is_missing
from scripts.published.public_record import SCOPES, PublicRecord, public_key
from scripts.tables.footnotes import Footnotes
from scripts.tables.formats import DASH, interval_column, run_count_column, score_column, signed, word_column
from scripts.tables.full_scale_texts import CLEAN_BEST, NOTES, OFFICIAL, PAPER_BEST, full_scale_head
from scripts.tables.public_columns import (
    kept_apart_notes,
    public_columns,
    public_numbers,
    raw_public,
    rows_kept_apart,
)
from scripts.tables.raw_numbers import raw_number, raw_scores, raw_scores_of_row
from scripts.tables.table import Block, Column, Row, Table, rows_of

OPTIMIZER = word_column("optimizer", "label")
LEAD = interval_column("ours - AdaBelief", "lead")
OUR_COLUMNS = [
    score_column("ours final", "final"),
    score_column("ours best", "best"),
    score_column("ours last 10", "last"),
    run_count_column(),
]
CLEAN_COLUMNS = [OPTIMIZER, *OUR_COLUMNS, LEAD]  # where nothing published stands beside


def full_table(grid: Grid, data: str, paper: GridResults, clean: GridResults, public: PublicRecord) -> Table:
    """The table of one data set, one block per model; clean runs follow in blocks of their own."""
    name = grid.table.format(data=data)
    title = f"{data_name(data)}: {count_optimizers(paper.cells)}" if name == data else grid.title
    table = Table(name, f"{title}, full scale")
    for model, cells in models_of(paper, data).items():
        numbers = compared(paper, cells, public)
        for row in rows_of(numbers):
            table.values += [*raw_scores_of_row(row), *raw_public(row["cell"], public), *raw_difference(row)]
        if paper.measure.many_reruns:
            numbers = pd.concat([numbers, rows_kept_apart(cells, public)], ignore_index=True)
        table.blocks.append(Block(model_name(model), numbers, columns_for(grid, paper, cells, public)))
    table.head = [*full_scale_head(table.blocks, paper.measure), *NOTES.get(grid.setting, []), PAPER_BEST]
    for model, cells in models_of(clean, data).items():
        if any(map(clean.count_finished, cells)):
            numbers = labelled(score_summary(clean, cells))
            table.blocks.append(Block(f"{model_name(model)}, clean protocol", numbers, CLEAN_COLUMNS, [CLEAN_BEST]))
            table.values += raw_scores(numbers)
    table.notes = kept_apart_notes(paper, data, public)
    for part in (paper, clean):
        table.notes += [*partial_note(part, data), *stale_notes(part, data)]
    table.summary = summary_line(data, paper, clean, public)
    return table


def models_of(part: GridResults, data: str) -> dict[str, list[Cell]]:
    """The cells of a data set by model."""
    return {model: cells for (name, model), cells in groups(part.cells).items() if name == data}


def labelled(summary: pd.DataFrame) -> pd.DataFrame:
    """With a column `label`: how a row's optimizer is called."""
    return summary.assign(label=[optimizer_name(optimizer) for optimizer in summary["optimizer"]])


def compared(part: GridResults, cells: list[Cell], public: PublicRecord) -> pd.DataFrame:
    """A score summary with the public record of its cells, and with `official_difference`: our last-10 mean minus the
    official curve's, or minus the figure's reading where there is no curve (`official_by`); none to a curve that stops
    early, whose last ten epochs are others."""
    numbers = pd.concat([labelled(score_summary(part, cells)), public_numbers(cells, public)], axis=1)
    theirs = [public.paper_last(*public_key(cell)) for cell in cells]
    known = numbers["official_ends"].isna()
    difference = numbers["last_mean"].astype(float) - pd.Series(theirs, dtype=float)
    by = ["official curve" if public.official(*public_key(cell)) else "figure" for cell in cells]
    return numbers.assign(official_difference=difference.where(known), official_by=by)


def columns_for(grid: Grid, part: GridResults, cells: list[Cell], public: PublicRecord) -> list[Column]:
    """The columns of a block: of a setting that only some of the public record belongs to, those that it fills."""
    optional = grid.setting in SCOPES
    official = [Column(OFFICIAL, official_difference_text)]
    if optional and not any(public.paper_last(*public_key(cell)) for cell in cells):
        official = []
    return [OPTIMIZER, *OUR_COLUMNS, *public_columns(part.measure.many_reruns, optional), *official, LEAD]


def official_difference_text(row: Row, marks: Footnotes) -> str:
    """Our difference to the official curve, marked where it is to the figure."""
    if is_missing(row.get("official_difference")):
        return DASH
    return signed(row["official_difference"]) + (" (fig.)" if row["official_by"] == "figure" else "")


def raw_difference(row: Row) -> Iterator[dict[str, Any]]:
    """A row's difference for the csv, if there is one."""
    if not is_missing(row["official_difference"]):
        quantity = f"last, ours - {row['official_by']}"
        yield raw_number(row["cell"], "difference", quantity, row["official_difference"])


def summary_line(data: str, paper: GridResults, clean: GridResults, public: PublicRecord) -> str:
    """How much there is of a data set, for the terminal."""
    keys = [public_key(cell) for cell in paper.cells if cell.data == data]
    runs = sum(part.count_finished(c) for part in (paper, clean) for c in part.cells if c.data == data)
    known = sum(public.paper_last(*key) is not None for key in keys)
    curves = sum(public.official(*key) is not None for key in keys)
    joined = sum(bool(public.joined(*key)) for key in keys)
    ours = f"{runs} finished full-scale runs of ours" if runs else "no full-scale run of ours yet: the public record"
    return f"{data_name(data)}: {ours}; {known} cells with a figure reading, {curves} official curves, {joined} rerun"
