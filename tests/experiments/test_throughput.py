"""Estimates of how long runs take."""

import pytest

from experiments import throughput
from experiments.compose import compose
from experiments.run import build

TINY = ["data=digits", "model=vgg11", "optimizer=sgd", "scale=quick", "model.width=0.02", "threads=1", "device=cpu"]


@pytest.fixture
def clocked(monkeypatch):
    """A task of 12 batches an epoch whose steps take the given seconds, the last for ever, and the steps taken."""

    def make(*seconds):
        task, clock, taken = build(compose(TINY), "cpu"), [0.0], []

        def take(turn, precision):
            clock[0] += seconds[min(len(taken), len(seconds) - 1)]
            taken.append(turn)
            return turn.loss()[1]

        monkeypatch.setattr(throughput, "take", take)
        monkeypatch.setattr(throughput.time, "perf_counter", lambda: clock[0])
        return task, taken

    return make


def test_slow_first_steps_are_not_taken_for_the_pace(clocked):
    task, taken = clocked(*[9.0], *[2.0] * 5, *[1.0] * 5, *[0.1] * 5, 0.1)
    found = throughput.pace(task, "fp32")
    assert found.step == pytest.approx(0.1) and found.epoch == pytest.approx(0.1 * 12 * 1.1)
    assert len(taken) == 1 + 4 * 5


def test_a_steady_pace_takes_two_rounds_and_long_steps_one(clocked):
    task, taken = clocked(0.5)
    assert throughput.pace(task, "fp32").step == pytest.approx(0.5) and len(taken) == 11
    task, taken = clocked(5.0)
    assert throughput.pace(task, "fp32").step == pytest.approx(5.0) and len(taken) == 6
