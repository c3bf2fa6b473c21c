"""A run that is killed at any moment and started again ends in the same bits."""

import json
import random

import pytest
import torch
import yaml

from experiments.config.errors import MetricUnavailable
from experiments.runs import recorder
from experiments.runs import run as module
from experiments.runs.progress import ProgressBar
from experiments.runs.run import build_task
from experiments.store import run_files
from experiments.store.run_files import read_lines
from experiments.store.status import run_status
from experiments.tasks.classification import Classification
from scripts.archive import worth_keeping


class Killed(BaseException):
    """Stands for kill -9: nothing of ours may catch it."""


def count_down(monkeypatch, moment):
    """Raise at the moment-th event: a batch, or a file write (before, in the middle of, or after it)."""
    left = [moment]

    def event():
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    after_batch, write, append = ProgressBar.after_batch, run_files.atomic_write, run_files.append_line

    def write_slowly(path, content):
        event()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_name(f"{path.name}.part").write_bytes(content[: len(content) // 2])
        event()
        write(path, content)
        event()

    def append_slowly(path, line):
        event()
        with path.open("a") as file:
            file.write('{"epoch": ')
        event()
        text = path.read_text()
        path.write_text(text[: text.rindex('{"epoch": ')])
        append(path, line)
        event()

    monkeypatch.setattr(ProgressBar, "after_batch", lambda *a: (event(), after_batch(*a)))
    for place in (run_files, module, recorder, module.checkpoints):
        monkeypatch.setattr(place, "atomic_write", write_slowly, raising=False)
    monkeypatch.setattr(recorder, "append_line", append_slowly)
    return left


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_run_is_scored_later_without_training_again(store, monkeypatch, capsys):
    """Where a score is made once at the end and what it takes is absent, the weights wait for it."""
    monkeypatch.setattr(module, "intervals", lambda _: {"test": 0})
    _, whole = store.run("seed=1")
    evaluate, batches = Classification.evaluate, Classification.batches
    with monkeypatch.context() as patch:
        patch.setattr(Classification, "evaluate", lambda *_: (_ for _ in ()).throw(MetricUnavailable("no network")))
        status, folder = store.run()
    summary = json.loads((folder / "summary.json").read_text())
    assert status == "unscored" and "scored by the next call: no network" in capsys.readouterr().out
    assert (summary["status"], summary["unscored"], summary["scores"]["final"]) == ("partial", True, None)
    assert (folder / "checkpoint.pt").is_file() and run_status(store.request(), store.path) == "unscored"
    assert not worth_keeping(run_files.read_record(store.path, folder.relative_to(store.path)))
    monkeypatch.setattr(Classification, "batches", lambda *_: pytest.fail("it was trained again"))
    assert store.run()[0] == "complete" and Classification.evaluate is evaluate
    monkeypatch.setattr(Classification, "batches", batches)
    lines = read_lines(folder / "metrics.jsonl")
    assert ["test/accuracy" in line for line in lines] == [False, False, True]
    assert [line.keys() for line in lines] == [line.keys() for line in read_lines(whole / "metrics.jsonl")]
    assert json.loads((folder / "summary.json").read_text())["scores"]["final"] == lines[-1]["test/accuracy"]
    assert not (folder / "checkpoint.pt").exists() and store.run()[0] == "done"


def test_ten_cuts_at_random_moments_end_in_the_same_bits(store, monkeypatch):
    words = ["epochs=2", "keep_weights=true", "seed=1"]
    with monkeypatch.context() as patch:
        left = count_down(patch, 10**6)
        assert store.run(*words)[0] == "complete"
        moments = 10**6 - left[0]
    _, folder = store.run(*words)
    expected = files(folder)
    for cut in range(10):
        place = type(store)(store.path.with_name(f"cut-{cut}"))
        chosen = random.Random(cut)
        killed = 0
        while True:
            with monkeypatch.context() as patch:
                count_down(patch, chosen.randint(1, moments))
                try:
                    status, again = place.run(*words)
                except Killed:
                    killed += 1
                    continue
            break
        assert killed and status in ("complete", "done")
        found = files(again)
        assert found["metrics.jsonl"] == expected["metrics.jsonl"], (cut, killed)
        assert found["checkpoint.pt"] == expected["checkpoint.pt"], (cut, killed)


@pytest.mark.parametrize("optimizer", ["adabelief", "sgd", "adabound", "yogi", "msvag", "radam", "adamw", "fromage"])
def test_a_slice_goes_on_where_it_ended(store, optimizer):
    words = [f"optimizer={optimizer}", "epochs=4"]
    assert store.run(*words)[0] == "complete"
    straight = store.run(*words)[1] / "metrics.jsonl"
    sliced = type(store)(store.path / "sliced")
    for done in (1, 2, 3):
        status, folder = sliced.run(*words, "max_seconds=0")
        assert status == "unfinished" and len(read_lines(folder / "metrics.jsonl")) == done
        assert not (folder / "summary.json").exists()
    assert sliced.run(*words)[0] == "complete"
    assert (folder / "metrics.jsonl").read_bytes() == straight.read_bytes()


def test_a_partial_run_goes_on_to_the_end(store):
    status, folder = store.run("stop_after=2")
    assert status == "partial" and store.run("stop_after=2")[0] == store.run("stop_after=1")[0] == "done"
    assert store.run()[0] == "complete" and len(read_lines(folder / "metrics.jsonl")) == 3
    whole = type(store)(store.path / "whole").run()[1]
    assert (folder / "metrics.jsonl").read_bytes() == (whole / "metrics.jsonl").read_bytes()


def test_a_partial_run_without_checkpoint_starts_again(store):
    _, folder = store.run("stop_after=2")
    (folder / "checkpoint.pt").unlink()
    assert store.run()[0] == "complete" and len(read_lines(folder / "metrics.jsonl")) == 3


def test_a_resumed_run_takes_the_threads_of_its_checkpoint(store):
    _, folder = store.run("threads=1", "max_seconds=0")
    store.run("threads=2")
    assert yaml.safe_load((folder / "config.yaml").read_text())["threads"] == torch.get_num_threads() == 1


def test_seeds_share_nothing_and_optimizers_share_weights_and_batches(store):
    adam, sgd = build_task(store.request("optimizer=adam"), "cpu"), build_task(store.request("optimizer=sgd"), "cpu")
    other = build_task(store.request("optimizer=adam", "seed=1"), "cpu")
    weights = lambda task: next(task.player.module.parameters())  # noqa: E731
    assert torch.equal(weights(adam), weights(sgd)) and not torch.equal(weights(adam), weights(other))
    first = [next(iter(task.batches(3)))[0] for task in (adam, sgd, other)]
    assert torch.equal(first[0], first[1]) and not torch.equal(first[0], first[2])
    assert not torch.equal(first[0], next(iter(adam.batches(4)))[0])
