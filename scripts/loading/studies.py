"""Tuning studies as tables and figures want them: the trials, the runs with fresh seeds, how soon these were good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from experiments.config.compose import compose_ahead
from experiments.store.run_files import TIMES, Record, read_lines
from experiments.studies.study import Study
from experiments.studies.trials import StudyTrials, Trial, best_trial, read_studies
from experiments.studies.tuned_recipes import final_requests
from scripts.loading.display import optimizer_rank
from scripts.loading.measures import Measure, named_measure
from scripts.loading.runs import frame_of_records
from scripts.loading.statistics import Estimate, estimate, paired
from scripts.loading.tuning_curve import CONFIDENCE, TuningCurve, tuning_curve

__all__ = ["CONFIDENCE", "Reached", "Result", "TuningCurve", "families", "read_results"]


@dataclass(frozen=True)
class Reached:
    """How soon a run reached the study's target: steps (batches) and seconds at the end of that epoch; steps are None
    in records that did not count them."""

    steps: int | None
    seconds: float


@dataclass(frozen=True)
class Result:
    """A study with what was found. records: by kind (recipe, defaults, tuned) the runs with fresh seeds."""

    study: Study
    trials: list[Trial]
    winner: Trial | None
    records: dict[str, list[Record]]

    @property
    def at_end(self) -> list[Trial]:
        """The trials that have an outcome."""
        return [trial for trial in self.trials if trial.outcome]

    @property
    def measure(self) -> Measure:
        """What the study is judged by."""
        return named_measure(self.study.select)

    @property
    def runs(self) -> pd.DataFrame:
        """The runs with fresh seeds of all kinds, as rows of the `runs` frame."""
        return frame_of_records([record for records in self.records.values() for record in records])

    def count(self, status: str) -> int:
        """How many trials ended with a status."""
        return sum(trial.outcome.status == status for trial in self.at_end if trial.outcome)

    def scores(self, kind: str) -> dict[int, float]:
        """The test score at the epoch that held-out data chose, by seed, of the runs that did not diverge."""
        complete = [r for r in self.records.get(kind, []) if r.status == "complete"]
        found = {r.seed: r.summary["scores"]["best"] for r in complete if r.summary}
        return {seed: score for seed, score in found.items() if score is not None}

    def estimate(self, kind: str) -> Estimate | None:
        """The test score of the runs of a kind over their seeds."""
        return estimate(list(self.scores(kind).values()))

    def gain(self, over: str) -> Estimate | None:
        """How much better the tuned runs are, paired by seed."""
        sign = self.study.sign
        tuned, other = ({s: sign * v for s, v in self.scores(kind).items()} for kind in ("tuned", over))
        return paired(tuned, other)

    def diverged(self, kind: str) -> int:
        """How many runs of a kind diverged."""
        return sum(record.status == "diverged" for record in self.records.get(kind, []))

    def reached(self, kind: str) -> list[Reached]:
        """For each run that reached the target, how soon."""
        return [found for record in self.records.get(kind, []) if (found := self.reach(record))]

    def reach(self, record: Record) -> Reached | None:
        """How soon a run reached the target; None where it did not, or there is none."""
        study, target = self.study, self.study.target
        if target is None:
            return None
        scores = [
            (n, line[study.select]) for n, line in enumerate(record.metrics) if line.get(study.select) is not None
        ]
        epoch = next((n for n, score in scores if study.sign * score >= study.sign * target), None)
        if epoch is None:
            return None
        times = read_lines(record.folder / TIMES)[: epoch + 1]
        steps = None if any("steps" not in line for line in times) else sum(line["steps"] for line in times)
        return Reached(steps, sum(line["seconds"] for line in times))

    def curve(self) -> TuningCurve | None:
        """The tuning curve of the trials at their end; None without any."""
        return tuning_curve([trial.outcome.value for trial in self.at_end if trial.outcome], self.study.sign)


def read_results(stores: Sequence[Path]) -> list[Result]:
    """Every study at hand with its results, those of a task and cell together, in the order of the paper's figures."""
    studies = sorted(read_studies(stores), key=lambda study: optimizer_rank(study.optimizer))
    all_trials = [StudyTrials(study, stores) for study in studies]
    prepare_study_requests(all_trials)
    return [read_result(study_trials) for study_trials in all_trials]


def prepare_study_requests(all_trials: Sequence[StudyTrials]) -> None:
    """Have the configurations composed that studies ask for whatever their trials say, on all cores."""
    compose_ahead(study_trials.study.base for study_trials in all_trials)
    asked: list[list[str]] = []
    for study_trials in all_trials:
        study = study_trials.study
        tried = [study.overrides_for(values) for values in study_trials.drawn.values()]
        for seeds, points in ((study.trial_seeds, tried), (study.fresh_seeds, [[], ["recipe=none"]])):
            asked += [[*study.base, *words, f"seed={seeds[0]}"] for words in points if seeds]
    compose_ahead(asked)


def read_result(study_trials: StudyTrials) -> Result:
    """A study's trials, and the runs that its winner, its recipe and the optimizer's own defaults got."""
    trials = study_trials.drawn_trials()
    winner = best_trial(study_trials.study, trials)
    runs = {
        kind: [record for request in requests if (record := study_trials.record(request))]
        for kind, requests in final_requests(study_trials, winner).items()
    }
    return Result(study_trials.study, trials, winner, runs)


def families(results: Sequence[Result]) -> list[list[Result]]:
    """Results that belong side by side: of one task, data set, model, protocol, scale and words, trials drawn and ended
    alike."""
    found: dict[tuple[object, ...], list[Result]] = {}
    for result in results:
        s = result.study
        key = s.task, s.setting, s.data, s.model, s.protocol, s.scale, s.overrides, s.sampler, s.pruner, s.trial_seeds
        found.setdefault(key, []).append(result)
    return list(found.values())
