"""The table of an ablation, from made-up records: differences by seed, floors, what the sentences say."""

import pytest

from experiments.grid.grid import load_grid
from tests.scripts.synthetic import cell, tables_from, write_run

EPOCHS = 30
THIS_STEP = "adabelief_variant,inner_eps=this step"


@pytest.fixture
def store(tmp_path):
    """Three seeds of AdaBelief, EAdam and Adam, one of a variant; AdaBelief's first seed logged its floor."""
    for seed in range(3):
        last = {"adabelief": 80.0, "eadam": 80.5 + 0.1 * seed, "adam": 78.0 + (-2, 4, 1)[seed]}
        for optimizer, accuracy in last.items():
            floor = [90.0] * (EPOCHS - 1) + [62.5] if (optimizer, seed) == ("adabelief", 0) else ()
            write_run(tmp_path, cell(optimizer=optimizer, scale="small"), seed, [accuracy] * EPOCHS, floor=floor)
    write_run(tmp_path, cell(optimizer=THIS_STEP, scale="small"), 0, [81.25] * EPOCHS)
    return tmp_path


def test_rows_are_set_against_adabelief_by_seed(store):
    (table,) = tables_from(load_grid("adabelief_eps"), ["small"], [store])
    assert table.name == "small_adabelief_eps" and [block.title for block in table.blocks] == ["VGG11 on CIFAR-10"]
    rows = {row[0]: dict(zip(table.blocks[0].columns, row)) for row in table.blocks[0].rows}
    assert rows["AdaBelief"]["at the floor"] == "62.5 [a]" and "[a] Logged by 1 of 3 runs." in table.notes
    assert rows["EAdam"]["at the floor"] == "\u2013"
    assert rows["EAdam"]["minus AdaBelief"] == "+0.60 [+0.35, +0.85]"  # 0.6 +- 4.3027 * 0.1 / sqrt(3)
    assert rows["AdaBelief, inner_eps=this step"]["minus AdaBelief"] == "+1.25"
    assert rows["SGD"]["n"] == "\u2013"


def test_the_sentences_follow_from_the_numbers(store):
    (table,) = tables_from(load_grid("adabelief_eps"), ["small"], [store])
    moved, belief = table.blocks[0].notes[-2:]
    assert "AdaBelief, inner_eps=this step +1.25 points (one seed)" in moved
    assert "(EAdam) changes it by +1.60 points (within the seeds' scatter)" in belief  # 4.5, -1.4 and 1.7 by seed
    assert "the belief (AdaBelief), by \u22120.60 points." in belief


def test_full_scale_has_the_same_table(tmp_path):
    grid = load_grid("adabelief_eps")
    assert tables_from(grid, ["full"], [tmp_path]) == []
    for optimizer, accuracy in {"adabelief": 91.0, "eadam": 91.5}.items():
        write_run(tmp_path, cell(optimizer=optimizer), 0, [accuracy] * 200, floor=[75.0] * 200)
    (table,) = tables_from(grid, ["full"], [tmp_path])
    assert table.name == "adabelief_eps" and "narrower" not in " ".join(table.head)
    rows = {row[0]: dict(zip(table.blocks[0].columns, row)) for row in table.blocks[0].rows}
    assert rows["EAdam"]["minus AdaBelief"] == "+0.50" and rows["EAdam"]["at the floor"] == "75.0"
    assert {value["kind"] for value in table.values} == {"ours", "difference"}
    assert "last 10" in table.blocks[0].columns and "mean of the last ten epochs" in " ".join(table.head)
