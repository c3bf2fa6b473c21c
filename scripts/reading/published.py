"""Published numbers as they stand in results/paper/: figures' readings, whole curves, known deviations."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

import pandas as pd

EPOCHS = 200  # the length of every CIFAR and PTB run of the paper
WINDOW = 10  # epochs of the "last" mean: 190-199
END_VALUES = {"test_acc_end": "paper Fig. 4", "test_ppl_final": "paper Fig. 5"}
KEYS = ["dataset", "model", "optimizer"]
DEVIATION_KEYS = ["repository", *KEYS, "settings"]


@dataclass(frozen=True)
class Reading:
    """An end value read off Fig. 4 (percent) or 5 (perplexity), mean over the authors' runs; `error` is the reading's
    uncertainty."""

    value: float
    error: float
    source: str


@dataclass(frozen=True)
class Curve:
    """One published run. `test` and `train` are accuracies in percent, or perplexities where lower is `better`, one an
    epoch from the first on.

    `deviates` says what keeps the run apart from the cell, `remarks` what a reader should know although it joins,
    `orders` whether it may stand in an order of optimizers though it is kept apart.
    """

    repository: str
    settings: str
    test: tuple[float, ...]
    train: tuple[float, ...]
    deviates: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    better: str = "max"
    orders: bool = True

    @property
    def complete(self) -> bool:
        return len(self.test) == EPOCHS

    @property
    def joins(self) -> bool:
        """Whether the run counts among a cell's reruns."""
        return self.complete and not self.deviates

    @property
    def final(self) -> float:
        return self.test[-1]

    @property
    def best(self) -> float:
        """Selected on the test set, as published."""
        return max(self.test) if self.better == "max" else min(self.test)

    @property
    def last(self) -> float:
        """Mean of the last ten epochs: the number to compare with."""
        return sum(self.test[-WINDOW:]) / WINDOW


def read_figure(published: pd.DataFrame) -> dict[tuple[str, str, str], Reading]:
    rows = published[(published["kind"] == "figure") & published["metric"].isin(END_VALUES)]
    return {
        (row["dataset"], row["model"], row["optimizer"]): Reading(
            row["value"], reading_error(row["note"]), row["source"]
        )
        for row in rows.to_dict("records")
        if row["source"].startswith(END_VALUES[row["metric"]])
    }


def reading_error(note: str) -> float:
    found = re.search(r"(?:uncertainty|reading error) \+-([\d.]+)", note)
    if not found:
        raise ValueError(f"a figure reading's note must state its uncertainty, got {note!r}")
    return float(found.group(1))


def read_curves(rows: pd.DataFrame, deviations: pd.DataFrame | None = None) -> dict[tuple[str, str, str], list[Curve]]:
    curves: dict[tuple[str, str, str], list[Curve]] = {}
    by = [name for name in ("repository", *KEYS, "run", "settings") if name in rows]
    for _, run in rows.groupby(by):
        first = run.iloc[0]
        split = {name: part.sort_values("epoch")["value"] for name, part in run.groupby("split")}
        found = [] if deviations is None else [d for d in deviations.to_dict("records") if matches(d, first)]
        deviates, remarks = (
            tuple(d["reason"] for d in found if d["joins"] in joins) for joins in (("no", "order"), ("yes",))
        )
        curve = Curve(
            first["repository"], first["settings"], tuple(split["test"]), tuple(split["train"]), deviates, remarks,
            better="min" if first["metric"] == "ppl" else "max", orders=all(d["joins"] != "no" for d in found),
        )  # fmt: skip
        curves.setdefault((first["dataset"], first["model"], first["optimizer"]), []).append(curve)
    return curves


def matches(deviation: Mapping[Hashable, Any], run: pd.Series) -> bool:
    """Whether a row of deviations.csv speaks of a run; its fields are shell patterns."""
    return all(fnmatch(run[key], deviation[key]) for key in DEVIATION_KEYS)
