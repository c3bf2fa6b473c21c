"""`imagenet.*`: the full scale's runs of ours beside a table whose numbers come from several hands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from experiments.config.cell import Cell
from experiments.grid.grid import Grid
from scripts.loading.display import optimizer_name
from scripts.loading.grid_results import GridResults
from scripts.loading.run_notes import partial_note, stale_notes
from scripts.loading.score_summary import score_summary
from scripts.loading.statistics import is_missing
from scripts.published.end_values import Printed, load_printed, printed_of
from scripts.tables.footnotes import Footnotes
from scripts.tables.formats import DASH, number, signed, word_column
from scripts.tables.full_scale import CLEAN_COLUMNS, LEAD, OPTIMIZER, OUR_COLUMNS, labelled
from scripts.tables.raw_numbers import raw_number, raw_scores, raw_scores_of_row
from scripts.tables.table import Block, Column, Row, Table, rows_of

HEAD = [
    "Top-1 accuracy on ImageNet's validation images in percent. Ours: after the last epoch (final), at its best epoch "
    "(best), mean of the last ten epochs, those after the second drop (last 10); mean ± sd over n seeds. paper: Table "
    "2, of which only AdaBelief and, as it seems, MSVAG were run by its authors: the rest is copied from two other "
    "papers, with decays and schedules of their own. reruns: independent runs with the authors' recipe for AdaBelief "
    "(AdamW with the same rate and decay) in their schedule (90 epochs, a tenth of the rate from 70 and from 80 on), "
    "mean (n, range).",
    "ours - paper: of our last epoch (whether theirs is the best or the last is not stated). ours - AdaBelief: last-10 "
    "difference paired by seed, with its 95 % interval (t) from two seeds on. Our recipes and their sources: "
    "configs/recipes/adabelief-imagenet.yaml.",
    "Under the paper's protocol the best epoch is chosen on the images that it is stated for.",
]
SAME_DECAY = (
    "Clean protocol: the same decay for all, decoupled, 1e-5 a step at the first rate (Adam's stays in the gradient: "
    "decoupled, Adam is AdamW); 2 % of the training images are held out and choose the best epoch."
)
APART = "measured under another decay or schedule than ours"


def printed_table(grid: Grid, parts: Sequence[GridResults]) -> Table:
    """The full scale: paper protocol, the public record beside it, and the clean protocol where it has runs."""
    printed = load_printed(grid.printed)
    paper, *others = parts
    table = Table(grid.name, f"{grid.title}, full scale", list(HEAD))
    rows: list[dict[str, Any]] = []
    for ours in rows_of(labelled(score_summary(paper, paper.cells))):
        rows += printed_rows(ours, printed)
        table.values += [*raw_scores_of_row(ours), *raw_printed(ours["cell"], printed)]
    table.blocks.append(Block("Paper protocol", pd.DataFrame(rows), PRINTED_COLUMNS))
    for part in others:
        if any(map(part.count_finished, part.cells)):
            summary = labelled(score_summary(part, part.cells))
            table.blocks.append(Block("Clean protocol", summary, CLEAN_COLUMNS, [SAME_DECAY]))
            table.values += raw_scores(summary)
    table.notes = printed_kept_apart(printed)
    for part in parts:
        table.notes += [*partial_note(part, paper.cells[0].data), *stale_notes(part)]
    done = sum(part.count_finished(cell) for part in parts for cell in part.cells)
    runs = f"{done} finished full-scale runs of ours" if done else "no full-scale run of ours yet: the public record"
    table.summary = f"ImageNet: {runs}"
    return table


def printed_rows(ours: Row, printed: tuple[Printed, ...]) -> Iterator[dict[str, Any]]:
    """One row for each number that the paper prints for an optimizer; ours stand in the first."""
    reruns = [run for run in printed_of(printed, ours["optimizer"], "rerun") if run.joins]
    for place, found in enumerate(printed_of(printed, ours["optimizer"], "table")):
        theirs = {
            "paper": found.value, "paper_note": printed_footnote(found), "paper_key": found.source + found.note,
            "measured_by": found.measured_by, "decay": found.decay, "schedule": found.schedule,
            "difference": ours["final_mean"] - found.value, "apart": None if found.joins else APART,
        }  # fmt: skip
        if place:
            yield {"label": f"{ours['label']}, the table's other number", **theirs}
        else:
            yield {**ours, **theirs, **printed_rerun_numbers(reruns)}


def printed_rerun_numbers(reruns: Sequence[Printed]) -> dict[str, Any]:
    """Mean over all runs behind the reruns' numbers, how many they are, the range of the numbers, their footnotes."""
    if not reruns:
        return {"reruns_notes": None}
    n = sum(run.n or 1 for run in reruns)
    return {
        "reruns_mean": sum(run.value * (run.n or 1) for run in reruns) / n, "reruns_n": n,
        "reruns_low": min(run.value for run in reruns), "reruns_high": max(run.value for run in reruns),
        "reruns_many": len(reruns) > 1,
        "reruns_notes": tuple((run.source + run.note, printed_footnote(run)) for run in reruns),
    }  # fmt: skip


def printed_rerun_text(row: Row, marks: Footnotes) -> str:
    """Mean of the reruns (n, range) with their sources."""
    if is_missing(row.get("reruns_notes")):
        return DASH
    ends = f", {number(row['reruns_low'])}{DASH}{number(row['reruns_high'])}" if row["reruns_many"] else ""
    return f"{number(row['reruns_mean'])} ({row['reruns_n']:.0f}{ends}){marks.marks(*row['reruns_notes'])}"


def printed_text(row: Row, marks: Footnotes) -> str:
    """The number that the paper prints, with its source."""
    return f"{row['paper']:.2f}{marks.marks((row['paper_key'], row['paper_note']))}"


def printed_difference_text(row: Row, marks: Footnotes) -> str:
    """Ours minus the printed number, marked where that is of another recipe."""
    if is_missing(row["difference"]):
        return DASH
    apart = row["apart"]
    return signed(row["difference"]) + ("" if is_missing(apart) else marks.marks(f"{apart.capitalize()}."))


PRINTED_COLUMNS = [
    OPTIMIZER, *OUR_COLUMNS, Column("paper", printed_text), word_column("measured by", "measured_by"),
    word_column("under decay", "decay"), word_column("in schedule", "schedule"), Column("reruns", printed_rerun_text),
    Column("ours - paper", printed_difference_text), LEAD,
]  # fmt: skip


def printed_footnote(found: Printed) -> str:
    """Where a printed number is from."""
    return f"{found.source}{f': {found.note}' if found.note else ''}."


def printed_kept_apart(printed: Sequence[Printed]) -> list[str]:
    """The reruns of another recipe or schedule than the authors'."""
    return [
        f"Kept apart: {optimizer_name(row.optimizer)}, {row.value:g} by {row.measured_by} with decay {row.decay}, "
        f"{row.schedule} ({row.source}{f'; {row.note}' if row.note else ''})."
        for row in printed
        if row.kind == "rerun" and not row.joins
    ]


def raw_printed(cell: Cell, printed: Sequence[Printed]) -> Iterator[dict[str, Any]]:
    """Everything printed of a cell's optimizer, for the csv."""
    kinds = {"table": "paper", "rerun": "rerun"}
    for row in printed:
        if row.optimizer == cell.optimizer:
            yield {**raw_number(cell, kinds[row.kind], "top-1", row.value, row.source, about(row)), "n": row.n}


def about(row: Printed) -> str:
    """How a printed number was measured."""
    return f"measured by {row.measured_by}; decay {row.decay}; {row.schedule}" + (f"; {row.note}" if row.note else "")
