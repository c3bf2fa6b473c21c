"""Grids: expansion, skipping, failures, health, and workers that share a store."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from experiments.config.cli import FOUND, child_environment, run_command
from experiments.config.compose import compose
from experiments.config.errors import UserError
from experiments.grid import grid_options
from experiments.grid.grid import load_grid
from experiments.grid.grid_options import parse_grid_options
from experiments.reproduce import main
from experiments.store.run_files import read_lines, read_records
from experiments.workers import run_grid, workers

TINY = ["grid=cifar", "scale=quick", "model=vgg11", "model.width=0.0625", "epochs=2", "threads=1", "progress=none"]


@pytest.fixture
def words(tmp_path, monkeypatch):
    """A grid of two tiny runs, healthy whatever they reach."""
    plain = load_grid("cifar")
    easy = {"metric": "test/accuracy", "at_least": {"digits": 0}}
    monkeypatch.setattr(grid_options, "load_grid", lambda name: replace(plain, healthy=easy))
    return [*TINY, f"store={tmp_path / 'runs'}", "optimizer=adam,sgd", "jobs=1"]


def store_of(words):
    return next(w for w in words if w.startswith("store=")).partition("=")[2]


def test_a_grid_runs_once_and_then_skips(words, capsys, tmp_path, monkeypatch):
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "2 runs, 0 already done" in said and "2 to do, about" in said and "2 of 2 runs done" in said
    assert said.splitlines()[-1].startswith("next: make reproduce-cifar SCALE=small")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").rglob("*.json*")}
    monkeypatch.setenv("NEXT", str(tmp_path / "next"))  # make's, to be shown below the tables
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "2 runs, 2 already done" in said and "next:" not in said
    assert (tmp_path / "next").read_text().startswith("next: make reproduce-cifar SCALE=small")
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").rglob("*.json*")}


def test_the_first_seed_of_every_cell_comes_first():
    requests = parse_grid_options([*TINY, "optimizer=adam,sgd", "seeds=0,1"]).requests()
    assert [(r.seed, r.cell.optimizer.split(",")[0]) for r in requests] == [
        (0, "sgd"), (0, "adam"), (1, "sgd"), (1, "adam"),
    ]  # fmt: skip


def test_a_cell_is_composed_once_for_all_its_seeds(monkeypatch):
    """`make status` composed each seed anew and took a minute."""
    composed = []
    monkeypatch.setattr(grid_options, "compose", lambda words: composed.append(words) or compose(words))
    assert len(parse_grid_options([*TINY, "optimizer=adam,sgd", "seeds=0,1,2"]).requests()) == 6 and len(composed) == 2


def test_a_word_that_names_the_seed_is_read_for_each():
    requests = parse_grid_options([*TINY, "optimizer=adam", "seeds=1,2", "store=runs/${seed}"]).requests()
    assert [(r.seed, r.config["store"]) for r in requests] == [(1, "runs/1"), (2, "runs/2")]


def fail_first(monkeypatch, times=1):
    run, left = workers.run, [times]

    def flaky(request, label=None, watch=None):
        if left[0]:
            left[0] -= 1
            raise RuntimeError("out of memory")
        return run(request, label, watch)

    monkeypatch.setattr(workers, "run", flaky)


def test_a_failed_cell_does_not_stop_the_others_and_is_listed(words, monkeypatch, capsys):
    fail_first(monkeypatch)
    assert main(words) == 2
    said = capsys.readouterr()
    assert "failed: RuntimeError: out of memory" in said.err and "not done: digits/vgg11/sgd" in said.err
    assert "1 of 2 runs done" in said.out


def test_on_failure_stop_stops(words, monkeypatch, capsys):
    fail_first(monkeypatch)
    assert main([*words, "on_failure=stop"]) == 2
    assert "0 of 2 runs done" in capsys.readouterr().out


def test_a_retry_mends_a_failure_that_passes(words, monkeypatch):
    fail_first(monkeypatch)
    assert main([*words, "retries=1"]) == 0


def test_time_spent_ends_a_slice_without_calling_it_a_failure(words, capsys):
    assert main([*words, "max_seconds=0"]) == 0
    assert "time is up; 2 runs are left" in capsys.readouterr().out


def test_a_run_below_the_threshold_is_named_unless_it_is_expected(words, monkeypatch, capsys):
    hard = replace(load_grid("cifar"), healthy={"metric": "test/accuracy", "at_least": {"digits": 99.9}})
    monkeypatch.setattr(grid_options, "load_grid", lambda name: hard)
    assert main(words) == 2
    said = capsys.readouterr()
    assert "not healthy: digits/vgg11/adam" in said.err and "99.9" in said.err
    expected = replace(hard, expected_failures=[{"model": "vgg11", "reason": "too narrow"}])
    monkeypatch.setattr(grid_options, "load_grid", lambda name: expected)
    assert main(words) == 0
    assert "(too narrow)" in capsys.readouterr().out


def test_an_optimizer_with_overrides_can_be_asked_for_by_name():
    words = ["grid=adabelief_eps", "scale=quick", "optimizer=sgd,adabelief,eps=1e-16,adabelief_variant,inner_eps=none"]
    asked = [request.cell.optimizer for request in parse_grid_options(words).requests()]
    assert asked == ["adabelief_variant,inner_eps=none", "adabelief,eps=1e-16", "sgd"]


def test_archived_runs_are_left_out_only_when_told(words, monkeypatch, tmp_path, capsys):
    assert main(words) == 0
    (tmp_path / "runs").rename(tmp_path / "archive")
    monkeypatch.setattr(run_grid, "ARCHIVE", tmp_path / "archive")
    assert main([*words, "skip_archived=1"]) == 0
    assert "2 archived ones left out" in capsys.readouterr().out and not read_records(tmp_path / "runs")
    assert main(words) == 0 and len(read_records(tmp_path / "runs")) == 2


@pytest.mark.parametrize("wrong, message", [
    ("grid=cifr", "no grid called 'cifr'; did you mean 'cifar'"),
    ("scale=huge", "no scale 'huge'; there are full, small, quick"),
    ("model=vgg12", "no model 'vgg12' at scale quick; did you mean 'vgg11'"),
    ("seeds=a", "seeds takes numbers, got 'a'"),
    ("++seed=5", "a grid takes seeds=5, one or several, not seed"),
    ("seeds=0,-1", "seed must be a whole number, 0 or more, got -1"),
    ("jobs=two", "jobs takes numbers"),
    ("jobs=0", "jobs must be a whole number, 1 or more, got 0"),
    ("retries=-1", "retries must be a whole number, 0 or more, got -1"),
    ("max_seconds=-1", "max_seconds must be a number of seconds, 0 or more, got -1"),
    ("on_failure=explode", "on_failure is continue or stop, got 'explode'"),
    ("faster", "every word is key=value, got 'faster'"),
    ("seed=5", "a grid takes seeds=5, one or several, not seed"),
])  # fmt: skip
def test_bad_words_are_refused_in_one_sentence(wrong, message):
    key = wrong.partition("=")[0]
    with pytest.raises(UserError, match=message) as error:
        parse_grid_options([*(w for w in TINY if not w.startswith(f"{key}=")), wrong]).requests()
    assert "\n" not in str(error.value)


def test_two_workers_make_every_run_once_and_take_up_a_killed_ones(tmp_path):
    """Real processes: one of two workers is killed with -9 in the middle of a run."""
    store = tmp_path / "runs"
    words = [w for w in TINY if not w.startswith(("epochs", "progress"))]
    words += ["epochs=20", "progress=none", "checkpoint_seconds=0", f"store={store}", "optimizer=adam,adamw,yogi"]
    parent = subprocess.Popen([sys.executable, "-m", "experiments.reproduce", *words, "jobs=2"], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)  # fmt: skip
    begun = lambda: [r for r in read_records(store) if len(r.metrics) >= 2]  # noqa: E731
    wait_for(lambda: len(begun()) >= 2, parent)
    victims = children(parent.pid)
    os.kill(victims[0], signal.SIGKILL)
    said, _ = parent.communicate(timeout=300)
    records = read_records(store)
    assert len(records) == 3 and all(r.status == "complete" for r in records), said
    for record in records:
        assert [line["epoch"] for line in record.metrics] == list(range(20))
        assert [line["epoch"] for line in read_lines(record.folder / "times.jsonl")] == list(range(20))
    assert "3 of 3 runs done" in said


def wait_for(condition, process, seconds=300):
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None and time.monotonic() < end, "the grid ended or did not begin"
        time.sleep(0.05)


def children(pid):
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_failure_that_stops_one_worker_stops_the_others(monkeypatch):
    real = subprocess.Popen
    monkeypatch.setitem(FOUND, "HYDRA_FULL_ERROR", "0")
    codes = iter(["import sys; sys.exit(2)", "import time; time.sleep(600)"])
    begun = []

    def start(command, **more):
        assert more["env"]["HYDRA_FULL_ERROR"] == "0"
        begun.append(real([sys.executable, "-c", next(codes)], **more))
        return begun[-1]

    monkeypatch.setattr(workers.subprocess, "Popen", start)
    assert workers.share_among_workers("experiments.reproduce", [], jobs=2) == 2
    assert begun[1].poll() == -signal.SIGTERM


def test_workers_take_the_environment_as_the_user_set_it(monkeypatch):
    """`run_command` sets HYDRA_FULL_ERROR for itself; a worker that found it would end in tracebacks."""
    monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setitem(FOUND, "HYDRA_FULL_ERROR", "")
    with pytest.raises(SystemExit):
        run_command(lambda: int(child_environment()["HYDRA_FULL_ERROR"]))
    assert os.environ.pop("HYDRA_FULL_ERROR") == "1"
    assert child_environment()["HYDRA_FULL_ERROR"] == "0"
