"""Records: written whole or not at all, read whatever a kill left, scored as the tables say."""

import json
import math
from pathlib import Path

import pytest

from experiments.config.errors import UserError
from experiments.runs.run import build_task
from experiments.store.atomic_write import atomic_write
from experiments.store.lock import is_locked, run_lock
from experiments.store.run_files import (
    append_line,
    as_json,
    read_lines,
    read_records,
    run_path,
    summarise_scores,
    truncate_epochs,
)


def lines(*values, name="test/accuracy"):
    return [{"epoch": epoch, name: value} for epoch, value in enumerate(values)]


def test_scores_are_final_best_and_the_mean_of_the_last():
    found = summarise_scores(lines(10.0, 50.0, 50.0, 40.0), "test/accuracy", "test/accuracy", "max", window=2)
    assert (found["final"], found["best"], found["best_epoch"], found["last"]) == (40.0, 50.0, 1, 45.0)


def test_the_best_epoch_may_be_selected_on_another_split():
    metrics = [{"epoch": e, "test/accuracy": t, "validation/accuracy": v} for e, (t, v) in enumerate([(9, 1), (5, 3)])]
    found = summarise_scores(metrics, "test/accuracy", "validation/accuracy", "max", window=1)
    assert (found["best"], found["best_epoch"]) == (5, 1)


def test_smaller_is_better_where_the_metric_says_so():
    assert summarise_scores(lines(3.0, 1.0, 2.0), "test/accuracy", "test/accuracy", "min", 1)["best"] == 1.0


def test_a_value_that_is_not_finite_becomes_null_and_counts_as_missing(tmp_path):
    append_line(tmp_path / "m.jsonl", {"epoch": 0, "test/accuracy": math.nan})
    assert read_lines(tmp_path / "m.jsonl") == [{"epoch": 0, "test/accuracy": None}]
    assert (
        summarise_scores(read_lines(tmp_path / "m.jsonl"), "test/accuracy", "test/accuracy", "max", 1)["final"] is None
    )
    with pytest.raises(ValueError):
        as_json({"nested": {"value": math.inf}})


def test_a_line_cut_off_by_a_kill_is_not_read(tmp_path):
    path = tmp_path / "m.jsonl"
    path.write_text('{"epoch": 0}\n{"epoch": 1}\n{"epo')
    assert [line["epoch"] for line in read_lines(path)] == [0, 1]
    assert truncate_epochs(path, 1) == [{"epoch": 0}] and path.read_text() == '{"epoch": 0}\n'


def test_a_file_is_there_whole_or_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "summary.json"
    atomic_write(path, b"old")
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError):
        atomic_write(path, b"new and longer")
    assert path.read_bytes() == b"old"


def test_a_claim_excludes_others_and_ends_with_its_block(tmp_path):
    with run_lock(tmp_path, run_path_of("a")) as free:
        assert free and is_locked(tmp_path, run_path_of("a")) and not is_locked(tmp_path, run_path_of("b"))
        with run_lock(tmp_path, run_path_of("a")) as again:
            assert not again
    assert not is_locked(tmp_path, run_path_of("a"))


def run_path_of(name):
    return Path("setting", name, "seed=0")


def test_a_finished_run_says_where_it_comes_from(store):
    status, folder = store.run("epochs=2", "seed=3")
    summary = json.loads((folder / "summary.json").read_text())
    assert status == summary["status"] == "complete" and summary["seed"] == 3 and summary["epochs_done"] == 2
    assert (
        summary["command"].startswith("python -m experiments.train data=digits") and "store" not in summary["command"]
    )
    assert summary["threads"] == 1 and summary["versions"]["torch"] and summary["recipe_source"]
    assert summary["scores"]["final"] == read_lines(folder / "metrics.jsonl")[-1]["test/accuracy"]
    assert not (folder / "checkpoint.pt").exists() and len(read_lines(folder / "times.jsonl")) == 2
    assert str(store.path) not in "".join(path.read_text() for path in folder.iterdir())
    assert [record.cell for record in read_records(store.path)] == [store.request("epochs=2", "seed=3").cell]


def test_equal_runs_have_equal_metrics(store):
    a = store.run("epochs=1")[1] / "metrics.jsonl"
    b = type(store)(store.path / "again").run("epochs=1")[1] / "metrics.jsonl"
    assert a.read_bytes() == b.read_bytes()


def test_a_diverged_run_is_a_result_and_is_not_run_again(store):
    words = ["optimizer=sgd", "optimizer.lr=1e6"]
    status, folder = store.run(*words)
    summary = json.loads((folder / "summary.json").read_text())
    assert status == summary["status"] == "diverged" and summary["epochs_done"] == 1
    assert store.run(*words)[0] == "done"


def test_a_changed_recipe_value_is_named_and_the_run_made_again(store, capsys, monkeypatch):
    _, folder = store.run("epochs=1")
    config = (folder / "config.yaml").read_text()
    (folder / "config.yaml").write_text(config.replace("lr: 0.001", "lr: 0.002"))
    assert store.run("epochs=1")[0] == "complete"
    said = capsys.readouterr().out.strip().splitlines()
    assert len(said) == 1 and "optimizer.lr was 0.002, is 0.001; run again" in said[0]
    assert [path.name for path in folder.parent.iterdir() if "~" in path.name] and len(read_records(store.path)) == 1


def test_bad_input_leaves_nothing_but_lock_files(store):
    with pytest.raises(UserError, match="lr must be a finite number"):
        store.run("optimizer.lr=-1")
    assert [p for p in store.path.rglob("*") if p.is_file() and ".locks" not in p.parts] == []


def test_bad_input_costs_an_old_record_nothing(store):
    _, folder = store.run("stop_after=2")
    (folder / "checkpoint.pt").unlink()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(UserError, match="device"):
        store.run("device=cuda:99")
    assert before == {path.name: path.read_bytes() for path in folder.iterdir()}


def test_run_paths_hold_cell_and_seed(store):
    path = run_path(store.request("epochs=1", "seed=4"))
    assert str(path).endswith("digits/vgg11/adam,epochs=1,model.width=0.0625/paper-quick/seed=4")


def test_the_clean_protocol_trains_on_less_and_selects_on_validation(store):
    _, folder = store.run("protocol=clean", "epochs=2")
    summary, lines = json.loads((folder / "summary.json").read_text()), read_lines(folder / "metrics.jsonl")
    assert summary["scores"]["select_on"] == "validation/accuracy" and all("validation/accuracy" in x for x in lines)
    best = max(lines, key=lambda line: line["validation/accuracy"])
    assert summary["scores"]["best"] == best["test/accuracy"]
    task = build_task(store.request("protocol=clean"), "cpu")
    assert len(task.training) == 1437 - 144 and len(task.splits["validation"].images) == 144
    assert len(task.splits["test"].images) == 360
