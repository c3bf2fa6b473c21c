"""`[small_]adabelief_eps.*`: rows of one ablation, each set against AdaBelief as its experiments ran it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from experiments.config.cell import Cell
from experiments.grid.grid import Grid
from scripts.loading.display import data_name, optimizer_name
from scripts.loading.grid_results import GridResults, groups
from scripts.loading.run_notes import stale_notes
from scripts.loading.score_summary import BASE, lead_over_adabelief, score_summary
from scripts.loading.statistics import Estimate, columns_of, estimate, estimate_in, paired
from scripts.tables.failures import failure_notes
from scripts.tables.footnotes import Footnotes
from scripts.tables.formats import DASH, interval_column, number, run_count_column, score_column, signed
from scripts.tables.full_scale import OPTIMIZER, labelled
from scripts.tables.missing_runs import missing_notes
from scripts.tables.raw_numbers import raw_estimate, raw_scores_of_row
from scripts.tables.scale_texts import (
    AS_AT_FULL_SCALE,
    EXPLAINED,
    LAST,
    QUICK,
    block_title,
    count_runs,
    made_notes,
    scale_head,
)
from scripts.tables.table import Block, Column, Row, Table, rows_of

LAST_COLUMN = {"full": "last 10", "small": "last quarter", "quick": "last quarter"}
SCALES = {
    "full": "The paper's models, recipes and epochs.",
    "small": AS_AT_FULL_SCALE + ".",
    "quick": QUICK,
}
FLOOR = "train/at_floor"
HEAD = [
    "AdaBelief as the experiments ran it (eps 1e-8, kept in the state) and what is left when the eps moves: "
    "inner_eps=this step adds it under the root of each step only, inner_eps=none leaves it beside the root, eps=1e-16 "
    "is the later packages'. EAdam is Adam with AdaBelief's eps in the same place. SGD, lr=0.0316 has the rate of "
    "AdaBelief for a coordinate that stands on the floor, 1e-3 x (1 - 0.9) / sqrt(1e-5), and the same momentum.",
    "minus AdaBelief: difference of the means of the {last}, paired by seed, with its 95 % interval (t) from two seeds "
    "on. at the floor: share of the coordinates, in percent after the last epoch, whose denominator is less than twice "
    "the smallest that the rule can have, so that they are moved as by SGD, to within a factor of two (its own share "
    "is 100); a dash where it was not logged. It is measured on the rule itself: same momentum, no gradient, the step "
    "against that of a coordinate that never had a gradient.",
    "The floors differ, so that shares compare between equal ones only: 3.2e-3 with eps kept in the state (AdaBelief, "
    "EAdam), where SGD's rate would be 0.03; 1e-4 (rate 1) with inner_eps=this step, 3.2e-7 (316) with eps=1e-16, 1e-8 "
    "(10,000) with inner_eps=none and for Adam: a coordinate on one of these has next to no gradient.",
]


def ablation_table(grid: Grid, scale: str, parts: Sequence[GridResults]) -> Table:
    """Scores, the difference to AdaBelief, and the share of coordinates at the floor."""
    name = grid.name if scale == "full" else f"{scale}_{grid.name}"
    table = Table(name, f"{grid.title} ({scale} scale)", scale_head(grid, scale, SCALES[scale], EXPLAINED, *HEAD))
    for part in parts:
        for (data, model), cells in groups(part.cells).items():
            if not any(map(part.count_finished, cells)):
                continue
            numbers = with_floors(part, labelled(score_summary(part, cells)))
            notes = [*made_notes(part, cells), *failure_notes(grid, part, cells)]
            notes += answers(part, {cell.optimizer: cell for cell in cells})
            table.blocks.append(Block(block_title(part, data, model), numbers, ablation_columns(scale), notes))
            for row in rows_of(numbers):
                share = estimate_in(row, "floor")
                quantity = "percent of coordinates at the floor, last epoch"
                floors = [raw_estimate(row["cell"], "ours", quantity, share)] if share else []
                table.values += [*raw_scores_of_row(row), *floors]
        table.notes += stale_notes(part)
    table.gaps = missing_notes(parts[0])
    table.summary = f"{data_name(parts[0].cells[0].data)}, eps: {count_runs(parts)}"
    return table


def ablation_columns(scale: str) -> list[Column]:
    """The columns of a block at a scale."""
    return [
        OPTIMIZER, run_count_column(), score_column("final", "final"), score_column("best", "best"),
        score_column(LAST_COLUMN[scale], "last"), interval_column("minus AdaBelief", "lead"),
        Column("at the floor", floor_text),
    ]  # fmt: skip


def with_floors(part: GridResults, numbers: pd.DataFrame) -> pd.DataFrame:
    """With the estimate `floor`: percent of the coordinates at the floor after the last epoch, over the seeds that
    logged it."""
    floors = [columns_of("floor", floor(part, cell)) for cell in numbers["cell"]]
    return pd.concat([numbers, pd.DataFrame(floors)], axis=1)


def floor(part: GridResults, cell: Cell) -> Estimate | None:
    """The share of a cell's coordinates at the floor after the last epoch; None where no run logged it."""
    runs, epochs = part.runs_of(cell, "complete"), part.epochs(cell)
    if FLOOR not in epochs:
        return None
    ends = epochs[epochs["run"].isin(runs.index)]
    ends = ends[ends["epoch"] == ends["run"].map(runs["epochs_done"]) - 1]
    return estimate(ends[FLOOR].dropna().tolist())


def floor_text(row: Row, marks: Footnotes) -> str:
    """The share, and a footnote where only some runs logged it."""
    share = estimate_in(row, "floor")
    if share is None:
        return DASH
    logged = f"Logged by {share.n} of {row['complete']:.0f} runs."
    return number(share.mean, 1) + (marks.marks(logged) if share.n < row["complete"] else "")


def answers(part: GridResults, cells: dict[str, Cell]) -> list[str]:
    """Two sentences made from the numbers: what the eps is worth, and what the belief is worth beside it."""
    moved = {name: e for name, cell in cells.items() if (e := eps_difference(part, cell))}
    sentences = []
    if moved:
        texts = [f"{optimizer_name(name)} {points(e)}" for name, e in moved.items()]
        sentences.append(
            f"With the eps moved or made small, AdaBelief's mean of the {LAST[part.scale]} changes by: "
            f"{'; '.join(texts)}."
        )
    if {"eadam", "adam", BASE} <= cells.keys():
        last = {name: part.scores(cells[name], "last") for name in ("eadam", "adam", BASE)}
        eps, belief = paired(last["eadam"], last["adam"]), paired(last[BASE], last["eadam"])
        if eps and belief:
            sentences.append(
                f"Giving Adam the same eps in the same place (EAdam) changes it by {points(eps)}; taking the square of "
                f"g - m for that of g on top of it, the belief (AdaBelief), by {points(belief)}."
            )
    return sentences


def eps_difference(part: GridResults, cell: Cell) -> Estimate | None:
    """The difference that another place or size of eps makes to AdaBelief."""
    name, _, override = cell.optimizer.partition(",")
    return lead_over_adabelief(part, cell) if override and name.startswith(BASE) else None


def points(e: Estimate) -> str:
    """A difference and whether the seeds can tell it from none."""
    if e.low is None or e.high is None:
        return f"{signed(e.mean)} points (one seed)"
    within = " (within the seeds' scatter)" if e.low <= 0 <= e.high else ""
    return f"{signed(e.mean)} points{within}"
