"""The numbered trials of a study: what each tried, and what became of it.

A trial's values are drawn once and stand in `trials.jsonl`; its runs are ordinary runs of the store. Both together are
the study, whatever else is lost.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from experiments.config.compose import Request
from experiments.config.paths import ARCHIVE
from experiments.store.atomic_write import atomic_write
from experiments.store.run_files import Record, as_json, read_lines, read_record, run_path
from experiments.store.status import is_same_run
from experiments.studies.study import FILE, Study, read_study

TRIALS = "trials.jsonl"


@dataclass(frozen=True)
class Outcome:
    """What became of a trial. status: complete, pruned or diverged; value: the mean over its seeds of the best epoch's
    `select`, of the epochs that there are; infinitely bad where a run diverged."""

    status: str
    value: float


@dataclass(frozen=True)
class Trial:
    number: int
    values: dict[str, float]
    outcome: Outcome | None  # None: not at its end


class StudyTrials:
    """A study's trials, read from stores of records; new ones are drawn into the first store's studies.

    how: overrides for running alone (threads=1), which belong to no study.
    """

    def __init__(self, study: Study, stores: Sequence[Path], how: Sequence[str] = ()) -> None:
        self.study, self.stores, self.how = study, stores, tuple(how)
        self.folder = studies_of(stores[0]) / study.path

    @property
    def drawn(self) -> dict[int, dict[str, float]]:
        """The values of every trial that has been drawn, by its number."""
        for store in self.stores:
            if lines := read_lines(studies_of(store) / self.study.path / TRIALS):
                return {line["slot"]: line["values"] for line in lines}
        return {}

    def keep(self, number: int, values: dict[str, float]) -> None:
        """Write down what a trial tries. Whoever calls this holds the study's lock."""
        drawn = {**self.drawn, number: values}
        lines = [as_json({"slot": number, "values": drawn[number]}) + "\n" for number in sorted(drawn)]
        atomic_write(self.folder / TRIALS, "".join(lines).encode())

    def requests(self, values: dict[str, float], seeds: Sequence[int] | None = None) -> list[Request]:
        overrides = self.study.overrides_for(values)
        return self.study.requests(seeds or self.study.trial_seeds, *overrides, *self.how)

    def trial(self, number: int, values: dict[str, float]) -> Trial:
        return Trial(number, values, self.outcome(self.requests(values)))

    def drawn_trials(self) -> list[Trial]:
        """Every trial within the budget that has been drawn."""
        return [self.trial(number, values) for number, values in self.drawn.items() if number < self.study.n_trials]

    def outcome(self, requests: Sequence[Request]) -> Outcome | None:
        """What became of a trial's runs, or None while one is to be made."""
        found = []
        for request in requests:
            record = self.record(request)
            if record is None:
                return None
            found.append(self.value(record))
            if record.status != "complete":
                return Outcome(record.status, sum(found) / len(found))
        return Outcome("complete", sum(found) / len(found))

    def record(self, request: Request) -> Record | None:
        """The run that is at its end for this study, as the configuration now stands."""
        for store in self.stores:
            record = read_record(store, run_path(request))
            if record and record.summary and is_same_run(record, request) and not record.summary.get("unscored"):
                pruned = record.summary.get("pruned_by") == str(self.study.path)
                if pruned or record.answers(request.epochs):
                    return record
        return None

    def curve(self, values: dict[str, float]) -> dict[int, float]:
        """The scores by epoch of a trial's first run, if that is at its end: what prunes and is pruned."""
        record = self.record(self.requests(values)[0])
        lines = record.metrics if record else []
        return {line["epoch"]: line[self.study.select] for line in lines if line.get(self.study.select) is not None}

    def value(self, record: Record) -> float:
        study = self.study
        if record.status == "diverged":
            return -math.inf * study.sign
        scores = [line[study.select] for line in record.metrics if line.get(study.select) is not None]
        return max(scores, key=lambda score: study.sign * score)

    def winner(self) -> Trial | None:
        """The best complete trial, the earliest of equals."""
        return best_trial(self.study, self.drawn_trials())


def best_trial(study: Study, trials: Sequence[Trial]) -> Trial | None:
    """The best complete one of a study's trials, the earliest of equals."""
    complete = [t for t in trials if t.outcome and t.outcome.status == "complete"]
    return max(complete, key=lambda t: (study.sign * t.outcome.value, -t.number), default=None)  # type: ignore[union-attr]


def studies_of(store: Path) -> Path:
    """Where the studies lie whose runs are in a store."""
    return beside_store(store, "studies")


def beside_store(store: Path, name: str) -> Path:
    """What belongs to a store lies beside the live one, within the archive."""
    return store / name if store == ARCHIVE else store.parent / name


def read_studies(stores: Sequence[Path]) -> list[Study]:
    """Every study in the stores, each once."""
    found: dict[Path, Study] = {}
    for store in stores:
        for path in sorted(studies_of(store).glob(f"*/*/*/*/*/*/{FILE}")):
            study = read_study(path.parent)
            if study.path == path.parent.relative_to(studies_of(store)):  # not of another version of this program
                found.setdefault(study.path, study)
    return list(found.values())


def as_begun(study: Study, stores: Sequence[Path]) -> Study:
    """The same study as it was begun in one of the stores, where an unused grid was still part of its name."""
    for store in stores:
        for path in sorted((studies_of(store) / study.path.parent).glob(f"*/{FILE}")):
            begun = replace(read_study(path.parent), budget=study.budget)
            if study.sampler != "grid" and replace(begun, space=replace(begun.space, grid={})) == study:
                return begun
    return study
