"""Records made again: the same digits, and what is said where they are not."""

import json

import pytest

from experiments import rerun
from experiments.config.errors import UserError


@pytest.fixture
def made(store, tmp_path, monkeypatch):
    """A finished run's folder; what is made again goes to a folder of this test."""
    monkeypatch.setattr(rerun, "STORE", str(tmp_path / "again"))
    return store.run("epochs=2", "seed=1")[1]


def change(path, edit):
    path.write_text(edit(path.read_text()))


def test_a_record_made_again_is_the_same(made, capsys):
    assert rerun.main([str(made), "progress=none"]) == 0
    assert "all 2 epochs are the same to the last digit" in capsys.readouterr().out


def test_a_record_that_was_touched_is_not(made, capsys):
    last = json.loads((made / "metrics.jsonl").read_text().splitlines()[1])["test/accuracy"]
    change(made / "metrics.jsonl", lambda text: text.replace(f'"test/accuracy": {last}', '"test/accuracy": 99.0'))
    assert rerun.main([str(made), "progress=none"]) == 2
    assert f"epoch 1 differs: test/accuracy was 99.0, is {last}" in capsys.readouterr().out


def test_another_machine_is_named_first(made, capsys):
    change(made / "summary.json", lambda text: text.replace('"torch": "', '"torch": "0'))
    rerun.main([str(made), "progress=none"])
    assert capsys.readouterr().out.startswith("made with torch 0")


def test_another_configuration_names_its_commit(made):
    change(made / "config.yaml", lambda text: text.replace("lr: 0.001", "lr: 0.002"))
    with pytest.raises(UserError, match=r"optimizer.lr was 0.002, is 0.001: check out \w+"):
        rerun.main([str(made)])


def test_what_cannot_be_made_again_is_refused(made, tmp_path):
    for nowhere in (tmp_path, made.parent, "results"):
        with pytest.raises(UserError, match="holds no finished run"):
            rerun.main([str(nowhere)])
    with pytest.raises(UserError, match="name a run's folder"):
        rerun.main(["progress=none"])
    change(
        made / "summary.json", lambda text: text.replace('"status": "complete"', '"status": "pruned", "pruned_by": "s"')
    )
    with pytest.raises(UserError, match="was ended by a study"):
        rerun.main([str(made)])


def test_a_second_call_makes_the_run_anew(made, tmp_path, capsys):
    assert rerun.main([str(made), "progress=none"]) == 0
    (earlier,) = (tmp_path / "again").rglob("metrics.jsonl")
    change(earlier, lambda text: text.replace("test/accuracy", "test/other"))
    assert rerun.main([str(made), "progress=none"]) == 0
    assert capsys.readouterr().out.count("the same to the last digit") == 2


def test_what_did_not_come_to_its_end_is_not_compared(made):
    with pytest.raises(UserError, match="is unfinished, so there is nothing to compare yet"):
        rerun.main([str(made), "progress=none", "max_seconds=0"])


def test_another_device_is_named(made, capsys):
    change(made / "summary.json", lambda text: text.replace('"device": "cpu"', '"device": "NVIDIA H100"'))
    rerun.main([str(made), "progress=none"])
    assert "made with device NVIDIA H100, here it is cpu: the digits may differ" in capsys.readouterr().out


def test_no_folder_at_all_is_told_in_one_sentence():
    with pytest.raises(UserError, match="name a run's folder"):
        rerun.main([""])  # `make again`, without RUN
