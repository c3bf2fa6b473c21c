"""Sentences about runs that stand in no row: stale ones, and those that stopped before the schedule's end."""

from __future__ import annotations

from typing import Any

import pandas as pd

from scripts.loading.display import data_name, network_name, optimizer_name
from scripts.loading.epochs import read_epochs
from scripts.loading.grid_results import GridResults


def label(cell: Any) -> str:
    """How a cell, or a row of the `runs` frame, is called in a sentence: "VGG11 Adam"."""
    return f"{network_name(cell.setting, cell.model)} {optimizer_name(cell.optimizer)}"


def stale_notes(part: GridResults, data: str | None = None) -> list[str]:
    """One line for each run that the present configuration no longer speaks for."""
    if not len(part.stale):
        return []
    return [
        f"Stale, not in the table: {label(run)} on {data_name(str(run.data))}, {run.protocol} protocol, "
        f"seed {run.seed}: {run.reason}."
        for run in part.stale.itertuples()
        if data in (None, run.data)
    ]


def partial_note(part: GridResults, data: str) -> list[str]:
    """Runs that stopped before the schedule's end have no final, best or last value; what they reached is named."""
    if not len(part.runs):
        return []
    short = part.runs[(part.runs["status"] == "partial") & (part.runs["data"] == data)]
    if not len(short):
        return []
    reached = last_scores(short, f"test/{part.measure.name}")
    named = ", ".join(
        f"{label(run)} seed {run.seed} ({run.epochs_done}; {score})"
        for run, score in zip(short.itertuples(), reached)
    )  # fmt: skip
    protocol = "" if part.protocol == "paper" else f", {part.protocol} protocol"
    what = f"epochs done; test {part.measure.name} then"
    return [f"Stopped before the last epoch, not in the table ({what}){protocol}: {named}."]


def last_scores(runs: pd.DataFrame, metric: str) -> list[str]:
    """The last score of each run."""
    epochs = read_epochs(runs)
    if metric not in epochs:
        return ["not scored"] * len(runs)
    found = epochs.dropna(subset=[metric]).groupby("run")[metric].last()
    return [f"{found[run]:.2f}" if run in found else "not scored" for run in runs.index]
