"""Figures of made-up records: which lines are drawn, and that files come out."""

from itertools import pairwise

import pytest
from matplotlib.figure import Figure as Canvas

from experiments.grid.grid import grid_names, load_grid
from scripts.figures.catalogue import grid_figures
from scripts.figures.curves import Line, Panel
from scripts.figures.learning_curves import draw_curves
from scripts.figures.line_kinds import kinds_of, legend_text
from scripts.figures.line_labels import GAP, spread_labels
from scripts.figures.rendering import render
from scripts.loading.display import optimizer_colours
from scripts.published.public_record import load_public_record
from tests.scripts.synthetic import cell, write_run


@pytest.fixture(scope="module")
def grid():
    return load_grid("cifar")


def make(grid, root, *scales):
    return {figure.name: figure for figure in grid_figures(grid, scales, [root], load_public_record())}


def kinds(panel, optimizer):
    return [line.kind for line in panel.lines if line.optimizer == optimizer]


def test_public_record_without_runs(grid, tmp_path):
    made = make(grid, tmp_path, *grid.scales)
    assert list(made) == ["cifar10", "cifar100"]
    cifar10, cifar100 = made.values()
    assert "no run of ours yet" in cifar10.title and kinds_of(cifar10.lines) == ["official", "rerun"]
    assert kinds_of(cifar100.lines) == ["rerun"]
    assert [len(row) for row in cifar10.rows] == [3, 3]
    assert [panel.title for panel in cifar10.rows[0]] == [
        f"{name} on CIFAR-10" for name in ("VGG11", "ResNet34", "DenseNet121")
    ]
    assert kinds(cifar10.rows[0][1], "sgd") == ["rerun", "rerun", "official"]
    assert kinds(cifar10.rows[0][0], "msvag") == ["official"]  # the rerun's other form is not drawn
    assert cifar100.rows[0][1].remark == "no curve: AdaBelief, MSVAG"


def test_ours_over_the_record(grid, tmp_path):
    for seed, value in enumerate((80.0, 82.0)):
        write_run(tmp_path, cell(), seed, [value] * 200)
    write_run(tmp_path, cell(optimizer="sgd"), 0, [10.0] * 5, status="diverged")
    figure = make(grid, tmp_path, "full")["cifar10"]
    panel = figure.rows[0][0]
    assert kinds(panel, "adam") == ["rerun", "official", "ours"]  # drawn in this order
    line = next(line for line in panel.lines if line.kind == "ours")
    assert line.values == [81.0] * 200 and line.sd == pytest.approx([2**0.5] * 200)
    assert kinds(panel, "sgd")[-1] == "diverged"
    assert "2 runs" not in figure.title and "3 runs of ours, 1 to 2 seeds a cell" in figure.title


def test_smaller_scales_have_figures_of_their_own(grid, tmp_path):
    quick = next(c for c in grid.cells("quick") if c.optimizer == "adam")
    write_run(tmp_path, quick, 0, [30.0, 60.0, 90.0, 95.0])
    write_run(tmp_path, cell(protocol="clean"), 0, [80.0] * 200)
    made = make(grid, tmp_path, "full", "quick")
    assert list(made) == ["cifar10", "cifar100", "cifar10_clean", "quick_cifar"]
    assert kinds_of(made["quick_cifar"].lines) == kinds_of(made["cifar10_clean"].lines) == ["ours"]
    assert "not comparable" in made["quick_cifar"].caption
    assert len(made["quick_cifar"].rows[0]) == 1  # models without runs take no room
    assert kinds_of(made["cifar10"].lines) == ["official", "rerun"]


def test_first_epochs(tmp_path):
    grid = load_grid("first_epochs")
    assert make(grid, tmp_path, "full") == {}
    write_run(tmp_path, cell(optimizer="sgd"), 0, [20.0, 30.0, 40.0], status="partial")
    figure = make(grid, tmp_path, "full")["first_epochs"]
    panel = next(p for p in figure.rows[0] if p.title == "VGG11\nSGD")
    assert kinds(panel, "sgd") == ["rerun", "official", "ours"]
    assert all(line.epochs == [0, 1, 2] for line in panel.lines)
    assert [path.name for path in render(figure, tmp_path)] == ["first_epochs.png", "first_epochs.pdf"]
    assert make(grid, tmp_path, "quick") == {}


def test_several_seeds_of_the_first_epochs_are_drawn_one_by_one(tmp_path):
    """Adam's bar of 18.6 lay around a mean that no seed has: two stay at chance, the others learn."""
    for seed, value in enumerate((10.0, 50.0)):
        write_run(tmp_path, cell(), seed, [value] * 3, status="partial")
    figure = make(load_grid("first_epochs"), tmp_path, "full")["first_epochs"]
    panel = next(p for p in figure.rows[0] if p.title == "VGG11\nAdam")
    seeds = [line for line in panel.lines if line.kind == "seed"]
    assert [line.values for line in seeds] == [[10.0] * 3, [50.0] * 3] and "ours" not in kinds(panel, "adam")
    assert panel.low < 10.0 and "seed" in kinds_of(figure.lines)


def test_the_first_epochs_are_wrapped_and_name_each_axis(tmp_path):
    write_run(tmp_path, cell(), 0, [10.0] * 3, status="partial")
    figure = make(load_grid("first_epochs"), tmp_path, "full")["first_epochs"]
    assert [len(row) for row in figure.rows] == [7, 7, 6, 6]
    for row in figure.rows:
        named = [bool(panel.ylabel) for panel in row]
        limits = [(panel.low, panel.high) for panel in row]
        assert named == [True] + [a != b for a, b in pairwise(limits)]


def test_drawing_is_the_same_twice(grid, tmp_path):
    quick = next(c for c in grid.cells("quick") if c.optimizer == "adam")
    write_run(tmp_path, quick, 0, [30.0, 60.0, 90.0, 95.0])
    figure = make(grid, tmp_path, "quick")["quick_cifar"]
    first, second = (render(figure, tmp_path / name) for name in ("a", "b"))
    assert all(a.read_bytes() == b.read_bytes() and a.stat().st_size > 5000 for a, b in zip(first, second))


def test_every_optimizer_has_its_own_colour():
    for grid in map(load_grid, grid_names()):
        shown = {cell.optimizer for scale in grid.scales for cell in grid.cells(scale)}
        colours = optimizer_colours(shown)
        assert len(set(colours.values())) == len(shown), grid.name
        assert not any(len({colour[1:3], colour[3:5], colour[5:]}) == 1 and "adabelief" not in name
                       for name, colour in colours.items()), "grey is for optimizers without an entry"  # fmt: skip
    assert optimizer_colours(["adam,eps=1e-16"]) == {"adam,eps=1e-16": optimizer_colours(["adam"])["adam"]}


@pytest.mark.parametrize("heights", [[0.5], [0.99, 0.995, 1.0, 1.2], [-1.0, 0.0, 0.01, 0.5, 0.51, 0.9], [0.5] * 9])
def test_labels_do_not_overlap(heights):
    placed = spread_labels(heights)
    assert len(placed) == len(heights) and min(placed) >= 0 and max(placed) <= 1 + 1e-9
    assert all(b - a >= GAP - 1e-9 for a, b in pairwise(placed))


@pytest.mark.parametrize(("values", "above"), [([90.0, 40.0, 20.0, 10.0], True), ([10.0, 60.0, 80.0, 90.0], False)])
def test_a_remark_stands_where_the_curves_do_not_end(values, above):
    line = Line("ours", "adam", [0, 1, 2, 3], values, [0.0] * 4)
    ax = Canvas().subplots()
    draw_curves(ax, Panel("", "", [line], 0, 100, remark="no curve: SGD"), {"adam": "#E377C2"})
    (remark,) = (text for text in ax.texts if text.get_text() == "no curve: SGD")
    assert (remark.get_position()[1] > 0.5) is above


def test_a_seed_that_diverged_is_marked_inside_of_its_panel():
    """Its last score lies below the panel; the end of its line has a cross at the edge all the same."""
    ax = Canvas().subplots()
    line = Line("diverged", "sgd", [0, 1, 2], [50.0, 60.0, 10.0], [0.0] * 3)
    draw_curves(ax, Panel("VGG11", "accuracy", [line], 40.0, 90.0), {"sgd": "#D55E00"})
    (cross,) = [drawn for drawn in ax.lines if drawn.get_marker() == "x"]
    assert list(cross.get_data()[0]) == [2] and list(cross.get_data()[1]) == [40.0] and not cross.get_clip_on()


def test_the_legend_says_mean_only_where_there_is_one(grid, tmp_path):
    write_run(tmp_path, cell(scale="small"), 0, [80.0] * 30)
    assert legend_text("ours", make(grid, tmp_path, "small")["small_cifar"].lines) == "ours, one seed"
    write_run(tmp_path, cell(scale="small"), 1, [81.0] * 30)
    assert "mean over seeds" in legend_text("ours", make(grid, tmp_path, "small")["small_cifar"].lines)
