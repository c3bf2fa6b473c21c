"""The table and figure of an ablation, from made-up records: differences by seed, floors, what the sentences say."""

import pytest

from experiments.grid import load_grid
from scripts.drawing.pictures import pictures
from scripts.figures import draw
from scripts.reading.public_record import load_public_record
from scripts.tables import make_tables
from tests.scripts.synthetic import cell, write_run

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
    (table,) = make_tables(load_grid("adabelief_eps"), ["small"], [store], load_public_record())
    assert table.name == "small_adabelief_eps" and [block.title for block in table.blocks] == ["VGG11 on CIFAR-10"]
    rows = {row[0]: dict(zip(table.blocks[0].columns, row)) for row in table.blocks[0].rows}
    assert rows["AdaBelief"]["at the floor"] == "62.5 [a]" and "[a] Logged by 1 of 3 runs." in table.notes
    assert rows["EAdam"]["at the floor"] == "\u2013"
    assert rows["EAdam"]["minus AdaBelief"] == "+0.60 [+0.35, +0.85]"  # 0.6 +- 4.3027 * 0.1 / sqrt(3)
    assert rows["AdaBelief, inner_eps=this step"]["minus AdaBelief"] == "+1.25"
    assert rows["SGD"]["n"] == "\u2013"


def test_the_sentences_follow_from_the_numbers(store):
    (table,) = make_tables(load_grid("adabelief_eps"), ["small"], [store], load_public_record())
    moved, belief = table.blocks[0].notes[-2:]
    assert "AdaBelief, inner_eps=this step +1.25 points (one seed)" in moved
    assert "(EAdam) changes it by +1.60 points (within the seeds' scatter)" in belief  # 4.5, -1.4 and 1.7 by seed
    assert "the belief (AdaBelief), by \u22120.60 points." in belief


def test_the_figure_shows_scores_and_floors(store):
    (figure,) = pictures(load_grid("adabelief_eps"), ["small"], [store], load_public_record())
    (scores,), (floors,) = figure.rows
    assert {line.optimizer for line in scores.lines} == {"adabelief", "eadam", "adam", THIS_STEP}
    (line,) = floors.lines
    assert line.optimizer == "adabelief" and line.values == [90.0] * (EPOCHS - 1) + [62.5]
    assert floors.ylabel == "coordinates at the floor (%)"


def test_each_seed_is_a_dot_and_what_fails_stands_at_the_edge(store, tmp_path):
    write_run(store, cell(optimizer="sgd", scale="small"), 0, [40.0] * EPOCHS)
    write_run(store, cell(optimizer="sgd", scale="small"), 1, [10.0] * 3, status="diverged")
    (figure,) = pictures(load_grid("adabelief_eps"), ["small"], [store], load_public_record())
    (strip,) = figure.strips
    assert strip.better == 1 and strip.diverged == ["sgd"]
    assert strip.values["eadam"] == pytest.approx([80.5, 80.6, 80.7]) and strip.values[THIS_STEP] == [81.25]
    assert strip.below == ["sgd"] and 75 < strip.low < 76.0 and 82.0 < strip.high < 83
    assert [path.suffix for path in draw(figure, tmp_path)] == [".png", ".pdf"]


def test_full_scale_has_the_same_table_and_figure(tmp_path):
    grid = load_grid("adabelief_eps")
    assert make_tables(grid, ["full"], [tmp_path], load_public_record()) == []
    assert pictures(grid, ["full"], [tmp_path], load_public_record()) == []
    for optimizer, accuracy in {"adabelief": 91.0, "eadam": 91.5}.items():
        write_run(tmp_path, cell(optimizer=optimizer), 0, [accuracy] * 200, floor=[75.0] * 200)
    (table,) = make_tables(grid, ["full"], [tmp_path], load_public_record())
    assert table.name == "adabelief_eps" and "narrower" not in " ".join(table.head)
    rows = {row[0]: dict(zip(table.blocks[0].columns, row)) for row in table.blocks[0].rows}
    assert rows["EAdam"]["minus AdaBelief"] == "+0.50" and rows["EAdam"]["at the floor"] == "75.0"
    assert {value["kind"] for value in table.values} == {"ours", "difference"}
    (figure,) = pictures(grid, ["full"], [tmp_path], load_public_record())
    assert figure.name == "adabelief_eps" and "arrower" not in figure.caption and figure.kinds == ["ours"]
    assert figure.rows[1][0].ylabel == "coordinates at the floor (%)"
    assert figure.strips[0].xlabel == "test accuracy (%), mean of the last 10 epochs"
    assert "last 10" in table.blocks[0].columns and "mean of the last ten epochs" in " ".join(table.head)


def test_a_strip_stands_over_its_own_model(store, tmp_path):
    """A model whose only run fell apart before its first score has no curve, and moved the strips of the others."""
    write_run(store, cell(model="resnet34", scale="small"), 0, [70.0] * 12)
    write_run(tmp_path / "more", cell(scale="small"), 0, [], status="diverged")
    write_run(tmp_path / "more", cell(model="resnet34", scale="small"), 0, [70.0] * 12)
    for root in (store, tmp_path / "more"):
        (figure,) = pictures(load_grid("adabelief_eps"), ["small"], [root], load_public_record())
        assert [strip.title for strip in figure.strips] == [panel.title for panel in figure.rows[0]]
        assert draw(figure, tmp_path / "drawn")
