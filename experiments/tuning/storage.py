"""What Optuna does for a study: it proposes points (TPE), prunes, and keeps the trials where several workers and its
own tools (optuna-dashboard) see them. Slots and records are the truth; this is told what they say."""

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

from experiments.claim import claim
from experiments.errors import UserError
from experiments.tuning.slots import Outcome, Slots

STARTUP = 5  # trials of TPE that are quasi-random
LEAST = 3  # trials at their end before the median prunes
optuna.logging.set_verbosity(optuna.logging.WARNING)


class Storage:
    """A study's trials in Optuna's storage: a SQLite file beside the studies, or a database by its URL."""

    def __init__(self, slots: Slots, url: str | None = None) -> None:
        self.slots, self.study = slots, slots.study
        self.url = url or default_url(slots)
        with self.held():
            self.optuna = self.load()
            known = self.known()
            for number, values in slots.drawn.items():
                if number not in known:  # the storage is new, or another one
                    self.add(number, values, slots.curve(values))
        self.tell()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Alone with the study: one worker draws, or tells, at a time."""
        store = self.slots.stores[0]
        with claim(store, Path("studies", self.study.path, "study"), wait=True):
            yield

    def load(self) -> optuna.Study:
        try:
            return optuna.create_study(
                storage=opened(self.url), study_name=str(self.study.path), load_if_exists=True,
                direction="maximize" if self.study.better == "max" else "minimize",
                pruner=pruner(self.study.pruner, self.epochs),
            )  # fmt: skip
        except (SQLAlchemyError, ImportError, ValueError) as error:
            raise UserError(f"storage {shown(self.url)} cannot be used: {str(error).splitlines()[0]}") from error

    @property
    def epochs(self) -> int:
        return self.study.request(self.study.trial_seeds[0], *self.study.lowest).epochs

    def open(self, slot: int) -> tuple[dict[str, float], optuna.Trial]:
        """The values of a slot, drawn if it has none yet, and its trial. Whoever calls this has claimed the slot."""
        with self.held():
            trial, drawn = self.known().get(slot), self.slots.drawn.get(slot)
            trial = trial or (self.add(slot, drawn) if drawn else self.draw(slot))
            if drawn is None:
                drawn = self.rounded(trial.params)
                self.slots.keep(slot, drawn)
            return drawn, optuna.Trial(self.optuna, trial._trial_id)

    def known(self) -> dict[int, optuna.trial.FrozenTrial]:
        """Optuna's trials by slot. One without a slot was drawn by a worker that died before it said for what."""
        found: dict[int, optuna.trial.FrozenTrial] = {}
        for trial in self.optuna.get_trials(deepcopy=False):
            if "slot" in trial.user_attrs:
                found.setdefault(trial.user_attrs["slot"], trial)
            elif trial.state == TrialState.RUNNING:
                self.optuna.tell(trial.number, state=TrialState.FAIL)
        return found

    def draw(self, slot: int) -> optuna.trial.FrozenTrial:
        """A new trial for a slot. Quasi-random and grid points depend on the slot alone."""
        space = self.study.space
        if self.study.sampler == "grid":
            return self.add(slot, space.grid_point(slot))
        if self.study.sampler == "quasi_random" or slot < STARTUP:
            return self.add(slot, space.point(slot))
        self.optuna.sampler = optuna.samplers.TPESampler(seed=slot, n_startup_trials=0, constant_liar=True)
        trial = self.optuna.ask(self.distributions())
        trial.set_user_attr("slot", slot)
        return trial._get_latest_trial()

    def add(
        self, slot: int, values: dict[str, float], curve: dict[int, float] | None = None
    ) -> optuna.trial.FrozenTrial:
        """A running trial of given values and, where it has run already, its scores by epoch."""
        self.optuna.add_trial(
            create_trial(
                state=TrialState.RUNNING, params=values, distributions=self.distributions(),
                user_attrs={"slot": slot}, intermediate_values=curve or {},
            )
        )  # fmt: skip
        return next(t for t in self.optuna.get_trials(deepcopy=False) if t.user_attrs.get("slot") == slot)

    def distributions(self) -> dict[str, BaseDistribution]:
        if self.study.sampler == "grid":
            return {key: CategoricalDistribution(values) for key, values in self.study.space.grid.items()}
        return {d.key: FloatDistribution(d.low, d.high, log=d.log) for d in self.study.space.dimensions}

    def rounded(self, params: dict[str, Any]) -> dict[str, float]:
        if self.study.sampler == "grid":
            return params
        return {d.key: d.rounded(params[d.key]) for d in self.study.space.dimensions}

    def tell(self) -> None:
        """Tell Optuna of every trial that is at its end by the records."""
        with self.held():
            states = {t.user_attrs["slot"]: t for t in self.optuna.get_trials(deepcopy=False) if "slot" in t.user_attrs}
            for trial in self.slots.trials():
                there = states.get(trial.slot)
                if trial.outcome and there and there.state == TrialState.RUNNING:
                    self.tell_one(there.number, trial.outcome)

    def tell_one(self, number: int, outcome: Outcome) -> None:
        if outcome.status == "pruned":
            self.optuna.tell(number, state=TrialState.PRUNED)
        else:  # a run that diverged is a result, and no sampler is to look there again
            worst = 0.0 if self.study.better == "max" else math.inf
            self.optuna.tell(number, outcome.value if math.isfinite(outcome.value) else worst)


class Watch:
    """Reports a run's epochs to its trial and asks whether it is to be pruned."""

    def __init__(self, storage: Storage, trial: optuna.Trial) -> None:
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


def pruner(name: str, epochs: int) -> optuna.pruners.BasePruner:
    """Not before a third of the epochs: high rates gain late, by the schedule's drop."""
    if name == "median":
        return optuna.pruners.MedianPruner(n_startup_trials=LEAST, n_warmup_steps=epochs // 3)
    if name == "hyperband":
        return optuna.pruners.HyperbandPruner(min_resource=max(1, epochs // 3), max_resource=epochs)
    return optuna.pruners.NopPruner()


def opened(url: str) -> optuna.storages.RDBStorage:
    patient = {"connect_args": {"timeout": 60}} if url.startswith("sqlite:") else {}  # seconds for a file's lock
    return optuna.storages.RDBStorage(url, engine_kwargs=patient)


def default_url(slots: Slots) -> str:
    root = slots.folder.parents[len(slots.study.path.parts) - 1]
    root.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{root / 'optuna.db'}"


def shown(url: str) -> str:
    """Without a password."""
    name, separator, rest = url.partition("://")
    return f"{name}://{rest.rpartition('@')[2]}" if separator else url
