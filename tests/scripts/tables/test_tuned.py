"""Tables and figures of tuning studies and sweeps, from one tiny study and one tiny sweep that really ran."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from matplotlib import pyplot as plt
from rich.console import Console

from experiments import sweep, tune
from experiments.config.errors import UserError
from experiments.store.run_files import Record, read_records
from experiments.studies.trials import Outcome, Trial, read_studies
from scripts import archive, status
from scripts.figures.catalogue import study_figures
from scripts.figures.rendering import render
from scripts.figures.tuning_curves import StudyPlot, draw_trials, tuning_curves
from scripts.loading.studies import Result, read_results
from scripts.loading.sweeps import read_maps
from scripts.loading.tuning_curve import TuningCurve
from scripts.tables.files import write_table
from scripts.tables.markdown import markdown
from scripts.tables.shown import shown
from scripts.tables.tuned import tuned_tables
from scripts.tables.tuned_finding import finding
from tests.scripts.synthetic import ReadTable

TINY = ["task=cifar", "scale=quick", "jobs=1", "threads=1", "epochs=2", "model.width=0.0625", "task.batch_size=512",
        "progress=none"]  # fmt: skip
STUDY = ["optimizer=adam,sgd,torch.optim.NAdam", "budget=2", "seeds=0,1", "pruner=none"]
SWEEP = ["model=vgg11", "optimizer=adam,torch.optim.NAdam", "optimizer.lr=1e-4,1e-3", "++optimizer.eps=1e-8,1e-6"]


def read_tables(results):
    return [ReadTable(table) for table in tuned_tables(results)]


def shown_text(table):
    return markdown(shown(table))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A store with a study and a sweep in it."""
    store = tmp_path_factory.mktemp("tuned") / "runs"
    assert tune.main([*TINY, *STUDY, f"store={store}"]) == 0
    assert sweep.main([*TINY, *SWEEP, f"store={store}"]) == 0
    return store


def test_every_optimizer_is_a_row_beside_its_recipe_and_its_defaults(made):
    (table,) = read_tables(read_results([made]))
    (block,) = table.blocks
    rows = {row[0]: dict(zip(block.columns, row)) for row in block.rows}
    assert list(rows) == ["SGD", "Adam", "torch.optim.NAdam"]
    assert all(row["trials"] == "2 of 2" and row["n"] == "2" and "±" in row["tuned"] for row in rows.values())
    assert rows["SGD"]["own defaults"] == "\u2013" and rows["torch.optim.NAdam"]["recipe"] == "\u2013"
    assert "±" in rows["Adam"]["recipe"] and "±" in rows["torch.optim.NAdam"]["own defaults"]
    assert any("epochs=2" in note and "task.batch_size=512" in note for note in block.notes)


def test_the_numbers_are_those_of_the_records(made):
    adam = next(r for r in read_results([made]) if r.study.optimizer == "adam")
    lr = f"lr={adam.winner.values['lr']:g}"
    mine = [r for r in read_records(made) if r.cell.optimizer.startswith("adam,") and f"{lr}," in r.cell.optimizer]
    expected = {r.seed: r.summary["scores"]["best"] for r in mine if r.seed != 100}
    assert adam.scores("tuned") == expected and set(expected) == {0, 1}
    gain = adam.gain("recipe")
    recipe = adam.scores("recipe")
    assert gain.mean == pytest.approx(np.mean([expected[s] - recipe[s] for s in (0, 1)]))


def test_a_table_of_the_archive_alone_is_the_same(made, tmp_path, monkeypatch):
    home = tmp_path / "archive"
    monkeypatch.setattr("experiments.studies.trials.ARCHIVE", home)
    monkeypatch.setattr(archive, "STAND_INS", ())
    archive.main(made, home)
    assert not read_studies([home]) and not [r for r in read_records(home) if r.seed == 100]  # unless asked
    archive.main(made, home, studies=True)
    here, there = (tuned_tables(read_results([store]))[0] for store in (made, home))
    assert (
        shown_text(here) == shown_text(there)
        and here.values == there.values
        and list((home / "tuned").rglob("adam.yaml"))
    )
    assert not [r for r in read_records(home) if "eps=" in r.cell.optimizer]  # the sweep


def test_a_run_that_diverged_is_named_and_in_no_mean(made):
    """It may have been good before it fell apart."""
    adam = next(r for r in read_results([made]) if r.study.optimizer == "adam")
    first, second = adam.records["tuned"]
    fallen = replace(second, summary={**second.summary, "status": "diverged"})
    changed = replace(adam, records={**adam.records, "tuned": [first, fallen]})
    assert changed.scores("tuned") == {0: first.summary["scores"]["best"]} and changed.diverged("tuned") == 1
    (table,) = read_tables([changed])
    texts = dict(zip(table.blocks[0].columns, table.blocks[0].rows[0]))
    assert texts["tuned"].endswith("(+ 1 diverged)") and texts["n"] == "1" and "(n = 1)" in finding([changed])


def test_the_archive_keeps_only_rows_of_real_studies_and_loses_none(made, tmp_path, monkeypatch):
    """A live file also holds rows of stand-in data, an archived one those of other machines."""
    home = tmp_path / "archive"
    monkeypatch.setattr("experiments.studies.trials.ARCHIVE", home)
    monkeypatch.setattr(archive, "STAND_INS", ())
    live, kept = (
        made.parent / "tuned" / "adabelief-cifar" / "adam.yaml",
        home / "tuned" / "adabelief-cifar" / "adam.yaml",
    )
    before = live.read_text()
    live.write_text(before + "stand/in/clean-quick: {lr: 1.0, source: elsewhere}\n")
    kept.parent.mkdir(parents=True)
    kept.write_text("other/machine/clean-small: {lr: 2.0, source: elsewhere}\n")
    archive.main(made, home, studies=True)
    live.write_text(before)
    assert set(yaml.safe_load(kept.read_text())) == {"other/machine/clean-small", "digits/vgg11/clean-quick"}


def test_unequal_numbers_of_trials_are_named(made):
    results = read_results([made])
    results[0] = replace(results[0], trials=results[0].trials[:1])
    (table,) = read_tables(results)
    assert any("do not have the same number of trials" in note for note in table.blocks[0].notes)


def test_status_shows_how_far_each_study_is(made, monkeypatch, capsys):
    monkeypatch.setenv("STORE", str(made))
    assert status.show_studies(Console(width=200), []) == [True] * 3
    assert (
        "study digits/vgg11/adam (clean, quick, quasi_random): 2 of 2 trials finished: 2 complete"
        in capsys.readouterr().out
    )


def test_the_csv_holds_every_trial(made, tmp_path):
    (table,) = tuned_tables(read_results([made]))
    with write_table(table, tmp_path)[2].open() as file:
        rows = list(csv.DictReader(file))
    trials = [row for row in rows if row["kind"] == "trial"]
    assert len(trials) == 6 and all(row["note"].startswith("complete: lr=") for row in trials)


def result(values, better="max", target=None, study=None):
    study = replace(study or read_study_of_adam(), better=better, target=target, sampler="quasi_random")
    trials = [Trial(n, {"lr": 0.1}, Outcome("complete", value)) for n, value in enumerate(values)]
    return Result(study, trials, trials[0], {})


def read_study_of_adam():
    from experiments.tuning.plan import parse_tuning

    return parse_tuning(["task=cifar", "scale=quick", "optimizer=adam"]).studies[0]


def test_the_tuning_curve_of_trials_that_are_all_known():
    """With n trials the median best of one draw is their median, a band holds it, and diverged ones are the worst."""
    curve = result([10.0, 30.0, 50.0, 70.0, 90.0]).curve()
    assert curve.middle[0] == 50 and curve.middle == sorted(curve.middle)
    assert all(low <= middle <= high for low, middle, high in zip(curve.low, curve.middle, curve.high))
    assert result([-np.inf, 20.0, 40.0]).curve().low[0] == 0
    down = result([100.0, 200.0, 300.0], better="min").curve()
    assert down.middle[0] == 200 and down.middle == sorted(down.middle, reverse=True) and down.high[0] == np.inf


def test_a_band_covers_the_true_median_as_often_as_it_says():
    """Uniform values: the median best of three draws is 0.5 ** (1/3); 95 % bands hold it at least nine times in ten."""
    truth, rng = 100 * 0.5 ** (1 / 3), np.random.default_rng(0)
    curves = [result(list(100 * rng.random(8))).curve() for _ in range(100)]
    assert sum(curve.low[2] <= truth <= curve.high[2] for curve in curves) >= 90


@pytest.mark.parametrize("better, scores, steps, seconds", [
    ("max", [30.0, 55.0, 60.0], 20, 3.0), ("max", [30.0, 40.0, 49.9], None, None), ("min", [60.0, 52.0, 49.0], 30, 6.0),
])  # fmt: skip
def test_steps_and_seconds_to_the_target(tmp_path, better, scores, steps, seconds):
    times = [f'{{"epoch": {n}, "seconds": {n + 1}.0, "steps": 10}}\n' for n in range(3)]
    (tmp_path / "times.jsonl").write_text("".join(times))
    lines = [{"epoch": n, "validation/accuracy": score} for n, score in enumerate(scores)]
    record = Record(tmp_path, None, 0, {}, None, lines)
    found = result([1.0], better, target=50.0).reach(record)
    assert (found and found.steps, found and found.seconds) == (steps, seconds)


def test_the_finding_names_order_n_and_band(made):
    text = finding(read_results([made]))
    assert text.count(". ") == 1 and "(n = 2)" in text and "2 trials each" in text and "95%" in text
    assert finding([result([1.0, 2.0])]) == "No optimizer has its runs with fresh seeds yet."


def test_a_map_holds_the_product_that_was_swept(made):
    maps = {found.cell.optimizer.split(",")[0]: found for found in read_maps([made])}
    assert set(maps) == {"adam", "external"}
    for found in maps.values():
        assert set(found.scores) == {(lr, eps) for lr in (1e-4, 1e-3) for eps in (1e-8, 1e-6)}
        assert all(0 <= score <= 100 for score in found.scores.values())


def test_a_sweep_names_its_cells_skips_them_and_shows_the_best_first(made, capsys):
    before = {path: path.stat().st_mtime_ns for path in Path(made).rglob("summary.json")}
    assert sweep.main([*TINY, *SWEEP, f"store={made}"]) == 0
    said = capsys.readouterr().out
    assert "8 runs, 8 already done" in said and "torch.optim.NAdam" in said
    assert before == {path: path.stat().st_mtime_ns for path in Path(made).rglob("summary.json")}
    shown = [float(line.split()[0]) for line in said.splitlines() if line.strip()[:1].isdigit() and "complete" in line]
    assert len(shown) == 8 and shown == sorted(shown, reverse=True)
    names = {record.cell.optimizer for record in read_records(made) if record.cell.protocol == "paper"}
    assert "adam,epochs=2,model.width=0.0625,task.batch_size=512" in names  # what equals the recipe is not spelt
    assert "adam,epochs=2,model.width=0.0625,eps=1e-06,lr=0.0001,task.batch_size=512" in names


@pytest.mark.parametrize("words, message", [
    (["optimizer=adm"], "no optimizer called 'adm'; did you mean 'adam'"),
    (["task=cifr"], "no grid called 'cifr'; did you mean 'cifar'"),
    (["model=vgg12"], "no model 'vgg12' at scale quick; did you mean 'vgg11'"),
])  # fmt: skip
def test_a_bad_sweep_is_refused_in_one_sentence(words, message):
    given = {word.partition("=")[0] for word in words}
    kept = [w for w in [*TINY, "optimizer=adam"] if w.partition("=")[0] not in given]
    with pytest.raises(UserError, match=message):
        sweep.sweep_options([*kept, *words]).requests()


def test_other_seeds_pruners_and_samplers_have_blocks_of_their_own(made):
    first, *rest = read_results([made])
    other = [replace(first, study=replace(first.study, **{key: value})) for key, value in (
        ("trial_seeds", (100, 101)), ("pruner", "hyperband"), ("sampler", "tpe"))]  # fmt: skip
    (table,) = read_tables([first, *rest, *other])
    notes = [block.notes[0] for block in table.blocks]
    assert len(notes) == 4 and "seed 100, 101." in notes[1] and "by hyperband" in notes[2] and "tpe points" in notes[3]


def test_without_a_target_nothing_is_said_to_miss_it(made):
    results = [replace(r, study=replace(r.study, target=None)) for r in read_results([made])]
    assert all(row[-1] == "\u2013" for row in read_tables(results)[0].blocks[0].rows)


def test_figures_are_drawn(made, tmp_path):
    studies, maps = study_figures([made])
    for figure in (studies, maps):
        paths = render(figure, tmp_path)
        assert [path.suffix for path in paths] == [".png", ".pdf"] and all(
            path.stat().st_size > 10_000 for path in paths
        )
    assert studies.name == "tuned_cifar_digits_vgg11_quick"


def test_a_band_without_an_end_is_drawn_to_the_edge_of_its_panel():
    """A perplexity's band has no upper end."""
    infinite = TuningCurve([90.0, 90.0], [80.0, 80.0], [float("inf"), float("inf")])
    canvas, ax = plt.subplots()
    draw_trials(ax, StudyPlot("sgd", {}, [90.0, 90.0], infinite), -1, "#000000")
    ax.set_ylim(70, 200)
    canvas.canvas.draw()
    (band,) = ax.collections
    (path,) = band.get_paths()
    assert path.vertices[:, 1].min() == 80 and path.vertices[:, 1].max() > 200
    plt.close(canvas)


def test_families_of_studies_do_not_overwrite_each_other(made):
    results = read_results([made])
    other = [replace(r, study=replace(r.study, overrides=("epochs=4",))) for r in results]
    assert len({figure.name for figure in tuning_curves([*results, *other])}) == 2


def test_unequal_budgets_are_named_in_the_figure(made):
    first, *rest = read_results([made])
    (figure,) = tuning_curves([replace(first, study=replace(first.study, budget=4)), *rest])
    assert figure.title.endswith("unequal budgets of 2 to 4 trials")
