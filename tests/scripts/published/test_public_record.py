"""The public record as data, and the joins that tables rest on."""

import numpy as np
import pandas as pd
import pytest

from scripts.loading.display import OPTIMIZERS as NAMES
from scripts.loading.rank_correlation import kendall
from scripts.loading.statistics import estimate
from scripts.published.public_record import PAPER, load_public_record
from scripts.tables.orders import RERUN

MODELS = ("vgg11", "resnet34", "densenet121")
OPTIMIZERS = list(NAMES)[:9]  # the paper's
CELLS = [(data, model, name) for data in ("cifar10", "cifar100") for model in MODELS for name in OPTIMIZERS]
LAST10 = {  # of the official curves: known values, percent
    "vgg11": "91.18 89.16 90.51 90.50 88.08 89.98 89.10 89.12 89.41",
    "resnet34": "95.26 93.18 94.77 94.59 92.64 94.35 94.11 94.38 93.58",
    "densenet121": "95.32 92.72 94.51 94.62 92.94 94.72 94.64 94.33 94.11",
}


@pytest.fixture(scope="module")
def public():
    return load_public_record()


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_has_a_public_value(public, cell):
    reading = public.figure(*cell)
    assert 50 < reading.value < 100 and 0.1 <= reading.error <= 0.3
    assert (public.official(*cell) is not None) == (cell[0] == "cifar10")
    assert public.paper_last(*cell) is not None


@pytest.mark.parametrize("model", MODELS)
def test_official_last10_values(public, model):
    for name, value in zip(OPTIMIZERS, LAST10[model].split()):
        assert public.official("cifar10", model, name).last == pytest.approx(float(value), abs=0.00501)


def test_official_curves_give_the_published_summaries(public):
    rows = pd.read_csv(PAPER / "published.csv").query("kind == 'curve' and source.str.startswith('official repo')")
    names = {"test_acc_final": "final", "test_acc_best": "best", "test_acc_last10_mean": "last"}
    rows = rows[rows["metric"].isin(names)]
    assert len(rows) == 3 * 27
    for row in rows.to_dict("records"):
        curve = public.official(row["dataset"], row["model"], row["optimizer"])
        assert getattr(curve, names[row["metric"]]) == pytest.approx(row["value"], abs=0.001)


def test_spread_between_two_laboratories(public):
    differences = [
        run.last - public.official(*cell).last
        for cell in CELLS
        if cell[0] == "cifar10"
        for run in public.joined(*cell)
        if run.repository == RERUN
    ]
    e = estimate(differences)
    assert e and e.n == 21
    assert e.mean == pytest.approx(0.11, abs=0.005) and e.sd == pytest.approx(0.235, abs=0.001)
    assert max(map(abs, differences)) == pytest.approx(0.47, abs=0.005)


@pytest.mark.parametrize(
    "data, model, n, tau",
    [
        ("cifar10", "vgg11", 9, 0.89), ("cifar10", "resnet34", 6, 0.87), ("cifar10", "densenet121", 9, 0.67),
        ("cifar100", "vgg11", 9, 0.83), ("cifar100", "resnet34", 8, 0.86), ("cifar100", "densenet121", 9, 0.94),
    ],
)  # fmt: skip
def test_tau_between_the_authors_and_the_rerun(public, data, model, n, tau):
    pairs = [(public.paper_last(data, model, o), public.rerun_last(data, model, o, RERUN)) for o in OPTIMIZERS]
    pairs = [pair for pair in pairs if pair[1] is not None]
    assert len(pairs) == n
    assert kendall(*zip(*pairs)) == pytest.approx(tau, abs=0.005)


def test_msvags_other_form_never_joins(public):
    for data in ("cifar10", "cifar100"):
        for model in MODELS:
            (run,) = public.reruns(data, model, "msvag")
            assert not run.joins and "February 2021" in run.deviates[0]
            assert public.joined(data, model, "msvag") == []


def test_only_the_recipes_decay_joins(public):
    (joined,) = public.joined("cifar10", "densenet121", "adamw")
    (apart,) = public.apart("cifar10", "densenet121", "adamw")
    assert "wdecay0.01-" in joined.settings and "wdecay0.0005-" in apart.settings


def test_adabounds_demo(public):
    assert [r.repository for r in public.joined("cifar10", "resnet34", "adam")] == [RERUN]
    assert "beta1 0.99" in public.apart("cifar10", "resnet34", "adam")[0].deviates[0]
    sgd = [r for r in public.joined("cifar10", "resnet34", "sgd") if r.repository == "Luolc/AdaBound"]
    assert "do not state the weight decay" in sgd[0].remarks[0]


def test_unfinished_runs_join_no_cell(public):
    for data in ("cifar10", "cifar100"):
        (run,) = public.reruns(data, "resnet34", "adabelief")
        assert len(run.test) == 1 and not run.deviates and not run.joins
    assert sum(len(public.joined(*cell)) for cell in CELLS if cell[0] == "cifar100") == 23


def test_every_deviation_speaks_of_some_run(public):
    reasons = {text for runs in public.runs.values() for run in runs for text in run.deviates + run.remarks}
    assert set(pd.read_csv(PAPER / "deviations.csv")["reason"]) == reasons


def test_values_are_percent_or_perplexities(public):
    for curve in [*public.curves.values(), *(run for runs in public.runs.values() for run in runs)]:
        low, high = (1, 100) if curve.metric.name == "accuracy" else (55, 12_000)
        assert np.all((np.array(curve.test) >= low) & (np.array(curve.test) <= high))


END = {  # of the official PTB curves and of the five-seed reruns (mean, sd): known values
    ("lstm1", "adabelief"): (84.21, 84.30, 0.26), ("lstm1", "adam"): (84.28, 84.55, 0.11),
    ("lstm2", "adabelief"): (66.29, 66.66, 0.13), ("lstm2", "adam"): (67.27, 67.12, 0.22),
    ("lstm3", "sgd"): (63.77, 63.56, 0.21), ("lstm3", "yogi"): (67.51, 67.58, 0.09),
}  # fmt: skip


@pytest.mark.parametrize("model, optimizer", END)
def test_perplexities_of_the_official_run_and_of_five_seeds(public, model, optimizer):
    official, mean, sd = END[model, optimizer]
    assert public.official("ptb", model, optimizer).final == pytest.approx(official, abs=0.00501)
    seeds = [r.final for r in public.joined("ptb", model, optimizer) if r.repository == "wyzjack/AdaM3"]
    e = estimate(seeds)
    assert e.n == 5 and e.mean == pytest.approx(mean, abs=0.00501) and e.sd == pytest.approx(sd, abs=0.00501)


def test_a_perplexity_s_best_is_its_lowest(public):
    curve = public.official("ptb", "lstm3", "adabelief")
    assert curve.best == pytest.approx(61.235, abs=0.001) and curve.best < curve.final


@pytest.mark.parametrize("model", ["lstm2", "lstm3"])
@pytest.mark.parametrize("optimizer", ["adamw", "radam"])
def test_reruns_at_another_rate_are_kept_apart(public, model, optimizer):
    assert public.joined("ptb", model, optimizer) == []
    assert len([r for r in public.apart("ptb", model, optimizer) if r.complete]) == 6
