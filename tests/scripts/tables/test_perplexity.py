"""Tables of language models: lower is better, another figure of the paper, other reruns."""

from statistics import mean

import pytest

from experiments.grid.grid import load_grid
from scripts.published.public_record import load_public_record
from tests.scripts.synthetic import cell, named_tables, write_run
from tests.scripts.tables.test_tables import flat

SETTING = "adabelief-ptb"


@pytest.fixture(scope="module")
def grid():
    return load_grid("lstm")


def lstm(optimizer, model="lstm2", data="ptb", setting=SETTING, **more):
    return cell(data, model, optimizer, setting=setting, **more)


def test_the_public_record_stands_before_any_run(grid, tmp_path):
    table = named_tables(grid, tmp_path)["ptb"]
    kinds = [value["kind"] for value in table.values]
    assert kinds.count("figure") == 27 and "ours" not in kinds
    texts = table.row("2-layer LSTM", "AdaBelief")
    assert texts["figure"] == "66.55 ± 0.15" and texts["official final"] == "66.29"
    assert texts["reruns last 10"].startswith("66.72 ± 0.10 (8) [")
    assert table.row("3-layer LSTM", "SGD")["official final"].startswith("63.77 [")
    assert table.row("1-layer LSTM", "Fromage")["official final"] == "\u2013"
    apart = table.row("2-layer LSTM", "AdamW: rate 1e-3; the official curves have 1e-2")
    assert apart["reruns last 10"].startswith("73.68 ± ") and apart["official final"] == "\u2013"
    notes = "\n".join(table.notes)
    assert "The official curve stops after 147 epochs." in notes and "seed 141" in "\n".join(table.head)


def test_our_best_is_the_lowest_and_the_lead_is_negative(grid, tmp_path):
    for seed, (belief, adam) in enumerate([(66.5, 67.1), (66.7, 67.2)]):
        write_run(tmp_path, lstm("adabelief"), seed, [*flat(belief + 9, 100), belief - 1, *flat(belief, 99)])
        write_run(tmp_path, lstm("adam"), seed, flat(adam))
    texts = named_tables(grid, tmp_path)["ptb"].row("2-layer LSTM", "AdaBelief")
    assert texts["ours best"] == "65.60 ± 0.14" and texts["ours last 10"] == "66.60 ± 0.14"
    assert texts["ours - official"] == "+0.28"
    assert named_tables(grid, tmp_path)["ptb"].row("2-layer LSTM", "Adam")["ours - AdaBelief"].startswith("+0.55 [")


def test_ranks_count_from_the_lowest_and_a_diverged_run_is_last(grid, tmp_path):
    small = {"adabelief": 120.0, "adam": 125.0, "yogi": 140.0}
    for name, value in small.items():
        write_run(tmp_path, lstm(name, scale="small"), 0, flat(value, 16))
    write_run(tmp_path, lstm("sgd", scale="small"), 0, flat(900.0, 3), status="diverged")
    table = named_tables(grid, tmp_path, "small")["small_lstm"]
    block = "2-layer LSTM on Penn Treebank"
    ranks = {name: table.row(block, name)["rank"] for name in ("AdaBelief", "Adam", "Yogi", "SGD")}
    assert ranks == {"AdaBelief": "1", "Adam": "2", "Yogi": "3", "SGD": "4"}
    assert table.row(block, "AdaBelief")["authors' rank"] == "1"
    assert "Test perplexity" in "\n".join(table.head) and "dropouts" in "\n".join(table.head)


def test_quick_cells_pass_below_the_threshold(grid, tmp_path):
    for name, value in (("adam", 150.0), ("yogi", 250.0)):
        write_run(tmp_path, lstm(name, "lstm1", "topics", scale="quick"), 0, flat(value, 8))
    table = named_tables(grid, tmp_path, "quick")["quick_lstm"]
    block = "1-layer LSTM on Python's help topics"
    assert table.row(block, "Adam")["standing"] == "healthy"
    assert table.row(block, "Yogi")["standing"] == "not healthy: test/perplexity 250.0 > 203"


def test_the_figures_own_setting_stands_beside_the_figure_alone(tmp_path):
    grid = load_grid("ptb_figure")
    write_run(tmp_path, lstm("adamw", setting="adabelief-ptb-figure"), 0, flat(73.5))
    table = named_tables(grid, tmp_path)["ptb_figure"]
    texts = table.row("2-layer LSTM", "AdamW")
    assert texts["figure"] == "73.14 ± 0.15" and texts["ours - official"] == "+0.36 (fig.)"
    assert not any(name.startswith(("official", "reruns")) for name in texts)


def test_adadiffs_table_holds_its_authors_runs(tmp_path):
    table = named_tables(load_grid("adadiff_ptb"), tmp_path)["adadiff_ptb"]
    ends = {name: table.row("3-layer LSTM", name)["reruns last 10"][:13] for name in ("AdaDiff", "SGD")}
    assert ends == {"AdaDiff": "60.25 ± 0.11 ", "SGD": "63.83 ± 0.07 "}
    published = [v for v in table.values if v["quantity"] == "final" and v["optimizer"] == "adadiff"]
    assert mean(v["value"] for v in published if v["model"] == "lstm2") == pytest.approx(65.26, abs=0.005)
    assert mean(v["value"] for v in published if v["model"] == "lstm3") == pytest.approx(60.26, abs=0.005)


def test_the_first_epochs_stand_beside_the_same_epochs_of_the_record(tmp_path):
    grid = load_grid("lstm_first_epochs")
    write_run(tmp_path, lstm("adabelief", "lstm1"), 0, [270.0, 204.0], [376.0, 262.0], status="partial")
    table = named_tables(grid, tmp_path)["lstm_first_epochs"]
    texts = next(r for r in table.blocks[0].rows if r[:2] == ["AdaBelief", "0"])
    found = dict(zip(table.blocks[0].columns, texts))
    assert found["test ours"] == "270.00" and found["test official"] == "271.44"
    assert found["train official"] == "374.81" and found["test ours - official"] == "\u22121.44"


def test_every_rank_of_the_authors_says_where_it_is_from(grid, tmp_path):
    """Fromage has a reading of the figure and no curve."""
    for name, value in {"adabelief": 120.0, "adam": 125.0, "fromage": 140.0}.items():
        write_run(tmp_path, lstm(name, "lstm1", scale="small"), 0, flat(value, 16))
    table = named_tables(grid, tmp_path, "small")["small_lstm"]
    block = "1-layer LSTM on Penn Treebank"
    assert table.row(block, "AdaBelief")["from"] == "official curve" and table.row(block, "Fromage")["from"] == "figure"
    kinds = {v["kind"] for v in table.values if v["optimizer"] == "fromage" and v["quantity"] == "rank by last 10"}
    assert kinds == {"figure"}


def test_a_curve_that_stops_early_is_marked_and_nothing_is_subtracted_from_it(grid, tmp_path):
    """Its last ten epochs are not the last of the schedule."""
    for name in ("sgd", "adabelief"):
        write_run(tmp_path, lstm(name, "lstm3"), 0, flat(64.0))
    table = named_tables(grid, tmp_path)["ptb"]
    sgd, belief = table.row("3-layer LSTM", "SGD"), table.row("3-layer LSTM", "AdaBelief")
    assert all("[" in sgd[f"official {name}"] for name in ("final", "best", "last 10"))
    assert sgd["ours - official"] == "\u2013" and belief["ours - official"] == "+2.73"


def test_a_rerun_at_another_rate_stands_for_no_official_one():
    public = load_public_record()
    repository = next(
        run.repository for run in public.reruns("ptb", "lstm2", "adamw") if not run.joins and run.complete
    )
    assert public.rerun_last("ptb", "lstm2", "adamw", repository) is None
    assert public.rerun_last("ptb", "lstm1", "msvag", "anirudhb11/Adabelief-Optimizer-RC") == pytest.approx(
        84.36, abs=0.005
    )
