"""What others published of the paper's cells: readings of its Fig. 4 and 5, the official curves, independent reruns.

The data and their sources are in results/paper/ (see its README). A rerun joins a cell only with the same recipe and
schedule; `results/paper/deviations.csv` says which runs deviate, and whether that keeps them apart.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path

import pandas as pd

from experiments.config.cell import Cell
from scripts.published.curves import PublishedRun, Reading, read_curves, read_figure

PAPER = Path(__file__).resolve().parents[2] / "results" / "paper"


@dataclass(frozen=True)
class Scope:
    """What of the public record is of a setting's own recipes and schedule; `reruns` is a shell pattern."""

    figure: bool = True
    curves: bool = True
    reruns: str = "*"


SCOPES = {
    "adabelief-ptb-figure": Scope(curves=False, reruns=""),  # every published curve drops its rate at other epochs
    "adadiff-ptb": Scope(figure=False, curves=False, reruns="deerOfHd/*"),  # the method's own authors
}


def public_key(cell: Cell) -> tuple[str, str, str]:
    """Where a cell's published numbers stand."""
    return cell.data, cell.model, cell.optimizer


@dataclass(frozen=True)
class PublicRecord:
    """Lookups by (data, model, optimizer), as in ("cifar10", "vgg11", "adabelief")."""

    readings: dict[tuple[str, str, str], Reading]
    curves: dict[tuple[str, str, str], PublishedRun]
    runs: dict[tuple[str, str, str], list[PublishedRun]]

    def of(self, setting: str) -> PublicRecord:
        """The part that may stand beside a setting's cells."""
        scope = SCOPES.get(setting, Scope())
        runs = {key: [r for r in found if fnmatch(r.repository, scope.reruns)] for key, found in self.runs.items()}
        return replace(
            self, readings=self.readings if scope.figure else {}, curves=self.curves if scope.curves else {}, runs=runs
        )

    def figure(self, data: str, model: str, optimizer: str) -> Reading | None:
        return self.readings.get((data, model, optimizer))

    def official(self, data: str, model: str, optimizer: str) -> PublishedRun | None:
        """The authors' curve: a single run (none for CIFAR-100, nor for Fromage on PTB)."""
        return self.curves.get((data, model, optimizer))

    def reruns(self, data: str, model: str, optimizer: str) -> list[PublishedRun]:
        """Every rerun of the cell, those that deviate and unfinished ones too."""
        return self.runs.get((data, model, optimizer), [])

    def joined(self, data: str, model: str, optimizer: str) -> list[PublishedRun]:
        """The finished reruns with the same recipe and schedule."""
        return [run for run in self.reruns(data, model, optimizer) if run.joins]

    def apart(self, data: str, model: str, optimizer: str) -> list[PublishedRun]:
        """The reruns that are not joined: another recipe, or fewer than 200 epochs."""
        return [run for run in self.reruns(data, model, optimizer) if not run.joins]

    def paper_last(self, data: str, model: str, optimizer: str) -> float | None:
        """The authors' last-10 mean of the test score: the official curve's, else the figure's reading."""
        if curve := self.official(data, model, optimizer):
            return curve.last
        reading = self.figure(data, model, optimizer)
        return reading.value if reading else None

    def rerun_last(self, data: str, model: str, optimizer: str, repository: str) -> float | None:
        """A repository's last-10 mean, for an order of optimizers: its joined run's, else that of one kept apart of
        which `deviations.csv` says that it may stand there."""
        runs = self.reruns(data, model, optimizer)
        finished = [r for r in runs if r.complete and r.orders and r.repository == repository]
        return max(finished, key=lambda r: r.joins).last if finished else None


@lru_cache(maxsize=4)
def load_public_record(folder: Path = PAPER) -> PublicRecord:
    """Read the public record; takes a fraction of a second."""
    published = pd.concat([pd.read_csv(folder / name) for name in ("published.csv", "published_lstm.csv")])
    official = pd.concat([pd.read_csv(folder / name) for name in ("curves.csv.gz", "ptb_curves.csv.gz")])
    official = official.assign(repository="juntang-zhuang/Adabelief-Optimizer")
    reruns = pd.read_csv(folder / "rerun_curves.csv.gz").query("dataset != 'wikitext2'")
    deviations = pd.read_csv(folder / "deviations.csv")
    curves = {key: found[0] for key, found in read_curves(official).items()}
    return PublicRecord(read_figure(published), curves, read_curves(reruns, deviations))


__all__ = ["PublicRecord", "PublishedRun", "Reading", "load_public_record", "public_key"]
