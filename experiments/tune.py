"""Tune optimizers with equal budgets on held-out data, and run the winners again with fresh seeds.

    python -m experiments.tune task=cifar scale=quick optimizer=adam,sgd budget=8 jobs=2

task (configs/study), scale, data, model, optimizer (names, or import paths of other packages), budget (trials for each
optimizer), sampler (quasi_random, tpe, grid), pruner (median, hyperband, none), search (names of hyperparameters, or
all), space (a file, for one optimizer), trial_seeds, seeds (the fresh ones) and storage (a database URL) make the
study; jobs, on_failure, retries and max_seconds steer it; every other word is a Hydra override of all runs.
Whatever is killed, the same command goes on to exactly `budget` finished trials each.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from experiments.config.cli import run_command
from experiments.config.compose import Request, compose
from experiments.config.paths import ARCHIVE
from experiments.config.wording import duration
from experiments.runs import environment
from experiments.store.lock import run_lock
from experiments.store.status import finished_record, run_status
from experiments.studies.study import write_study
from experiments.studies.trials import StudyTrials, as_begun
from experiments.studies.tuned_recipes import final_requests, write_tuned_recipe
from experiments.tuning.optuna_storage import OptunaPruning, TrialStorage
from experiments.tuning.plan import Tuning, parse_tuning
from experiments.tuning.study_checks import check_study
from experiments.workers.run_grid import default_jobs
from experiments.workers.time_estimate import seconds_left
from experiments.workers.workers import failed_since, share_among_workers, take_in_turns, try_run, work_through


def main(arguments: Sequence[str]) -> int:
    tuning = parse_tuning(arguments)
    for study in tuning.studies:
        check_study(study)
    store = Path(compose(tuning.overrides).config["store"])
    tuning = replace(tuning, studies=tuple(as_begun(study, (store, ARCHIVE)) for study in tuning.studies))
    all_trials = [StudyTrials(study, [store], tuning.overrides) for study in tuning.studies]
    storages = [TrialStorage(study_trials, tuning.storage) for study_trials in all_trials]
    for study_trials in all_trials:
        write_study(study_trials.study, study_trials.folder)
    if tuning.worker:
        return work_on_studies(tuning, storages)
    jobs = tuning.jobs or default_jobs(tuning.studies[0].scale)
    print_plan(tuning, all_trials, jobs)
    status = (
        share_among_workers("experiments.tune", [*arguments, f"scale={tuning.studies[0].scale}"], jobs)
        if jobs > 1
        else work_on_studies(tuning, storages)
    )
    for storage in storages:
        storage.report_outcomes()
    return max(status, report_results(tuning, all_trials))


def work_on_studies(tuning: Tuning, storages: Sequence[TrialStorage]) -> int:
    """The trials, every optimizer's first before any second; once all are at their end, the runs with fresh seeds."""
    began, since = time.monotonic(), time.time()
    todo = [
        (storage, n)
        for n in range(max(s.study.n_trials for s in storages))
        for storage in storages
        if n < storage.study.n_trials
    ]

    def take(thing: tuple[TrialStorage, int], left: float | None) -> str:
        return take_trial(tuning, *thing, left, since)

    status = take_in_turns(tuning, todo, take)
    if status or any(unfinished(storage.study_trials) for storage in storages):
        return status
    left = None if tuning.max_seconds is None else tuning.max_seconds - (time.monotonic() - began)
    store = storages[0].study_trials.stores[0]
    requests = [r for storage in storages for kind in final_requests(storage.study_trials).values() for r in kind]
    return work_through(
        replace(tuning, max_seconds=left), [r for r in first_seeds_first(requests) if not finished_record(r, store)]
    )


def take_trial(tuning: Tuning, storage: TrialStorage, number: int, left: float | None, since: float) -> str:
    """Bring one trial to its end: drawn if nobody did, its runs made or gone on with, pruned where that is due."""
    study_trials, study = storage.study_trials, storage.study
    drawn = study_trials.drawn.get(number)
    if drawn and study_trials.trial(number, drawn).outcome:
        return "done"
    store = study_trials.stores[0]
    with run_lock(store, Path("studies", study.path, f"slot={number}")) as free:
        if not free:
            return "busy"
        values, trial = storage.open_trial(number)
        label = f"{study.optimizer} trial {number + 1}/{study.n_trials}"
        for request in study_trials.requests(values):
            if failed_since(request, since):
                return "skipped"
            first = request.seed == study.trial_seeds[0]  # what is pruned is pruned by the first seed
            status = try_run(
                request,
                f"{label} {point_text(values)}",
                left,
                tuning.retries,
                OptunaPruning(storage, trial) if first else None,
            )
            if status in ("failed", "busy", "unfinished"):
                return status
            if status == "pruned":
                break
        storage.report_outcomes()
        outcome = study_trials.trial(number, values).outcome
        if outcome:
            print(f"{label} {point_text(values)}: {outcome.status}, {study.select} {outcome.value:.2f}", flush=True)
    return "done"


def point_text(values: dict[str, float]) -> str:
    return " ".join(f"{key}={value:g}" for key, value in values.items())


def first_seeds_first(requests: Sequence[Request]) -> list[Request]:
    """Each run once, the first seed of everything first."""
    unique = {(str(r.cell), r.seed): r for r in requests}
    return sorted(unique.values(), key=lambda r: r.seed)


def unfinished(study_trials: StudyTrials) -> int:
    """How many trials are not at their end."""
    return study_trials.study.n_trials - sum(trial.outcome is not None for trial in study_trials.drawn_trials())


def print_plan(tuning: Tuning, all_trials: Sequence[StudyTrials], jobs: int) -> None:
    study, store = all_trials[0].study, all_trials[0].stores[0]
    total, left = sum(study_trials.study.n_trials for study_trials in all_trials), sum(map(unfinished, all_trials))
    print(f"{tuning.title}, {study.scale} scale: {len(all_trials)} optimizers, {total} trials, {total - left} done")
    fresh = [
        r
        for study_trials in all_trials
        for kind in final_requests(study_trials).values()
        for r in kind
        if not finished_record(r, store)
    ]
    winners = sum(len(study_trials.study.fresh_seeds) for study_trials in all_trials if study_trials.winner() is None)
    runs = left * len(study.trial_seeds) + len(fresh) + winners
    if runs:
        one = [study.request(study.trial_seeds[0], *study.some_point, *tuning.overrides)]
        estimate = runs * seconds_left(one, max(1, environment.cores() // jobs)) / jobs
        side = f", {jobs} side by side" if jobs > 1 else ""
        print(f"at most {runs} runs to do{side}, about {duration(estimate)} by the time of the first steps", flush=True)


def report_results(tuning: Tuning, all_trials: Sequence[StudyTrials]) -> int:
    """Write the winners' rows, say what is not done; returns the exit status."""
    missing, failed = 0, False
    for study_trials in all_trials:
        study, trials, winner = study_trials.study, study_trials.drawn_trials(), study_trials.winner()
        at_end = [trial for trial in trials if trial.outcome]
        pruned = sum(trial.outcome.status == "pruned" for trial in at_end if trial.outcome)
        said = f"{study.optimizer}: {len(at_end)} of {study.n_trials} trials finished, {pruned} of them pruned"
        missing += study.n_trials - len(at_end)
        tried = [r for trial in trials if not trial.outcome for r in study_trials.requests(trial.values)]
        failed = failed or any(run_status(r, study_trials.stores[0]) == "failed" for r in tried)
        if winner and winner.outcome:
            said += f"; best {study.select} {winner.outcome.value:.2f} at {point_text(winner.values)}"
        print(
            said if winner or study.n_trials > len(at_end) else f"{said}; none of them complete, so there is no winner"
        )
        if winner and len(at_end) == study.n_trials:
            print(f"  recipe=tuned: {write_tuned_recipe(study_trials, winner)}")
        for kind, requests in final_requests(study_trials).items():
            if left := [r for r in requests if not finished_record(r, study_trials.stores[0])]:
                missing += len(left)
                failed = failed or any(run_status(r, study_trials.stores[0]) == "failed" for r in left)
                print(
                    f"not done: {study.optimizer}, {kind}, seeds {', '.join(str(r.seed) for r in left)}",
                    file=sys.stderr,
                )
    return 2 if missing and (tuning.max_seconds is None or failed) else 0


if __name__ == "__main__":
    run_command(lambda: main(sys.argv[1:]))
