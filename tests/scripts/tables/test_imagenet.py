"""The paper's Table 2, whose numbers come from several hands, with our runs in it."""

from experiments.grid.grid import load_grid
from scripts.published.end_values import load_printed
from scripts.tables.__main__ import main
from tests.scripts.synthetic import cell, tables_from, write_run

GRID = load_grid("imagenet")
HERE = {"setting": "adabelief-imagenet", "model": "resnet18"}


def full(tmp_path):
    (table,) = tables_from(GRID, ["full"], [tmp_path])
    return table


def rows(table, block=0):
    columns = table.blocks[block].columns
    return {row[0]: dict(zip(columns, row)) for row in table.blocks[block].rows}


def run(tmp_path, optimizer, seed, final, **more):
    place = cell("imagenet", optimizer=optimizer, **HERE, **more)
    write_run(tmp_path, place, seed, [60.0] * 89 + [final], config={"content": "a user's copy"})


def test_the_public_record_stands_before_any_run(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("STORE", str(tmp_path / "runs"))
    main(["--grid", "imagenet", "--no-studies", "--scale", "full", "--out", str(tmp_path / "tables")])
    assert "no full-scale run of ours yet: the public record" in capsys.readouterr().out
    found = rows(full(tmp_path))
    assert list(found)[:2] == ["AdaBelief", "SGD"] and len(found) == 9
    assert found["AdaBelief"]["paper"].startswith("70.08") and found["AdaBelief"]["measured by"] == "the authors"
    assert found["AdaBelief"]["reruns"].startswith("69.53 (3, 69.32")
    assert found["Adam, the table's other number"]["paper"].startswith("66.54")
    assert found["MSVAG"]["under decay"] == "unknown" and found["AdamW"]["reruns"].startswith("69.73 (3)")


def test_ours_stand_beside_it_and_another_recipe_is_named(tmp_path):
    for seed, final in enumerate([69.0, 69.4]):
        run(tmp_path, "adabelief", seed, final)
        run(tmp_path, "sgd", seed, final + 1)
    table = full(tmp_path)
    found = rows(table)
    assert found["AdaBelief"]["ours final"] == "69.20 ± 0.28" and found["AdaBelief"]["n"] == "2"
    assert found["AdaBelief"]["ours - paper"] == "\u22120.88"
    mark = found["SGD"]["ours - paper"].removeprefix("\u22120.03 ")
    assert any(note.startswith(f"{mark} Measured under another decay or schedule") for note in table.notes)
    assert found["SGD"]["ours - AdaBelief"].startswith("+0.10")
    assert "4 finished full-scale runs" in table.summary


def test_the_clean_protocol_has_a_block_of_its_own(tmp_path):
    run(tmp_path, "adamw", 0, 70.0, protocol="clean")
    table = full(tmp_path)
    assert rows(table)["AdamW"]["ours final"] == "\u2013" and rows(table, 1)["AdamW"]["ours final"] == "70.00"
    assert "same decay" in table.blocks[1].notes[0]


def test_a_record_of_data_that_nobody_knows_in_advance_is_not_stale(tmp_path):
    run(tmp_path, "adabelief", 0, 69.0)
    assert not [note for note in full(tmp_path).notes if "Stale" in note]


def test_the_small_scale_sets_orders_side_by_side(tmp_path):
    for optimizer, value in (("adabelief", 40.0), ("sgd", 30.0), ("adam", 35.0)):
        place = cell("tiny_imagenet", optimizer=optimizer, scale="small", **HERE)
        write_run(tmp_path, place, 0, [value] * 12)
    (table,) = tables_from(GRID, ["small"], [tmp_path])
    found = rows(table)
    assert [found[name]["rank"] for name in ("AdaBelief", "Adam", "SGD")] == ["1", "2", "3"]
    assert [found[name]["rank in Table 2"] for name in ("AdaBelief", "Adam", "SGD")] == ["2", "3", "1"]
    text = " ".join(table.blocks[0].notes)
    assert "AdaBelief is 5.0 points ahead of Adam, and one seed cannot tell" in text and "What it cannot say" in text
    assert not any(str(row.value) in str(found) for row in load_printed(GRID.printed))  # no number of the paper's
