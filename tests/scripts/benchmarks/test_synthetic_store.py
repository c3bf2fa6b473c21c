"""The store that tables are timed with: whole records of the present configuration."""

from experiments.store.run_files import read_records
from experiments.store.staleness import stale_reason
from scripts.benchmarks.synthetic_store import cells_with_metrics, write_store
from scripts.loading.epochs import read_epochs
from scripts.loading.runs import select_runs


def test_every_run_counts(tmp_path, monkeypatch):
    monkeypatch.setattr("scripts.loading.content_cache.cache_file", lambda: tmp_path / "contents.sqlite")
    assert write_store(tmp_path, 3, 5) == 3
    cells = [cell for cell, _ in cells_with_metrics()][:3]
    found = select_runs(cells, [tmp_path])
    assert len(found.runs) == 3 and not len(found.stale) and set(found.runs["epochs_done"]) == {5}
    assert len(read_epochs(found.runs)) == 15
    assert not any(stale_reason(record) for record in read_records(tmp_path))


def test_runs_are_dealt_to_all_cells_in_turn(tmp_path):
    assert write_store(tmp_path, 2, 1) == 2
    assert sorted(path.name for path in tmp_path.rglob("seed=*")) == ["seed=0", "seed=0"]
