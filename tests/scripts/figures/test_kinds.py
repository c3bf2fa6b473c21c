"""One kind of figure after the other, from made-up records: ablation, distances, printed numbers, perplexities."""

from statistics import mean, stdev

import pytest
from matplotlib import pyplot as plt

from experiments.grid.grid import load_grid
from scripts.figures.catalogue import grid_figures
from scripts.figures.distances import DistancePanel, draw_panel
from scripts.figures.line_kinds import kinds_of
from scripts.figures.rendering import render
from scripts.loading.display import optimizer_colours
from scripts.published.public_record import load_public_record
from tests.scripts.synthetic import cell, write_run
from tests.scripts.tables.test_ablation import EPOCHS, THIS_STEP, store  # noqa: F401, a fixture
from tests.scripts.tables.test_distances import write_run as write_gan_run
from tests.scripts.tables.test_imagenet import run as write_imagenet_run


def test_the_figure_shows_scores_and_floors(store):  # noqa: F811
    (figure,) = grid_figures(load_grid("adabelief_eps"), ["small"], [store])
    (scores,), (floors,) = figure.rows
    assert {line.optimizer for line in scores.lines} == {"adabelief", "eadam", "adam", THIS_STEP}
    (line,) = floors.lines
    assert line.optimizer == "adabelief" and line.values == [90.0] * (EPOCHS - 1) + [62.5]
    assert floors.ylabel == "coordinates at the floor (%)"


def test_each_seed_is_a_dot_and_what_fails_stands_at_the_edge(store, tmp_path):  # noqa: F811
    write_run(store, cell(optimizer="sgd", scale="small"), 0, [40.0] * EPOCHS)
    write_run(store, cell(optimizer="sgd", scale="small"), 1, [10.0] * 3, status="diverged")
    (figure,) = grid_figures(load_grid("adabelief_eps"), ["small"], [store])
    (strip,) = figure.strips
    assert strip.sign == 1 and strip.diverged == ["sgd"]
    assert strip.values["eadam"] == pytest.approx([80.5, 80.6, 80.7]) and strip.values[THIS_STEP] == [81.25]
    assert strip.below == ["sgd"] and 75 < strip.low < 76.0 and 82.0 < strip.high < 83
    assert [path.suffix for path in render(figure, tmp_path)] == [".png", ".pdf"]


def test_a_strip_stands_over_its_own_model(store, tmp_path):  # noqa: F811
    """A model whose only run fell apart before its first score has no curve, and moved the strips of the others."""
    write_run(store, cell(model="resnet34", scale="small"), 0, [70.0] * 12)
    write_run(tmp_path / "more", cell(scale="small"), 0, [], status="diverged")
    write_run(tmp_path / "more", cell(model="resnet34", scale="small"), 0, [70.0] * 12)
    for root in (store, tmp_path / "more"):
        (figure,) = grid_figures(load_grid("adabelief_eps"), ["small"], [root])
        assert [strip.title for strip in figure.strips] == [panel.title for panel in figure.rows[0]]
        assert render(figure, tmp_path / "drawn")


def test_full_scale_has_the_same_figure(tmp_path):
    grid = load_grid("adabelief_eps")
    assert grid_figures(grid, ["full"], [tmp_path]) == []
    for optimizer, accuracy in {"adabelief": 91.0, "eadam": 91.5}.items():
        write_run(tmp_path, cell(optimizer=optimizer), 0, [accuracy] * 200, floor=[75.0] * 200)
    (figure,) = grid_figures(grid, ["full"], [tmp_path])
    assert figure.name == "adabelief_eps" and "arrower" not in figure.caption and kinds_of(figure.lines) == ["ours"]
    assert figure.rows[1][0].ylabel == "coordinates at the floor (%)"
    assert figure.strips[0].xlabel == "test accuracy (%), mean of the last 10 epochs"


def test_boxes_and_sheets(tmp_path):
    write_gan_run(tmp_path, cell(model="dcgan", setting="wgan"), 0, [80.0], "fid")
    boxes, sheet = grid_figures(load_grid("gan"), ["full", "quick"], [tmp_path])
    assert boxes.name == "gan" and sheet.name == "samples_wgan"
    panel = boxes.panels[0]
    assert panel.ours["adam"] == [80.0] and panel.paper["adam"][0] == 88.95 and panel.limit is None
    assert "padam" not in panel.optimizers  # nothing to show
    assert boxes.panels[2].table["adam"][0] == 13.05 and not boxes.panels[2].paper


def test_what_is_close_looks_close():
    """Two optimizers, 74.5 and 87, filled their panel from top to bottom."""
    ax = plt.figure().subplots()
    names = ["adabelief", "adam"]
    panel = DistancePanel("SN-GAN", "FID", names, {"adabelief": [74.5], "adam": [87.0]}, limit=76)
    draw_panel(ax, panel, optimizer_colours(names))
    low, high = ax.get_ylim()
    assert high / low == pytest.approx(2) and low * high == pytest.approx(74.5 * 87, rel=0.01)
    plt.close("all")


def test_boxes_and_sheets_are_the_same_twice(tmp_path):
    write_gan_run(tmp_path / "runs", cell(model="dcgan", setting="wgan"), 0, [80.0], "fid")
    once, again = (
        [path.read_bytes() for figure in grid_figures(load_grid("gan"), ["full"], [tmp_path / "runs"])
         for path in render(figure, tmp_path / name)]
        for name in ("a", "b")
    )  # fmt: skip
    assert once == again and len(once) == 4


@pytest.mark.parametrize("done", [False, True])
def test_printed_numbers_are_drawn_with_and_without_runs(tmp_path, done):
    if done:
        write_imagenet_run(tmp_path, "adabelief", 0, 69.0)
        write_imagenet_run(tmp_path, "adamw", 0, 69.5, protocol="clean")
    (figure,) = grid_figures(load_grid("imagenet"), ["full"], [tmp_path])
    paths = render(figure, tmp_path / "figures")
    assert ("2 runs of ours" if done else "no run of ours yet") in figure.title
    assert [path.name for path in paths] == ["imagenet.png", "imagenet.pdf"] and all(p.stat().st_size for p in paths)


def test_the_figure_cuts_the_first_epochs_off_above_and_marks_both_drops(tmp_path):
    (figure,) = grid_figures(load_grid("lstm"), ["full"], [tmp_path])
    assert figure.name == "ptb" and [len(panels) for panels in figure.rows] == [3, 3]
    panel = figure.rows[0][2]
    assert panel.ylabel == "test perplexity" and panel.low < 61 and 100 < panel.high < 140
    assert panel.drops == [100.0, 145.0]


def test_several_runs_of_a_repository_are_drawn_as_a_band(tmp_path):
    (figure,) = grid_figures(load_grid("lstm"), ["full"], [tmp_path])
    found = {kind: line for line in figure.rows[0][0].lines if line.optimizer == "adam" for kind in [line.kind]}
    assert list(found) == ["rerun", "reruns", "official"]
    runs = [run for run in load_public_record().joined("ptb", "lstm1", "adam") if run.repository == "wyzjack/AdaM3"]
    first, last = ([run.test[epoch] for run in runs] for epoch in (0, -1))
    assert len(runs) == 5 and found["reruns"].values[0] == pytest.approx(mean(first))
    assert found["reruns"].sd[-1] == pytest.approx(stdev(last)) and not any(found["rerun"].sd)


def test_the_figures_own_setting_shows_our_runs_alone(tmp_path):
    write_run(tmp_path, cell("ptb", "lstm2", "adamw", setting="adabelief-ptb-figure"), 0, [73.5] * 200)
    (figure,) = grid_figures(load_grid("ptb_figure"), ["full"], [tmp_path])
    assert figure.name == "ptb_figure" and kinds_of(figure.lines) == ["ours"]
    assert figure.rows[0][0].drops == [75.0, 150.0]
