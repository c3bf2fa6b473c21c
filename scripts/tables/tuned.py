"""`tuned_<task>.*`: every optimizer as its recipe, its own defaults and an equal number of trials have it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from experiments.config.cell import Cell
from scripts.loading.display import data_name, model_name, optimizer_name
from scripts.loading.provenance import made_with, origin
from scripts.loading.runs import frame_of_records
from scripts.loading.statistics import columns_of, estimate, estimate_in, is_missing
from scripts.loading.studies import Result, families
from scripts.tables.footnotes import Footnotes
from scripts.tables.formats import (
    DASH,
    count_column,
    interval_column,
    number,
    number_column,
    origin_mark,
    spread,
    word_column,
)
from scripts.tables.raw_numbers import raw_estimate, raw_number
from scripts.tables.table import Block, Column, Row, Table
from scripts.tables.tuned_finding import finding

KINDS = {"recipe": "recipe", "defaults": "own defaults", "tuned": "tuned"}
TITLES = {"cifar": "Image classification", "lstm": "Language modelling"}
HEAD = (
    "{words} at the epoch that held-out data chose, mean ± sd over n fresh seeds, none of them a tuning seed. recipe: "
    "the setting's row (the paper's values where it states some); own defaults: the class's; tuned: the best of the "
    "trials, of which every optimizer gets the same number. best trial: its held-out value. tuned - recipe: paired by "
    "seed, better is positive, with its 95 % interval (t). Trials are of our own runs only and never stand beside the "
    "paper's numbers."
)


def tuned_tables(results: Sequence[Result]) -> list[Table]:
    """One table per task, one block per data set, model and scale."""
    tables = []
    for task in dict.fromkeys(result.study.task for result in results):
        mine = [result for result in results if result.study.task == task and result.at_end]
        if mine:
            tables.append(tuned_table(task, mine))
    return tables


def tuned_table(task: str, results: Sequence[Result]) -> Table:
    """The table of one task."""
    table = Table(f"tuned_{task}", f"{TITLES.get(task, task)}: optimizers tuned with equal budgets")
    table.head = [HEAD.format(**vars(results[0].measure))]
    for family in families(results):
        numbers = pd.DataFrame([study_row(result) for result in family])
        notes = [*trials_and_runs(family), *searched_and_found(family), finding(family)]
        table.blocks.append(Block(study_title(family[0]), numbers, COLUMNS, notes))
        table.values += [value for result in family for value in raw_study(result)]
    trials = sum(len(result.at_end) for result in results)
    table.summary = f"tuned: {trials} finished trials of {len(results)} studies"
    return table


def study_title(result: Result) -> str:
    """What and where was tuned."""
    s = result.study
    return f"{model_name(s.model)} on {data_name(s.data)}, {s.scale} scale, {s.protocol} protocol"


def study_row(result: Result) -> dict[str, Any]:
    """The numbers of a study: `ended` of `asked` trials, how many were `pruned`, the `best` held-out value; for each of
    KINDS the estimate and how many <kind>_diverged; `seeds` of the tuned runs and the `origin` of all; the estimate
    `gain`; how many tuned runs there are (`runs`) and `reached` the target, in how many `steps` and `seconds`."""
    study, runs = result.study, result.records.get("tuned", [])
    reached = result.reached("tuned")
    steps = estimate([found.steps for found in reached if found.steps is not None])
    seconds = estimate([found.seconds for found in reached])
    row: dict[str, Any] = {
        "label": optimizer_name(study.optimizer), "ended": len(result.at_end), "asked": study.n_trials,
        "pruned": result.count("pruned"),
        "best": result.winner.outcome.value if result.winner and result.winner.outcome else None,
        "seeds": len(result.scores("tuned")) if runs else None, "origin": origin(result.runs),
        "runs": len(runs), "reached": len(reached), "has_target": study.target is not None,
        "steps": steps.mean if steps else None, "seconds": seconds.mean if seconds else None,
        **columns_of("gain", result.gain("recipe")),
    }  # fmt: skip
    for kind in KINDS:
        row |= {**columns_of(kind, result.estimate(kind)), f"{kind}_diverged": result.diverged(kind)}
    return row


def trials_text(row: Row, marks: Footnotes) -> str:
    """ "6 of 6"."""
    return f"{row['ended']} of {row['asked']}"


def kind_column(kind: str, title: str) -> Column:
    """The runs with fresh seeds of a kind: mean ± sd, and how many diverged."""

    def text(row: Row, marks: Footnotes) -> str:
        e, diverged = estimate_in(row, kind), int(row[f"{kind}_diverged"])
        also = f" (+ {diverged} diverged)" if diverged else ""
        return f"{spread(e)}{also}" if e else ("diverged" if diverged else DASH)

    return Column(title, text)


def seeds_text(row: Row, marks: Footnotes) -> str:
    """How many tuned runs count, with a footnote where the runs come from several machines or commits."""
    return (DASH if is_missing(row["seeds"]) else f"{row['seeds']:.0f}") + origin_mark(row, marks)


def steps_text(row: Row, marks: Footnotes) -> str:
    """Steps to the target, with the share of the runs that reached it where that is not all."""
    return DASH if is_missing(row["steps"]) else number(row["steps"], 0) + reached_share(row)


def seconds_text(row: Row, marks: Footnotes) -> str:
    """Seconds to the target, or that it was not reached."""
    if row["reached"]:
        return number(row["seconds"], 0)
    return f"not reached{reached_share(row)}" if row["runs"] and row["has_target"] else DASH


def reached_share(row: Row) -> str:
    """ " (1 of 2)" where only some runs reached the target."""
    return f" ({row['reached']} of {row['runs']})" if row["runs"] and row["reached"] < row["runs"] else ""


COLUMNS = [
    word_column("optimizer", "label"), Column("trials", trials_text), count_column("pruned", "pruned"),
    number_column("best trial", "best"), *(kind_column(kind, title) for kind, title in KINDS.items()),
    Column("n", seeds_text), interval_column("tuned - recipe", "gain"), Column("steps to target", steps_text),
    Column("s to target", seconds_text),
]  # fmt: skip


def trials_and_runs(family: Sequence[Result]) -> list[str]:
    """How trials were drawn and ended, and how the runs with fresh seeds were made."""
    s = family[0].study
    records = [record for result in family for runs in result.records.values() for record in runs]
    words = f" Overridden in all runs: {' '.join(s.overrides)}." if s.overrides else ""
    target = f" Target: {s.select} {s.target:g}." if s.target is not None else ""
    seeds = ", ".join(map(str, s.trial_seeds))
    trials = f"Trials: {s.sampler.replace('_', '-')} points, pruned by {s.pruner}, seed {seeds}.{words}{target}"
    if len({len(result.at_end) for result in family}) > 1:
        trials += " The optimizers do not have the same number of trials."
    return [trials] + ([f"{made_with(frame_of_records(records))}."] if records else [])


def searched_and_found(family: Sequence[Result]) -> list[str]:
    """What was searched and what was found."""
    notes = []
    for result in family:
        ranges = ", ".join(f"{d.key} {d.low:g}{DASH}{d.high:g}" for d in result.study.space.dimensions)
        if result.study.sampler == "grid":
            ranges = f"a grid of {result.study.n_trials}"
        found = (
            ", ".join(f"{key} = {value:g}" for key, value in result.winner.values.items()) if result.winner else "none"
        )
        notes.append(f"{optimizer_name(result.study.optimizer)}: searched {ranges}; best: {found}.")
    return notes


def raw_study(result: Result) -> list[dict[str, Any]]:
    """The test scores and every trial, for the csv."""
    s = result.study
    place = Cell(s.setting, s.data, s.model, s.optimizer, s.protocol, s.scale)
    rows = [
        raw_estimate(place, "ours", f"test at the chosen epoch, {kind}", e)
        for kind in result.records
        if (e := result.estimate(kind))
    ]
    for trial in result.at_end:
        assert trial.outcome
        note = f"{trial.outcome.status}: " + ", ".join(f"{key}={value:g}" for key, value in trial.values.items())
        rows.append(raw_number(place, "trial", f"{s.select}, slot {trial.number}", trial.outcome.value, note=note))
    return rows
