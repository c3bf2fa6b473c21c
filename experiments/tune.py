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

from experiments import machine
from experiments.claim import claim
from experiments.cli import guarded
from experiments.compose import Request, compose
from experiments.progress import clock
from experiments.reproduce import default_jobs
from experiments.standing import find, standing
from experiments.throughput import seconds_left
from experiments.tuning.plan import Tuning, parse
from experiments.tuning.rows import contestants, write_row
from experiments.tuning.slots import Slots
from experiments.tuning.storage import Storage, Watch
from experiments.tuning.study import check, write_study
from experiments.workers import attempt, failed_since, in_turns, share, work


def main(words: Sequence[str]) -> int:
    call = parse(words)
    for study in call.studies:
        check(study)
    store = Path(compose(call.words).config["store"])
    all_slots = [Slots(study, [store], call.words) for study in call.studies]
    storages = [Storage(slots, call.storage) for slots in all_slots]
    for slots in all_slots:
        write_study(slots.study, slots.folder)
    if call.worker:
        return work_on(call, storages)
    jobs = call.jobs or default_jobs(call.studies[0].scale)
    say_plan(call, all_slots, jobs)
    status = (
        share("experiments.tune", [*words, f"scale={call.studies[0].scale}"], jobs)
        if jobs > 1
        else work_on(call, storages)
    )
    for storage in storages:
        storage.tell()
    return max(status, report(call, all_slots))


def work_on(call: Tuning, storages: Sequence[Storage]) -> int:
    """The trials, every optimizer's first before any second; once all are at their end, the runs with fresh seeds."""
    began, since = time.monotonic(), time.time()
    todo = [
        (storage, n)
        for n in range(max(s.study.slots for s in storages))
        for storage in storages
        if n < storage.study.slots
    ]

    def take(thing: tuple[Storage, int], left: float | None) -> str:
        return take_slot(call, *thing, left, since)

    status = in_turns(call, todo, take)
    if status or any(unfinished(storage.slots) for storage in storages):
        return status
    left = None if call.max_seconds is None else call.max_seconds - (time.monotonic() - began)
    store = storages[0].slots.stores[0]
    requests = [r for storage in storages for kind in contestants(storage.slots).values() for r in kind]
    return work(replace(call, max_seconds=left), [r for r in in_order(requests) if not find(r, store)])


def take_slot(call: Tuning, storage: Storage, number: int, left: float | None, since: float) -> str:
    """Bring one trial to its end: drawn if nobody did, its runs made or gone on with, pruned where that is due."""
    slots, study = storage.slots, storage.study
    drawn = slots.drawn.get(number)
    if drawn and slots.trial(number, drawn).outcome:
        return "done"
    store = slots.stores[0]
    with claim(store, Path("studies", study.path, f"slot={number}")) as free:
        if not free:
            return "busy"
        values, trial = storage.open(number)
        label = f"{study.optimizer} trial {number + 1}/{study.slots}"
        for request in slots.requests(values):
            if failed_since(request, since):
                return "skipped"
            first = request.seed == study.trial_seeds[0]  # what is pruned is pruned by the first seed
            status = attempt(
                request, f"{label} {spoken(values)}", left, call.retries, Watch(storage, trial) if first else None
            )
            if status in ("failed", "busy", "unfinished"):
                return status
            if status == "pruned":
                break
        storage.tell()
        outcome = slots.trial(number, values).outcome
        if outcome:
            print(f"{label} {spoken(values)}: {outcome.status}, {study.select} {outcome.value:.2f}", flush=True)
    return "done"


def spoken(values: dict[str, float]) -> str:
    return " ".join(f"{key}={value:g}" for key, value in values.items())


def in_order(requests: Sequence[Request]) -> list[Request]:
    """Each run once, the first seed of everything first."""
    unique = {(str(r.cell), r.seed): r for r in requests}
    return sorted(unique.values(), key=lambda r: r.seed)


def unfinished(slots: Slots) -> int:
    """How many trials are not at their end."""
    return slots.study.slots - sum(trial.outcome is not None for trial in slots.trials())


def say_plan(call: Tuning, all_slots: Sequence[Slots], jobs: int) -> None:
    study, store = all_slots[0].study, all_slots[0].stores[0]
    total, left = sum(slots.study.slots for slots in all_slots), sum(map(unfinished, all_slots))
    print(f"{call.title}, {study.scale} scale: {len(all_slots)} optimizers, {total} trials, {total - left} done")
    fresh = [r for slots in all_slots for kind in contestants(slots).values() for r in kind if not find(r, store)]
    winners = sum(len(slots.study.fresh_seeds) for slots in all_slots if slots.winner() is None)
    runs = left * len(study.trial_seeds) + len(fresh) + winners
    if runs:
        one = [study.request(study.trial_seeds[0], *study.lowest, *call.words)]
        estimate = runs * seconds_left(one, max(1, machine.cores() // jobs)) / jobs
        side = f", {jobs} side by side" if jobs > 1 else ""
        print(f"at most {runs} runs to do{side}, about {clock(estimate)} by the time of the first steps", flush=True)


def report(call: Tuning, all_slots: Sequence[Slots]) -> int:
    """Write the winners' rows, say what is not done; returns the exit status."""
    missing, failed = 0, False
    for slots in all_slots:
        study, trials, winner = slots.study, slots.trials(), slots.winner()
        at_end = [trial for trial in trials if trial.outcome]
        pruned = sum(trial.outcome.status == "pruned" for trial in at_end if trial.outcome)
        said = f"{study.optimizer}: {len(at_end)} of {study.slots} trials finished, {pruned} of them pruned"
        missing += study.slots - len(at_end)
        tried = [r for trial in trials if not trial.outcome for r in slots.requests(trial.values)]
        failed = failed or any(standing(r, slots.stores[0]) == "failed" for r in tried)
        if winner and winner.outcome:
            said += f"; best {study.select} {winner.outcome.value:.2f} at {spoken(winner.values)}"
        print(said if winner or study.slots > len(at_end) else f"{said}; none of them complete, so there is no winner")
        if winner and len(at_end) == study.slots:
            print(f"  recipe=tuned: {write_row(slots, winner)}")
        for kind, requests in contestants(slots).items():
            if left := [r for r in requests if not find(r, slots.stores[0])]:
                missing += len(left)
                failed = failed or any(standing(r, slots.stores[0]) == "failed" for r in left)
                print(
                    f"not done: {study.optimizer}, {kind}, seeds {', '.join(str(r.seed) for r in left)}",
                    file=sys.stderr,
                )
    return 2 if missing and (call.max_seconds is None or failed) else 0


if __name__ == "__main__":
    guarded(lambda: main(sys.argv[1:]))
