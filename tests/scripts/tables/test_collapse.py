"""The table of Adam's collapse from made-up runs: logit spread, counts, the comparison by seed."""

import csv

import pytest

from experiments.grid.grid import load_grid
from scripts.tables.files import write_table
from tests.scripts.synthetic import cell, tables_from, write_run

GRID = load_grid("adam_collapse")
ARMS = {"decay": "adam,batches_per_epoch=60", "none": "adam,batches_per_epoch=60,weight_decay=0",
        "placebo": "adam,batches_per_epoch=60,dropout_stream=placebo"}  # fmt: skip


@pytest.fixture
def table(tmp_path):
    """Of eight seeds Adam collapses in six, without the decay in none, with other dropout in three others and two of
    those; one seed has no run without the decay."""
    collapsed = {"decay": {0, 1, 2, 3, 4, 5}, "none": set(), "placebo": {4, 5, 6}}
    for arm, optimizer in ARMS.items():
        for seed in range(7 if arm == "none" else 8):
            sd = 1e-6 * (seed + 1) if seed in collapsed[arm] else 0.5
            score = 10.0 if seed in collapsed[arm] else 20.0
            write_run(tmp_path, cell(optimizer=optimizer), seed, [score], [11.0], status="partial",
                      logged={"test/logit_sd": [sd]})  # fmt: skip
    (found,) = tables_from(GRID, ["full"], [tmp_path])
    return found


def test_the_grid_is_the_one_that_is_tabulated():
    assert [placed.optimizer for placed in GRID.cells("full")] == list(ARMS.values())


def test_its_columns_are_its_own(table):
    assert table.name == "adam_collapse" and [block.title for block in table.blocks] == ["VGG11 on CIFAR-10"]
    assert table.blocks[0].columns == ["optimizer", "epoch", "n", "train ours", "test ours", "logit sd", "collapsed"]
    assert [row[0] for row in table.blocks[0].rows] == ["Adam", "Adam, weight_decay=0", "Adam, dropout_stream=placebo"]
    assert table.row("VGG11 on CIFAR-10", "Adam")["logit sd"] == "4.5e-06 (1e-06 to 0.5)"
    assert [row[-1] for row in table.blocks[0].rows] == ["6 of 8", "0 of 7", "3 of 8"]
    head = "\n".join(table.head)
    assert "In all runs: batches_per_epoch=60." in head and "collapsed where it is below 0.0001" in head
    assert "official" not in head and "reruns" not in head
    assert "60 batches an epoch" in table.blocks[0].notes[0]


def test_arms_are_compared_by_seed(table):
    (sentence,) = [note for note in table.blocks[0].notes if note.startswith("Collapsed")]
    assert sentence == (
        "Collapsed (logit sd below 0.0001): Adam: 6 of 8 seeds; Adam, weight_decay=0: 0 of 7 seeds; Adam, "
        "dropout_stream=placebo: 3 of 8 seeds. By seed: Adam against Adam, weight_decay=0, 7 seeds: 6 only in the "
        "first, 0 only in the second (McNemar's exact p = 0.031); Adam against Adam, dropout_stream=placebo, 8 seeds: "
        "4 only in the first, 1 only in the second (McNemar's exact p = 0.38); Adam, weight_decay=0 against Adam, "
        "dropout_stream=placebo, 7 seeds: 0 only in the first, 3 only in the second (McNemar's exact p = 0.25)."
    )


def test_the_csv_holds_spread_and_counts(table, tmp_path):
    with write_table(table.table, tmp_path / "out")[2].open() as file:
        rows = [row for row in csv.DictReader(file) if row["quantity"].startswith("test/logit_sd, epoch 0")]
    assert len(rows) == 6
    counts = {row["optimizer"]: (row["value"], row["n"]) for row in rows if "below" in row["quantity"]}
    assert counts[ARMS["none"]] == ("0.0", "7") and counts[ARMS["decay"]] == ("6.0", "8")


def test_one_run_says_only_what_one_run_can(tmp_path):
    write_run(tmp_path, cell(optimizer=ARMS["decay"]), 0, [10.0], status="partial", logged={"test/logit_sd": [2e-6]})
    (table,) = tables_from(GRID, ["full"], [tmp_path])
    assert table.blocks[0].notes[-1] == "Collapsed (logit sd below 0.0001): Adam: 1 of 1 seeds."
    assert table.row("VGG11 on CIFAR-10", "Adam")["logit sd"] == "2e-06"


def test_without_the_spread_there_is_no_column_for_it(tmp_path):
    write_run(tmp_path, cell(optimizer="sgd"), 0, [10.0, 20.0, 30.0], status="partial")
    (table,) = tables_from(load_grid("first_epochs"), ["full"], [tmp_path])
    assert "logit sd" not in table.blocks[0].columns and "logit" not in "\n".join(table.head)
