"""Tables of made-up records: statistics by hand, what is missing, what must never stand side by side."""

import csv
from dataclasses import replace
from statistics import stdev

import pytest
import yaml

from experiments.config.errors import UserError
from experiments.config.paths import CONFIGS
from experiments.grid.grid import load_grid
from scripts.loading.command_line import asked_grids, parser
from scripts.loading.grid_results import read_grid_results
from scripts.loading.rank_correlation import kendall, kendall_interval
from scripts.loading.statistics import Estimate, estimate, paired
from scripts.tables.__main__ import main
from scripts.tables.files import write_table
from scripts.tables.formats import MINUS, signed
from scripts.tables.grid_tables import has_runs
from scripts.tables.orders import ranks, tau_text
from tests.scripts.synthetic import cell, named_tables, tables_from, write_run

T_975_2 = 4.302652729911275  # Student's t with two degrees of freedom


@pytest.fixture(scope="module")
def grid():
    return load_grid("cifar")


def flat(value, epochs=200):
    return [value] * epochs


def test_mean_sd_and_paired_interval():
    e = estimate([1.0, 2.0, 4.0])
    assert e and (e.mean, e.n) == (pytest.approx(7 / 3), 3) and e.sd == pytest.approx(1.5275252)
    d = paired({0: 1.0, 1: 2.0, 2: 4.0, 7: 0.0}, {0: 0.5, 1: 1.0, 2: 2.5, 8: 9.0})
    assert d and d.high and d.mean == pytest.approx(1.0) and d.n == 3
    assert d.high - d.mean == pytest.approx(T_975_2 * 0.5 / 3**0.5)
    assert estimate([]) is None and paired({0: 1.0}, {1: 1.0}) is None
    assert estimate([3.0]) == Estimate(3.0, sd=None, n=1, low=None, high=None)


def test_kendall():
    assert kendall([1, 2, 3, 4], [1, 2, 4, 3]) == pytest.approx(4 / 6)
    assert kendall([1, 2, 2], [1, 2, 3]) == pytest.approx(2 / 6**0.5)  # tau-b with a tie
    assert kendall_interval([1, 2, 3, 4], [10, 20, 30, 40]) == (1.0, 1.0)
    assert kendall([1, 2, 4, float("-inf")], [2, 3, 4, 1]) == 1.0  # a diverged run
    low, high = kendall_interval([1, 2, 3, 4, 5, 6], [2, 1, 4, 3, 6, 5])
    assert -1 <= low < kendall([1, 2, 3, 4, 5, 6], [2, 1, 4, 3, 6, 5]) < high <= 1


def test_an_interval_of_tau_is_not_the_draw_of_its_resamples():
    ours, theirs = [3, 1, 2, 5, 4, 9, 7, 8, 6], [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert kendall_interval(ours, theirs, seed=1) == pytest.approx(kendall_interval(ours, theirs, seed=2), abs=0.005)
    assert kendall_interval(ours[::-1], theirs[::-1]) == pytest.approx(kendall_interval(ours, theirs), abs=0.005)


def test_equal_orders_have_no_interval():
    assert tau_text([1, 2, 3, 4], [10, 20, 30, 40]) == "1.00 (4 optimizers)"
    assert tau_text([4, 3, 2, 1], [10, 20, 30, 40]) == f"{MINUS}1.00 (4 optimizers)"
    assert tau_text([1, 2, 4, 3], [10, 20, 30, 40]).startswith("0.67 [")


def test_public_record_without_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("scripts.tables.__main__.stores", lambda archive_only: [])
    assert main(["--grid", "cifar", "--out", str(tmp_path)]) == 0
    assert {p.name for p in tmp_path.iterdir()} == {
        f"{d}.{k}" for d in ("cifar10", "cifar100") for k in ("md", "tex", "csv")
    }
    out = capsys.readouterr().out
    assert out.count("no full-scale run of ours yet") == 2
    assert out.count("AdaBelief  ") >= 6  # and the record itself is drawn
    with (tmp_path / "cifar100.csv").open() as file:
        values = list(csv.DictReader(file))
    assert sum(v["kind"] == "figure" for v in values) == 27 and not any(v["kind"] == "ours" for v in values)


def test_ours_beside_the_record(grid, tmp_path):
    for seed, (adam, belief) in enumerate([(88.0, 91.0), (88.2, 91.1), (88.7, 91.3)]):
        write_run(tmp_path, cell(optimizer="adam"), seed, [*flat(adam - 1, 189), adam + 1, *flat(adam, 10)])
        write_run(tmp_path, cell(optimizer="adabelief"), seed, flat(belief))
    table = named_tables(grid, tmp_path)["cifar10"]
    texts = table.row("VGG11", "Adam")
    assert texts["ours last 10"] == texts["ours final"] == "88.30 ± 0.36" and texts["ours best"] == "89.30 ± 0.36"
    assert texts["n"] == "3" and texts["official last 10"] == "88.08" and texts["figure"] == "88.1 ± 0.15"
    assert texts["ours - official"] == "+0.22"
    half = T_975_2 * stdev([-3.0, -2.9, -2.6]) / 3**0.5
    assert texts["ours - AdaBelief"] == f"\u22122.83 [\u2212{2.8333 + half:.2f}, \u2212{2.8333 - half:.2f}]"
    assert table.row("VGG11", "AdaBelief")["ours - AdaBelief"] == "\u2013"
    assert table.row("VGG11", "SGD")["ours last 10"] == "\u2013"
    assert "6 finished full-scale runs" in table.summary and has_runs(table.table)


def test_difference_to_the_figure_where_there_is_no_curve(grid, tmp_path):
    write_run(tmp_path, cell("cifar100", optimizer="sgd"), 0, flat(62.9))
    texts = named_tables(grid, tmp_path)["cifar100"].row("VGG11", "SGD")
    assert texts["ours last 10"] == "62.90" and texts["ours - official"] == "+0.50 (fig.)"


def test_reruns_carry_their_repositories(grid, tmp_path):
    table = named_tables(grid, tmp_path)["cifar10"]
    assert table.row("ResNet34", "SGD")["reruns last 10"].startswith("93.13 (2, 92.89\u201393.37) [")
    assert table.row("VGG11", "MSVAG")["reruns last 10"] == "\u2013"
    notes = "\n".join(table.notes)
    assert "Luolc/AdaBound: its files do not state" in notes and "Kept apart: MSVAG" in notes


def test_diverged_partial_and_stale_runs(grid, tmp_path):
    write_run(tmp_path, cell(optimizer="sgd"), 0, flat(10.0, 4), status="diverged")
    write_run(tmp_path, cell(optimizer="yogi"), 0, flat(90.0))
    write_run(tmp_path, cell(optimizer="yogi"), 1, flat(10.0, 9), status="diverged")
    write_run(tmp_path, cell(optimizer="adam"), 0, flat(40.0, 3), status="partial")
    write_run(tmp_path, cell(optimizer="radam"), 0, flat(77.0), config={"precision": "bf16"})
    table = named_tables(grid, tmp_path)["cifar10"]
    sgd, yogi = table.row("VGG11", "SGD"), table.row("VGG11", "Yogi")
    assert sgd["ours last 10"] == "diverged" and sgd["n"] == "0 + 1 diverged"
    assert yogi["ours last 10"] == "90.00" and yogi["n"] == "1 + 1 diverged"
    assert table.row("VGG11", "Adam")["ours last 10"] == table.row("VGG11", "RAdam")["ours last 10"] == "\u2013"
    notes = "\n".join(table.notes)
    assert "VGG11 Adam seed 0 (3; 40.00)" in notes
    assert (
        "Stale, not in the table: VGG11 RAdam on CIFAR-10, paper protocol, seed 0: precision was bf16, is fp32" in notes
    )


def test_a_row_from_two_machines_says_so(grid, tmp_path):
    write_run(tmp_path, cell(), 0, flat(88.0))
    write_run(tmp_path, cell(), 1, flat(88.0), machine="a server, 64 cores", commit="fedcba9876543210")
    table = named_tables(grid, tmp_path)["cifar10"]
    assert "[" in table.row("VGG11", "Adam")["n"]
    assert any("2 machines (a laptop, 2 cores; a server, 64 cores) and 2 commits" in note for note in table.notes)


def test_a_gpu_is_named_instead_of_its_host(grid, tmp_path):
    write_run(tmp_path, cell(), 0, flat(90.0))
    write_run(tmp_path, cell(), 1, flat(88.0), device="a GPU")
    table = named_tables(grid, tmp_path)["cifar10"]
    assert any("2 machines (a laptop, 2 cores; a GPU)" in note for note in table.notes)


def test_protocols_never_share_a_column(grid, tmp_path):
    write_run(tmp_path, cell(optimizer="adam", protocol="clean"), 0, flat(87.0))
    table = named_tables(grid, tmp_path)["cifar10"]
    assert table.row("VGG11", "Adam")["ours last 10"] == "\u2013"
    clean = table.row("VGG11, clean protocol", "Adam")
    assert clean["ours last 10"] == "87.00" and not any("official" in column or column == "figure" for column in clean)


def test_quick_results_stand_in_a_table_of_their_own(grid, tmp_path):
    cells = {c.optimizer: c for c in grid.cells("quick") if c.model == "vgg11"}
    for name, value in (("adam", 97.31), ("msvag", 11.23), ("sgd", 12.34)):
        write_run(tmp_path, cells[name], 0, flat(value, 8))
    failing = replace(grid, expected_failures=[{"model": "vgg11", "optimizer": "msvag", "reason": "0.1 is too much"}])
    tables = named_tables(failing, tmp_path, "quick")
    assert list(tables) == ["quick_cifar"]
    table = tables["quick_cifar"]
    assert table.row("VGG11 on Digits", "Adam")["standing"] == "healthy"
    assert table.row("VGG11 on Digits", "MSVAG")["standing"] == "failed as expected"
    assert "MSVAG may fail: 0.1 is too much." in table.blocks[0].notes
    assert table.row("VGG11 on Digits", "SGD")["standing"].startswith("not healthy: test/accuracy 12.3")
    assert "not comparable" in table.title and "official" not in table.blocks[0].columns
    assert all("97.31" not in str(b.rows) for t in named_tables(failing, tmp_path).values() for b in t.blocks)


@pytest.fixture
def small_grid(grid):
    """The grid with a small scale, whether or not it has one yet."""
    block = {**grid.blocks[0], "data": {**grid.blocks[0]["data"], "small": ["cifar10"]}}
    return replace(grid, blocks=[block], seeds={**grid.seeds, "small": [0]})


def test_small_scale_compares_orders_only(small_grid, tmp_path):
    assert named_tables(small_grid, tmp_path, "small") == {}
    order = ["adam", "adabelief", "sgd", "yogi"]  # best first; with the authors adabelief, yogi, sgd, adam
    for place, name in enumerate(order):
        for seed in (0, 1):
            write_run(tmp_path, cell(optimizer=name, scale="small"), seed, flat(70.0 - place + 0.1 * seed, 8))
    table = named_tables(small_grid, tmp_path, "small")["small_cifar"]
    texts = table.row("VGG11 on CIFAR-10", "Yogi")
    assert (texts["rank"], texts["authors' rank"], texts["from"]) == ("4", "2", "official curve")
    assert texts["last quarter"] == "67.05 ± 0.07" and "90.5" not in str(table.blocks[0].rows)
    notes = "\n".join(table.blocks[0].notes)
    assert "our order against the authors' \u22120.33" in notes and "rerun" in notes and "width 0.25" in notes
    assert "AdaBelief is number 1 with the authors and 2 here, ahead of 2 of the 3 optimizers that they find" in notes
    assert "As with the authors here: 2 of 6 pairs that their runs separate by more than 0.5 points: " in notes
    assert "points: AdaBelief before SGD*, Yogi*." in notes
    assert "*: beyond our seeds' scatter (paired 95 % interval): 2 as with the authors, 4 the other way round." in notes
    assert "The other way round here: Adam before AdaBelief*, SGD*, Yogi*; SGD before Yogi*." in notes
    assert not any(v["kind"] == "official curve" and v["quantity"] != "rank by last 10" for v in table.values)


def test_one_seed_says_nothing_of_scatter(small_grid, tmp_path):
    for place, name in enumerate(("adam", "adabelief", "sgd", "yogi")):
        write_run(tmp_path, cell(optimizer=name, scale="small"), 0, flat(70.0 - place, 8))
    notes = "\n".join(named_tables(small_grid, tmp_path, "small")["small_cifar"].blocks[0].notes)
    assert "2 of 6 pairs that their runs separate by more than 0.5 points: AdaBelief before SGD, Yogi." in notes
    assert "With one seed of ours scatter cannot be told." in notes and "*" not in notes
    assert "beyond our seeds' scatter" not in notes


def test_two_that_diverged_are_level(small_grid, tmp_path):
    """They were said to stand the other way round."""
    write_run(tmp_path, cell(optimizer="adabelief", scale="small"), 0, flat(70.0, 8))
    for name in ("sgd", "adam"):
        write_run(tmp_path, cell(optimizer=name, scale="small"), 0, flat(10.0, 3), status="diverged")
    notes = named_tables(small_grid, tmp_path, "small")["small_cifar"].blocks[0].notes
    assert "Level here: SGD and Adam." in notes and not any("other way round here" in note for note in notes)


def test_first_epochs_beside_the_curves(tmp_path):
    grid = load_grid("first_epochs")
    assert named_tables(grid, tmp_path) == {}
    for seed, values in enumerate(([20.0, 30.0, 40.0], [22.0, 32.0, 42.0])):
        write_run(tmp_path, cell(optimizer="sgd"), seed, values, [15.0, 25.0, 35.0], status="partial")
    table = named_tables(grid, tmp_path)["first_epochs"]
    third = next(r for r in table.blocks[0].rows if r[:2] == ["SGD", "2"])
    texts = dict(zip(table.blocks[0].columns, third))
    assert (
        texts["test ours"] == "41.00 ± 1.41" and texts["test official"] == "44.49" and texts["test reruns"] == "46.55"
    )
    assert texts["test ours - official"] == "\u22123.49" and texts["train ours"] == "35.00 ± 0.00"
    assert "VGG11 SGD, 41.00 against 44.49\u201346.55, 3.49 points outside" in "\n".join(table.blocks[0].notes)


def test_forms_on_disk(grid, tmp_path):
    write_run(tmp_path, cell(), 0, flat(88.0))
    paths = write_table(named_tables(grid, tmp_path)["cifar10"].table, tmp_path / "out")
    markdown, latex, numbers = (path.read_text() for path in paths)
    assert markdown.startswith("# CIFAR-10") and "| Adam | 88.00 | 88.00 | 88.00 | 1 |" in markdown
    assert r"\begin{tabular}{l" in latex and latex.count(r"\begin{tabular}") == latex.count(r"\end{tabular}") == 1
    values = list(csv.DictReader(numbers.splitlines()))
    ours = [v for v in values if v["kind"] == "ours"]
    assert {v["quantity"]: float(v["value"]) for v in ours} == {"final": 88.0, "best": 88.0, "last": 88.0}
    assert all(v["source"] for v in values if v["kind"] in ("figure", "official curve", "rerun"))


def test_archive_alone_or_first_store_wins(grid, tmp_path):
    live, archive = tmp_path / "live", tmp_path / "archive"
    write_run(live, cell(), 0, flat(88.0))
    write_run(archive, cell(), 0, flat(60.0))
    write_run(archive, cell(), 1, flat(61.0))
    assert read_grid_results(grid, "full", "paper", [live, archive]).scores(cell(), "last") == {0: 88.0, 1: 61.0}
    assert read_grid_results(grid, "full", "paper", [archive]).scores(cell(), "last") == {0: 60.0, 1: 61.0}


def test_what_is_missing_at_a_smaller_scale_stands_with_its_hours(grid, tmp_path):
    for optimizer in ("adabelief", "adam", "sgd", "yogi", "adabound", "msvag", "radam"):
        write_run(tmp_path, cell(optimizer=optimizer, scale="small"), 0, flat(50.0 + len(optimizer), 30))
    notes = named_tables(grid, tmp_path, "small")["small_cifar"].notes
    minutes = load_scale("classification", "small")["models"]
    assert f"VGG11 on CIFAR-10: AdamW; Fromage, about {2 * minutes['vgg11']['minutes'] / 60:.1f} hours" in notes[0]
    assert f"ResNet34 on CIFAR-10: all, about {9 * minutes['resnet34']['minutes'] / 60:.1f} hours" in notes[1]
    assert len([note for note in notes if note.startswith("Not run yet")]) == 6


def test_seeds_that_other_rows_have_are_missing_too(grid, tmp_path):
    """A run of one seed beside rows of three was not called missing."""
    for optimizer, seeds in (("adabelief", 3), ("adam", 1), ("sgd", 2)):
        for seed in range(seeds):
            write_run(tmp_path, cell(optimizer=optimizer, scale="small"), seed, flat(50.0, 30))
    for seed in range(3):  # not at its end, so not in the table
        write_run(tmp_path, cell(optimizer="yogi", scale="small"), seed, flat(50.0, 3), status="partial")
    notes = named_tables(grid, tmp_path, "small")["small_cifar"].notes
    assert "Yogi" in notes[0] and notes[0].startswith("Not run yet: VGG11")
    minutes = load_scale("classification", "small")["models"]["vgg11"]["minutes"]
    (fewer,) = [note for note in notes if note.startswith("Fewer than 3 seeds")]
    assert f"VGG11 on CIFAR-10: SGD; Adam: 3 runs to go, about {3 * minutes / 60:.1f} hours" in fewer


def test_who_diverged_or_missed_the_threshold_is_named_with_the_reason(small_grid, tmp_path):
    grid = replace(small_grid, expected_failures=[{"optimizer": "sgd", "reason": "0.1 is too much"}])
    write_run(tmp_path, cell(optimizer="sgd", scale="small"), 0, flat(50.0, 8))
    write_run(tmp_path, cell(optimizer="sgd", scale="small"), 1, flat(10.0, 3), status="diverged")
    for name, seed in (("adam", 0), ("sgd", 2)):
        write_run(tmp_path, cell(optimizer=name, scale="small"), seed, flat(10.0, 8))
    notes = named_tables(grid, tmp_path, "small")["small_cifar"].blocks[0].notes
    assert "Diverged: SGD (1 of 3 runs): 0.1 is too much." in notes
    assert "Missed the threshold of 30: SGD (1 of 3 runs): 0.1 is too much." in notes
    assert "Missed the threshold of 30: Adam: this was not expected." in notes


def test_rows_of_another_machine_or_torch_are_named(small_grid, tmp_path):
    facts = {"versions": {"torch": "2.14.1+cu130"}}
    for name in ("adabelief", "adam"):
        write_run(tmp_path, cell(optimizer=name, scale="small"), 0, flat(70.0, 8), **facts)
    gpu = {"device": "NVIDIA H100", "versions": {"torch": "2.11.0"}}
    write_run(tmp_path, cell(optimizer="sgd", scale="small"), 0, flat(71.0, 8), **gpu)
    made = named_tables(small_grid, tmp_path, "small")["small_cifar"].blocks[0].notes[0]
    assert made.endswith("fp32; on a laptop, 2 cores, torch 2.14.1; on NVIDIA H100, torch 2.11.0 (SGD).")
    write_run(tmp_path, cell(optimizer="sgd", scale="small"), 1, flat(71.0, 8), versions=None)
    made = named_tables(small_grid, tmp_path, "small")["small_cifar"].blocks[0].notes[0]
    assert "on NVIDIA H100, torch 2.11.0 (1 of 2 runs of SGD)" in made and "torch ? (1 of 2 runs of SGD)" in made


def test_what_is_equal_as_printed_shares_a_rank():
    assert ranks({"a": 2.0, "b": 1.004, "c": 1.0}, 1) == {"a": 1, "b": 2, "c": 2}


def test_a_difference_that_rounds_to_zero_has_no_sign():
    assert (signed(-0.004), signed(0.004), signed(-0.006)) == ("0.00", "0.00", f"{MINUS}0.01")


def load_scale(task, scale):
    return yaml.safe_load((CONFIGS / "scale" / task / f"{scale}.yaml").read_text())


def test_one_scale_of_every_grid_that_has_it_can_be_asked_for():
    call = parser("scripts.tables.__main__", "", "out")
    full = {grid.name: scales for grid, scales in asked_grids(call.parse_args(["--scale", "full"]))}
    assert full["cifar"] == ["full"] and "ptb_figure" in full and "lstm_first_epochs" in full
    small = {grid.name for grid, _ in asked_grids(call.parse_args(["--scale", "small"]))}
    assert {"cifar", "adabelief_eps"} <= small and "ptb_figure" not in small
    for words in (["--grid", "ptb_figure", "--scale", "small"], ["--scale", "smal"]):
        with pytest.raises(UserError, match="no scale 'smal"):
            list(asked_grids(call.parse_args(words)))


def test_seeds_at_chance_are_told_from_the_others(tmp_path):
    """A mean over seeds that learn and seeds that do not is that of neither."""
    for seed, value in enumerate((10.0, 45.0, 55.0)):
        write_run(tmp_path, cell(), seed, [20.0, 30.0, value], status="partial")
    write_run(tmp_path, cell(optimizer="adabelief"), 0, [20.0, 30.0, 10.0], status="partial")
    for seed, values in enumerate(([20.0, 28.0, 40.0], [10.0, 10.0, 20.0])):  # one leaves chance late
        write_run(tmp_path, cell(optimizer="adabound"), seed, values, status="partial")
    (table,) = tables_from(load_grid("first_epochs"), ["full"], [tmp_path])
    notes = "\n".join(table.blocks[0].notes)
    assert "VGG11 Adam: 1 of 3 seeds at chance (10) at epoch 2; the other 2: 50.00 ± 7.07." in notes
    assert "VGG11 AdaBound: 1 of 2 seeds at chance (10) at epoch 1; the other 1: 28.00." in notes
    assert "AdaBelief: 1 of" not in notes and "the first 3 of 200 epochs" in notes
    write_run(tmp_path, cell(optimizer="sgd"), 0, [20.0] * 200)
    (table,) = tables_from(load_grid("first_epochs"), ["full"], [tmp_path])
    assert "the first 3 or all of 200 epochs" in "\n".join(table.blocks[0].notes)


def test_a_single_cell_has_no_rank(tmp_path):
    write_run(tmp_path, cell(scale="small"), 0, [80.0] * 30)
    (table,) = tables_from(load_grid("cifar"), ["small"], [tmp_path])
    adam = table.row("VGG11 on CIFAR-10", "Adam")
    assert adam["rank"] == adam["authors' rank"] == adam["from"] == "\u2013"


def test_heads_explain_the_columns_that_are_there(tmp_path):
    heads = {name: tables_from(load_grid(name), ["full"], [tmp_path])[0] for name in (
        "ptb_figure", "adadiff_ptb", "lstm")}  # fmt: skip
    said = {name: [word for word in (" figure: ", " official: ", " reruns: ") if word in table.head[0]]
            for name, table in heads.items()}  # fmt: skip
    assert said == {"ptb_figure": [" figure: "], "adadiff_ptb": [" reruns: "],
                    "lstm": [" figure: ", " official: ", " reruns: "]}  # fmt: skip
    assert "ours - official" not in heads["adadiff_ptb"].blocks[0].columns
