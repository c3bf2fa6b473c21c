"""The runs and epochs of stores as frames: read as written, known by content, the right one of several."""

import json
import os
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.config.cell import Cell
from experiments.grid.grid import load_grid
from experiments.store.run_files import read_record
from scripts.loading import run_rows, runs
from scripts.loading.epochs import packed, parse_metrics, read_epochs, unpacked
from scripts.loading.grid_results import asked_epochs, read_grid_results
from scripts.loading.rate_drops import rate_drops
from scripts.loading.runs import frame_of_records, select_runs
from tests.scripts.synthetic import cell, write_run

NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**50), 2**50) | st.none()


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr("scripts.loading.content_cache.cache_file", lambda: tmp_path / "contents.sqlite")


def test_a_run_is_a_row(tmp_path):
    folder = write_run(tmp_path, cell(), 3, [50.0] * 190 + [60.0] * 10, wall_seconds=12.5, peak_memory_mib=700)
    (row,) = select_runs([cell()], [tmp_path]).runs.to_dict("records")
    assert {name: row[name] for name in asdict(cell())} == asdict(cell())
    assert (row["seed"], row["status"], row["epochs_done"], row["last"]) == (3, "complete", 200, 60.0)
    assert (row["metric"], row["machine"], row["threads"], row["wall_seconds"]) == (
        "test/accuracy", "a laptop, 2 cores", 2, 12.5,
    )  # fmt: skip
    assert row["folder"] == str(folder) and row["width"] == 1.0 and not row["compiled"]


def test_a_row_read_again_is_the_same_and_parses_nothing(tmp_path, monkeypatch):
    write_run(tmp_path, cell(), 0, [50.0] * 200)
    write_run(tmp_path, cell("imagenet", "resnet18", setting="adabelief-imagenet"), 0, [50.0] * 90,
              config={"content": "a user's copy"})  # fmt: skip
    cells = [cell(), cell("imagenet", "resnet18", setting="adabelief-imagenet")]
    before = select_runs(cells, [tmp_path]).runs
    monkeypatch.setattr(runs, "parse_yaml", None)
    pd.testing.assert_frame_equal(select_runs(cells, [tmp_path]).runs, before)
    assert read_record(tmp_path, cell().folder / "seed=0")  # by other means it is still there


def test_a_changed_file_is_another_row_whatever_its_time_says(tmp_path):
    folder = write_run(tmp_path, cell(), 0, [50.0] * 200)
    assert select_runs([cell()], [tmp_path]).runs["final"].tolist() == [50.0]
    time = (folder / "summary.json").stat().st_mtime_ns
    summary = json.loads((folder / "summary.json").read_text())
    summary["scores"]["final"] = 51.0
    (folder / "summary.json").write_text(json.dumps(summary))
    os.utime(folder / "summary.json", ns=(time, time))
    assert select_runs([cell()], [tmp_path]).runs["final"].tolist() == [51.0]


def test_of_several_runs_of_a_seed_the_furthest_speaks(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    write_run(first, cell(), 0, [40.0] * 3, status="partial")
    write_run(second, cell(), 0, [50.0] * 5, status="partial")
    write_run(first, cell(), 10, [41.0] * 200)
    write_run(second, cell(), 10, [51.0] * 200)
    write_run(second, cell(), 2, [10.0] * 3, status="diverged")
    found = select_runs([cell()], [first, second]).runs
    assert found[["seed", "status", "epochs_done"]].to_numpy().tolist() == [
        [0, "partial", 5], [2, "diverged", 3], [10, "complete", 200],
    ]  # fmt: skip
    assert found["final"].tolist()[2] == 41.0


def test_what_is_not_at_rest_or_set_aside_is_no_row(tmp_path):
    folder = write_run(tmp_path, cell(), 0, [40.0] * 200)
    (folder / "summary.json").unlink()
    write_run(tmp_path, cell(), 1, [40.0] * 200).rename(folder.with_name("seed=1~01234567"))
    assert not len(select_runs([cell()], [tmp_path]).runs)


def test_a_stale_run_says_why(tmp_path):
    write_run(tmp_path, cell(), 0, [40.0] * 200, config={"precision": "bf16"})
    found = select_runs([cell()], [tmp_path])
    assert not len(found.runs) and found.stale["reason"].tolist() == ["precision was bf16, is fp32"]


def test_records_make_the_same_rows(tmp_path):
    write_run(tmp_path, cell(), 4, [40.0] * 200)
    record = read_record(tmp_path, cell().folder / "seed=4")
    pd.testing.assert_frame_equal(frame_of_records([record]), select_runs([cell()], [tmp_path]).runs)


def test_no_runs_make_an_empty_frame_with_all_columns(tmp_path):
    found = select_runs([cell()], [tmp_path / "nowhere"])
    assert found.runs.columns.tolist() == run_rows.COLUMNS and not len(found.runs) and not len(found.stale)


@settings(deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(["epoch", "test/accuracy", "lr", "x"]), NUMBERS), max_size=8))
def test_metrics_are_columns(lines):
    text = "".join(json.dumps(line) + "\n" for line in lines).encode()
    columns = parse_metrics(text + b'{"epoch": 9, "cut o')  # a last line cut off by a kill
    assert list(columns) == list(dict.fromkeys(name for line in lines for name in line))
    for name, column in columns.items():
        expected = [np.nan if line.get(name) is None else float(line[name]) for line in lines]
        np.testing.assert_array_equal(column, expected)
    again = unpacked(packed(columns))
    assert list(again) == list(columns)
    assert all(np.array_equal(again[name], columns[name], equal_nan=True) for name in columns)


def test_the_epochs_of_runs_that_measured_different_things(tmp_path):
    write_run(tmp_path, cell(), 0, [10.0, 20.0], status="partial", logged={"test/logit_sd": [1.0, 2.0]})
    write_run(tmp_path, cell(), 1, [30.0], status="partial")
    found = select_runs([cell()], [tmp_path]).runs
    for _ in range(2):  # parsed, then remembered
        epochs = read_epochs(found)
        assert epochs[["run", "seed", "epoch", "test/accuracy"]].to_numpy().tolist() == [
            [0, 0, 0, 10.0], [0, 0, 1, 20.0], [1, 1, 0, 30.0],
        ]  # fmt: skip
        assert epochs["test/logit_sd"].tolist()[:2] == [1.0, 2.0] and np.isnan(epochs["test/logit_sd"].iloc[2])
    assert not len(read_epochs(found.iloc[:0]))


def test_a_view_on_the_frames(tmp_path):
    write_run(tmp_path, cell(), 0, [40.0] * 200)
    write_run(tmp_path, cell(), 1, [10.0] * 3, status="diverged")
    write_run(tmp_path, cell(), 2, [41.0] * 2, status="partial")
    write_run(tmp_path, cell(optimizer="sgd"), 0, [45.0] * 200)
    part = read_grid_results(load_grid("cifar"), "full", "paper", [tmp_path])
    assert part.runs_of(cell())["seed"].tolist() == [0, 1, 2]
    assert part.runs_of(cell(), "complete", "diverged")["seed"].tolist() == [0, 1]
    assert part.count_finished(cell()) == 2 and part.scores(cell(), "last") == {0: 40.0}
    assert part.finished_runs([cell(optimizer="sgd"), cell()])["optimizer"].tolist() == ["sgd", "adam", "adam"]
    assert len(part.epochs(cell())) == 205 and not part.is_empty and not len(part.runs_of(cell(optimizer="yogi")))
    assert part.adabelief(cell()) == cell(optimizer="adabelief")


def test_how_many_first_epochs_a_grid_asks_for():
    assert asked_epochs(load_grid("first_epochs"), cell(optimizer="sgd")) == 3
    assert asked_epochs(load_grid("cifar"), cell()) == 0


def test_when_the_rate_drops():
    assert rate_drops(Cell("adabelief-cifar", "cifar10", "vgg11", "adam", "paper", "full")) == [0.75]
    assert rate_drops(Cell("adabelief-ptb", "ptb", "lstm1", "adam", "paper", "full")) == [0.5, 0.725]
    assert rate_drops(Cell("wgan", "cifar10", "dcgan", "adam", "paper", "full")) == []
