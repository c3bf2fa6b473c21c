"""Grids and cells that nobody drew before: a new file, other schedules, optimizers without an entry, collapsed runs."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from experiments.grid import grid as grids
from experiments.grid.grid import Grid, load_grid
from scripts.figures import logit_spread
from scripts.figures.__main__ import main
from scripts.figures.catalogue import grid_figures
from scripts.figures.curves import Line, Panel, axis_limits
from scripts.figures.end_scores import Strip
from scripts.figures.first_epochs import first_epochs_figure
from scripts.figures.learning_curves import LearningCurves, drop_epochs, drop_sentence
from scripts.loading.display import OPTIMIZERS, optimizer_name
from scripts.loading.grid_results import GridResults
from scripts.published.public_record import load_public_record
from tests.scripts.synthetic import cell, write_run

ROOT = Path(__file__).parents[3]
CURVE = [30.0, 60.0, 90.0, 95.0]
BLOCK = {"data": ["digits"], "model": ["vgg11"], "optimizer": ["adabelief"]}


def grid(optimizers, **changes):
    block = {**BLOCK, "optimizer": list(optimizers)}
    return replace(Grid("mine", "Mine", [block], {"quick": [0]}, {}, [], setting="adabelief-cifar"), **changes)


def write_runs(folder, optimizers, curve=CURVE, **place):
    for name in optimizers:
        write_run(folder, cell("digits", optimizer=name, scale="quick", **place), 0, curve)


def only_figure(grid, folder, scale="quick"):
    (figure,) = grid_figures(grid, [scale], [folder])
    return figure


def test_a_grid_that_asks_nothing_of_its_runs_is_drawn(tmp_path):
    """`healthy: {}` raised KeyError."""
    write_runs(tmp_path, ["adabelief"])
    figure = only_figure(grid(["adabelief"]), tmp_path)
    figure.draw()
    assert figure.name == "quick_mine" and figure.rows[0][0].ylabel == "test accuracy (%)"


@pytest.mark.parametrize("schedule", ["constant", "cosine", "warmup_cosine"])
def test_a_schedule_without_milestones_has_no_drops(tmp_path, schedule):
    """It raised KeyError, or drew the setting's drops."""
    names = [f"adam,schedule={schedule}", f"sgd,schedule={schedule}"]
    write_runs(tmp_path, names)
    figure = only_figure(grid(names), tmp_path)
    figure.draw()
    assert [panel.drops for row in figure.rows for panel in row] == [[], []]
    assert "grey line" not in figure.caption and not figure.rows[0][0].remark


def test_a_panel_of_several_schedules_draws_the_common_drops_and_names_the_others(tmp_path):
    names = ["adabelief", "adam", "sgd,schedule=constant"]
    write_runs(tmp_path, names)
    panel = only_figure(grid(names), tmp_path).rows[0][0]
    assert panel.drops == list(drop_epochs(cell("digits", scale="quick"))[0]) != []
    assert panel.remark == "no drops: SGD, schedule=constant"
    few = ["adabelief", "adam,schedule=constant", "sgd,schedule=constant"]
    write_runs(tmp_path, few[1:2])
    panel = only_figure(grid(few), tmp_path).rows[0][0]
    assert panel.drops == [] and panel.remark.startswith("drops at ") and panel.remark.endswith(": AdaBelief")


def test_drops_stand_where_the_schedule_has_them_however_far_the_runs_came(tmp_path):
    """They were set by the longest line of the panel, which a run that fell apart early cuts short."""
    for name in ("adabelief", "sgd"):
        write_run(tmp_path, cell(optimizer=name), 0, [50.0, 40.0, 10.0], status="diverged")
    mine = grid(["adabelief", "sgd"], ablation=True, seeds={"full": [0]})
    mine.blocks[0]["data"] = ["cifar10"]
    figure = only_figure(mine, tmp_path, "full")
    assert figure.rows[0][0].drops == [150.0] and figure.rows[0][0].drop_factor == 0.1
    assert drop_sentence(figure.rows) == "The rate is divided by ten at each grey line."
    figure.rows[0][0].drop_factor = 0.5
    assert drop_sentence(figure.rows[:1]) == "The rate is multiplied by 0.5 at each grey line."


EVERY = [name for name in OPTIMIZERS if name != "external"] + ["external,_target_=torch.optim.NAdam,lr=0.001"]


def test_every_optimizer_can_be_drawn():
    """Five of them had no colour and no place."""
    lines = [Line("ours", name, [0, 1], [50.0, 60.0 + i], [0.0, 0.0]) for i, name in enumerate(EVERY)]
    panel = Panel("VGG11", "accuracy", lines, 40.0, 90.0)
    scores = {name: [60.0 + i] for i, name in enumerate(EVERY)}
    strip = Strip("VGG11", "accuracy", scores, 59.0, 90.0, [], [], 1)
    canvas = LearningCurves("a", "", "", [[panel], [panel]], [strip]).draw()
    labels = [text.get_text() for text in canvas.axes[1].texts]
    assert sorted(labels) == sorted(map(optimizer_name, EVERY)) and len(set(labels)) == len(EVERY)


def test_every_optimizer_has_its_place_among_the_first_epochs():
    """Those without an entry raised ValueError."""
    mine = grid(EVERY[::-1], seeds={"full": [0]})
    mine.blocks[0] |= {"stop_after": 3}
    part = GridResults("full", "paper", mine.cells("full"))
    figure = first_epochs_figure(mine, part, load_public_record())
    titles = [panel.title.partition("\n")[2].replace(",\n", ", ") for row in figure.rows[::2] for panel in row]
    assert titles == list(map(optimizer_name, EVERY))
    figure.draw()


def test_a_new_file_is_drawn_without_being_listed_anywhere(tmp_path, monkeypatch, capsys):
    (tmp_path / "configs" / "grid").mkdir(parents=True)
    text = "title: Mine\nsetting: adabelief-cifar\nblocks: [{data: [digits], model: [vgg11], optimizer: [eadam]}]\n"
    (tmp_path / "configs" / "grid" / "mine.yaml").write_text(
        f"{text}seeds: {{quick: [0]}}\nhealthy: {{}}\nexpected_failures: []\n"
    )
    monkeypatch.setattr(grids, "CONFIGS", tmp_path / "configs")
    monkeypatch.setenv("STORE", str(tmp_path / "runs"))
    write_runs(tmp_path / "runs", ["eadam"])
    words = ["--out", str(tmp_path / "figures"), "--no-studies"]
    assert main(words) == 0
    figure, total = capsys.readouterr().out.splitlines()
    assert figure.startswith(f"{tmp_path}/figures/quick_mine.{{png,pdf}}  Digits, quick scale: 1 run of ours")
    assert figure.endswith("[drawn]") and total == "1 of 1 figures drawn, 0 unchanged"
    assert main(words) == 0
    figure, total = capsys.readouterr().out.splitlines()
    assert figure.endswith("[unchanged]") and total == "0 of 1 figures drawn, 1 unchanged"
    write_run(tmp_path / "runs", cell("digits", optimizer="eadam", scale="quick"), 1, CURVE)
    assert main(words) == 0 and "[drawn]" in capsys.readouterr().out


def test_short_runs_of_a_perplexity_are_not_cut_off():
    """Up to three epochs had an axis from 0 to 100, whatever their scores."""
    lines = [Line("ours", "adam", [0, 1, 2], [900.0, 400.0, 300.0], [0.0] * 3)]
    low, high = axis_limits(lines, "min")
    assert low < 300 < 400 < high and axis_limits(lines) == axis_limits([], "min") == (0.0, 100.0)


SPREADS = {
    "adam,batches_per_epoch=60": [1e-6, 0.3, 0.0],
    "adam,batches_per_epoch=60,weight_decay=0": [0.2, 0.5, 0.4],
}


def test_collapsed_runs_have_a_figure_once_there_are_some(tmp_path):
    collapse = load_grid("adam_collapse")
    assert grid_figures(collapse, collapse.scales, [tmp_path]) == []
    for name, spreads in SPREADS.items():
        for seed, spread in enumerate(spreads):
            place = cell(optimizer=name)
            write_run(tmp_path, place, seed, [10.0], status="partial", logged={"test/logit_sd": [spread]})
    figure = only_figure(collapse, tmp_path, "full")
    assert (figure.name, figure.spreads, figure.common) == ("adam_collapse", SPREADS, ["batches_per_epoch=60"])
    assert "6 runs of ours" in figure.title and "All runs: batches_per_epoch=60." in figure.caption
    (ax,) = figure.draw().axes
    assert ax.get_xscale() == "log" and [text.get_text() for text in ax.get_yticklabels()] == [
        "Adam", "Adam, weight_decay=0",
    ]  # fmt: skip
    dots = [line.get_xdata() for line in ax.lines if line.get_marker() == "o"]
    assert list(dots[0]) == [1e-6, 0.3, logit_spread.LEAST] and list(dots[1]) == [0.2, 0.5, 0.4]
    assert [list(line.get_xdata()) for line in ax.lines if line.get_linestyle() == "--"] == [[1e-4, 1e-4]]
    assert [text.get_text() for text in ax.texts] == ["2 of 3", "0 of 3", "collapsed below"]


def test_what_is_not_needed_for_looking_is_not_imported(tmp_path):
    """Neither torch nor what trains, whether figures are drawn or not."""
    code = (
        "import sys\nfrom scripts.figures.__main__ import main\n"
        f"main(['--archive-only', '--grid', 'imagenet,adam_collapse', '--out', {str(tmp_path)!r}])\n"
        "heavy = ('torch', 'torchvision', 'wandb', 'optuna', 'experiments.training', 'experiments.tasks',"
        " 'experiments.runs', 'scripts.tables')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_figures_do_not_need_tables():
    for path in (ROOT / "scripts" / "figures").glob("*.py"):
        assert "scripts.tables" not in path.read_text(), path
