"""`make archive` keeps finished runs on real data, one for each cell, seed and fingerprint."""

from pathlib import Path

import pytest

from experiments.store.atomic_write import atomic_write
from experiments.store.run_files import read_record, read_records
from scripts import archive


@pytest.fixture
def real(monkeypatch, store):
    """Counts the tiny runs on digits as evidence."""
    monkeypatch.setattr(archive, "STAND_INS", ())
    monkeypatch.setattr(archive, "of_grids", lambda: {record.cell for record in read_records(store.path)})


def test_runs_on_stand_in_data_stay_where_they_are(store, tmp_path):
    store.run("epochs=1")
    archive.main(store.path, tmp_path / "archive")
    assert not read_records(tmp_path / "archive")


def test_only_runs_at_rest_are_copied_and_only_once(store, tmp_path, real, capsys):
    store.run("epochs=1")
    store.run("epochs=1", "seed=1", "stop_after=1")
    store.run("epochs=2", "seed=2", "max_seconds=0")
    archive.main(store.path, tmp_path / "archive")
    assert sorted(r.seed for r in read_records(tmp_path / "archive")) == [0, 1]
    assert "2 new records" in capsys.readouterr().out
    archive.main(store.path, tmp_path / "archive")
    assert "0 new records" in capsys.readouterr().out


def test_the_last_samples_go_along(store, tmp_path, real):
    folder = store.run("epochs=1")[1]
    for epoch in (4, 9):
        atomic_write(folder / "samples" / f"epoch={epoch:03d}.png", bytes([epoch]))
    archive.main(store.path, tmp_path / "archive")
    assert [(p.name, p.read_bytes()) for p in (tmp_path / "archive").rglob("*.png")] == [("epoch=009.png", b"\x09")]


def test_nothing_archived_names_a_place_of_this_machine(store, tmp_path, real):
    store.run("epochs=1")
    archive.main(store.path, tmp_path / "archive")
    files = [path for path in (tmp_path / "archive").rglob("*") if path.is_file()]
    assert sorted(path.name for path in files) == sorted(archive.FILES)
    here = [str(tmp_path), str(Path(archive.__file__).parents[1]), str(Path.home())]
    assert [(path.name, place) for path in files for place in here if place in path.read_text()] == []


def test_a_copy_that_was_killed_is_not_read_and_is_made_again(store, tmp_path, real, monkeypatch):
    _, folder = store.run("epochs=1")
    write = archive.atomic_write

    def killed(path, content):
        if path.name == "summary.json":
            raise KeyboardInterrupt
        write(path, content)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(archive, "atomic_write", killed)
        archive.main(store.path, tmp_path / "archive")
    assert read_records(tmp_path / "archive") == []
    archive.main(store.path, tmp_path / "archive")
    (copy,) = read_records(tmp_path / "archive")
    assert copy.summary == read_record(store.path, folder.relative_to(store.path)).summary
    assert [path.name for path in copy.folder.parent.iterdir()] == ["seed=0"]


def test_more_epochs_replace_fewer_and_never_the_other_way(store, tmp_path, real):
    _, folder = store.run("stop_after=2")
    archive.main(store.path, tmp_path / "archive")
    store.run()
    archive.main(store.path, tmp_path / "archive")
    path = folder.relative_to(store.path)
    assert read_record(tmp_path / "archive", path).status == "complete"
    again = type(store)(tmp_path / "again")
    again.run("stop_after=1")
    archive.main(again.path, tmp_path / "archive")
    assert read_record(tmp_path / "archive", path).epochs_done == 3


def test_a_record_of_another_configuration_is_set_aside(store, tmp_path, real):
    _, folder = store.run("epochs=1")
    archive.main(store.path, tmp_path / "archive")
    there = tmp_path / "archive" / folder.relative_to(store.path)
    config = there / "config.yaml"
    config.write_text(config.read_text().replace("lr: 0.001", "lr: 0.002"))
    archive.main(store.path, tmp_path / "archive")
    assert (
        len([p for p in there.parent.iterdir() if "~" in p.name]) == 1 and len(read_records(tmp_path / "archive")) == 1
    )


def test_a_record_of_an_earlier_configuration_displaces_none_of_the_present_one(store, tmp_path, real, capsys):
    _, folder = store.run("epochs=1")
    archive.main(store.path, tmp_path / "archive")
    (folder / "config.yaml").write_text((folder / "config.yaml").read_text().replace("lr: 0.001", "lr: 0.002"))
    archive.main(store.path, tmp_path / "archive")
    there = read_record(tmp_path / "archive", folder.relative_to(store.path))
    assert there.config["optimizer"]["lr"] == 0.001 and len(list(there.folder.parent.iterdir())) == 1
    said = capsys.readouterr().out
    assert (
        "left out, of another configuration: digits/vgg11/adam" in said and "optimizer.lr was 0.002, is 0.001" in said
    )
