"""Runs on a GPU: the CPU's numbers but for rounding, and slices that go on."""

import shutil
from itertools import islice

import pytest

from experiments.config.compose import compose
from experiments.runs import environment
from experiments.runs.run import build_task
from experiments.store.run_files import read_lines
from experiments.training.loop import optimizer_step

pytestmark = pytest.mark.gpu
RESNET = ["data=digits", "model=resnet34", "scale=quick", "threads=1", "precision=fp32"]  # it has no dropout


def losses(device, optimizer):
    """The loss before the first step and after it."""
    request = compose([*RESNET, f"device={device}", f"optimizer={optimizer}"])
    task = build_task(request, environment.prepare(request.config, 1))
    task.player.module.train()
    logs = [
        optimizer_step(step, "fp32") for batch in islice(task.batches(0), 2) for step in task.optimizer_steps(batch, 0)
    ]
    return [float(log["loss"][0]) / log["loss"][1] for log in logs]


@pytest.mark.parametrize("optimizer", ["adabelief", "sgd", "adam"])
def test_the_first_step_is_the_cpus(optimizer):
    (before, after), (expected_before, expected_after) = losses("cuda", optimizer), losses("cpu", optimizer)
    assert before == pytest.approx(expected_before, rel=1e-5)
    assert after == pytest.approx(expected_after, rel=5e-3)  # the step moves it by 4 to 6 %, weights 1e-6 off by 7e-4


def test_a_run_in_slices_is_the_run_in_one_piece(store):
    status, folder = store.run("device=cuda", "max_seconds=0")
    assert status == "unfinished"
    while status == "unfinished":
        status, _ = store.run("device=cuda", "max_seconds=0")
    sliced = read_lines(folder / "metrics.jsonl")
    shutil.rmtree(folder)
    assert status == store.run("device=cuda")[0] == "complete"
    for a, b in zip(sliced, read_lines(folder / "metrics.jsonl"), strict=True):
        assert a["epoch"] == b["epoch"]
        assert a["train/loss"] == pytest.approx(b["train/loss"], rel=5e-2)  # a GPU does not add in one order
