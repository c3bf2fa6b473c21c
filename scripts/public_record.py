"""What others published of the paper's cells: readings of its Fig. 4, the official curves, independent reruns.

The data and their sources are in results/paper/ (see its README). A rerun joins a cell only with the same recipe and
schedule; `results/paper/deviations.csv` says which runs deviate, and whether that keeps them apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path

import pandas as pd

PAPER = Path(__file__).resolve().parents[1] / "results" / "paper"
EPOCHS = 200  # the length of every CIFAR run of the paper
WINDOW = 10  # epochs of the "last" mean: 190-199
KEYS = ["dataset", "model", "optimizer"]
DEVIATION_KEYS = ["repository", *KEYS, "settings"]


@dataclass(frozen=True)
class Reading:
    """An end value read off Fig. 4 (percent, mean over the authors' runs); `error` is the reading's uncertainty."""

    value: float
    error: float
    source: str


@dataclass(frozen=True)
class Curve:
    """One published run. `test` and `train` are accuracies in percent, one an epoch from epoch 0 on.

    `deviates` says what keeps the run apart from the cell, `remarks` what a reader should know although it joins.
    """

    repository: str
    settings: str
    test: tuple[float, ...]
    train: tuple[float, ...]
    deviates: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

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
        return max(self.test)

    @property
    def last(self) -> float:
        """Mean of the last ten epochs: the number to compare with."""
        return sum(self.test[-WINDOW:]) / WINDOW


@dataclass(frozen=True)
class PublicRecord:
    """Lookups by (data, model, optimizer), as in ("cifar10", "vgg11", "adabelief")."""

    readings: dict[tuple[str, str, str], Reading]
    curves: dict[tuple[str, str, str], Curve]
    runs: dict[tuple[str, str, str], list[Curve]]

    def figure(self, data: str, model: str, optimizer: str) -> Reading | None:
        return self.readings.get((data, model, optimizer))

    def official(self, data: str, model: str, optimizer: str) -> Curve | None:
        """The authors' curve: a single run (CIFAR-10 only)."""
        return self.curves.get((data, model, optimizer))

    def reruns(self, data: str, model: str, optimizer: str) -> list[Curve]:
        """Every rerun of the cell, those that deviate and unfinished ones too."""
        return self.runs.get((data, model, optimizer), [])

    def joined(self, data: str, model: str, optimizer: str) -> list[Curve]:
        """The finished reruns with the same recipe and schedule."""
        return [run for run in self.reruns(data, model, optimizer) if run.joins]

    def apart(self, data: str, model: str, optimizer: str) -> list[Curve]:
        """The reruns that are not joined: another recipe, or fewer than 200 epochs."""
        return [run for run in self.reruns(data, model, optimizer) if not run.joins]

    def paper_last(self, data: str, model: str, optimizer: str) -> float | None:
        """The authors' last-10 mean of test accuracy: the official curve's, else the figure's reading."""
        if curve := self.official(data, model, optimizer):
            return curve.last
        reading = self.figure(data, model, optimizer)
        return reading.value if reading else None

    def rerun_last(self, data: str, model: str, optimizer: str, repository: str) -> float | None:
        """A repository's last-10 mean: its joined run's, else that of a finished one kept apart (as an order of
        optimizers may use: MSVAG's two forms end alike)."""
        finished = [r for r in self.reruns(data, model, optimizer) if r.complete and r.repository == repository]
        return max(finished, key=lambda r: r.joins).last if finished else None


@lru_cache(maxsize=4)
def load_public_record(folder: Path = PAPER) -> PublicRecord:
    """Read the public record; takes a fraction of a second."""
    published = pd.read_csv(folder / "published.csv")
    official = pd.read_csv(folder / "curves.csv.gz").assign(repository="juntang-zhuang/Adabelief-Optimizer")
    reruns = pd.read_csv(folder / "rerun_curves.csv.gz").query("task == 'image'")
    deviations = pd.read_csv(folder / "deviations.csv")
    curves = {key: found[0] for key, found in read_curves(official).items()}
    return PublicRecord(read_figure(published), curves, read_curves(reruns, deviations))


def read_figure(published: pd.DataFrame) -> dict[tuple[str, str, str], Reading]:
    rows = published[(published["kind"] == "figure") & (published["metric"] == "test_acc_end")]
    rows = rows[rows["source"].str.startswith("paper Fig. 4")]
    return {
        (row.dataset, row.model, row.optimizer): Reading(row.value, reading_error(row.note), row.source)
        for row in rows.itertuples()
    }


def reading_error(note: str) -> float:
    found = re.search(r"uncertainty \+-([\d.]+)", note)
    if not found:
        raise ValueError(f"a figure reading's note must state its uncertainty, got {note!r}")
    return float(found.group(1))


def read_curves(rows: pd.DataFrame, deviations: pd.DataFrame | None = None) -> dict[tuple[str, str, str], list[Curve]]:
    curves: dict[tuple[str, str, str], list[Curve]] = {}
    by = [name for name in ("repository", *KEYS, "run", "settings") if name in rows]
    for _, run in rows.groupby(by):
        first = run.iloc[0]
        split = {name: part.sort_values("epoch")["value"] for name, part in run.groupby("split")}
        found = [] if deviations is None else [d for d in deviations.itertuples() if matches(d, first)]
        curve = Curve(
            first["repository"], first["settings"], tuple(split["test"]), tuple(split["train"]),
            tuple(d.reason for d in found if d.joins == "no"), tuple(d.reason for d in found if d.joins == "yes"),
        )  # fmt: skip
        curves.setdefault((first["dataset"], first["model"], first["optimizer"]), []).append(curve)
    return curves


def matches(deviation, run: pd.Series) -> bool:
    """Whether a row of deviations.csv speaks of a run; its fields are shell patterns."""
    return all(fnmatch(run[key], getattr(deviation, key)) for key in DEVIATION_KEYS)
