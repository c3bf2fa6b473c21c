"""Published numbers as they stand in results/paper/: figures' readings, whole curves, known deviations."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

import pandas as pd

from experiments.config.metric import Metric
from scripts.loading.measures import MEASURES

EPOCHS = 200  # the length of every CIFAR and PTB run of the paper
WINDOW = 10  # epochs of the "last" mean: 190-199
END_VALUES = {"test_acc_end": "paper Fig. 4", "test_ppl_final": "paper Fig. 5"}
KEYS = ["dataset", "model", "optimizer"]
MEASURED = {"acc": MEASURES["accuracy"], "ppl": MEASURES["perplexity"]}  # by the name in the files
DEVIATION_KEYS = ["repository", *KEYS, "settings"]


@dataclass(frozen=True)
class Reading:
    """An end value read off Fig. 4 (percent) or 5 (perplexity), mean over the authors' runs; `error` is the reading's
    uncertainty."""

    value: float
    error: float
    source: str


@dataclass(frozen=True)
class PublishedRun:
    """One published run. `test` and `train` are scores of `metric` (accuracies in percent, perplexities), one an epoch
    from the first on.

    `deviates` says what keeps the run apart from the cell, `remarks` what a reader should know although it joins,
    `orders` whether it may stand in an order of optimizers though it is kept apart.
    """

    repository: str
    settings: str
    test: tuple[float, ...]
    train: tuple[float, ...]
    deviates: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    metric: Metric = MEASURES["accuracy"]
    orders: bool = True

    @property
    def complete(self) -> bool:
        """Whether all epochs are there."""
        return len(self.test) == EPOCHS

    @property
    def joins(self) -> bool:
        """Whether the run counts among a cell's reruns."""
        return self.complete and not self.deviates

    @property
    def final(self) -> float:
        """The score after the last epoch."""
        return self.test[-1]

    @property
    def best(self) -> float:
        """Selected on the test set, as published."""
        return max(self.test, key=lambda score: self.metric.sign * score)

    @property
    def last(self) -> float:
        """Mean of the last ten epochs: the number to compare with."""
        return sum(self.test[-WINDOW:]) / WINDOW


def read_figure(published: pd.DataFrame) -> dict[tuple[str, str, str], Reading]:
    """The end values read off the paper's figures, by (data, model, optimizer)."""
    rows = published[(published["kind"] == "figure") & published["metric"].isin(END_VALUES)]
    return {
        (row["dataset"], row["model"], row["optimizer"]): Reading(
            row["value"], reading_error(row["note"]), row["source"]
        )
        for row in rows.to_dict("records")
        if row["source"].startswith(END_VALUES[row["metric"]])
    }


def reading_error(note: str) -> float:
    """The uncertainty that a figure reading's note states. Raises ValueError where it states none."""
    found = re.search(r"(?:uncertainty|reading error) \+-([\d.]+)", note)
    if not found:
        raise ValueError(f"a figure reading's note must state its uncertainty, got {note!r}")
    return float(found.group(1))


def read_curves(
    rows: pd.DataFrame, deviations: pd.DataFrame | None = None
) -> dict[tuple[str, str, str], list[PublishedRun]]:
    """Whole curves by (data, model, optimizer), from a frame of single scores; `deviations` says which of them are not
    of the cell's own recipe and schedule."""
    known = [] if deviations is None else deviations.to_dict("records")
    by = [name for name in ("repository", *KEYS, "run", "settings") if name in rows]
    curves: dict[tuple[str, str, str], list[PublishedRun]] = {}
    scores: dict[tuple[Any, ...], dict[str, tuple[float, ...]]] = {}
    metrics: dict[tuple[Any, ...], str] = {}
    ordered = rows.sort_values([*by, "split", "epoch"], kind="stable")
    for (*names, split), part in ordered.groupby([*by, "split"], sort=False):  # type: ignore[misc]
        scores.setdefault(tuple(names), {})[str(split)] = tuple(part["value"].tolist())
        metrics.setdefault(tuple(names), part["metric"].iloc[0])
    for key, splits in scores.items():
        run = dict(zip(by, key))
        made = curve_of(run, splits, MEASURED[metrics[key]], known)
        curves.setdefault((run["dataset"], run["model"], run["optimizer"]), []).append(made)
    return curves


def curve_of(
    run: Mapping[str, Any], splits: Mapping[str, tuple[float, ...]], metric: Metric, known: Sequence[Mapping[Any, Any]]
) -> PublishedRun:
    """A published run's curve, with what is known of its deviations."""
    found = [deviation for deviation in known if matches(deviation, run)]
    deviates, remarks = (
        tuple(d["reason"] for d in found if d["joins"] in joins) for joins in (("no", "order"), ("yes",))
    )
    return PublishedRun(
        run["repository"], run["settings"], splits["test"], splits["train"], deviates, remarks, metric,
        orders=all(d["joins"] != "no" for d in found),
    )  # fmt: skip


def matches(deviation: Mapping[Any, Any], run: Mapping[str, Any]) -> bool:
    """Whether a row of deviations.csv speaks of a run; its fields are shell patterns."""
    return all(fnmatch(run[key], deviation[key]) for key in DEVIATION_KEYS)
