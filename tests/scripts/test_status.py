"""`make status` counts what is done, running, partial, failed, stale, missing and archived."""

from dataclasses import replace

import pytest

from experiments.config.errors import UserError
from experiments.grid.grid_options import GridOptions, parse_grid_options
from experiments.runs.run import note_failure, run
from experiments.store.lock import run_lock
from experiments.store.run_files import run_path
from scripts import status

WORDS = ["grid=cifar", "scale=quick", "model=vgg11", "optimizer=adam,sgd,adamw", "model.width=0.0625", "epochs=2",
         "threads=1", "progress=none"]  # fmt: skip


@pytest.fixture
def requests(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = parse_grid_options([*WORDS, f"store={tmp_path / 'runs'}"]).requests()
    return {request.cell.optimizer.split(",")[0]: request for request in found}


def states(requests, tmp_path):
    return {name: status.state_of(request, tmp_path / "runs") for name, request in requests.items()}


def test_states(requests, tmp_path):
    assert set(states(requests, tmp_path).values()) == {"missing"}
    run(requests["adam"])
    run(replace(requests["sgd"], config={**requests["sgd"].config, "max_seconds": 0.0}))
    assert states(requests, tmp_path) == {"adam": "done", "sgd": "partial", "adamw": "missing"}
    with run_lock(tmp_path / "runs", run_path(requests["adamw"])):
        assert states(requests, tmp_path)["adamw"] == "running"
    note_failure(requests["sgd"], "RuntimeError: out of memory")
    assert states(requests, tmp_path)["sgd"] == "failed"
    config = tmp_path / "runs" / run_path(requests["adam"]) / "config.yaml"
    config.write_text(config.read_text().replace("lr: 0.001", "lr: 0.002"))
    assert states(requests, tmp_path)["adam"] == "stale"


def test_the_counts_in_the_table(requests, tmp_path, capsys):
    run(requests["adam"])
    run(replace(requests["sgd"], config={**requests["sgd"].config, "max_seconds": 0.0}))
    assert status.main([*WORDS, f"store={tmp_path / 'runs'}"]) == 0
    lines = capsys.readouterr().out.splitlines()
    table = [line.split() for line in lines]
    assert ["data", "model", "done", "partial", "missing"] in table and ["digits", "vgg11", "1", "1", "1"] in table
    assert any(line.startswith("partial: digits/vgg11/sgd") and "epoch 1 of 2 done" in line for line in lines)


def test_a_grid_without_a_folder_is_not_composed(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STORE", str(tmp_path / "runs"))
    monkeypatch.setattr(GridOptions, "requests", lambda call: pytest.fail(f"{call.grid.name} was composed"))
    assert status.main([]) == 0 and "no runs yet" in capsys.readouterr().out


def test_a_misspelt_name_is_told_from_nothing_begun(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STORE", str(tmp_path / "runs"))
    with pytest.raises(UserError, match=r"no model 'vgg99'.*did you mean 'vgg11'"):
        status.main(["model=vgg99"])


def test_nothing_to_show(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert status.main([f"store={tmp_path / 'runs'}", "model=vgg11", "optimizer=adam"]) == 0
    assert capsys.readouterr().out == "no runs yet; `make reproduce-cifar` makes the first\n"


def test_what_is_shown(requests, tmp_path, capsys, monkeypatch):
    run(requests["adam"])
    run(replace(requests["sgd"], config={**requests["sgd"].config, "max_seconds": 0.0}))
    note_failure(requests["sgd"], "Traceback\nRuntimeError: out of memory")
    monkeypatch.setattr(status, "ARCHIVE", tmp_path / "runs")
    assert status.main([*WORDS, f"store={tmp_path / 'elsewhere'}"]) == 0
    assert status.main([*WORDS, f"store={tmp_path / 'runs'}"]) == 0
    said = capsys.readouterr().out
    assert "failed: digits/vgg11/sgd" in said and "RuntimeError: out of memory" in said and "time left" in said
    assert status.state_of(requests["adam"], tmp_path / "elsewhere") == "archived"


def test_progress_is_shown_where_nobody_knows_the_data_s_content_in_advance(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["grid=cifar", "scale=quick", "model=vgg11", "optimizer=sgd", "model.width=0.0625", "epochs=2", "threads=1",
             "progress=none", f"store={tmp_path / 'runs'}"]  # fmt: skip
    (request,) = parse_grid_options(words).requests()
    run(replace(request, config={**request.config, "max_seconds": 0.0}))
    config = tmp_path / "runs" / run_path(request) / "config.yaml"
    config.write_text(config.read_text().replace(request.config["content"], "abc"))
    unknown = replace(request, config={**request.config, "content": None})
    assert status.detail(unknown, tmp_path / "runs").startswith(", epoch 1 of 2 done")
