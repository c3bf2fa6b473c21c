"""What Optuna does for a study: it proposes points (TPE), prunes, and keeps the trials where several workers and its
own tools (optuna-dashboard) see them. StudyTrials and records are the truth; this is told what they say."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.trial import TrialState, create_trial
from sqlalchemy.exc import SQLAlchemyError

from experiments.config.errors import UserError
from experiments.store.lock import run_lock
from experiments.studies.trials import Outcome, StudyTrials

STARTUP = 5  # trials of TPE that are quasi-random
LEAST = 3  # trials at their end before the median prunes
optuna.logging.set_verbosity(optuna.logging.WARNING)


class TrialStorage:
    """A study's trials in Optuna's storage: a SQLite file beside the studies, or a database by its URL."""

    def __init__(self, study_trials: StudyTrials, url: str | None = None) -> None:
        self.study_trials, self.study = study_trials, study_trials.study
        self.url = url or default_url(study_trials)
        with self.study_lock():
            self.optuna = self.load_study()
            known = self.known_trials()
            for number, values in study_trials.drawn.items():
                if number not in known:  # the storage is new, or another one
                    self.add_trial(number, values, study_trials.curve(values))
        self.report_outcomes()

    @contextmanager
    def study_lock(self) -> Iterator[None]:
        """Alone with the study: one worker draws, or tells, at a time."""
        store = self.study_trials.stores[0]
        with run_lock(store, Path("studies", self.study.path, "study"), wait=True):
            yield

    def load_study(self) -> optuna.Study:
        try:
            return optuna.create_study(
                storage=open_storage(self.url), study_name=str(self.study.path), load_if_exists=True,
                direction="maximize" if self.study.better == "max" else "minimize",
                pruner=make_pruner(self.study.pruner, self.epochs),
            )  # fmt: skip
        except (SQLAlchemyError, ImportError, ValueError) as error:
            raise UserError(
                f"storage {without_password(self.url)} cannot be used: {str(error).splitlines()[0]}"
            ) from error

    @property
    def epochs(self) -> int:
        return self.study.request(self.study.trial_seeds[0], *self.study.some_point).epochs

    def open_trial(self, number: int) -> tuple[dict[str, float], optuna.Trial]:
        """A trial and its values, drawn if it has none yet. Whoever calls this holds the trial's lock."""
        with self.study_lock():
            trial, drawn = self.known_trials().get(number), self.study_trials.drawn.get(number)
            trial = trial or (self.add_trial(number, drawn) if drawn else self.draw_trial(number))
            if drawn is None:
                drawn = self.rounded_values(trial.params)
                self.study_trials.keep(number, drawn)
            return drawn, optuna.Trial(self.optuna, trial._trial_id)

    def known_trials(self) -> dict[int, optuna.trial.FrozenTrial]:
        """Optuna's trials by number. One without a number was drawn by a worker that died before it said for what."""
        found: dict[int, optuna.trial.FrozenTrial] = {}
        for trial in self.optuna.get_trials(deepcopy=False):
            if "slot" in trial.user_attrs:
                found.setdefault(trial.user_attrs["slot"], trial)
            elif trial.state == TrialState.RUNNING:
                self.optuna.tell(trial.number, state=TrialState.FAIL)
        return found

    def draw_trial(self, number: int) -> optuna.trial.FrozenTrial:
        """A new trial for a number. Quasi-random and grid points depend on the number alone."""
        space = self.study.space
        if self.study.sampler == "grid":
            return self.add_trial(number, space.grid_point(number))
        if self.study.sampler == "quasi_random" or number < STARTUP:
            return self.add_trial(number, space.quasi_random_point(number))
        self.optuna.sampler = optuna.samplers.TPESampler(seed=number, n_startup_trials=0, constant_liar=True)
        trial = self.optuna.ask(self.distributions())
        trial.set_user_attr("slot", number)
        return trial._get_latest_trial()

    def add_trial(
        self, number: int, values: dict[str, float], curve: dict[int, float] | None = None
    ) -> optuna.trial.FrozenTrial:
        """A running trial of given values and, where it has run already, its scores by epoch."""
        self.optuna.add_trial(
            create_trial(
                state=TrialState.RUNNING, params=values, distributions=self.distributions(),
                user_attrs={"slot": number}, intermediate_values=curve or {},
            )
        )  # fmt: skip
        return next(t for t in self.optuna.get_trials(deepcopy=False) if t.user_attrs.get("slot") == number)

    def distributions(self) -> dict[str, BaseDistribution]:
        if self.study.sampler == "grid":
            return {key: CategoricalDistribution(values) for key, values in self.study.space.grid.items()}
        return {d.key: FloatDistribution(d.low, d.high, log=d.log) for d in self.study.space.dimensions}

    def rounded_values(self, params: dict[str, Any]) -> dict[str, float]:
        if self.study.sampler == "grid":
            return params
        return {d.key: d.rounded(params[d.key]) for d in self.study.space.dimensions}

    def report_outcomes(self) -> None:
        """Tell Optuna of every trial that is at its end by the records."""
        with self.study_lock():
            states = {t.user_attrs["slot"]: t for t in self.optuna.get_trials(deepcopy=False) if "slot" in t.user_attrs}
            for trial in self.study_trials.drawn_trials():
                there = states.get(trial.number)
                if trial.outcome and there and there.state == TrialState.RUNNING:
                    self.report_outcome(there.number, trial.outcome)

    def report_outcome(self, number: int, outcome: Outcome) -> None:
        if outcome.status == "pruned":
            self.optuna.tell(number, state=TrialState.PRUNED)
        else:  # a run that diverged is a result, and no sampler is to look there again
            worst = 0.0 if self.study.better == "max" else math.inf
            self.optuna.tell(number, outcome.value if math.isfinite(outcome.value) else worst)


class OptunaPruning:
    """Reports a run's epochs to its trial and asks whether it is to be pruned."""

    def __init__(self, storage: TrialStorage, trial: optuna.Trial) -> None:
        self.trial, self.select, self.study = trial, storage.study.select, str(storage.study.path)
        known = trial._get_latest_trial()
        self.reported, self.over = set(known.intermediate_values), known.state.is_finished()

    def __call__(self, epoch: int, scores: dict[str, float]) -> bool:
        value = scores.get(self.select)
        if self.over or value is None or not math.isfinite(value):  # over: only its record was lost
            return False
        if epoch not in self.reported:  # an epoch that was made again after a kill
            self.trial.report(value, epoch)
        return self.trial.should_prune()


def make_pruner(name: str, epochs: int) -> optuna.pruners.BasePruner:
    """Not before a third of the epochs: high rates gain late, by the schedule's drop."""
    if name == "median":
        return optuna.pruners.MedianPruner(n_startup_trials=LEAST, n_warmup_steps=epochs // 3)
    if name == "hyperband":
        return optuna.pruners.HyperbandPruner(min_resource=max(1, epochs // 3), max_resource=epochs)
    return optuna.pruners.NopPruner()


def open_storage(url: str) -> optuna.storages.RDBStorage:
    patient = {"connect_args": {"timeout": 60}} if url.startswith("sqlite:") else {}  # seconds for a file's lock
    return optuna.storages.RDBStorage(url, engine_kwargs=patient)


def default_url(study_trials: StudyTrials) -> str:
    root = study_trials.folder.parents[len(study_trials.study.path.parts) - 1]
    root.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{root / 'optuna.db'}"


def without_password(url: str) -> str:
    """Without a password."""
    name, separator, rest = url.partition("://")
    return f"{name}://{rest.rpartition('@')[2]}" if separator else url
