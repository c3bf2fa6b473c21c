"""What a grid is judged by, and which grids are asked for."""

from dataclasses import replace

import pytest

from experiments.config.errors import UserError
from experiments.config.paths import CONFIGS
from experiments.grid import grid as grids
from experiments.grid.grid import grid_names, load_grid
from scripts.loading.command_line import asked_grids, parser
from scripts.loading.measures import MEASURES, measure_of, named_measure
from tests.scripts.synthetic import cell, tables_from, write_run


@pytest.mark.parametrize("name, measure", [("cifar", "accuracy"), ("lstm", "perplexity"), ("gan", "distance")])
def test_a_grid_that_states_no_health_has_its_tasks_measure(name, measure):
    """`healthy: {}` was a KeyError."""
    grid = replace(load_grid(name), healthy={})
    assert measure_of(grid) == measure_of(load_grid(name)) == MEASURES[measure]


def test_a_grid_that_states_no_health_has_tables(tmp_path):
    grid = replace(load_grid("cifar"), healthy={}, expected_failures=[])
    write_run(tmp_path, cell("digits", scale="quick"), 0, [5.0] * 8)
    (table,) = tables_from(grid, ["quick"], [tmp_path])
    assert table.row("VGG11 on Digits", "Adam")["standing"] == "healthy"  # nothing is asked of it
    assert [table.name for table in tables_from(grid, ["full"], [tmp_path])] == ["cifar10", "cifar100"]


def test_a_measure_without_words_is_named():
    with pytest.raises(UserError, match="no words for the measure 'bleu'; there are accuracy"):
        named_measure("test/bleu")


def test_directions_are_those_of_the_metric():
    assert {name: measure.sign for name, measure in MEASURES.items()} == {
        "accuracy": 1, "perplexity": -1, "distance": -1,
    }  # fmt: skip


def test_a_new_grid_file_is_asked_for_without_being_listed(tmp_path, monkeypatch):
    (tmp_path / "grid").mkdir()
    for path in [*sorted((CONFIGS / "grid").glob("*.yaml"))]:
        (tmp_path / "grid" / path.name).write_text(path.read_text())
    (tmp_path / "grid" / "a_new_one.yaml").write_text((CONFIGS / "grid" / "ptb_figure.yaml").read_text())
    monkeypatch.setattr(grids, "CONFIGS", tmp_path)
    call = parser("scripts.tables", "", "out").parse_args([])
    assert [grid.name for grid, _ in asked_grids(call)] == sorted([*grid_names()]) and "a_new_one" in grid_names()
