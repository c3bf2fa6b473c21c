"""Tuning studies as tables and figures want them: the trials, the runs with fresh seeds, the tuning curve."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from opda.nonparametric import EmpiricalDistribution

from experiments.record import Record, read_lines
from experiments.tuning.rows import contestants
from experiments.tuning.slots import Slots, Trial, read_studies
from experiments.tuning.study import Study
from scripts.reading.measure import MEASURES, Measure
from scripts.reading.names import OPTIMIZERS
from scripts.reading.statistic import Estimate, estimate, paired

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Reached:
    """How soon a run reached the study's target: steps (batches) and seconds at the end of that epoch; steps are None
    in records that did not count them."""

    steps: int | None
    seconds: float


@dataclass(frozen=True)
class Curve:
    """The median best value after n = 1, 2, ... trials, and the ends of its band, which holds for all n at once."""

    middle: list[float]
    low: list[float]
    high: list[float]


@dataclass(frozen=True)
class Result:
    """A study with what was found. records: by kind (recipe, defaults, tuned) the runs with fresh seeds."""

    study: Study
    trials: list[Trial]
    winner: Trial | None
    records: dict[str, list[Record]]

    @property
    def at_end(self) -> list[Trial]:
        return [trial for trial in self.trials if trial.outcome]

    @property
    def measure(self) -> Measure:
        return MEASURES[self.study.select.rpartition("/")[2]]

    def count(self, status: str) -> int:
        return sum(trial.outcome.status == status for trial in self.at_end if trial.outcome)

    def scores(self, kind: str) -> dict[int, float]:
        """The test score at the epoch that held-out data chose, by seed, of the runs that did not diverge."""
        complete = [r for r in self.records.get(kind, []) if r.status == "complete"]
        found = {r.seed: r.summary["scores"]["best"] for r in complete if r.summary}
        return {seed: score for seed, score in found.items() if score is not None}

    def estimate(self, kind: str) -> Estimate | None:
        return estimate(list(self.scores(kind).values()))

    def gain(self, over: str) -> Estimate | None:
        """How much better the tuned runs are, paired by seed."""
        sign = self.study.sign
        tuned, other = ({s: sign * v for s, v in self.scores(kind).items()} for kind in ("tuned", over))
        return paired(tuned, other)

    def diverged(self, kind: str) -> int:
        return sum(record.status == "diverged" for record in self.records.get(kind, []))

    def reached(self, kind: str) -> list[Reached]:
        """For each run that reached the target, how soon."""
        return [found for record in self.records.get(kind, []) if (found := self.reach(record))]

    def reach(self, record: Record) -> Reached | None:
        study, target = self.study, self.study.target
        if target is None:
            return None
        scores = [
            (n, line[study.select]) for n, line in enumerate(record.metrics) if line.get(study.select) is not None
        ]
        epoch = next((n for n, score in scores if study.sign * score >= study.sign * target), None)
        if epoch is None:
            return None
        times = read_lines(record.folder / "times.jsonl")[: epoch + 1]
        steps = None if any("steps" not in line for line in times) else sum(line["steps"] for line in times)
        return Reached(steps, sum(line["seconds"] for line in times))

    def curve(self) -> Curve | None:
        """The tuning curve of opda (Lourie, Cho and He, arXiv 2311.09480), with its distribution-free band. A pruned
        trial counts with its best value so far, a diverged one with the worst there is."""
        better_high = self.study.better == "max"
        worst, least, most = (0.0, 0.0, 100.0) if better_high else (np.inf, 0.0, np.inf)
        values = [
            trial.outcome.value if np.isfinite(trial.outcome.value) else worst for trial in self.at_end if trial.outcome
        ]
        if not values:
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # equal values, at chance: the band is too wide then
            bands = EmpiricalDistribution.confidence_bands(
                values, CONFIDENCE, least, most, method="ld_equal_tailed", n_jobs=1
            )  # fmt: skip
        counts = range(1, len(values) + 1)
        ends, middle, other = (d.quantile_tuning_curve(counts, minimize=not better_high).tolist() for d in bands)
        low, high = (list(map(f, ends, other)) for f in (min, max))
        return Curve(middle, low, high)


def read_results(stores: Sequence[Path]) -> list[Result]:
    """Every study at hand with its results, those of a task and cell together, in the order of the paper's figures."""
    order = list(OPTIMIZERS)
    studies = sorted(
        read_studies(stores), key=lambda s: order.index(s.optimizer) if s.optimizer in order else len(order)
    )
    return [read_result(Slots(study, stores)) for study in studies]


def read_result(slots: Slots) -> Result:
    runs = {
        kind: [record for request in requests if (record := slots.record(request))]
        for kind, requests in contestants(slots).items()
    }
    return Result(slots.study, slots.trials(), slots.winner(), runs)


def families(results: Sequence[Result]) -> list[list[Result]]:
    """Results that belong side by side: of one task, data set, model, protocol, scale and words, trials drawn and ended
    alike."""
    found: dict[tuple[object, ...], list[Result]] = {}
    for result in results:
        s = result.study
        key = s.task, s.setting, s.data, s.model, s.protocol, s.scale, s.words, s.sampler, s.pruner, s.trial_seeds
        found.setdefault(key, []).append(result)
    return list(found.values())
