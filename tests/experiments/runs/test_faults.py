"""Faults found from outside, each with what should have happened."""

import json

import pytest
import torch

from experiments.runs import environment
from experiments.runs import run as module
from experiments.runs.loggers.base import Logger
from experiments.store import run_files
from experiments.store.run_files import run_path
from experiments.workers import workers


class Kept(Logger):
    """Remembers how it was ended."""

    ended: list = []

    def finish(self, summary):
        self.ended.append(summary)


@pytest.fixture
def logger(monkeypatch):
    monkeypatch.setattr(Kept, "ended", [])
    real = module.instantiate_or_explain
    made = lambda what, node, **more: Kept() if what == "logger" else real(what, node, **more)  # noqa: E731
    monkeypatch.setattr(module, "instantiate_or_explain", made)
    return Kept


def test_an_exception_while_training_finishes_the_logger(store, logger, monkeypatch):
    monkeypatch.setattr(module, "fit", lambda *_: (_ for _ in ()).throw(RuntimeError("broken")))
    with pytest.raises(RuntimeError, match="broken"):
        store.run()
    assert logger.ended == [None]


def test_a_run_that_ends_well_finishes_it_once(store, logger):
    store.run("epochs=1")
    assert [summary["status"] for summary in logger.ended] == ["complete"]


@pytest.mark.parametrize("epoch", [0, 2])
def test_a_run_that_diverged_and_was_killed_before_its_summary_is_diverged_all_the_same(store, monkeypatch, epoch):
    """In its last epoch it came back as complete, in an earlier one it went on from weights that are no numbers."""
    from experiments.tasks.classification import Classification

    real = Classification.batch_logs
    monkeypatch.setattr(
        Classification, "batch_logs",
        staticmethod(lambda loss, *rest: real(loss * (float("nan") if now[0] == epoch else 1.0), *rest)),
    )  # fmt: skip
    now = [0]
    batches = Classification.batches
    monkeypatch.setattr(Classification, "batches", lambda self, n: now.__setitem__(0, n) or batches(self, n))
    write = module.RunRecorder.finish
    with monkeypatch.context() as patch:
        patch.setattr(module.RunRecorder, "finish", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            store.run()
    request = store.request()
    folder = store.path / run_path(request)
    assert (folder / "checkpoint.pt").is_file() and not (folder / "summary.json").exists()
    assert module.RunRecorder.finish is write and store.run()[0] == "diverged"
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["status"] == "diverged" and summary["epochs_done"] == epoch + 1
    assert len(run_files.read_lines(folder / "metrics.jsonl")) == epoch + 1


def test_a_summary_names_the_device_that_the_run_was_on(store, monkeypatch):
    """It asked whether any GPU memory had been used in this process, and always for the first GPU."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device=None: {"cuda:1": 2**30}.get(device, 2**20))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device=None: f"GPU {device}")
    monkeypatch.setattr(environment, "resolve_device", lambda name: name)
    assert environment.facts("cuda:1")["device"] == "GPU cuda:1" and environment.peak_memory_mib("cuda:1") == 1024
    assert environment.facts("cpu")["device"] == "cpu" and environment.peak_memory_mib("cpu") != 1


def test_a_cpu_run_after_a_gpu_run_in_one_process_is_a_cpu_run(store, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device=None: 2**30)
    _, folder = store.run("epochs=1", "device=cpu")
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["device"] == "cpu" and summary["peak_memory_mib"] != 1024


@pytest.mark.parametrize("gpus, given, asked", [
    (2, [], ["device=cuda:0", "device=cuda:1", "device=cuda:0"]),
    (1, [], [None, None, None]),
    (0, [], [None, None, None]),
    (2, ["device=cuda:1"], ["device=cuda:1"] * 3),
])  # fmt: skip
def test_every_worker_has_a_gpu_of_its_own(monkeypatch, gpus, given, asked):
    commands = []

    class Started:
        def __init__(self, command, **_):
            commands.append(command)

        def poll(self):
            return 0

        terminate = wait = poll

    monkeypatch.setattr(workers.subprocess, "Popen", Started)
    monkeypatch.setattr(environment, "gpus", lambda: [f"cuda:{number}" for number in range(gpus)])
    assert workers.share_among_workers("experiments.reproduce", given, jobs=3) == 0
    found = [next((word for word in command if word.startswith("device=")), None) for command in commands]
    assert found == asked and all(command.count(device) == 1 for command, device in zip(commands, found) if device)
