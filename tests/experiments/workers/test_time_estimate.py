"""Estimates of how long runs take."""

import pytest
import torch

from experiments import plan
from experiments.config.compose import compose
from experiments.grid.grid_options import run_kind
from experiments.runs.run import build_task
from experiments.workers import time_estimate

TINY = ["data=digits", "model=vgg11", "optimizer=sgd", "scale=quick", "model.width=0.02", "threads=1", "device=cpu"]


@pytest.fixture
def clocked(monkeypatch):
    """A task of 12 batches an epoch whose steps take the given seconds, the last for ever, and the steps taken."""

    def make(*seconds, words=()):
        task, clock, taken = build_task(compose([*TINY, *words]), "cpu"), [0.0], []

        def optimizer_step(step, precision):
            clock[0] += seconds[min(len(taken), len(seconds) - 1)]
            taken.append(step)
            return step.loss()[1]

        monkeypatch.setattr(time_estimate, "optimizer_step", optimizer_step)
        monkeypatch.setattr(time_estimate.time, "perf_counter", lambda: clock[0])
        return task, taken

    return make


def test_the_first_step_is_not_counted(clocked):
    task, taken = clocked(9.0, 0.5)
    found = time_estimate.measure_pace(task, "fp32")
    assert (
        found.seconds_per_step == pytest.approx(0.5)
        and found.seconds_per_epoch == pytest.approx(0.5 * 12 * 1.1)
        and len(taken) == 6
    )


@pytest.mark.parametrize(("asked", "used"), [("threads=1", 1), ("threads=null", 2)])
def test_an_estimate_takes_the_threads_that_the_runs_were_given(asked, used, clocked, monkeypatch):
    clocked(0.1)
    monkeypatch.setattr(time_estimate.environment, "cores", lambda: 2)
    request, before = compose([*TINY, asked]), torch.get_num_threads()
    try:
        time_estimate.epoch_seconds(request, threads=2)
        assert torch.get_num_threads() == used
        plan.measured_pace(request)
        assert torch.get_num_threads() == used
    finally:
        torch.set_num_threads(before)


def test_optimizers_with_a_train_mode_are_in_it(clocked):
    task, _ = clocked(0.5)
    modes = []
    for player in task.players.values():
        player.optimizer.train = lambda: modes.append("train")
    time_estimate.measure_pace(task, "fp32")
    assert modes == ["train"]


def test_an_epoch_of_a_single_batch_has_a_pace(clocked):
    task, taken = clocked(9.0, 0.5, words=["task.batch_size=2000"])
    assert len(task.batches(0)) == 1
    found = time_estimate.measure_pace(task, "fp32")
    assert (
        found.seconds_per_step == pytest.approx(0.5)
        and found.seconds_per_epoch == pytest.approx(0.5 * 1.1)
        and len(taken) == 6
    )


def test_runs_of_one_kind_differ_in_the_optimizer_and_the_number_of_epochs_only():
    kinds = {word: run_kind(compose([*(w for w in TINY if w[:9] != word[:9]), word])) for word in (
        "optimizer=adam", "optimizer.lr=0.2", "epochs=3", "model.width=0.04", "task.batch_size=7", "seed=3",
    )}  # fmt: skip
    usual = run_kind(compose(TINY))
    assert [word for word, found in kinds.items() if found != usual] == ["model.width=0.04", "task.batch_size=7"]
