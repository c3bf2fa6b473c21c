"""`quick_<grid>.*` and `small_<grid>.*`: results of the smaller scales, in tables of their own.

The paper's values never stand beside them. At the small scale (the paper's data) the two *orders* of optimizers are
compared, and beside that how well an independent full-scale rerun agrees with the authors' order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from experiments.config.cell import Cell
from experiments.grid.grid import Grid
from experiments.grid.thresholds import expected_failure
from experiments.store.run_files import AT_END
from scripts.loading.display import optimizer_name
from scripts.loading.grid_results import GridResults, groups
from scripts.loading.run_notes import stale_notes
from scripts.loading.score_summary import score_summary
from scripts.published.public_record import PublicRecord
from scripts.tables.failures import failure_notes, shortcomings
from scripts.tables.formats import count_column, run_count_column, score_column, word_column
from scripts.tables.full_scale import OPTIMIZER, labelled
from scripts.tables.missing_runs import missing_notes
from scripts.tables.orders import Order, agreement_notes, order_notes, read_order
from scripts.tables.raw_numbers import place_of, raw_scores_of_row
from scripts.tables.scale_texts import EXPLAINED, QUICK, RANKS, SMALL, block_title, count_runs, made_notes, scale_head
from scripts.tables.table import Block, Table, rows_of

SCORE_COLUMNS = [score_column("final", "final"), score_column("best", "best"), score_column("last quarter", "last")]
QUICK_COLUMNS = [OPTIMIZER, *SCORE_COLUMNS, run_count_column(), word_column("standing", "standing")]
SMALL_COLUMNS = [
    OPTIMIZER, run_count_column(), *SCORE_COLUMNS, count_column("rank", "rank"),
    count_column("authors' rank", "authors_rank"), word_column("from", "authors_source"),
]  # fmt: skip


def quick_table(grid: Grid, parts: Sequence[GridResults]) -> Table:
    """Scores, and whether each cell passed the grid's threshold."""
    table = Table(f"quick_{grid.name}", f"{grid.title}: quick scale, not comparable with the paper")
    table.head = scale_head(grid, "quick", QUICK, EXPLAINED)
    ill = 0
    for part in parts:
        for (data, model), cells in groups(part.cells).items():
            standings = [standing(grid, part, cell) for cell in cells]
            ill += sum((state or "").startswith("not healthy") for state in standings)
            numbers = labelled(score_summary(part, cells)).assign(standing=pd.Series(standings, dtype="object"))
            reasons = [
                f"{optimizer_name(c.optimizer)} may fail: {why}." for c in cells if (why := expected_failure(grid, c))
            ]
            notes = made_notes(part, cells) + reasons
            table.blocks.append(Block(block_title(part, data, model), numbers, QUICK_COLUMNS, notes))
            for row, state in zip(rows_of(numbers), standings):
                table.values += [{**value, "note": state or ""} for value in raw_scores_of_row(row)]
        table.notes += stale_notes(part)
    table.summary = f"quick scale: {count_runs(parts)}; {ill} cells not healthy"
    return table


def standing(grid: Grid, part: GridResults, cell: Cell) -> str | None:
    """healthy, failed as expected (a note says why) or not healthy with what is wrong; None without runs."""
    runs = part.runs_of(cell, *AT_END)
    if not len(runs):
        return None
    wrong = [reason for reason in shortcomings(grid, cell, runs) if reason]
    if wrong and expected_failure(grid, cell):
        return "failed as expected"
    return f"not healthy: {'; '.join(dict.fromkeys(wrong))}" if wrong else "healthy"


def small_table(grid: Grid, parts: Sequence[GridResults], public: PublicRecord) -> Table:
    """Scores and ranks, the authors' ranks, and how far the two orders agree."""
    table = Table(f"small_{grid.name}", f"{grid.title}: small scale")
    table.head = scale_head(grid, "small", SMALL, EXPLAINED, RANKS)
    for part in parts:
        for (data, model), cells in groups(part.cells).items():
            if not any(map(part.count_finished, cells)):
                continue
            order = read_order(part, cells, public)
            numbers = ranked(labelled(score_summary(part, cells)), order)
            notes = [*made_notes(part, cells), *failure_notes(grid, part, cells)]
            notes += order_notes(order, part, public) + agreement_notes(order, part)
            table.blocks.append(Block(block_title(part, data, model), numbers, SMALL_COLUMNS, notes))
            for row in rows_of(numbers):
                table.values += [*raw_scores_of_row(row), *raw_ranks(row["cell"], order)]
        table.notes += stale_notes(part)
    table.gaps = missing_notes(parts[0])
    table.summary = f"small scale: {count_runs(parts)}"
    return table


def ranked(numbers: pd.DataFrame, order: Order) -> pd.DataFrame:
    """With `rank`, ours, `authors_rank`, and `authors_source`, where that is from."""
    theirs = order.authors_rank
    return numbers.assign(
        rank=numbers["optimizer"].map(order.rank),
        authors_rank=numbers["optimizer"].map(theirs),
        authors_source=numbers["optimizer"].map({name: order.sources[name] for name in theirs}),
    )


def raw_ranks(cell: Cell, order: Order) -> Iterator[dict[str, Any]]:
    """Our rank and the authors' of a cell, for the csv."""
    theirs = order.sources.get(cell.optimizer)
    pairs = (("ours", order.rank, "rank by last quarter"), (theirs, order.authors_rank, "rank by last 10"))
    for kind, ranks, quantity in pairs:
        if cell.optimizer in ranks:
            value = {"value": ranks[cell.optimizer], "n": len(ranks)}
            yield {**place_of(cell), "kind": kind, "quantity": quantity, **value}
